"""The reasons of one request: what was said with it, today, or when the glass was broken; each for its own case."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from gateway.accessi.row import Accesso
    from gateway.motivi import Motivi
    from gateway.sessions import Identity

Asking = Callable[[UUID], Awaitable[bool]]


class Motivazione:
    """The access log gets every reason that was used; the mandate of a call only that of the case it is about."""

    __slots__ = ("_accesso", "_identity", "_in_emergenza", "_motivi", "declared", "unexplained")

    def __init__(
        self, motivi: "Motivi", identity: "Identity", accesso: "Accesso", in_emergenza: Asking
    ) -> None:
        self._motivi = motivi
        self._identity = identity
        self._accesso = accesso
        self._in_emergenza = in_emergenza
        self.declared = identity.finalita  # a machine client always says the same
        self.unexplained: UUID | None = None
        """The case a service would not open without a reason."""

    def declare(self, motivo: str) -> None:
        """The reason said together with this request: for all it does."""
        self.declared = self._accesso.motivo = motivo

    def known(self, case: UUID | None) -> str:
        """What goes along from the start: where this process knows the reason of today, the service need not ask."""
        if self.declared or case is None:
            return self.declared
        return self._used(self._motivi.remembered(self._identity.operatore_id, case))

    async def recall(self, case: UUID | None) -> str:
        """The reason written today for this case, or that of an emergency if the case is its person's, or ""."""
        if case is None:
            return ""
        found = await self._motivi.of_today(self._identity.operatore_id, case)
        if not found and self._identity.emergenza is not None and await self._in_emergenza(case):
            return self._identity.emergenza_motivo  # in the log it stands where the row is that person's
        if not found:
            self.unexplained = case
        return self._used(found)

    async def keep(self, case: UUID, motivo: str) -> None:
        """Why this person opens this case, for the rest of the day."""
        self._accesso.motivo = motivo
        await self._motivi.keep(self._identity.operatore_id, case, motivo)

    def _used(self, motivo: str) -> str:
        self._accesso.motivo = self._accesso.motivo or motivo
        return motivo
