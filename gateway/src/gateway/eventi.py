"""Alerts pushed to open pages: consumes `notifiche.events`, hands each alert to the pages of whom it concerns."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import aio_pika
import structlog
from aio_pika.abc import AbstractIncomingMessage
from pydantic import ValidationError
from starlette.responses import StreamingResponse

from gateway.broker import make_connection

if TYPE_CHECKING:
    from gateway.auth import Caller
    from gateway.resources import Gateway

from contracts.events import Envelope
from contracts.mandato import Extent
from contracts.notifiche import SEZIONE_DI, SEZIONI_AVVISI, AvvisoCreatoV1

EXCHANGE = "notifiche.events"
BINDING = "avviso.creato.v1"
BACKLOG = 100
"""Alerts kept for a page that reads slowly; the oldest go first: the page then reloads its list anyway."""
RETRY_SECONDS = 2.0
PING_SECONDS = 15.0
OWN_ALONE = (Extent.NESSUNO, Extent.PROPRI)
"""Extents that open no inbox."""
NEAR = (Extent.PROPRI, Extent.SETTORE)
Render = Callable[[AvvisoCreatoV1], Awaitable[str]]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reader:
    """Who has a page open, how far his `avvisi:leggi` and his second level reach, and which of the sections that alerts
    speak of he reads beyond his own cases: as the list of alerts has it."""

    operatore_id: UUID
    ente: str
    settore: str
    avvisi: Extent
    second_level: Extent
    sezioni: frozenset[str]
    esclusi: frozenset[UUID] = frozenset()

    @classmethod
    def of(cls, caller: "Caller") -> "Reader":
        return cls(
            caller.operatore_id, caller.ente, caller.settore, caller.extent("avvisi:leggi"),
            caller.extent("secondo_livello:leggi"),
            frozenset(scope for scope in SEZIONI_AVVISI if caller.extent(scope) not in OWN_ALONE),
            frozenset(caller.identity.esclusi or ()),
        )  # fmt: skip

    def concerns(self, avviso: AvvisoCreatoV1) -> bool:
        """His own, or nobody's in his settore if he reads its inbox and what it speaks of; none about whom he lives
        with, none of a second level closed to him."""
        if self.operatore_id in avviso.esclusi or not self.esclusi.isdisjoint(avviso.residenti):
            return False
        here = (avviso.ente, avviso.settore) == (self.ente, self.settore)
        if avviso.destinatario_id is not None:
            within = self.second_level is not Extent.NESSUNO and (here or self.second_level not in NEAR)
            return avviso.destinatario_id == self.operatore_id and (within or not avviso.secondo_livello)
        if self.avvisi in OWN_ALONE or (avviso.secondo_livello and self.second_level is Extent.NESSUNO):
            return False
        return here and SEZIONE_DI.get(avviso.tipo) in self.sezioni


@dataclass(eq=False, slots=True)
class Subscription:
    """Iterate over it; `next(timeout)` gives None when nothing came in time."""

    reader: Reader
    queue: asyncio.Queue[AvvisoCreatoV1] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def put(self, avviso: AvvisoCreatoV1) -> None:
        if self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(avviso)

    async def next(self, timeout: float) -> AvvisoCreatoV1 | None:
        try:
            async with asyncio.timeout(timeout):
                return await self.queue.get()
        except TimeoutError:
            return None

    async def __aiter__(self) -> AsyncIterator[AvvisoCreatoV1]:
        while True:
            yield await self.queue.get()


class AvvisiFanOut:
    """One queue per gateway process, as many subscriptions as open pages."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.subscriptions: set[Subscription] = set()
        self.task: asyncio.Task[None] | None = None
        self.connection: Any = None

    def start(self) -> None:
        self.task = asyncio.create_task(self._connect(), name="avvisi")

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        if self.connection is not None:
            await self.connection.close()

    @asynccontextmanager
    async def subscribe(self, reader: Reader) -> AsyncIterator[Subscription]:
        """`async with eventi.subscribe(...) as avvisi: async for avviso in avvisi: …`"""
        subscription = Subscription(reader)
        self.subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self.subscriptions.discard(subscription)

    def deliver(self, avviso: AvvisoCreatoV1) -> None:
        for subscription in self.subscriptions:
            if subscription.reader.concerns(avviso):
                subscription.put(avviso)

    async def _connect(self) -> None:
        """Keeps trying until it consumes (the exchange may not be there yet); then the connection mends itself."""
        while True:
            try:
                await self._consume()
            except (aio_pika.exceptions.AMQPError, OSError) as error:
                log.warning("avvisi_not_consumed", error=type(error).__name__)
                if self.connection is not None:
                    await self.connection.close()
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _consume(self) -> None:
        self.connection = make_connection(self.url)
        await self.connection.connect()
        channel = await self.connection.channel()
        # The exchange belongs to notifiche: until it is there, the bind fails and we come back.
        queue = await channel.declare_queue(f"gateway.avvisi.{uuid4().hex}", exclusive=True, auto_delete=True)
        await queue.bind(EXCHANGE, BINDING)
        await queue.consume(self._on_message, no_ack=True)

    async def _on_message(self, message: AbstractIncomingMessage) -> None:
        try:
            avviso = Envelope.model_validate_json(message.body).event()
        except (ValidationError, KeyError):
            log.error("avviso_unreadable", message_id=message.message_id)
            return
        if isinstance(avviso, AvvisoCreatoV1):
            self.deliver(avviso)


def stream(gateway: "Gateway", caller: "Caller", render: Render) -> StreamingResponse:
    """Server-sent events for one page: unnamed messages whose data is what `render` makes of each alert.

    Who the caller is and what the policy gives him is asked again before each alert, so that nobody hears of one who
    may not any more. Ends by itself, with an event `sessione_finita`, when the session has ended or works in another
    incarico, or the role has lost its alerts.
    """

    async def events() -> AsyncIterator[bytes]:
        async with gateway.eventi.subscribe(Reader.of(caller)) as subscription:
            yield b"retry: 3000\n: aperto\n\n"
            while True:
                avviso = await subscription.next(PING_SECONDS)
                now = await caller.again()
                if now is None:
                    yield b"event: sessione_finita\ndata: {}\n\n"
                    return
                subscription.reader = Reader.of(now)
                if avviso is None:
                    yield b": vivo\n\n"
                    continue
                if not subscription.reader.concerns(avviso):
                    continue
                data = "".join(f"data: {line}\n" for line in (await render(avviso)).splitlines())
                yield f"id: {avviso.avviso_id}\n{data}\n".encode()

    return StreamingResponse(events(), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
