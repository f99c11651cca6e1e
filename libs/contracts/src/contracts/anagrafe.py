"""Published language of anagrafe: events of the registry, and what it answers."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import CodiceEnte, Command, Message, Pagina, Personal
from contracts.events import Event


class StatoAnagrafico(StrEnum):
    RESIDENTE = "residente"
    DECEDUTO = "deceduto"
    EMIGRATO = "emigrato"


class FattoResidente(Event):
    """What every registry fact of a person carries; ids only. `componenti` are the residente ids of the household
    before and after the fact, the person included, so that consumers can find the cases it concerns. `riservato`: the
    person is under a vincolo (protected address, adoption); in the cases of others nothing may lead to him."""

    residente_id: UUID
    ente: str
    nucleo_id: UUID | None = None
    componenti: tuple[UUID, ...] = ()
    caricamento_id: UUID | None = None
    data_evento: date
    riservato: bool = False


class ResidenteRegistratoV1(
    FattoResidente, source="anagrafe", key="residente.registrato.v1", subject="residente_id"
):
    """A person entered the registry: `motivo` nascita or immigrazione."""

    motivo: str


class ResidenteVariatoV1(
    FattoResidente, source="anagrafe", key="residente.variato.v1", subject="residente_id"
):
    """Registered facts changed; only their names travel."""

    campi_variati: tuple[str, ...]


class ResidenteTrasferitoV1(
    FattoResidente, source="anagrafe", key="residente.trasferito.v1", subject="residente_id"
):
    """Moved: within the comune (`motivo` cambio_indirizzo) or away (emigrazione, irreperibilita)."""

    motivo: str


class ResidenteDecedutoV1(
    FattoResidente, source="anagrafe", key="residente.deceduto.v1", subject="residente_id"
):
    """Died on `data_decesso`, known to us since the envelope's time."""

    data_decesso: date


class ResidenteDecessoAnnullatoV1(
    FattoResidente, source="anagrafe", key="residente.decesso_annullato.v1", subject="residente_id"
):
    """A registered death was an error: the person lives."""


class ResidenteRiservatoV1(Event, source="anagrafe", key="residente.riservato.v1", subject="residente_id"):
    """A vincolo of a person was laid or taken away: `riservato` says whether he is under one now, of whatever kind."""

    residente_id: UUID
    ente: str
    riservato: bool


class NucleoVariatoV1(Event, source="anagrafe", key="nucleo.variato.v1", subject="nucleo_id"):
    """A household gained or lost members. `riservati`: those of all named here who are under a vincolo."""

    nucleo_id: UUID
    ente: str
    entrati: tuple[UUID, ...] = ()
    usciti: tuple[UUID, ...] = ()
    componenti: tuple[UUID, ...] = ()
    data_evento: date
    riservati: tuple[UUID, ...] = ()


class CaricamentoCompletatoV1(
    Event, source="anagrafe", key="caricamento.completato.v1", subject="caricamento_id"
):
    """A registry file was taken in whole."""

    caricamento_id: UUID
    ente: str
    righe: int
    nascite: int = 0
    decessi: int = 0
    trasferimenti: int = 0
    variazioni: int = 0
    rifiutate: int = 0


# --- RPC ---------------------------------------------------------------------------------------------------------


class Indirizzo(Message):
    codice_via: str = ""
    via: str = ""
    civico: str = ""
    comune: str = ""
    comune_nome: str = ""
    lat: float | None = None
    lon: float | None = None


class ResidenteBreve(Message):
    """One row of a search: enough to tell homonyms apart. `indirizzo_protetto`: where he lives is kept back, `via` says
    so, the other parts of the address are empty; so for everybody who lives with a person under that vincolo."""

    id: UUID
    codice_fiscale: str | None
    cognome: str
    nome: str
    sesso: str
    data_nascita: date | None
    ente: str
    comune_nome: str = ""
    via: str = ""
    civico: str = ""
    nucleo_id: UUID | None = None
    stato: StatoAnagrafico = StatoAnagrafico.RESIDENTE
    data_decesso: date | None = None
    indirizzo_protetto: bool = False


class Componente(ResidenteBreve):
    """A member of a household. `relazione` is the ANPR kinship code, `relazione_nome` its label."""

    relazione: str = ""
    relazione_nome: str = ""


class ResidenteOut(ResidenteBreve):
    luogo_nascita: str = ""
    luogo_nascita_nome: str = ""
    cittadinanza: str = "380"
    cittadinanza_nome: str = ""
    stato_civile: str = ""
    stato_civile_nome: str = ""
    indirizzo: Indirizzo = Indirizzo()
    codice_istat_comune: str = ""
    version: int = 1
    nucleo: tuple[Componente, ...] = ()


class VariazioneResidente(Message):
    """One closed version in a person's history: what held from–to, known from–to."""

    campo: str
    prima: str
    dopo: str
    valida_dal: date
    conosciuta_dal: datetime


class SearchResidenti(Message):
    """Scope `anagrafe:leggi`. `testo`: surname/name parts in any order, codice fiscale prefix, or a birth date."""

    testo: Annotated[str, Field(min_length=2, max_length=100)]
    limite: int = Field(default=10, ge=1, le=50)


class ResidentiTrovati(Message):
    residenti: tuple[ResidenteBreve, ...]
    totale: int
    altri: bool = False


class GetResidente(Message):
    """Scope `anagrafe:leggi`."""

    residente_id: UUID


class GetResidenti(Message):
    """Several persons at once, in the order asked; the invisible are left out. Scope `anagrafe:leggi`."""

    residenti_id: Annotated[tuple[UUID, ...], Field(max_length=500)]


class ListBeneficiari(GetResidenti):
    """Those of one's own ente whom INPS is to be told of. Scope `siuss:esporta`, of the whole ente. The law wants the
    flow whole: one's own household is in it too; address and household are not (INPS is told the comune alone)."""


class ResidentiOut(Message):
    residenti: tuple[ResidenteOut, ...]


class ListConviventi(Message):
    """Who a codice fiscale is and whom he lives with. System mandates alone: the gateway asks, to keep an operator
    from his own household's files and to find a citizen's own. With the household, all omocodes of the code count: one
    person too many kept away harms nobody. `solo_lui`: who has exactly this code, without the household; an omocode is
    another person, whose accesses are not his to read."""

    codice_fiscale: Annotated[str, Field(min_length=1, max_length=16)]
    solo_lui: bool = False


class ConviventiOut(Message):
    """Residenti of any ente, ids alone, sorted; empty when the registry does not know the code."""

    residenti_id: tuple[UUID, ...] = ()


class ListVariazioni(Message):
    """History of one person. Scope `anagrafe:leggi`."""

    residente_id: UUID


class VariazioniOut(Message):
    variazioni: tuple[VariazioneResidente, ...]


class StatoCaricamento(StrEnum):
    IN_CORSO = "in_corso"
    COMPLETATO = "completato"
    RIFIUTATO = "rifiutato"
    IN_ATTESA = "in_attesa"
    """Would remove too many residents: waits for a person."""


class RigaRifiutata(Message):
    riga: int
    colonna: str
    valore: Annotated[str, Personal] = ""
    motivo: str
    avviso: bool = False
    """The row was taken in all the same."""


class CaricamentoOut(Message):
    id: UUID
    ente: str
    comune_nome: str = ""
    file: str
    stato: StatoCaricamento
    righe: int = 0
    nascite: int = 0
    decessi: int = 0
    trasferimenti: int = 0
    variazioni: int = 0
    rifiutate: int = 0
    motivo: str = ""
    secondi: Decimal = Decimal(0)
    iniziato_il: datetime


class ListCaricamenti(Pagina):
    """Scope `caricamenti:leggi`, newest first."""


class CaricamentiOut(Message):
    caricamenti: tuple[CaricamentoOut, ...]
    totale: int


class ListRigheRifiutate(Message):
    """Scope `caricamenti:leggi`."""

    caricamento_id: UUID


class RigheRifiutateOut(Message):
    righe: tuple[RigaRifiutata, ...]


class ConfirmCaricamento(Command):
    """Lets a file through that waits. Scope `caricamenti:approva`."""

    caricamento_id: UUID


class Ente(Message):
    codice: CodiceEnte
    nome: str
    residenti: int = 0


class ListEnti(Message):
    """The comuni known to the registry; no personal data. Any verified mandate."""


class EntiOut(Message):
    enti: tuple[Ente, ...]


# --- persons under protection ------------------------------------------------------------------------------------


class TipoVincolo(StrEnum):
    """`identita_originaria` is laid on the registry record of before an adoption, where the registry has made a new
    one: no table and no answer joins the two."""

    INDIRIZZO_PROTETTO = "indirizzo_protetto"
    ADOZIONE = "adozione"
    IDENTITA_ORIGINARIA = "identita_originaria"


class SetVincolo(Command):
    """Lays a vincolo on a person. Scope `riservatezza:scrivi`. `dal`: for an adoption, the day it took effect: what was
    known of the person before is hidden. `al` only for a protected address. `atto`: the order or request behind it.

    Conflict `vincolo.gia_presente` when the person is under one of this kind.
    """

    residente_id: UUID
    tipo: TipoVincolo
    dal: date
    al: date | None = None
    atto: Annotated[str, Field(min_length=1, max_length=200)]
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class RevokeVincolo(Command):
    """Takes a vincolo away; it stays in the history. Scope `riservatezza:scrivi`."""

    vincolo_id: UUID
    version: int
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class ListVincoli(Pagina):
    """Vincoli, newest first: of one person, or of all within reach; with `solo_in_vigore` those that hold today.
    Scope `riservatezza:leggi`."""

    residente_id: UUID | None = None
    solo_in_vigore: bool = False


class VincoloOut(Message):
    """`in_vigore`: today."""

    id: UUID
    residente_id: UUID
    tipo: TipoVincolo
    dal: date
    al: date | None
    atto: str
    motivo: str
    inserito_da: UUID
    inserito_il: datetime
    revocato_da: UUID | None = None
    revocato_il: datetime | None = None
    motivo_revoca: str = ""
    in_vigore: bool
    version: int


class VincoliOut(Message):
    vincoli: tuple[VincoloOut, ...]
    totale: int
