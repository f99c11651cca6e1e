"""One row of the access log and its place in a chain of hashes."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
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
"""Everything the hash covers, in this order; the order never changes."""


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
            in_delega_di=identity.in_delega_di, motivo=identity.emergenza_motivo,
        )  # fmt: skip

    def record(self, catena: UUID, seq: int) -> dict[str, Any]:
        """Plain JSON values by column, `prima` and `hash` still missing."""
        own = {name: _plain(getattr(self, name)) for name in COLUMNS[2:]}
        return {"catena": str(catena), "seq": seq, **own}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value.replace("\x00", "") if isinstance(value, str) else value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value)


def canonical(row: dict[str, Any]) -> bytes:
    """The bytes the hash is taken of: the columns' plain values, in order, as compact JSON."""
    return json.dumps(
        [_plain(row[name]) for name in COLUMNS], ensure_ascii=False, separators=(",", ":")
    ).encode()


def chain_hash(previous: bytes, row: dict[str, Any]) -> bytes:
    return sha256(previous + canonical(row)).digest()


def opening_hash(catena: UUID, aperta_il: datetime, teste: dict[str, Any]) -> bytes:
    """Start of a chain: names the last row of every chain known when it began, so that none can vanish unseen."""
    content = [str(catena), _plain(aperta_il), json.dumps(teste, sort_keys=True)]
    return sha256(json.dumps(content, separators=(",", ":")).encode()).digest()
