"""The broker as tests use it: questions in nameko's wire protocol, events in their envelopes, a service played.

Each use opens a connection of its own. A message that no queue takes raises `aio_pika.exceptions.PublishError`.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

import aio_pika

from chassis.mandate import load_private_key, load_public_key, sign, verify
from chassis.outbox import envelope_of
from contracts.base import Message
from contracts.events import Envelope, Event
from contracts.mandato import Mandato

if TYPE_CHECKING:
    from sisolocal.testdata import MandatoKeys

T = TypeVar("T")
SECONDS = 20  # for the replies to one `ask`
Request = Message | Mapping[str, Any]
Reply = dict[str, Any]  # {"result": …, "error": None or {"exc_type", "exc_path", "exc_args", "value"}}
Answer = Callable[[str, dict[str, Any]], Message]
Posted = tuple[str, str, bytes]  # exchange, routing key, body


@dataclass(frozen=True)
class Bus:
    """What the gateway and the other services do on the broker."""

    amqp_url: str
    keys: MandatoKeys

    def token(self, mandato: Mandato, *audience: str) -> str:
        return sign(mandato, audience, load_private_key(self.keys.private_key_file))

    def call(
        self, service: str, method: str, request: Request, mandato: Mandato, also: Sequence[str] = ()
    ) -> Reply:
        """The raw reply. `also`: the services that the called one asks in its turn with the same mandate."""
        return self.ask(service, method, [request], self.token(mandato, service, *also))[0]

    def ask(
        self, service: str, method: str, requests: Sequence[Request], token: str | None, correlation: str = ""
    ) -> list[Reply]:
        """Several questions at once, whatever stands in `token` as the mandate; the replies in the same order.

        Raises TimeoutError when they are not all there within SECONDS.
        """
        given = {"nameko.mandato": token, "nameko.correlation_id": correlation or None}
        headers = {name: value for name, value in given.items() if value is not None}
        return _run(self._ask(service, method, requests, headers))

    def publish(self, *facts: Event | Envelope, sequence: int = 1) -> None:
        """Each event, in an envelope of its own unless it brings one, to the exchange of its source."""
        envelopes = [fact if isinstance(fact, Envelope) else envelope_of(fact, sequence) for fact in facts]
        _run(self._publish([_posted(envelope) for envelope in envelopes]))

    def publish_raw(self, *bodies: bytes, source: str, key: str) -> None:
        """Bytes as they are, where an event with that source and key would go."""
        _run(self._publish([(f"{source}.events", key, body) for body in bodies]))

    @contextmanager
    def playing(self, service: str, answer: Answer) -> Iterator[None]:
        """While the block runs, `answer(method, request)` is the result to whoever calls `service`, which does not run.

        A mandate that does not name the service gets no reply.
        """
        ready, stop = threading.Event(), threading.Event()
        played = threading.Thread(target=lambda: asyncio.run(self._play(service, answer, ready, stop)))
        played.start()
        try:
            assert ready.wait(SECONDS), f"{service} cannot be played"
            yield
        finally:
            stop.set()
            played.join()

    async def _ask(
        self, service: str, method: str, requests: Sequence[Request], headers: Mapping[str, Any]
    ) -> list[Reply]:
        replies: dict[str, Reply] = {}
        async with asyncio.timeout(SECONDS), await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel(on_return_raises=True)
            exchange = await channel.get_exchange("nameko-rpc", ensure=False)
            queue = await channel.declare_queue(
                f"rpc.reply-{service}-{uuid4()}", exclusive=True, auto_delete=True
            )
            await queue.bind(exchange, queue.name)
            for number, request in enumerate(requests):
                body = json.dumps({"args": [], "kwargs": {"request": _plain(request)}}).encode()
                question = _message(
                    body, reply_to=queue.name, correlation_id=str(number), headers=dict(headers)
                )
                await exchange.publish(question, routing_key=f"{service}.{method}")
            async with queue.iterator(no_ack=True) as messages:
                async for message in messages:
                    replies[str(message.correlation_id)] = json.loads(message.body)
                    if len(replies) == len(requests):
                        break
        return [replies[str(number)] for number in range(len(requests))]

    async def _publish(self, posted: Sequence[Posted]) -> None:
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel(on_return_raises=True)
            for name, key, body in posted:
                exchange = await channel.get_exchange(name, ensure=False)
                message = _message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await exchange.publish(message, routing_key=key)

    async def _play(
        self, service: str, answer: Answer, ready: threading.Event, stop: threading.Event
    ) -> None:
        public_key = load_public_key(self.keys.public_key_file)
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange("nameko-rpc", ensure=False)
            queue = await channel.declare_queue(f"rpc-{service}", exclusive=True, auto_delete=True)
            await queue.bind(exchange, f"{service}.*")
            ready.set()
            while not stop.is_set():
                question = await queue.get(no_ack=True, fail=False)
                if question is None:
                    await asyncio.sleep(0.02)
                    continue
                verify(str(question.headers["nameko.mandato"]), service, public_key)
                method = str(question.routing_key).removeprefix(f"{service}.")
                result = answer(method, json.loads(question.body)["kwargs"]["request"])
                body = json.dumps({"result": _plain(result), "error": None}).encode()
                reply = _message(body, correlation_id=question.correlation_id)
                await exchange.publish(reply, routing_key=str(question.reply_to))


def _run(work: Coroutine[Any, Any, T]) -> T:
    """In a thread of its own: Playwright keeps a loop running in that of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def _posted(envelope: Envelope) -> Posted:
    key = envelope.type.removeprefix(f"{envelope.source}.")
    return f"{envelope.source}.events", key, envelope.model_dump_json().encode()


def _plain(request: Request) -> dict[str, Any]:
    return request.model_dump(mode="json") if isinstance(request, Message) else dict(request)


def _message(body: bytes, **properties: Any) -> aio_pika.Message:
    return aio_pika.Message(body, content_type="application/json", content_encoding="utf-8", **properties)
