"""The service as it runs: green threads, DuckDB in a real one, the broker between."""

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

import aio_pika
import psycopg
from services.report.tests.factories import make_cartella_event, make_mandato

from chassis import mandate
from contracts.events import Envelope, Event
from contracts.report import CrosstabOut, RunCrosstab


def test_facts_on_the_broker_become_a_crosstab_over_rpc(
    run_service: Callable[..., Any], pg_database: Callable[..., Any], amqp_url: str, siso_run: Any
) -> None:
    ente = "A818"
    run_service("report", "events")
    asyncio.run(publish(amqp_url, [make_cartella_event(ente=ente) for _ in range(12)]))
    run_service("report", "rpc")
    wait_for_snapshot(pg_database("report").admin, ente, rows=12)
    mandato = make_mandato(ente=ente)
    token = mandate.sign(mandato, ("report",), mandate.load_private_key(siso_run.keys.private_key_file))

    started = time.monotonic()
    answers = asyncio.run(ask(amqp_url, [RunCrosstab()] * 6, token))

    assert [answer.totale.valore for answer in answers] == [12] * 6
    assert time.monotonic() - started < 20


def wait_for_snapshot(database: str, ente: str, rows: int) -> None:
    deadline = time.monotonic() + 30
    with psycopg.connect(database, autocommit=True) as connection:
        while connection.execute("SELECT righe FROM partizioni WHERE ente = %s", [ente]).fetchone() != (
            rows,
        ):
            assert time.monotonic() < deadline, "no snapshot came"
            time.sleep(0.2)


async def publish(url: str, events: Sequence[Event]) -> None:
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        for event in events:
            exchange = await channel.get_exchange(f"{event.source}.events", ensure=False)
            envelope = Envelope(
                id=uuid4(),
                source=event.source,
                type=event.type,
                subject=event.subject,
                sequence=1,
                data=event.model_dump(mode="json"),
            )
            await exchange.publish(message(envelope.model_dump_json()), routing_key=event.key, mandatory=True)


async def ask(url: str, requests: Sequence[RunCrosstab], token: str) -> list[CrosstabOut]:
    """Several questions at once, as the gateway asks them."""
    connection = await aio_pika.connect(url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("nameko-rpc", ensure=False)
        replies = await channel.declare_queue(f"rpc.reply-report-{uuid4()}", exclusive=True, auto_delete=True)
        await replies.bind(exchange, replies.name)
        for number, request in enumerate(requests):
            body = json.dumps({"args": [], "kwargs": {"request": request.model_dump(mode="json")}})
            headers = {"nameko.mandato": token}
            question = message(body, reply_to=replies.name, correlation_id=str(number), headers=headers)
            await exchange.publish(question, routing_key="report.run_crosstab")
        found: list[CrosstabOut] = []
        async with replies.iterator(timeout=30) as answers:
            async for answer in answers:
                reply = json.loads(answer.body)
                assert reply["error"] is None, reply["error"]
                found.append(CrosstabOut.model_validate(reply["result"]))
                if len(found) == len(requests):
                    break
        return found


def message(body: str, **properties: Any) -> aio_pika.Message:
    return aio_pika.Message(
        body.encode(), content_type="application/json", content_encoding="utf-8", **properties
    )
