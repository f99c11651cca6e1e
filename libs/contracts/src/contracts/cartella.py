"""Published language of cartella: the case and its sections."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import CodiceEnte, Command, Importo, Message, Pagina, Personal
from contracts.events import Event


class StatoCartella(StrEnum):
    APERTA = "aperta"
    IN_CARICO = "in_carico"
    CHIUSA = "chiusa"


class Area(StrEnum):
    """Area of need (ISTAT)."""

    FAMIGLIA_MINORI = "famiglia_minori"
    DISABILI = "disabili"
    DIPENDENZE = "dipendenze"
    ANZIANI = "anziani"
    IMMIGRATI = "immigrati"
    POVERTA = "poverta"
    MULTIUTENZA = "multiutenza"


SEZIONI_CONDIVISIBILI = (
    "presa_in_carico", "segretariato", "diario", "attivita", "pai", "isee", "valutazioni", "scuola", "tribunale",
    "documenti", "stampe", "fogli", "liquidazioni",
)  # fmt: skip
"""Sections of the fascicolo that a grant may open. Whoever holds a grant of any of them sees the heading of the case;
in `presa_in_carico` a grant is never for writing: who follows a case, and its end, stay with who owns it."""


class CondivisioneAttiva(Message):
    """A grant in force: this settore (or this operator alone) may use these sections of the case from–to.

    `scrive`: writing too. `nascondi_prima`: what was there before `dal` stays hidden.
    """

    ente: CodiceEnte
    settore: str
    operatore_id: UUID | None = None
    sezioni: tuple[str, ...]
    scrive: bool = False
    dal: datetime
    al: datetime
    nascondi_prima: bool = False


class FattoCartella(Event):
    """State of the case after the fact: a projection can be built from any one of these events.

    `aperta_da`: who opened it, as long as nobody is responsible for it: till then it is his own.
    """

    cartella_id: UUID
    numero: str
    residente_id: UUID
    ente: str
    settore: str
    area: Area
    stato: StatoCartella
    responsabile_id: UUID | None = None
    team: tuple[UUID, ...] = ()
    comune_residenza: str
    sesso: Annotated[str, Personal]
    anno_nascita: Annotated[int | None, Personal] = None
    data: date
    settore_riservato: str = ""
    condivisioni: tuple[CondivisioneAttiva, ...] = ()
    aperta_da: UUID | None = None


class CartellaApertaV1(FattoCartella, source="cartella", key="cartella.aperta.v1", subject="cartella_id"):
    """A case file was opened. `accanto_a`: the open cases of a second level that the person has in the same ente, whose
    settori hear of this one while who opened it does not hear of them; of a case that is of a second level itself only
    those of the same."""

    accanto_a: tuple[UUID, ...] = ()


class CartellaPresaInCaricoV1(
    FattoCartella, source="cartella", key="cartella.presa_in_carico.v1", subject="cartella_id"
):
    """A worker took charge of the case."""


class CartellaAssegnataV1(
    FattoCartella, source="cartella", key="cartella.assegnata.v1", subject="cartella_id"
):
    """Responsible worker, team or settore changed. `accanto_a`: as in `cartella.aperta`, where it came to stand in
    another settore."""

    accanto_a: tuple[UUID, ...] = ()


class CartellaChiusaV1(FattoCartella, source="cartella", key="cartella.chiusa.v1", subject="cartella_id"):
    """Closed with a reason; never deleted."""


class CartellaRiapertaV1(FattoCartella, source="cartella", key="cartella.riaperta.v1", subject="cartella_id"):
    """Opened again. `accanto_a`: as in `cartella.aperta`."""

    accanto_a: tuple[UUID, ...] = ()


class CartellaCondivisaV1(
    FattoCartella, source="cartella", key="cartella.condivisa.v1", subject="cartella_id"
):
    """Grants changed: one was accepted or revoked."""


class CartellaRiservataV1(
    FattoCartella, source="cartella", key="cartella.riservata.v1", subject="cartella_id"
):
    """The case entered the second level of a settore, or left it."""


class CondivisionePropostaV1(
    Event, source="cartella", key="condivisione.proposta.v1", subject="condivisione_id"
):
    """A case is offered to the settore `ente`/`settore`, or to `operatore_id` alone there, who decides.

    Neither case nor person: until it is accepted, the receiver knows the offer and nothing else.
    """

    condivisione_id: UUID
    numero: str
    da_ente: str
    da_settore: str
    proposta_da: UUID
    ente: str
    settore: str
    operatore_id: UUID | None = None
    data: date


class EsitoProposta(StrEnum):
    ACCETTATA = "accettata"
    RIFIUTATA = "rifiutata"
    RITIRATA = "ritirata"


class CondivisioneDecisaV1(Event, source="cartella", key="condivisione.decisa.v1", subject="condivisione_id"):
    """An offer no longer waits: its receiver has answered, or who made it has withdrawn it. Whose answer it was and
    why stay in the case."""

    condivisione_id: UUID
    cartella_id: UUID
    proposta_da: UUID
    esito: EsitoProposta
    data: date


class FattoVoce(Event):
    """An entry of a section changed. Private and second-level entries emit nothing: not even their number is
    everybody's business."""

    voce_id: UUID
    cartella_id: UUID
    ente: str
    data: date


class DiarioVoceAggiuntaV1(FattoVoce, source="cartella", key="diario.voce_aggiunta.v1", subject="voce_id"):
    tipo: str


class DiarioVoceRettificataV1(
    FattoVoce, source="cartella", key="diario.voce_rettificata.v1", subject="voce_id"
):
    tipo: str


class DiarioVoceAnnullataV1(FattoVoce, source="cartella", key="diario.voce_annullata.v1", subject="voce_id"):
    tipo: str


class IseeRegistratoV1(FattoVoce, source="cartella", key="isee.registrato.v1", subject="voce_id"):
    """An ISEE was typed in; the amounts are needed by payments."""

    residente_id: UUID
    tipo: str
    protocollo_dsu: Annotated[str, Personal]
    data_presentazione: date
    scadenza: date
    isee: Annotated[Decimal, Personal]


# --- RPC ---------------------------------------------------------------------------------------------------------


class OpenCartella(Command):
    """Scope `presa_in_carico:scrivi`. The residente's facts come from the registry through the gateway."""

    residente_id: UUID
    comune_residenza: CodiceEnte
    sesso: str
    anno_nascita: int | None = None
    area: Area
    settore: str = ""
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class GetCartella(Message):
    """Scope `presa_in_carico:leggi`."""

    cartella_id: UUID


class Passaggio(Message):
    """One step in the life of the case. `tipo`: apertura, presa_in_carico, assegnazione, passaggio_settore,
    chiusura, riapertura, variazione_anagrafica, secondo_livello, fine_secondo_livello, condivisione_proposta,
    condivisione_accettata, condivisione_rifiutata, condivisione_revocata. Of a condivisione `a_settore` and
    `a_operatore_id` are the receiver."""

    id: UUID
    tipo: str
    quando: datetime
    operatore_id: UUID
    da_operatore_id: UUID | None = None
    a_operatore_id: UUID | None = None
    da_settore: str = ""
    a_settore: str = ""
    motivo: str = ""


class CartellaOut(Message):
    """A case. `solo_intestazione`: the caller is shown the heading alone (he holds a grant of other sections, or an
    entry of another settore's case is of his second level): then no team, no passaggi and `version` 0.

    `settore_riservato`: the settore whose second level the case is in, "" for an ordinary case.
    """

    id: UUID
    numero: str
    residente_id: UUID
    ente: str
    settore: str
    area: Area
    stato: StatoCartella
    responsabile_id: UUID | None
    team: tuple[UUID, ...]
    comune_residenza: str
    aperta_il: datetime
    in_carico_dal: datetime | None = None
    chiusa_il: datetime | None = None
    version: int
    passaggi: tuple[Passaggio, ...] = ()
    settore_riservato: str = ""
    solo_intestazione: bool = False


class ListCartelle(Pagina):
    """Scope `presa_in_carico:leggi`; filters are all optional."""

    solo_mie: bool = False
    stato: StatoCartella | None = None
    area: Area | None = None
    residente_id: UUID | None = None
    residenti_id: tuple[UUID, ...] = ()
    numero: str = ""


class CartelleOut(Message):
    cartelle: tuple[CartellaOut, ...]
    totale: int


class TakeInCarico(Command):
    """Scope `presa_in_carico:scrivi`: the caller becomes responsible."""

    cartella_id: UUID
    version: int
    motivo: str = ""


class AssignCartella(Command):
    """Scope `presa_in_carico:assegna`. Empty fields stay as they are.

    To another settore, the responsible worker goes from the case unless named again. A second-level case moves only
    with a decision on its mark, and the scope `secondo_livello:scrivi`: `settore_riservato` "" clears it, the new
    settore renames it.
    """

    cartella_id: UUID
    version: int
    responsabile_id: UUID | None = None
    team: tuple[UUID, ...] | None = None
    settore: str = ""
    settore_riservato: str | None = None
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class CloseCartella(Command):
    """Scope `presa_in_carico:scrivi`."""

    cartella_id: UUID
    version: int
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class ReopenCartella(Command):
    """Scope `presa_in_carico:scrivi`."""

    cartella_id: UUID
    version: int
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class SetRiservatezza(Command):
    """Scope `secondo_livello:scrivi`. `settore_riservato`: the settore of the case, in which the caller works, whose
    second level it enters; "" takes it out, which only who works in that settore may."""

    cartella_id: UUID
    version: int
    settore_riservato: Annotated[str, Field(max_length=100)] = ""
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class TipoVoce(StrEnum):
    COLLOQUIO = "colloquio"
    TELEFONATA = "telefonata"
    MAIL = "mail"
    VISITA_DOMICILIARE = "visita_domiciliare"
    RIUNIONE = "riunione"
    NOTA = "nota"


class AddVoceDiario(Command):
    """Scope `diario:scrivi`. `settore_riservato`: of this settore's second level (same ente), which alone reads it
    besides the author; then also the scope `secondo_livello:scrivi`. "" for an ordinary entry."""

    cartella_id: UUID
    tipo: TipoVoce
    quando: datetime
    con_chi: Annotated[str, Field(max_length=200)] = ""
    dove: Annotated[str, Field(max_length=200)] = ""
    testo: Annotated[str, Field(min_length=1, max_length=50_000)]
    privata: bool = False
    settore_riservato: Annotated[str, Field(max_length=100)] = ""


class RectifyVoceDiario(Command):
    """Scope `diario:scrivi`, author only; the old version stays in the history. `settore_riservato` empty (null): as it
    is; to change it, also the scope `secondo_livello:scrivi`."""

    cartella_id: UUID
    voce_id: UUID
    version: int
    tipo: TipoVoce
    quando: datetime
    con_chi: Annotated[str, Field(max_length=200)] = ""
    dove: Annotated[str, Field(max_length=200)] = ""
    testo: Annotated[str, Field(min_length=1, max_length=50_000)]
    settore_riservato: Annotated[str | None, Field(max_length=100)] = None
    motivo: str = ""


class AnnulVoceDiario(Command):
    """Scope `diario:scrivi`, author only: struck through with a reason, never deleted."""

    cartella_id: UUID
    voce_id: UUID
    version: int
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class GetVoceDiario(Message):
    """Scope `diario:leggi`."""

    cartella_id: UUID
    voce_id: UUID


class ListVociDiario(Pagina):
    """Scope `diario:leggi`, newest first; private entries of others and those of another settore's second level are
    not there, not even in `totale`."""

    cartella_id: UUID
    tipo: TipoVoce | None = None
    testo: str = ""


class VersioneVoce(Message):
    """A superseded text, with the instant and the reason it was superseded."""

    version: int
    testo: str
    tipo: TipoVoce
    quando: datetime
    con_chi: str = ""
    dove: str = ""
    modificata_il: datetime
    motivo: str = ""
    settore_riservato: str = ""


class VoceDiarioOut(Message):
    id: UUID
    cartella_id: UUID
    tipo: TipoVoce
    quando: datetime
    con_chi: str
    dove: str
    testo: str
    privata: bool
    autore_id: UUID
    scritta_il: datetime
    version: int
    annullata: bool = False
    motivo_annullamento: str = ""
    versioni: tuple[VersioneVoce, ...] = ()
    settore_riservato: str = ""


class VociDiarioOut(Message):
    voci: tuple[VoceDiarioOut, ...]
    totale: int


class TipoIsee(StrEnum):
    ORDINARIO = "ordinario"
    MINORENNI = "minorenni"
    UNIVERSITARIO = "universitario"
    SOCIOSANITARIO = "sociosanitario"
    SOCIOSANITARIO_RESIDENZE = "sociosanitario_residenze"
    CORRENTE = "corrente"


class AddIsee(Command):
    """Scope `isee:scrivi`. DSU protocol as INPS writes it: `INPS-ISEE-2026-01234567A-00`. `scadenza` empty = 31/12."""

    cartella_id: UUID
    tipo: TipoIsee
    protocollo_dsu: str
    data_presentazione: date
    scadenza: date | None = None
    ise: Importo
    scala: Annotated[Decimal, Field(max_digits=5, decimal_places=2)]
    isee: Importo
    omissioni: bool = False
    note: Annotated[str, Field(max_length=2000)] = ""


class IseeOut(Message):
    id: UUID
    cartella_id: UUID
    tipo: TipoIsee
    protocollo_dsu: str
    data_presentazione: date
    scadenza: date
    ise: Importo
    scala: Decimal
    isee: Importo
    omissioni: bool
    note: str
    avvisi: tuple[str, ...] = ()
    autore_id: UUID
    scritto_il: datetime
    version: int


class ListIsee(Message):
    """Scope `isee:leggi`, newest first."""

    cartella_id: UUID


class IseeListOut(Message):
    isee: tuple[IseeOut, ...]


class ExportFascicolo(Message):
    """Everything of the case this person may read, for printing. Scope `stampe:stampa` plus each section's `leggi`."""

    cartella_id: UUID
    sezioni: tuple[str, ...] = ("presa_in_carico", "diario", "isee")


class FascicoloOut(Message):
    cartella: CartellaOut
    voci: tuple[VoceDiarioOut, ...] = ()
    isee: tuple[IseeOut, ...] = ()
