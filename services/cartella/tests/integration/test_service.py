"""The service as it runs: its processes on the broker, from a request to the published event."""

import asyncio
import json
import time
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import aio_pika
import pytest
from services.cartella.tests.factories import make_mandato, make_open

from chassis.mandate import load_private_key, sign
from chassis.mongo import MongoDatabase
from contracts.base import Message
from contracts.cartella import CartellaOut, GetCartella
from contracts.events import Envelope
from contracts.mandato import Mandato
from contracts.notifiche import AvvisoConfermatoV1


class Bus:
    """What the gateway and notifiche do on the broker."""

    def __init__(self, amqp_url: str, private_key: Any) -> None:
        self.amqp_url = amqp_url
        self.private_key = private_key

    def call(self, method: str, request: Message, mandato: Mandato) -> dict[str, Any]:
        """The raw answer: `result` or `error`."""
        token = sign(mandato, ("cartella",), self.private_key)
        return asyncio.run(self._call(method, request.model_dump(mode="json"), token))

    async def _call(self, method: str, request: dict[str, Any], token: str) -> dict[str, Any]:
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange("nameko-rpc", ensure=False)
            replies = await channel.declare_queue(
                f"rpc.reply-test-{uuid4()}", exclusive=True, auto_delete=True
            )
            await replies.bind(exchange, replies.name)
            body = json.dumps({"args": [], "kwargs": {"request": request}}).encode()
            message = aio_pika.Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                reply_to=replies.name,
                correlation_id="1",
                headers={"nameko.mandato": token},
            )
            await exchange.publish(message, routing_key=f"cartella.{method}")
            async with replies.iterator(timeout=20) as answers:
                async for answer in answers:
                    await answer.ack()
                    return dict(json.loads(answer.body))
        raise TimeoutError(method)

    def publish(self, envelope: Envelope) -> None:
        asyncio.run(self._publish(envelope))

    async def _publish(self, envelope: Envelope) -> None:
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel(publisher_confirms=True)
            exchange = await channel.get_exchange("notifiche.events")
            message = aio_pika.Message(
                envelope.model_dump_json().encode(), content_type="application/json", content_encoding="utf-8"
            )
            await exchange.publish(message, routing_key="avviso.confermato.v1")


@pytest.fixture
def bus(amqp_url: str, siso_run: Any, run_service: Callable[..., Any]) -> Bus:
    for role in ("rpc", "events", "relay"):
        run_service("cartella", role)
    return Bus(amqp_url, load_private_key(siso_run.keys.private_key_file))


def eventually(holds: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come true in time"
        time.sleep(0.1)


def test_a_case_is_opened_told_and_annotated_through_the_broker(bus: Bus, database: MongoDatabase) -> None:
    mandato = make_mandato(settore=f"settore-{uuid4().hex[:8]}")
    refused = bus.call("open_cartella", make_open(motivo="x" * 10, settore="altrove"), mandato)

    opened = CartellaOut.model_validate(bus.call("open_cartella", make_open(), mandato)["result"])
    avviso = AvvisoConfermatoV1(
        avviso_id=uuid4(),
        ente=opened.ente,
        settore=opened.settore,
        tipo="decesso",
        cartella_id=opened.id,
        esito="confermato",
        operatore_id=mandato.operatore_id,
        residente_id=opened.residente_id,
        descrizione="Decesso",
        data_evento=date(2026, 11, 21),
    )
    envelope = Envelope(
        id=uuid4(),
        source="notifiche",
        type=AvvisoConfermatoV1.type,
        subject=avviso.subject,
        data=avviso.model_dump(mode="json"),
    )
    for _ in range(2):
        bus.publish(envelope)

    assert refused["error"]["exc_type"] == "Invalid"
    eventually(lambda: database.db.inbox.count_documents({"_id.event_id": envelope.id}) == 1)
    eventually(
        lambda: database.db.outbox.count_documents({"subject": str(opened.id), "published_at": None}) == 0
    )
    answer = bus.call("get_cartella", GetCartella(cartella_id=opened.id), mandato)
    assert [passaggio["tipo"] for passaggio in answer["result"]["passaggi"]] == [
        "apertura",
        "variazione_anagrafica",
    ]
