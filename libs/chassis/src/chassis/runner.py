"""Starts a service in a role and ends it well."""

import importlib
import os
import signal
import threading
import time
from typing import Any

import structlog

from chassis import logs, tracing
from chassis.health import HEALTH, serve
from chassis.settings import CommonSettings, ServiceSettings

log = structlog.get_logger()
WATCHDOG_AFTER = 90.0


def settings_of(service: str) -> ServiceSettings:
    """Settings of a service from the environment; its module is `<service>.settings.Settings`."""
    settings: ServiceSettings = importlib.import_module(f"{service}.settings").Settings()
    return settings


def prepare(service: str, role: str, settings: CommonSettings) -> None:
    """Logs, traces and the health port of a process."""
    logs.configure(settings.log_level, service=service, role=role)
    tracing.configure(settings.otel_endpoint, service)
    serve(settings.health_host, settings.health_port)


def run_service(service: str, role: str) -> None:
    """Runs `<service>.service`'s class until SIGTERM. `role`: rpc, events or all."""
    run_class(service_class(service), role, settings_of(service))


def run_class(service_cls: type[Any], role: str, settings: ServiceSettings) -> None:
    """Runs one service class; ends the process when told to stop."""
    import eventlet
    from nameko.runners import ServiceRunner

    from chassis import entrypoints
    from chassis.amqp import container_for

    prepare(service_cls.name, role, settings)
    entrypoints.SETTINGS = settings
    workers = settings.event_workers if role == "events" else settings.rpc_workers
    runner = ServiceRunner(
        {"AMQP_URI": settings.amqp_url, "max_workers": workers, "HEARTBEAT": 20, "settings": settings}
    )
    runner.container_cls = container_for(role)
    runner.add_service(service_cls)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: eventlet.spawn_n(runner.stop))
    runner.start()
    HEALTH.started = True
    threading.Thread(target=_watchdog, daemon=True).start()
    log.info("service_started")
    runner.wait()
    # The process ends here without waiting for exporters: spans are not worth thirty seconds.
    os._exit(0)


def service_class(service: str) -> type[Any]:
    """The one class of `<service>.service` with a nameko name."""
    module = importlib.import_module(f"{service}.service")
    found = [c for c in vars(module).values() if isinstance(c, type) and getattr(c, "name", None) == service]
    if len(found) != 1:
        raise RuntimeError(f"{service}.service must hold exactly one service class")
    return found[0]


def _watchdog() -> None:
    """A consumer loop that stopped turning (a frozen broker) ends the process: the supervisor starts a sound one."""
    while True:
        time.sleep(5)
        if stale := HEALTH.stale(WATCHDOG_AFTER):
            log.error("watchdog", stale=stale)
            os._exit(70)
