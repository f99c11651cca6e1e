"""A file of the case and its life: in arrivo → caricato, or annullato. Nothing is ever deleted."""

import re
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePosixPath
from uuid import UUID

from contracts.documenti import (
    BeginUpload,
    DocumentoCaricatoV1,
    DocumentoOut,
    DocumentoRiservatoV1,
    StatoDocumento,
)
from contracts.errors import Conflict, Invalid, TooLarge
from documenti.policies import FORMATI, FORMATI_IN_WORDS

MEGABYTE = 1_000_000
SHA256 = re.compile(r"^[0-9a-f]{64}$")
UNWANTED = re.compile(r"[\x00-\x1f\x7f<>:\"/\\|?*\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Documento:
    """One file. `oggetto` is its key in the store; `radice_id` the first version of the same document.

    `superato_da` names the version that replaced it; `version` is the optimistic lock and the event sequence;
    `settore_riservato`: the second level, readable by that settore alone ("": none).
    """

    id: UUID
    cartella_id: UUID
    ente: str
    autore_id: UUID
    nome_file: str
    tipo_mime: str
    dimensione: int
    tipo: str
    descrizione: str
    data_documento: date | None
    privato: bool
    settore_riservato: str
    oggetto: str
    stato: StatoDocumento
    sha256: str
    iniziato_il: datetime
    caricato_il: datetime | None
    motivo: str
    radice_id: UUID
    numero_versione: int
    sostituisce: UUID | None
    superato_da: UUID | None
    version: int

    def complete(self, sha256: str, oggetto: str, now: datetime) -> "Documento":
        """The store holds it whole under `oggetto`. Conflict unless it is still in arrivo."""
        if self.stato is not StatoDocumento.IN_ARRIVO:
            raise Conflict("documento.non_in_arrivo", "Il caricamento è già concluso o è stato annullato.")
        return replace(self, stato=StatoDocumento.CARICATO, sha256=sha256, oggetto=oggetto, caricato_il=now)

    def annul(self, motivo: str) -> "Documento":
        """Give the upload up. Conflict once it is whole."""
        if self.stato is StatoDocumento.CARICATO:
            raise Conflict("documento.gia_caricato", "Il documento è già stato caricato.")
        return replace(self, stato=StatoDocumento.ANNULLATO, motivo=motivo)

    def superseded_by(self, successor: "Documento") -> "Documento":
        """Conflict when somebody else's version got there first. Says nothing of it: see `superseded`."""
        if self.superato_da is not None:
            raise superseded(None)
        return replace(self, superato_da=successor.id)

    def matches(self, request: BeginUpload) -> bool:
        """Is `request` the one this upload began with?"""
        return (self.cartella_id, self.dimensione, self.tipo_mime, self.privato, self.settore_riservato) == (
            request.cartella_id,
            request.dimensione,
            request.tipo_mime,
            request.privato or self.privato,
            request.settore_riservato or self.settore_riservato,
        )

    @property
    def announced(self) -> bool:
        """Whether the others may hear of it: private and second-level files are nobody's business."""
        return not self.privato and not self.settore_riservato

    def out(self) -> DocumentoOut:
        return DocumentoOut(
            id=self.id,
            cartella_id=self.cartella_id,
            nome_file=self.nome_file,
            tipo_mime=self.tipo_mime,
            dimensione=self.dimensione,
            sha256=self.sha256,
            tipo=self.tipo,
            descrizione=self.descrizione,
            data_documento=self.data_documento,
            privato=self.privato,
            settore_riservato=self.settore_riservato,
            autore_id=self.autore_id,
            caricato_il=self.caricato_il or self.iniziato_il,
            stato=self.stato,
            version=self.version,
            numero_versione=self.numero_versione,
            sostituisce=self.sostituisce,
        )

    def riservato_event(self) -> DocumentoRiservatoV1:
        return DocumentoRiservatoV1(
            documento_id=self.id,
            cartella_id=self.cartella_id,
            ente=self.ente,
            settore_riservato=self.settore_riservato,
        )

    def caricato_event(self) -> DocumentoCaricatoV1:
        assert self.caricato_il is not None, "only a complete documento is announced"
        return DocumentoCaricatoV1(
            documento_id=self.id,
            cartella_id=self.cartella_id,
            ente=self.ente,
            tipo=self.tipo,
            dimensione=self.dimensione,
            sha256=self.sha256,
            data=self.caricato_il.date(),
        )


def superseded(newer: Documento | None) -> Conflict:
    """What is told of a documento that has a newer version; `newer`: that one, only if the caller may see it."""
    if newer is None:
        message = "Di questo documento non si può caricare un'altra versione: caricala come documento nuovo."
        return Conflict("documento.gia_sostituito", message)
    message = "Un collega ha già caricato una versione più recente: aprila e riparti da quella."
    return Conflict("documento.gia_sostituito", message, details={"attuale": {"id": str(newer.id)}})


def check_successor(request: BeginUpload, previous: Documento) -> None:
    """Invalid unless all who read a documento may read its new version: else it would vanish from before them."""
    narrower = {
        "privato": request.privato and not previous.privato,
        "settore_riservato": request.settore_riservato not in ("", previous.settore_riservato),
    }
    if any(narrower.values()):
        message = (
            "La nuova versione non può essere più riservata del documento che sostituisce, né di un altro settore: "
            "chi lo legge lo perderebbe. Caricala come documento nuovo."
        )
        fields = {name: message for name, wrong in narrower.items() if wrong}
        raise Invalid("documento.versione_riservata", message, fields=fields)


def begin_documento(
    request: BeginUpload, *, id: UUID, autore_id: UUID, ente: str, oggetto: str, now: datetime,
    previous: Documento | None = None,
) -> Documento:  # fmt: skip
    """A new upload, waiting for its bytes. `previous` is the version it will replace: who may read it is inherited."""
    return Documento(
        id=id,
        cartella_id=request.cartella_id,
        ente=ente,
        autore_id=autore_id,
        nome_file=clean_name(request.nome_file),
        tipo_mime=request.tipo_mime,
        dimensione=request.dimensione,
        tipo=request.tipo,
        descrizione=request.descrizione,
        data_documento=request.data_documento,
        privato=request.privato or (previous is not None and previous.privato),
        settore_riservato=request.settore_riservato or (previous.settore_riservato if previous else ""),
        oggetto=oggetto,
        stato=StatoDocumento.IN_ARRIVO,
        sha256="",
        iniziato_il=now,
        caricato_il=None,
        motivo="",
        radice_id=previous.radice_id if previous else id,
        numero_versione=previous.numero_versione + 1 if previous else 1,
        sostituisce=previous.id if previous else None,
        superato_da=None,
        version=1,
    )


def check_request(request: BeginUpload, max_bytes: int) -> None:
    """Refuse before a byte travels: TooLarge over the limit, Invalid for a type or an ending we do not take."""
    if request.privato and request.settore_riservato:
        message = "Un documento è privato (lo leggi solo tu) oppure di un settore: scegli uno dei due."
        raise Invalid("documento.privato_e_riservato", message, fields={"settore_riservato": message})
    if request.dimensione > max_bytes:
        raise TooLarge(
            "documento.troppo_grande",
            f"Il file supera il limite di {max_bytes // MEGABYTE} MB.",
            fields={"file": f"Al massimo {max_bytes // MEGABYTE} MB."},
        )
    formato = FORMATI.get(request.tipo_mime)
    if formato is None:
        message = f"Tipo di file non ammesso. Si accettano: {FORMATI_IN_WORDS}."
        raise Invalid("documento.tipo_non_ammesso", message, fields={"file": message})
    if not clean_name(request.nome_file).lower().endswith(formato.estensioni):
        message = f"Il nome del file deve finire con {' o '.join(formato.estensioni)}."
        raise Invalid("documento.estensione", message, fields={"file": message})


def clean_name(name: str) -> str:
    """The bare file name: no folders, no control or direction-changing characters, NFC, at most 255 characters."""
    bare = PurePosixPath(name.replace("\\", "/")).name
    safe = UNWANTED.sub("_", unicodedata.normalize("NFC", bare)).strip(" .")
    if len(safe) > 255:
        suffix = PurePosixPath(safe).suffix[:10]
        safe = safe[: 255 - len(suffix)] + suffix
    return safe or "documento"


@dataclass(frozen=True, slots=True)
class StoredCopy:
    """What the store really holds: bytes counted, digest computed, first bytes seen."""

    dimensione: int
    sha256: str
    head: bytes


def why_refused(documento: Documento, copy: StoredCopy, sha256: str, dimensione: int) -> str:
    """Italian sentence why the copy in the store is not the file announced; empty when it is."""
    if copy.dimensione != documento.dimensione or copy.dimensione != dimensione:
        return "Il file arrivato non ha la dimensione annunciata: riprova."
    if copy.sha256 != sha256.lower():
        return "Il file è arrivato danneggiato (impronta diversa): riprova."
    if not FORMATI[documento.tipo_mime].matches(copy.head):
        return f"Il contenuto non è un file {FORMATI[documento.tipo_mime].nome}."
    return ""
