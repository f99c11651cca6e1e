"""One row of the access log."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from gateway.sessions import NOBODY

if TYPE_CHECKING:
    from gateway.sessions import Identity

COLUMNS = (
    "catena", "seq", "quando", "operatore_id", "incarico_id", "session_id", "ruolo", "ente", "settore", "metodo",
    "rotta", "scopi", "sezione", "azione", "cartella_id", "residente_id", "motivo", "esito", "codice", "durata_ms",
    "correlation_id", "tipo", "in_delega_di",
)  # fmt: skip
"""Everything the hash covers (`catena.FORMATI`), in this order; the order never changes."""


@dataclass(slots=True)
class Accesso:
    """Who did what, on whom, why, and how it ended. `rotta` is the template, never the address with its ids.

    `tipo`: operatore, cittadino, client. `in_delega_di`: the absent operator in whose place he acted.
    """

    operatore_id: UUID
    incarico_id: UUID
    session_id: UUID
    ruolo: str
    ente: str
    settore: str
    metodo: str
    rotta: str
    scopi: str
    sezione: str = ""
    azione: str = ""
    cartella_id: UUID | None = None
    residente_id: UUID | None = None
    motivo: str = ""
    esito: int = 0
    codice: str = ""
    durata_ms: int = 0
    correlation_id: str = ""
    tipo: str = "operatore"
    in_delega_di: UUID | None = None
    quando: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(
        cls, identity: "Identity", metodo: str, rotta: str, scopes: tuple[str, ...], sezione: str, azione: str
    ) -> "Accesso":
        return cls(
            identity.operatore_id, identity.incarico_id or NOBODY, identity.session_id, identity.ruolo, identity.ente,
            identity.settore, metodo, rotta, " ".join(scopes), sezione, azione, tipo=identity.tipo,
            in_delega_di=identity.in_delega_di, motivo=identity.finalita,
        )  # fmt: skip

    def record(self, catena: UUID, seq: int) -> dict[str, Any]:
        """Plain JSON values by column, `prima` and `hash` still missing."""
        own = {name: plain(getattr(self, name)) for name in COLUMNS[2:]}
        return {"catena": str(catena), "seq": seq, **own}


def plain(value: Any) -> Any:
    """A value as JSON has it: ids and moments as text, no NUL (PostgreSQL's text has none)."""
    if value is None or isinstance(value, str | int):
        return value.replace("\x00", "") if isinstance(value, str) else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)
