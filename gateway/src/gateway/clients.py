"""RPC to the services: nameko's wire protocol over aio-pika, one connection and one reply queue per process."""

import asyncio
from itertools import count
from typing import Any, Protocol
from uuid import uuid4

import aio_pika
import structlog
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import AMQPError, ChannelInvalidStateError
from aiormq.abc import DeliveredMessage
from pydantic import BaseModel, ConfigDict, create_model

from chassis import context
from contracts.base import Message
from contracts.errors import ERRORS, DomainError, Invalid, Unavailable
from contracts.rpc import RPC
from gateway.broker import RECONNECT_SECONDS, make_connection

EXCHANGE = "nameko-rpc"
UNANSWERED = (TimeoutError, ConnectionError, AMQPError, ChannelInvalidStateError)
"""Nobody there, nobody in time, broker gone before, during or after."""
log = structlog.get_logger()


class RemoteDefect(Exception):
    """The service failed in a way it did not name: a defect, loud in both logs; the person gets a plain 500."""


class RpcError(BaseModel):
    exc_type: str
    exc_args: list[Any] = []
    value: str = ""


class RpcClient(Protocol):
    """What routes need; tests bring their own."""

    async def call(
        self,
        service: str,
        method: str,
        request: Message,
        mandato: str,
        correlation_id: str,
        timeout: float | None = None,
    ) -> Any: ...

    def start(self) -> None: ...

    async def ping(self) -> None: ...

    async def close(self) -> None: ...


def reply_models() -> dict[tuple[str, str], type[BaseModel]]:
    """`{"result": …, "error": …}` per method, so that bytes become the typed reply in one pass."""
    found: dict[tuple[str, str], type[BaseModel]] = {}
    for service, methods in RPC.items():
        for method, (_, reply) in methods.items():
            result: Any = (reply | None, None)
            found[service, method] = create_model(
                f"Reply_{service}_{method}",
                __config__=ConfigDict(
                    hide_input_in_errors=True
                ),  # a reply that does not fit must not be logged
                result=result,
                error=(RpcError | None, None),
            )
    return found


class AmqpRpc:
    """Call `start()` first. Survives a broker restart; what is in flight then fails at once with Unavailable."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self.url = url
        self.timeout = timeout
        self.waiting: dict[str, asyncio.Future[bytes]] = {}
        self.ids = count()
        self.replies = reply_models()
        self.reply_to = f"rpc.reply-gateway-{uuid4().hex}"
        self.connection: aio_pika.RobustConnection | None = None
        self.exchange: Any = None
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connects in the background; until then every call is Unavailable."""
        self.task = asyncio.create_task(self.connect(), name="rpc")

    async def connect(self) -> None:
        """Keeps trying: a broker that is just starting may take the connection and refuse the channel."""
        self.connection = make_connection(self.url)
        await self.connection.connect()
        while self.exchange is None:
            try:
                self.exchange = await self._open(self.connection)
            except (AMQPError, ConnectionError, TimeoutError, RuntimeError) as error:
                log.warning("rpc_channel_refused", error=f"{type(error).__name__}: {error}"[:200])
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _open(self, connection: aio_pika.RobustConnection) -> Any:
        channel: Any = await connection.channel(
            publisher_confirms=True
        )  # without, nobody tells what is sent back
        channel.close_callbacks.add(self._on_close)
        exchange = await channel.declare_exchange(EXCHANGE, "topic", durable=True)
        queue = await channel.declare_queue(self.reply_to, exclusive=True, auto_delete=True)
        await queue.bind(exchange, self.reply_to)
        await queue.consume(self._on_reply, no_ack=True)
        return exchange

    async def close(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        if self.connection is not None:
            await self.connection.close()
        self._fail_all()

    async def ping(self) -> None:
        """Unavailable unless the broker connection stands."""
        if self.exchange is None or self.connection is None or not self.connection.connected.is_set():
            raise _unavailable("broker")

    async def call(
        self,
        service: str,
        method: str,
        request: Message,
        mandato: str,
        correlation_id: str,
        timeout: float | None = None,
    ) -> Any:
        """Typed reply of the method; the service's DomainError; Unavailable when nobody answers in time."""
        if self.exchange is None:
            raise _unavailable(service)
        reply_model, content = self.replies[service, method], _encode(request)
        limit = timeout or self.timeout
        call_id = str(next(self.ids))
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.waiting[call_id] = future
        try:
            async with asyncio.timeout(limit):
                message = self._message(content, mandato, correlation_id, call_id, limit)
                await self._publish(message, f"{service}.{method}")
                body = await future
        except UNANSWERED as error:
            log.warning("rpc_unanswered", target=service, method=method, error=type(error).__name__)
            raise _unavailable(service) from error
        finally:
            self.waiting.pop(call_id, None)
            if not future.cancel() and not future.cancelled():
                future.exception()  # looked at: asyncio need not complain that nobody did
        reply: Any = reply_model.model_validate_json(body)
        if reply.error is not None:
            raise self._error(reply.error, service, method)
        return reply.result

    async def _publish(self, message: aio_pika.Message, routing_key: str) -> None:
        """ConnectionError when no queue takes it. The confirm comes while the service already works."""
        taken = await self.exchange.publish(message, routing_key, mandatory=True)
        if isinstance(taken, DeliveredMessage):  # sent back to us
            raise ConnectionError("no such service")

    def _message(
        self, content: bytes, mandato: str, correlation_id: str, call_id: str, limit: float
    ) -> aio_pika.Message:
        headers: Any = {"nameko.mandato": mandato, "nameko.correlation_id": correlation_id}
        if traceparent := context.current().traceparent:
            headers["nameko.traceparent"] = traceparent
        return aio_pika.Message(
            b'{"args":[],"kwargs":{"request":' + content + b"}}",
            content_type="application/json",
            content_encoding="utf-8",
            reply_to=self.reply_to,
            correlation_id=call_id,
            expiration=limit,  # a request nobody waits for any more is not worked on
            headers=headers,
        )

    def _error(self, error: RpcError, service: str, method: str) -> Exception:
        known = ERRORS.get(error.exc_type)
        if known is not None:
            return known(*error.exc_args[:4])
        log.error("rpc_defect", target=service, method=method, exc_type=error.exc_type)
        return RemoteDefect(f"{service}.{method}: {error.exc_type}")

    async def _on_reply(self, message: AbstractIncomingMessage) -> None:
        future = self.waiting.get(message.correlation_id or "")
        if future is not None and not future.done():
            future.set_result(message.body)

    def _on_close(self, *_: Any) -> None:
        self._fail_all()

    def _fail_all(self) -> None:
        for future in self.waiting.values():
            if not future.done():
                future.set_exception(ConnectionError("broker gone"))


def _encode(request: Message) -> bytes:
    try:
        return request.model_dump_json().encode()
    except ValueError as error:  # half a surrogate pair: JSON may carry it, no text may
        raise Invalid(
            "richiesta.testo", "Il testo contiene caratteri che non si possono conservare."
        ) from error


def _unavailable(service: str) -> DomainError:
    return Unavailable(
        "servizio.non_disponibile",
        "Il servizio non risponde: riprova tra poco. Quello che hai scritto non è andato perso.",
        details={"servizio": service},
    )
