"""Published language of cartella: sharing a case, and saying why somebody sees it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import CodiceEnte, Command, Message, Pagina
from contracts.cartella import CondivisioneAttiva


class StatoCondivisione(StrEnum):
    """A grant past its `al` stays `accettata` and opens nothing."""

    PROPOSTA = "proposta"
    ACCETTATA = "accettata"
    RIFIUTATA = "rifiutata"
    REVOCATA = "revocata"


class Condivisione(Message):
    """A grant: what was offered to whom, and what became of it. `version` counts its states."""

    id: UUID
    ente: CodiceEnte
    settore: str
    operatore_id: UUID | None = None
    sezioni: tuple[str, ...]
    scrive: bool = False
    dal: datetime
    al: datetime
    nascondi_prima: bool = False
    motivo: str
    stato: StatoCondivisione = StatoCondivisione.PROPOSTA
    proposta_da: UUID
    proposta_il: datetime
    decisa_da: UUID | None = None
    decisa_il: datetime | None = None
    motivo_decisione: str = ""
    revocata_da: UUID | None = None
    revocata_il: datetime | None = None
    motivo_revoca: str = ""
    version: int = 1


class CondivisioneOut(Condivisione):
    """A grant with where it comes from. `cartella_id` is empty as long as the reader does not reach the case."""

    cartella_id: UUID | None = None
    numero: str
    da_ente: str
    da_settore: str
    in_vigore: bool = False


class CondivisioniOut(Message):
    condivisioni: tuple[CondivisioneOut, ...]
    totale: int


class ProposeCondivisione(Command):
    """Scope `condivisioni:scrivi`, and `leggi` (`scrivi` where `scrive`) of each section: nobody gives what he has not.

    `ente` empty: the case's. `operatore_id`: that person alone, who works in that settore. `dal` empty: from now.
    """

    cartella_id: UUID
    ente: CodiceEnte | None = None
    settore: Annotated[str, Field(min_length=1, max_length=100)]
    operatore_id: UUID | None = None
    sezioni: Annotated[tuple[str, ...], Field(min_length=1)]
    scrive: bool = False
    dal: datetime | None = None
    al: datetime
    nascondi_prima: bool = False
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class DecideCondivisione(Command):
    """Scope `condivisioni:scrivi`, of the receiver; not who proposed it. To refuse, `motivo` is required."""

    condivisione_id: UUID
    version: int
    accetta: bool
    motivo: Annotated[str, Field(max_length=2000)] = ""


class RevokeCondivisione(Command):
    """Scope `condivisioni:scrivi`, of either side. Of a proposal not yet decided: its author's side withdraws it."""

    condivisione_id: UUID
    version: int
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class ListCondivisioni(Pagina):
    """Scope `condivisioni:leggi`, newest first: the grants of a case with their whole history, or without
    `cartella_id` those offered to the caller and his settore (`in_attesa`: only what waits for a decision)."""

    cartella_id: UUID | None = None
    in_attesa: bool = False


class ExplainAccesso(Message):
    """Scope `presa_in_carico:leggi`: by which rules the caller reaches the case, section by section, for each reading
    scope of his mandate."""

    cartella_id: UUID


class TipoRegola(StrEnum):
    """Why a case is seen. `voce_riservata`: entries or documents of it are of the second level of the caller's
    settore."""

    TEAM = "team"
    DELEGA = "delega"
    SETTORE = "settore"
    ENTE = "ente"
    AMBITO = "ambito"
    PROVINCIA = "provincia"
    CONDIVISIONE = "condivisione"
    EMERGENZA = "emergenza"
    VOCE_RISERVATA = "voce_riservata"


class RegolaAccesso(Message):
    """One rule that holds, with the sections it opens. `delegante_id`: for whom the caller stands in.
    `secondo_livello`: the settore whose second level had to be open to the caller besides. Dates and
    `condivisione_id`: of a grant."""

    tipo: TipoRegola
    sezioni: tuple[str, ...]
    secondo_livello: str = ""
    delegante_id: UUID | None = None
    condivisione_id: UUID | None = None
    dal: datetime | None = None
    al: datetime | None = None
    nascondi_prima: bool = False


class AccessoOut(Message):
    """Why the caller sees the case, and what decides who else does: `condivisioni` are the grants in force (only the
    caller's own, where he reaches the case by a grant alone)."""

    cartella_id: UUID
    ente: str
    settore: str
    settore_riservato: str = ""
    responsabile_id: UUID | None = None
    team: tuple[UUID, ...] = ()
    propria: bool
    regole: tuple[RegolaAccesso, ...]
    condivisioni: tuple[CondivisioneAttiva, ...] = ()
