"""`chassis`: one command, the role of the process as its argument."""

import sys

if sys.argv[1:2] == ["run"]:  # nameko's world is green: patched before anything opens a socket
    import eventlet

    eventlet.monkey_patch()

import asyncio
import importlib
import json
from typing import Annotated

import typer

from chassis.settings import CommonSettings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
Services = Annotated[list[str], typer.Argument(help="services, e.g. anagrafe cartella")]


@app.command()
def run(service: str, role: Annotated[str, typer.Option(help="rpc, events or all")] = "all") -> None:
    """Runs a service in a role until SIGTERM."""
    from chassis.runner import run_service

    run_service(service, role)


@app.command()
def migrate(services: Services) -> None:
    """Brings stores to their newest version."""
    from chassis import migrations
    from chassis.runner import settings_of

    for service in services:
        typer.echo(f"{service}: {migrations.migrate(service, settings_of(service))}")


@app.command()
def relay(services: Services) -> None:
    """Publishes the outboxes of the named services."""
    from chassis import relay as relaying
    from chassis.health import HEALTH
    from chassis.runner import prepare, settings_of

    prepare("+".join(services), "relay", CommonSettings())
    HEALTH.started = True
    asyncio.run(relaying.run({service: settings_of(service) for service in services}))


@app.command()
def topology(
    amqp_url: Annotated[str, typer.Option(envvar="SISO_AMQP_ADMIN_URL")] = "",
    definitions: Annotated[
        bool, typer.Option(help="print RabbitMQ definitions instead of declaring")
    ] = False,
) -> None:
    """Declares exchanges and queues (once, before any producer starts)."""
    from chassis import topology as declaring

    if definitions:
        typer.echo(json.dumps(declaring.definitions(), indent=2))
        return
    made = asyncio.run(declaring.declare(amqp_url))
    typer.echo(f"{len(made.exchanges)} exchanges, {len(made.queues)} queues, {len(made.bindings)} bindings")


@app.command()
def seed(services: Services) -> None:
    """Loads a service's own starting data; repeating it changes nothing."""
    for service in services:
        importlib.import_module(f"{service}.seed").seed()


@app.command()
def check(services: Services) -> None:
    """Says whether settings are complete and stores answer; exit code 1 if not."""
    from chassis.runner import settings_of
    from chassis.sql import SqlDatabase

    for service in services:
        settings = settings_of(service)
        if settings.mongo_url:
            from chassis.mongo import MongoDatabase

            MongoDatabase(settings).ping()
        else:
            SqlDatabase(settings).ping()
        typer.echo(f"{service}: ok")


@app.command()
def reconcile(
    services: Services,
    hours: Annotated[float, typer.Option(help="how far back")] = 24.0,
    replay: Annotated[bool, typer.Option(help="publish the missing ones again")] = False,
) -> None:
    """Counts what was emitted against what was taken; exit code 1 where something is missing."""
    from datetime import timedelta

    from chassis.reconcile import reconcile as compare
    from chassis.settings import store_settings

    gaps = compare({name: store_settings(name) for name in services}, timedelta(hours=hours), replay=replay)
    for gap in gaps:
        if gap.emitted:
            typer.echo(f"{gap.type} → {gap.consumer}: {gap.emitted} emessi, {len(gap.missing)} mancanti")
    raise typer.Exit(1 if any(gap.missing for gap in gaps) else 0)


@app.command()
def every(
    words: Annotated[
        list[str], typer.Argument(help="after `--`: the command, e.g. reconcile anagrafe --replay")
    ],
    seconds: Annotated[float, typer.Option(min=1, help="from one run to the next")],
    first_after: Annotated[float, typer.Option(min=0, help="seconds before the first run")] = 60.0,
) -> None:
    """Runs another command of chassis again and again until SIGTERM."""
    from chassis import every as clock
    from chassis.health import HEALTH
    from chassis.runner import prepare

    prepare("custode", words[0], CommonSettings())
    clock.end_on_sigterm()
    HEALTH.started = True
    clock.every(seconds, words, first_after)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def job(context: typer.Context, service: str, name: str) -> None:
    """Runs `<service>.jobs.<name>(*args)`; exits with the number it returns."""
    from chassis import logs

    logs.configure(CommonSettings().log_level, service=service, role=f"job-{name}")
    function = getattr(importlib.import_module(f"{service}.jobs"), name.replace("-", "_"))
    raise typer.Exit(function(*context.args) or 0)


@app.command()
def dead(
    action: Annotated[str, typer.Argument(help="list, show, requeue or drop")],
    service: Annotated[str, typer.Argument()] = "",
    event_id: Annotated[str, typer.Argument()] = "",
    amqp_url: Annotated[str, typer.Option(envvar="SISO_AMQP_ADMIN_URL")] = "",
) -> None:
    """What could not be handled: list, show, requeue, drop."""
    from chassis import dead as dead_events

    if action in ("list", "show"):
        found = asyncio.run(dead_events.list_dead(amqp_url, service))
        for event in found:
            if not event_id or event.event_id == event_id:
                line = f"{event.service}  {event.event_id}  {event.type}  tentativi {event.attempts}  {event.error}"
                typer.echo(line if action == "list" else f"{line}\n{event.body}")
        typer.echo(f"{len(found)} eventi fermi")
        return
    act = {"requeue": dead_events.requeue, "drop": dead_events.drop}[action]
    typer.echo(f"{asyncio.run(act(amqp_url, service, event_id))} eventi")


if __name__ == "__main__":
    app()
