"""The RPC client against a small service that speaks nameko's protocol on a real broker."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aio_pika
import pytest

from contracts.anagrafe import EntiOut, ListEnti
from contracts.cartella import CartellaOut, GetCartella
from contracts.erogazioni import ListCatalogo
from contracts.errors import Conflict, Invalid, Unavailable
from gateway.clients import AmqpRpc, RemoteDefect

TOKEN = "mandato"
Handler = Callable[[dict[str, Any], Any], Any]


class FakeService:
    """Consumes `rpc-<name>` as nameko does and answers with what `handle` gives."""

    def __init__(self, connection: Any, channel: Any, name: str) -> None:
        self.connection, self.channel, self.name = connection, channel, name
        self.seen: list[Any] = []
        self.handle: Handler = lambda request, message: {"result": None, "error": None}

    async def start(self) -> None:
        exchange = await self.channel.declare_exchange("nameko-rpc", "topic", durable=True)
        queue = await self.channel.declare_queue(f"rpc-{self.name}", auto_delete=True)
        await queue.bind(exchange, f"{self.name}.*")

        async def on_message(message: Any) -> None:
            self.seen.append(message)
            reply = self.handle(json.loads(message.body)["kwargs"]["request"], message)
            if reply is None:
                return
            body = aio_pika.Message(
                json.dumps(reply).encode(),
                content_type="application/json",
                correlation_id=message.correlation_id,
            )
            await exchange.publish(body, routing_key=message.reply_to)

        await queue.consume(on_message, no_ack=True)


@asynccontextmanager
async def talking(amqp_url: str, name: str) -> AsyncIterator[tuple[AmqpRpc, FakeService]]:
    connection = await aio_pika.connect(amqp_url)
    service = FakeService(connection, await connection.channel(), name)
    await service.start()
    client = AmqpRpc(amqp_url, timeout=2.0)
    await client.connect()
    try:
        yield client, service
    finally:
        await client.close()
        await connection.close()


def run(scenario: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(scenario())


def test_a_call_carries_the_request_the_mandate_and_its_end(amqp_url: str) -> None:
    async def scenario() -> None:
        async with talking(amqp_url, "anagrafe") as (client, service):
            enti = [{"codice": "F704", "nome": "Monza", "residenti": 3}]
            service.handle = lambda request, _: {"result": {"enti": enti}, "error": None}

            reply = await client.call("anagrafe", "list_enti", ListEnti(), TOKEN, "corr-1")

            assert isinstance(reply, EntiOut)
            assert reply.enti[0].nome == "Monza"
            (message,) = service.seen
            assert message.headers["nameko.mandato"] == TOKEN
            assert message.headers["nameko.correlation_id"] == "corr-1"
            assert message.expiration == 2.0
            assert json.loads(message.body) == {"args": [], "kwargs": {"request": {}}}

    run(scenario)


def test_a_refusal_keeps_its_class_code_fields_and_details(amqp_url: str) -> None:
    async def scenario() -> None:
        async with talking(amqp_url, "cartella") as (client, service):
            error = {
                "exc_type": "Conflict",
                "exc_path": "contracts.errors.Conflict",
                "exc_args": [
                    "cartella.cambiata",
                    "È cambiata.",
                    {"version": "vecchia"},
                    {"attuale": {"version": 7}},
                ],
                "value": "",
            }
            service.handle = lambda request, _: {"result": None, "error": error}

            with pytest.raises(Conflict) as raised:
                await client.call("cartella", "get_cartella", GetCartella(cartella_id=uuid4()), TOKEN, "c")

            assert raised.value.code == "cartella.cambiata"
            assert raised.value.fields == {"version": "vecchia"}
            assert raised.value.details == {"attuale": {"version": 7}}

    run(scenario)


def test_what_is_no_named_refusal_is_a_defect(amqp_url: str) -> None:
    async def scenario() -> None:
        async with talking(amqp_url, "anagrafe") as (client, service):
            error = {
                "exc_type": "KeyError",
                "exc_path": "builtins.KeyError",
                "exc_args": ["x"],
                "value": "'x'",
            }
            service.handle = lambda request, _: {"result": None, "error": error}

            with pytest.raises(RemoteDefect):
                await client.call("anagrafe", "list_enti", ListEnti(), TOKEN, "c")

    run(scenario)


def test_a_service_nobody_runs_is_unavailable_at_once(amqp_url: str) -> None:
    async def scenario() -> float:
        async with talking(amqp_url, "anagrafe") as (client, _):
            started = time.perf_counter()
            with pytest.raises(Unavailable):
                await client.call("cartella", "get_cartella", GetCartella(cartella_id=uuid4()), TOKEN, "c")
            return time.perf_counter() - started

    assert run(scenario) < 1.0


def test_text_no_store_can_keep_is_refused_before_it_travels(amqp_url: str) -> None:
    async def scenario() -> None:
        async with talking(amqp_url, "erogazioni") as (client, service):
            with pytest.raises(Invalid):
                await client.call(
                    "erogazioni", "list_catalogo", ListCatalogo.model_construct(area="\ud800"), TOKEN, "c"
                )
            assert service.seen == []

    run(scenario)


def test_silence_ends_with_the_timeout(amqp_url: str) -> None:
    async def scenario() -> None:
        async with talking(amqp_url, "anagrafe") as (client, service):
            service.handle = lambda request, _: None

            with pytest.raises(Unavailable):
                await client.call("anagrafe", "list_enti", ListEnti(), TOKEN, "c", timeout=0.3)

            assert client.waiting == {}

    run(scenario)


def test_when_the_channel_dies_who_waits_is_told_at_once_and_later_calls_work(amqp_url: str) -> None:
    async def scenario() -> float:
        async with talking(amqp_url, "anagrafe") as (client, service):
            service.handle = lambda request, _: None
            waiting = asyncio.create_task(
                client.call("anagrafe", "list_enti", ListEnti(), TOKEN, "c", timeout=8.0)
            )
            await asyncio.sleep(0.2)
            started = time.perf_counter()
            assert client.connection is not None
            transport: Any = client.connection.transport
            await transport.connection.close(ConnectionError("cut"))
            with pytest.raises(Unavailable):
                await waiting
            told = time.perf_counter() - started
            service.handle = lambda request, _: {"result": {"enti": []}, "error": None}
            for _ in range(50):
                try:
                    await client.call("anagrafe", "list_enti", ListEnti(), TOKEN, "c", timeout=1.0)
                    break
                except Unavailable:
                    await asyncio.sleep(0.2)
            else:
                pytest.fail("never works again")
            return told

    assert run(scenario) < 1.0


def test_answers_find_their_own_questions(amqp_url: str) -> None:
    async def scenario() -> None:
        async with talking(amqp_url, "cartella") as (client, service):
            base: dict[str, Any] = {
                "numero": "1", "residente_id": str(uuid4()), "ente": "F704", "settore": "minori", "area": "anziani",
                "stato": "aperta", "responsabile_id": None, "team": [], "comune_residenza": "F704",
                "aperta_il": "2026-11-23T10:00:00Z", "version": 1,
            }  # fmt: skip
            service.handle = lambda request, _: {
                "result": base | {"id": request["cartella_id"]},
                "error": None,
            }
            wanted = [uuid4() for _ in range(100)]

            got: list[CartellaOut] = await asyncio.gather(
                *(
                    client.call("cartella", "get_cartella", GetCartella(cartella_id=i), TOKEN, "c")
                    for i in wanted
                )
            )

            assert [cartella.id for cartella in got] == wanted

    run(scenario)


def test_a_broker_that_is_away_is_unavailable_and_not_an_accident() -> None:
    async def scenario() -> None:
        client = AmqpRpc("amqp://nobody:x@127.0.0.1:9/", timeout=1.0)
        client.start()
        await asyncio.sleep(0)
        with pytest.raises(Unavailable):
            await client.call("anagrafe", "list_enti", ListEnti(), TOKEN, "c")
        with pytest.raises(Unavailable):
            await client.ping()
        await client.close()

    run(scenario)
