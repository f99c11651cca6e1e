"""Published language of erogazioni: catalogue, fogli amministrativi, liquidazioni, SIUSS."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Command, Importo, Message, Pagina
from contracts.events import Event


class StatoFoglio(StrEnum):
    PROPOSTO = "proposto"
    APPROVATO = "approvato"
    RESPINTO = "respinto"
    SOSPESO = "sospeso"
    CHIUSO = "chiuso"


class StatoErogazione(StrEnum):
    PROPOSTA = "proposta"
    APPROVATA = "approvata"
    LIQUIDATA = "liquidata"
    PAGATA = "pagata"
    ANNULLATA = "annullata"


class FattoFoglio(Event):
    foglio_id: UUID
    cartella_id: UUID
    residente_id: UUID
    ente: str
    voce_istat: str
    stato: StatoFoglio
    data: date


class FoglioPropostoV1(FattoFoglio, source="erogazioni", key="foglio.proposto.v1", subject="foglio_id"):
    proponente_id: UUID


class FoglioApprovatoV1(FattoFoglio, source="erogazioni", key="foglio.approvato.v1", subject="foglio_id"):
    approvatore_id: UUID


class FoglioRespintoV1(FattoFoglio, source="erogazioni", key="foglio.respinto.v1", subject="foglio_id"):
    approvatore_id: UUID


class FoglioSospesoV1(FattoFoglio, source="erogazioni", key="foglio.sospeso.v1", subject="foglio_id"):
    """Suspended by a person, or because the beneficiary died."""

    motivo: str


class FattoErogazione(Event):
    erogazione_id: UUID
    foglio_id: UUID
    cartella_id: UUID
    residente_id: UUID
    ente: str
    voce_istat: str
    importo: Importo
    mese: str
    stato: StatoErogazione


class ErogazionePropostaV1(
    FattoErogazione, source="erogazioni", key="erogazione.proposta.v1", subject="erogazione_id"
):
    """A payment was prepared from an approved foglio."""


class ErogazioneLiquidataV1(
    FattoErogazione, source="erogazioni", key="erogazione.liquidata.v1", subject="erogazione_id"
):
    """Liquidated by a second person."""


class ErogazioneAnnullataV1(
    FattoErogazione, source="erogazioni", key="erogazione.annullata.v1", subject="erogazione_id"
):
    motivo: str


class FlussoGeneratoV1(Event, source="erogazioni", key="flusso.generato.v1", subject="flusso_id"):
    flusso_id: UUID
    ente: str
    tipo: str
    mese: str
    record: int
    sha256: str


# --- RPC ---------------------------------------------------------------------------------------------------------


class VoceCatalogo(Message):
    """An ISTAT item (area × item) and the INPS benefit it maps to, valid at the date asked."""

    codice: str
    macro_categoria: str
    nome: str
    aree: tuple[str, ...]
    prestazione_inps: str = ""
    prestazione_nome: str = ""
    esportabile: bool = False
    prova_mezzi: str = "4"


class ListCatalogo(Message):
    """No personal data: any verified mandate."""

    area: str = ""
    data: date | None = None


class CatalogoOut(Message):
    voci: tuple[VoceCatalogo, ...]


class Carattere(StrEnum):
    PERIODICO = "periodico"
    OCCASIONALE = "occasionale"


class ProposeFoglio(Command):
    """Scope `fogli:scrivi`. Amounts in euros; quota_ente + quota_beneficiario + quota_ssn = importo to the cent.

    `importo`: per month for periodico, once for occasionale. `beneficiario_nome` is for lists only."""

    cartella_id: UUID
    voce_istat: str
    carattere: Carattere
    importo: Annotated[Importo, Field(gt=0)]
    quota_ente: Annotated[Importo, Field(ge=0)]
    quota_beneficiario: Annotated[Importo, Field(ge=0)] = Decimal("0.00")
    quota_ssn: Annotated[Importo, Field(ge=0)] = Decimal("0.00")
    dal: date
    al: date | None = None
    isee_id: UUID | None = None
    fondo: str = ""
    motivazione: Annotated[str, Field(min_length=1, max_length=4000)]


class FoglioOut(Message):
    id: UUID
    numero: str
    cartella_id: UUID
    residente_id: UUID
    ente: str
    voce_istat: str
    voce_nome: str
    prestazione_inps: str
    carattere: Carattere
    importo: Importo
    quota_ente: Importo
    quota_beneficiario: Importo
    quota_ssn: Importo
    dal: date
    al: date | None
    isee_id: UUID | None
    fondo: str
    motivazione: str
    stato: StatoFoglio
    proponente_id: UUID
    approvatore_id: UUID | None
    deciso_il: datetime | None
    motivo_decisione: str
    version: int
    creato_il: datetime
    motivo_stato: str = ""
    """Why it is in its state: of a suspended foglio, what suspended it."""


class GetFoglio(Message):
    """Scope `fogli:leggi`."""

    foglio_id: UUID


class ListFogli(Pagina):
    """Scope `fogli:leggi`; with `da_approvare`, those waiting for this person's approval (never his own).

    Without `cartella_id`, motivazione, fondo, isee_id and the reasons of decision and state are empty of the cases for
    which `GetFoglio` would ask why."""

    cartella_id: UUID | None = None
    stato: StatoFoglio | None = None
    da_approvare: bool = False


class FogliOut(Message):
    fogli: tuple[FoglioOut, ...]
    totale: int


class DecideFoglio(Command):
    """Scope `fogli:approva`. Who proposed cannot decide (four eyes)."""

    foglio_id: UUID
    version: int
    approva: bool
    motivo: Annotated[str, Field(max_length=2000)] = ""


class ProposeErogazione(Command):
    """Scope `liquidazioni:scrivi`. `mese` AAAA-MM. Refused when the beneficiary is known to be dead."""

    foglio_id: UUID
    mese: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    importo: Annotated[Importo, Field(gt=0)] | None = None


class LiquidateErogazione(Command):
    """Scope `liquidazioni:liquida`. Who proposed it cannot liquidate; blocked by a known death."""

    erogazione_id: UUID
    version: int


class AnnulErogazione(Command):
    """Scope `liquidazioni:scrivi`."""

    erogazione_id: UUID
    version: int
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


class ErogazioneOut(Message):
    id: UUID
    foglio_id: UUID
    foglio_numero: str
    cartella_id: UUID
    residente_id: UUID
    ente: str
    voce_nome: str
    prestazione_inps: str
    mese: str
    importo: Importo
    stato: StatoErogazione
    proponente_id: UUID
    liquidatore_id: UUID | None
    liquidata_il: datetime | None
    version: int


class ListErogazioni(Pagina):
    """Scope `liquidazioni:leggi`."""

    cartella_id: UUID | None = None
    foglio_id: UUID | None = None
    stato: StatoErogazione | None = None
    mese: str = ""


class ErogazioniOut(Message):
    erogazioni: tuple[ErogazioneOut, ...]
    totale: int
    totale_importo: Importo


class StatoRecordSiuss(StrEnum):
    DA_CORREGGERE = "da_correggere"
    PRONTO = "pronto"
    INVIATO = "inviato"
    ACCETTATO = "accettato"
    RIFIUTATO = "rifiutato"
    ANNULLATO = "annullato"


class AnomaliaSiuss(Message):
    """One thing to mend before sending: a sentence, the field, and where to mend it."""

    campo: str
    messaggio: str


class RecordSiuss(Message):
    erogazione_id: UUID
    cartella_id: UUID
    residente_id: UUID
    responsabile_id: UUID | None = None
    prestazione_inps: str
    importo: Importo
    mese: str
    stato: StatoRecordSiuss
    anomalie: tuple[AnomaliaSiuss, ...] = ()
    flusso_nome: str = ""
    operazione: str = "I"
    """I: told, or to be told; C: told, then annulled, so that INPS has to be told of the cancellation."""


class PreviewSiuss(Message):
    """Scope `siuss:leggi`; the mandate must also name anagrafe as audience."""

    mese: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class PreviewSiussOut(Message):
    """`altri_*`: how many more the file will hold, of cases the caller may not open; told only to who may export."""

    mese: str
    record: tuple[RecordSiuss, ...]
    altri_da_correggere: int = 0
    altri_pronti: int = 0


class GenerateFlusso(Command):
    """Scope `siuss:esporta`; the mandate must also name anagrafe as audience. `cf_operatore`: the signer's."""

    mese: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    cf_operatore: str
    denominazione_ente: str = ""


class FlussoOut(Message):
    id: UUID
    nome: str
    ente: str
    mese: str
    record: int
    sha256: str
    generato_il: datetime
    generato_da: UUID


class ListFlussi(Message):
    """Scope `siuss:leggi`. `record` of each flow counts what the caller could find one by one, unless the mandate also
    carries `siuss:esporta`."""

    mese: str = ""


class FlussiOut(Message):
    flussi: tuple[FlussoOut, ...]


class GetFlusso(Message):
    """Scope `siuss:esporta`: the bytes, rebuilt from the ledger."""

    flusso_id: UUID


class FlussoXml(Message):
    flusso: FlussoOut
    xml: str
