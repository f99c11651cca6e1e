"""The service as it runs: its processes on the broker, from a case event to the file for INPS."""

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import aio_pika
import pytest
from services.erogazioni.tests.conftest import propose_request
from services.erogazioni.tests.factories import CF_OPERATORE, make_mandato, make_residente

from chassis.mandate import load_private_key, load_public_key, sign, verify
from chassis.sql import SqlDatabase
from contracts.anagrafe import GetResidenti, ResidenteDecedutoV1, ResidenteOut, ResidentiOut
from contracts.base import Message
from contracts.cartella import Area, CartellaApertaV1, IseeRegistratoV1, StatoCartella
from contracts.erogazioni import (
    DecideFoglio,
    ErogazioneOut,
    FlussoOut,
    FoglioOut,
    GenerateFlusso,
    GetFlusso,
    GetFoglio,
    LiquidateErogazione,
    ProposeErogazione,
)
from contracts.events import Envelope, Event
from contracts.mandato import Mandato
from contracts.rpc import RPC
from erogazioni.seed import load_catalogo
from erogazioni.settings import Settings


class Bus:
    """What the gateway, cartella and anagrafe do on the broker."""

    def __init__(self, amqp_url: str, keys: Any) -> None:
        self.amqp_url = amqp_url
        self.private_key = load_private_key(keys.private_key_file)
        self.public_key = load_public_key(keys.public_key_file)

    def call(self, method: str, request: Message, mandato: Mandato) -> Any:
        """The typed answer, or the class name of the error and its code."""
        token = sign(mandato, ("erogazioni", "anagrafe"), self.private_key)
        answer = asyncio.run(self._call(method, request.model_dump(mode="json"), token))
        if answer["error"]:
            return answer["error"]["exc_type"], answer["error"]["exc_args"][0]
        return RPC["erogazioni"][method][1].model_validate(answer["result"])

    def eventually(
        self, method: str, request: Message, mandato: Mandato, holds: Callable[[Any], bool]
    ) -> Any:
        """The answer once it is the one waited for."""
        deadline = time.monotonic() + 20
        while not holds(answer := self.call(method, request, mandato)):
            assert time.monotonic() < deadline, answer
            time.sleep(0.1)
        return answer

    def publish(self, event: Event, sequence: int = 1) -> None:
        envelope = Envelope(
            id=uuid4(),
            source=event.source,
            type=event.type,
            subject=event.subject,
            sequence=sequence,
            data=event.model_dump(mode="json"),
        )
        asyncio.run(self._publish(event, envelope.model_dump_json().encode()))

    async def _call(self, method: str, request: dict[str, Any], token: str) -> dict[str, Any]:
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange("nameko-rpc", ensure=False)
            replies = await channel.declare_queue(
                f"rpc.reply-test-{uuid4()}", exclusive=True, auto_delete=True
            )
            await replies.bind(exchange, replies.name)
            body = json.dumps({"args": [], "kwargs": {"request": request}}).encode()
            headers = {"nameko.mandato": token}
            message = _json(body, reply_to=replies.name, correlation_id="1", headers=headers)
            await exchange.publish(message, routing_key=f"erogazioni.{method}")
            async with replies.iterator(timeout=20) as answers:
                async for answer in answers:
                    await answer.ack()
                    return dict(json.loads(answer.body))
        raise TimeoutError(method)

    async def _publish(self, event: Event, body: bytes) -> None:
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel(publisher_confirms=True)
            exchange = await channel.get_exchange(f"{event.source}.events")
            await exchange.publish(_json(body), routing_key=event.key)

    async def answer_as_anagrafe(self, residente: ResidenteOut, stop: threading.Event) -> None:
        """Answers `get_residenti` to whoever brings a mandate that names the registry."""
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange("nameko-rpc", ensure=False)
            queue = await channel.declare_queue("rpc-anagrafe", exclusive=True, auto_delete=True)
            await queue.bind(exchange, "anagrafe.*")
            while not stop.is_set():
                question = await queue.get(no_ack=True, fail=False)
                if question is None:
                    await asyncio.sleep(0.02)
                    continue
                verify(str(question.headers["nameko.mandato"]), "anagrafe", self.public_key)
                request = GetResidenti.model_validate(json.loads(question.body)["kwargs"]["request"])
                found = ResidentiOut(residenti=tuple(r for r in (residente,) if r.id in request.residenti_id))
                answer = json.dumps({"result": found.model_dump(mode="json"), "error": None}).encode()
                reply = _json(answer, correlation_id=question.correlation_id)
                await exchange.publish(reply, routing_key=str(question.reply_to))


def _json(body: bytes, **properties: Any) -> aio_pika.Message:
    return aio_pika.Message(body, content_type="application/json", content_encoding="utf-8", **properties)


@pytest.fixture
def bus(amqp_url: str, siso_run: Any, pg_database: Any, run_service: Callable[..., Any]) -> Bus:
    url = pg_database("erogazioni").app.replace("postgresql://", "postgresql+psycopg2://")
    db = SqlDatabase(Settings(database_url=url))
    load_catalogo(db)
    db.close()
    for role in ("rpc", "events"):
        run_service("erogazioni", role)
    return Bus(amqp_url, siso_run.keys)


@pytest.fixture
def residente(bus: Bus) -> Iterator[ResidenteOut]:
    """A person the registry, played on the broker, knows."""
    person, stop = make_residente(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(bus.answer_as_anagrafe(person, stop)))
    thread.start()
    yield person
    stop.set()
    thread.join()


def test_from_a_case_to_the_file_for_inps_and_a_death_through_the_broker(bus: Bus, residente: ResidenteOut):
    paolo, carla, cartella_id = make_mandato(), make_mandato(), uuid4()
    facts = {
        "cartella_id": cartella_id,
        "residente_id": residente.id,
        "ente": "F704",
        "data": date(2026, 2, 3),
    }
    bus.publish(
        CartellaApertaV1(
            **facts, numero="2026/000001", settore="minori", area=Area.FAMIGLIA_MINORI, sesso="F",
            stato=StatoCartella.IN_CARICO, comune_residenza="F704",
        )
    )  # fmt: skip
    bus.publish(
        IseeRegistratoV1(
            **facts, voce_id=uuid4(), tipo="ordinario", protocollo_dsu="INPS-ISEE-2026-01234567A-00",
            data_presentazione=date(2026, 2, 3), scadenza=date(2026, 12, 31), isee="4321.00",
        )
    )  # fmt: skip

    request = propose_request(cartella_id, idempotency_key=uuid4())
    foglio = bus.eventually("propose_foglio", request, paolo, lambda answer: isinstance(answer, FoglioOut))
    decision = DecideFoglio(foglio_id=foglio.id, version=1, approva=True)
    assert bus.call("decide_foglio", decision, paolo) == ("Forbidden", "foglio.quattro_occhi")
    bus.call("decide_foglio", decision, carla)
    payment = bus.call("propose_erogazione", ProposeErogazione(foglio_id=foglio.id, mese="2026-11"), paolo)
    paid = bus.call("liquidate_erogazione", LiquidateErogazione(erogazione_id=payment.id, version=1), carla)
    assert isinstance(paid, ErogazioneOut)

    generation = GenerateFlusso(mese="2026-11", cf_operatore=CF_OPERATORE)
    flusso = bus.eventually(
        "generate_flusso", generation, carla, lambda answer: isinstance(answer, FlussoOut)
    )
    assert (
        f'Cognome="{residente.cognome}"' in bus.call("get_flusso", GetFlusso(flusso_id=flusso.id), carla).xml
    )

    died = ResidenteDecedutoV1(
        residente_id=residente.id,
        ente="F704",
        data_evento=date(2026, 11, 22),
        data_decesso=date(2026, 11, 22),
    )
    bus.publish(died, sequence=2)
    bus.eventually(
        "get_foglio", GetFoglio(foglio_id=foglio.id), paolo, lambda answer: answer.stato == "sospeso"
    )
    next_month = ProposeErogazione(foglio_id=foglio.id, mese="2026-12")
    assert bus.call("propose_erogazione", next_month, paolo) == (
        "Conflict",
        "erogazione.beneficiario_deceduto",
    )
