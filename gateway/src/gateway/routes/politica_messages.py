"""What the API says and hears of the policy and its versions."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from contracts.mandato import Extent

Testo = Annotated[str, Field(max_length=2000)]
Revisione = Annotated[int, Field(ge=1, le=1_000_000)]
Numero = Annotated[int, Field(ge=1, le=1_000_000)]


class VersioneOut(BaseModel):
    """`autore_id` is null for the version the system came with. `attiva_dal`: of a proposal, the day it asks for."""

    version: int
    stato: str
    motivo: str
    attiva_dal: datetime | None
    base: int | None
    revisione: int
    autore_id: UUID | None
    autore: str
    creata_il: datetime
    proposta_il: datetime | None
    decisa_da: UUID | None
    decisore: str
    decisa_il: datetime | None
    motivo_decisione: str
    annullo_chiesto_da: UUID | None
    annullo_richiedente: str
    annullo_chiesto_il: datetime | None
    motivo_annullo: str
    annullata_da: UUID | None
    annullatore: str
    annullata_il: datetime | None
    in_vigore: bool


class VersioniOut(BaseModel):
    versioni: list[VersioneOut]


class ContenutoBody(BaseModel):
    """`regole`: ruolo → `<sezione>:<azione>` → extent. `territori`: ambito, provincia → codice → Belfiore codes.
    `livelli`: ruolo → least SPID level, 2 when absent."""

    regole: dict[str, dict[str, Extent]]
    territori: dict[str, dict[str, list[str]]]
    livelli: dict[str, int] = {}


class VersionePienaOut(BaseModel):
    versione: VersioneOut
    contenuto: ContenutoBody


class Bozza(BaseModel):
    """`da`: the version whose content the draft starts with; the newest approved when empty."""

    da: Numero | None = None


class Scrittura(BaseModel):
    revisione: Revisione
    contenuto: ContenutoBody


class Proposta(BaseModel):
    """`attiva_dal` empty: as soon as it is approved."""

    revisione: Revisione
    motivo: Testo
    attiva_dal: datetime | None = None


class Passo(BaseModel):
    revisione: Revisione


class Decisione(BaseModel):
    revisione: Revisione
    approva: bool
    motivo: Testo = ""


class Annullo(BaseModel):
    revisione: Revisione
    motivo: Testo


class DecisioneAnnullo(BaseModel):
    """`annulla` false: it stays approved."""

    revisione: Revisione
    annulla: bool


class PersonaOut(BaseModel):
    operatore_id: UUID
    nome: str
    ruolo: str
    ente: str
    settore: str
    in_delega_di: UUID | None


class EffettoOut(BaseModel):
    """`guadagnano`, `perdono`: propri, settore, Belfiore codes of whole enti. `in_emergenza`: only while an emergency
    is open."""

    ruolo: str
    scope: str
    prima: Extent
    dopo: Extent
    guadagnano: list[str]
    perdono: list[str]
    in_emergenza: bool
    persone: list[PersonaOut]


class AnteprimaOut(BaseModel):
    """What would change against the version it was drafted from, over who works today. `divieti` refuse it; `pericoli`
    want a second look."""

    operatori_in_piu: int
    operatori_in_meno: int
    cittadini: bool
    regole: list[dict[str, Any]]
    territori: list[dict[str, Any]]
    livelli: list[dict[str, Any]]
    effetti: list[EffettoOut]
    divieti: list[dict[str, Any]]
    pericoli: list[dict[str, Any]]
