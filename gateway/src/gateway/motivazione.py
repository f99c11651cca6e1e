"""The reasons of one request: what was said with it, today, or when the glass was broken; each for its own case."""

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from contracts.errors import Forbidden
from gateway.motivi import MOTIVO_RICHIESTO

if TYPE_CHECKING:
    from gateway.accessi.row import Accesso
    from gateway.motivi import Motivi
    from gateway.sessions import Identity


class Reason(NamedTuple):
    """What goes into a mandate: the words, and the case they were said for, or in an emergency the person."""

    text: str = ""
    cases: tuple[UUID, ...] = ()
    person: UUID | None = None


NO_REASON = Reason()


class Motivazione:
    """The access log gets every reason that was used; the mandate of a call only that of the case it is about."""

    __slots__ = ("_accesso", "_declared", "_identity", "_motivi", "unexplained")

    def __init__(self, motivi: "Motivi", identity: "Identity", accesso: "Accesso") -> None:
        self._motivi = motivi
        self._identity = identity
        self._accesso = accesso
        self._declared = identity.finalita  # a machine client always says the same, of every case
        self.unexplained: UUID | None = None
        """The case a service last asked about; the page that asks why asks about it."""

    def declare(self, motivo: str) -> None:
        """The reason said together with this request: for the case that the request names; where it names none, for
        the first that a service asks about. A second case has to be explained by itself."""
        self._declared = self._accesso.motivo = motivo

    def known(self, case: UUID | None) -> Reason:
        """What goes along from the start: where this process knows the reason, the service need not ask."""
        if self._identity.tipo == "client":
            return Reason(self._declared)
        if case is None:
            return NO_REASON
        return self._said(case) or self._used(
            case, self._motivi.remembered(self._identity.operatore_id, case)
        )

    async def recall(self, case: UUID) -> Reason:
        """Why this case, which a service has just asked: said with the request, written today, or said when the glass
        was broken for one person (whether the case is his, the service knows). NO_REASON where it was never said."""
        self.unexplained = case
        if reason := self._said(case):
            return reason
        found = await self._motivi.of_today(self._identity.operatore_id, case)
        if not found and self._identity.emergenza is not None:  # in the log where the row is that person's
            return Reason(self._identity.emergenza_motivo, person=self._identity.emergenza)
        return self._used(case, found)

    async def keep(self, case: UUID, motivo: str) -> None:
        """Why this person opens this case, for the rest of the day."""
        self._accesso.motivo = motivo
        await self._motivi.keep(self._identity.operatore_id, case, motivo)

    def _said(self, case: UUID) -> Reason | None:
        return (
            Reason(self._declared, (case,)) if self._declared and case == self._accesso.cartella_id else None
        )

    def _used(self, case: UUID, motivo: str) -> Reason:
        if not motivo:
            return NO_REASON
        self._accesso.motivo = self._accesso.motivo or motivo
        return Reason(motivo, (case,))


def case_asked_about(error: Forbidden) -> UUID | None:
    """The case a service wants explained, as far as it names it. Raises the error when it is about something else."""
    if error.code != MOTIVO_RICHIESTO:
        raise error
    named = error.details.get("cartella_id")
    return UUID(named) if named else None
