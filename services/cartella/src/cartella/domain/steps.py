"""What every change has in common: who did it, when and why; the calendar of the ente; who an entry is kept from."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.errors import Conflict

ROMA = ZoneInfo("Europe/Rome")


@dataclass(frozen=True)
class Step:
    """One act of one person. `id` is the command's idempotency key where it has one; `quando` is aware, UTC."""

    id: UUID
    operatore_id: UUID
    quando: datetime
    motivo: str = ""


@dataclass(frozen=True, kw_only=True)
class Riservata:
    """What an entry of any section carries so that `repository.visibility.readable` can keep it from others.

    `privata_di`: its only reader, the author, or None. `settore_riservato`: the settore (of `ente`) whose second level
    it is of, "" for none; it is then read there, and by its author while he has the case.
    """

    ente: str
    autore_id: UUID
    privata_di: UUID | None = None
    settore_riservato: str = ""

    @property
    def is_private(self) -> bool:
        return self.privata_di is not None

    @property
    def is_kept_back(self) -> bool:
        """Not for everybody who reads the section: then nothing is told of it, to nobody."""
        return self.is_private or bool(self.settore_riservato)


def utc_now() -> datetime:
    """Now, as it is stored."""
    return to_store_precision(datetime.now(UTC))


def to_store_precision(instant: datetime) -> datetime:
    """In UTC and to the millisecond: what MongoDB keeps of an instant."""
    instant = instant.astimezone(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def local_date(instant: datetime) -> date:
    """The day an instant falls on where the ente works: numbers, deadlines and events follow it."""
    return instant.astimezone(ROMA).date()


def stale(code: str, attuale: dict[str, object]) -> Conflict:
    """The answer to a command written against an older version; `attuale` is what stands now, as plain JSON."""
    return Conflict(
        code,
        "Nel frattempo qualcun altro ha modificato questi dati: confronta le due versioni prima di salvare.",
        details={"attuale": attuale},
    )
