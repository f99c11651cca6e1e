"""Who holds a session, remembered for a few seconds: a page asks for many things at once.

PostgreSQL tells at once of whatever ends or changes an identity (triggers of migration 0009), and every change asked of
this very process forgets all it knows. While the telling is interrupted nothing is remembered.
"""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID

import psycopg
import structlog

from gateway.sessions import Identity, SessionStore

CHANNEL = "gateway_identita"
KEPT = 5000
"""Sessions remembered; beyond, all are forgotten and read again."""
BEAT = 2.0
"""Seconds without news after which the connection has to prove that it lives."""
log = structlog.get_logger()


class Identities:
    """`seconds`: how long an identity is remembered; 0 remembers nothing."""

    def __init__(self, sessions: SessionStore, dsn: str, seconds: float) -> None:
        self.sessions = sessions
        self.dsn = dsn
        self.seconds = seconds
        self.known: dict[str, tuple[float, Identity]] = {}
        self.tokens: dict[UUID, str] = {}
        self.generation = 0
        self.told = False
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self.seconds:
            self.task = asyncio.create_task(self._run(), name="identities")

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    async def of(self, token: str, touch: bool = True) -> Identity | None:
        """Who holds this token, or None when the session, the operator or the incarico has ended. `touch`: a person is
        at work."""
        known = self.known.get(token)
        if known is not None and known[0] > time.monotonic() and _holds(known[1], touch):
            return known[1]
        generation = self.generation
        identity = await self.sessions.identify(token, touch)
        if identity is not None and self.told and generation == self.generation:
            if len(self.known) >= KEPT:
                self.forget()
            self.known[token] = (time.monotonic() + self.seconds, identity)
            self.tokens[identity.session_id] = token
        return identity

    def forget(self, session_id: UUID | None = None) -> None:
        """One session, or all; what is being read at this moment will not be remembered either."""
        self.generation += 1
        if session_id is None:
            self.known.clear()
            self.tokens.clear()
        elif token := self.tokens.pop(session_id, None):
            self.known.pop(token, None)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError, TimeoutError) as error:
                log.warning("identities_not_told", error=f"{type(error).__name__}: {error}"[:200])
            finally:
                self.told = False
                self.forget()
            await asyncio.sleep(1)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self.dsn, autocommit=True, connect_timeout=3)
        async with connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            self.forget()
            self.told = True
            while True:
                async for notice in connection.notifies(timeout=BEAT):
                    self.forget(UUID(notice.payload) if notice.payload else None)
                async with asyncio.timeout(BEAT):
                    await connection.execute("SELECT 1")


def _holds(identity: Identity, touch: bool) -> bool:
    """Nothing in it has run out by the clock since it was read, and its use need not be written down."""
    now = datetime.now(UTC)
    if touch and identity.unwritten:
        return False
    return identity.scade_il > now and (identity.emergenza_fino is None or identity.emergenza_fino > now)
