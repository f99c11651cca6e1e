"""The processes of the house besides the stores: two per service, relay, custode, notaio, gateway, test
identity provider."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from sisolocal import environment, spid
from sisolocal.errors import StartFailed
from sisolocal.infra import Infra
from sisolocal.layout import EVERYBODY, SERVICES
from sisolocal.process import Child, Spec

ROLES = ("rpc", "events")
GATEWAY, RELAY, CUSTODE, NOTAIO = "gateway", "relay", "custode", "notaio"
RECONCILE_EVERY = 3600  # seconds
SEAL_EVERY = 60
START_TIMEOUT = 90.0


def program(name: str) -> str:
    """A console script of this environment."""
    return str(Path(sys.executable).with_name(name))


def answers_ready(port: int) -> bool:
    """True when `/health/ready` on this port of the loopback says 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=3)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class RoleProcess:
    """One process that answers `/health/ready` on a port of its own."""

    def __init__(self, infra: Infra, name: str, argv: list[str], env: dict[str, str], port: int) -> None:
        self.name = name
        self.port = port
        self.child = Child(infra.layout, Spec(name, argv, env, infra.layout.base, stop_timeout=10))

    @property
    def pid(self) -> int | None:
        """The pid while the process lives."""
        return self.child.pid

    def ready(self) -> bool:
        """True when the process says that it is ready."""
        return answers_ready(self.port)

    def start(self) -> None:
        """Start and wait until ready. Raises StartFailed with the last log lines."""
        self.child.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        while not self.ready():
            code = self.child.exit_code()
            if code is not None:
                raise StartFailed(self.name, f"si è fermato all'avvio (codice {code})", self.child.log)
            if time.monotonic() > deadline:
                raise StartFailed(self.name, f"non è pronto dopo {START_TIMEOUT:.0f} secondi", self.child.log)
            time.sleep(0.15)


def processes(infra: Infra) -> Iterator[RoleProcess]:
    """All of them, each with its share of the environment."""
    for service in SERVICES:
        env = environment.of(infra, service)
        for role in ROLES:
            argv = [program("chassis"), "run", service, "--role", role]
            yield _process(infra, f"{service}-{role}", argv, env)
    everything: dict[str, str] = {}
    for owner in EVERYBODY:
        everything |= environment.of(infra, owner)
    yield _process(infra, RELAY, [program("chassis"), "relay", *EVERYBODY], everything)
    argv = [program("chassis"), "every", "--seconds", str(RECONCILE_EVERY), "--"]
    yield _process(infra, CUSTODE, [*argv, "reconcile", *EVERYBODY, "--replay"], everything)
    argv = [program("chassis"), "every", "--seconds", str(SEAL_EVERY), "--first-after", "5", "--"]
    env = environment.of(infra, GATEWAY)
    for others in ("DATABASE_URL", "MIGRATION_URL", "MANDATO_PRIVATE_KEY_FILE"):  # it has its own
        del env[f"GATEWAY_{others}"]
    env |= environment.notaio(infra.keys, infra.postgres.role_url(GATEWAY, NOTAIO))
    yield _process(infra, NOTAIO, [*argv, "job", "gateway", "minuto", str(SEAL_EVERY - 10)], env)
    argv = [
        program("uvicorn"), "gateway.app:create_app", "--factory", "--host", "127.0.0.1",
        "--port", str(infra.ports["gateway"]), "--loop", "uvloop", "--http", "httptools", "--no-access-log",
        "--no-server-header", "--timeout-graceful-shutdown", "3",
    ]  # fmt: skip
    env = environment.of(infra, GATEWAY) | {"GATEWAY_METRICS_PORT": str(infra.ports["metrics_gateway"])}
    yield RoleProcess(infra, GATEWAY, argv, env, infra.ports["gateway"])
    env = spid.idp_environment(infra)
    yield RoleProcess(infra, spid.IDP, [program("devidp"), "serve"], env, infra.ports[spid.IDP])


def _process(infra: Infra, name: str, argv: list[str], env: dict[str, str]) -> RoleProcess:
    port = infra.ports[f"health_{name}"]
    return RoleProcess(infra, name, argv, env | {"HEALTH_PORT": str(port)}, port)
