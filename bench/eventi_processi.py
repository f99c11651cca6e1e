"""Processes of the bench `eventi`: `relay` publishes the producer's outbox, `events` commits one row an event."""

import sys

if sys.argv[1] == "events":
    import eventlet

    eventlet.monkey_patch()

import asyncio

from sqlalchemy import text

from chassis import relay
from chassis.entrypoints import on_event, resource
from chassis.health import HEALTH
from chassis.runner import prepare, run_class
from chassis.settings import ServiceSettings, service_config
from chassis.sql import SqlDatabase, Transaction
from contracts.cartella import CartellaApertaV1

EFFECT = text("INSERT INTO effetti (id) VALUES (:id)")


class ProducerSettings(ServiceSettings):
    model_config = service_config("cartella")


class ConsumerSettings(ServiceSettings):
    model_config = service_config("report")


class Consumer:
    name = "report"
    db = resource(SqlDatabase)

    @on_event(CartellaApertaV1)
    def on_cartella_aperta_v1(self, event: CartellaApertaV1, tx: Transaction) -> None:
        tx.session.execute(EFFECT, {"id": event.cartella_id})


if __name__ == "__main__":
    if sys.argv[1] == "relay":
        settings = ProducerSettings()
        prepare("cartella", "relay", settings)
        HEALTH.started = True
        asyncio.run(relay.run({"cartella": settings}))
    else:
        run_class(Consumer, "events", ConsumerSettings())
