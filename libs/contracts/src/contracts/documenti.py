"""Published language of documenti: files of the case, and prints. Bytes never travel here: only presigned addresses."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Command, Message, Pagina
from contracts.events import Event


class DocumentoCaricatoV1(Event, source="documenti", key="documento.caricato.v1", subject="documento_id"):
    """A file is whole in the store. Private documents emit nothing, those of the second level `documento.riservato`."""

    documento_id: UUID
    cartella_id: UUID
    ente: str
    tipo: str
    dimensione: int
    sha256: str
    data: date


class DocumentoRiservatoV1(Event, source="documenti", key="documento.riservato.v1", subject="documento_id"):
    """A file of the second level of a settore is whole in the store: cartella shows that settore the heading of its
    case. Nothing of the file itself."""

    documento_id: UUID
    cartella_id: UUID
    ente: str
    settore_riservato: str


class StampaRichiestaV1(Event, source="documenti", key="stampa.richiesta.v1", subject="stampa_id"):
    """A print was asked for; documenti itself renders it."""

    stampa_id: UUID
    cartella_id: UUID


class StampaProntaV1(Event, source="documenti", key="stampa.pronta.v1", subject="stampa_id"):
    stampa_id: UUID
    cartella_id: UUID
    ente: str
    richiedente_id: UUID
    sha256: str
    pagine: int


class StatoDocumento(StrEnum):
    IN_ARRIVO = "in_arrivo"
    CARICATO = "caricato"
    ANNULLATO = "annullato"


class BeginUpload(Command):
    """Scope `documenti:scrivi`. Answers where to PUT the bytes; refuses over-sized files and unknown types."""

    cartella_id: UUID
    nome_file: Annotated[str, Field(min_length=1, max_length=255)]
    tipo_mime: str
    dimensione: Annotated[int, Field(gt=0)]
    tipo: str = "altro"
    descrizione: Annotated[str, Field(max_length=500)] = ""
    data_documento: date | None = None
    privato: bool = False
    settore_riservato: Annotated[str, Field(max_length=100)] = ""
    """Second level: only this settore of the ente reads it, and its author."""
    sostituisce: UUID | None = None
    """A new version of this document; the older one stays, out of the lists."""


class UploadOut(Message):
    documento_id: UUID
    put_url: str
    scade_il: datetime


class CompleteUpload(Command):
    """Scope `documenti:scrivi`. `sha256` (hex) as the gateway computed it in passing; the store's copy is checked."""

    documento_id: UUID
    sha256: str
    dimensione: int


class DocumentoOut(Message):
    id: UUID
    cartella_id: UUID
    nome_file: str
    tipo_mime: str
    dimensione: int
    sha256: str
    tipo: str
    descrizione: str
    data_documento: date | None
    privato: bool
    settore_riservato: str = ""
    autore_id: UUID
    caricato_il: datetime
    stato: StatoDocumento
    version: int
    numero_versione: int = 1
    sostituisce: UUID | None = None


class ListDocumenti(Pagina):
    """Scope `documenti:leggi`; private documents of others, those of another settore's second level and those a grant
    hides are not there, not even in `totale`. Forbidden `accesso.motivo_richiesto` for a case not one's own, unless the
    mandate says why; so in GetDownload, RequestStampa and ListStampe. Newest versions, or with `versioni_di` every
    version of that document."""

    cartella_id: UUID
    versioni_di: UUID | None = None


class DocumentiOut(Message):
    documenti: tuple[DocumentoOut, ...]
    totale: int


class GetDownload(Message):
    """Scope `documenti:leggi`. With `cartella_id`, a documento of another case does not exist: so the access log
    names the case that was really read."""

    documento_id: UUID
    cartella_id: UUID | None = None


class DownloadOut(Message):
    get_url: str
    nome_file: str
    tipo_mime: str
    dimensione: int
    sha256: str


class RequestStampa(Command):
    """Scope `stampe:stampa`. The mandate must also name cartella, erogazioni and anagrafe as audience. `intestatario`:
    the lines on the cover (name, birth …), filled by the gateway from the registry; `operatori`: id → name shown."""

    cartella_id: UUID
    sezioni: tuple[str, ...] = ("presa_in_carico", "diario", "isee", "fogli", "documenti")
    intestatario: dict[str, str] = {}
    operatori: dict[str, str] = {}
    ente_nome: str = ""


class StatoStampa(StrEnum):
    IN_CORSO = "in_corso"
    PRONTA = "pronta"
    FALLITA = "fallita"


class GetStampa(Message):
    """The requester's own. Scope `stampe:stampa`."""

    stampa_id: UUID


class ListStampe(Message):
    """The caller's own prints of a case. Scope `stampe:stampa`."""

    cartella_id: UUID


class StampaOut(Message):
    id: UUID
    cartella_id: UUID
    stato: StatoStampa
    pagine: int = 0
    sha256: str = ""
    richiesta_il: datetime
    pronta_il: datetime | None = None
    motivo: str = ""
    download: DownloadOut | None = None


class StampeOut(Message):
    stampe: tuple[StampaOut, ...]
