"""Files of a case: begin, complete, list, download. The bytes travel between the gateway and the store."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog

from chassis.motivo import require_motivo
from chassis.outbox import new_id
from chassis.sql import SqlDatabase, Transaction
from contracts.cartella import StatoCartella
from contracts.documenti import (
    BeginUpload,
    CompleteUpload,
    DocumentiOut,
    DocumentoOut,
    DownloadOut,
    GetDownload,
    ListDocumenti,
    StatoDocumento,
    UploadOut,
)
from contracts.errors import Conflict, Invalid, Unavailable
from contracts.mandato import Mandato
from documenti.adapters.store import ARRIVAL_PREFIX, DocumentoStore, ObjectMissing
from documenti.domain.documento import (
    SHA256,
    Documento,
    begin_documento,
    check_request,
    check_successor,
    superseded,
    why_refused,
)
from documenti.repository import CartellaNota, DocumentoRepository, get_cartella
from documenti.settings import Settings

READ, WRITE = "documenti:leggi", "documenti:scrivi"
ABANDONED = "Il caricamento non è mai stato concluso."

log = structlog.get_logger()


def begin_upload(
    request: BeginUpload, mandato: Mandato, db: SqlDatabase, store: DocumentoStore, settings: Settings
) -> UploadOut:
    """Where to PUT the bytes. The same idempotency key gives the same documento."""
    mandato.require(WRITE)
    check_request(request, settings.max_bytes)
    now = datetime.now(UTC)
    with db.transaction() as tx:
        documento = _begin(request, mandato, tx, now)
    put_url = store.put_url(documento.oggetto, settings.url_lifetime)
    return UploadOut(documento_id=documento.id, put_url=put_url, scade_il=now + settings.url_lifetime)


def _begin(request: BeginUpload, mandato: Mandato, tx: Transaction, now: datetime) -> Documento:
    repository = DocumentoRepository(tx.session)
    cartella = get_cartella(tx.session, request.cartella_id, mandato, WRITE)
    require_reason(mandato, WRITE, cartella)
    if cartella.stato is StatoCartella.CHIUSA:
        raise Conflict("cartella.chiusa", "Il caso è chiuso: per aggiungere documenti va riaperto.")
    previous = _previous(request, mandato, repository) if request.sostituisce else None
    _require_mark(request, mandato, cartella, previous)
    documento = begin_documento(
        request,
        id=request.idempotency_key or new_id(),
        autore_id=mandato.operatore_id,
        ente=cartella.ente,
        oggetto=ARRIVAL_PREFIX + object_key(cartella.ente, now),
        now=now,
        previous=previous,
    )
    if repository.add(documento):
        return documento
    known = repository.get_own(documento.id, mandato, WRITE)
    if known.stato is not StatoDocumento.IN_ARRIVO or not known.matches(request):
        raise Conflict("documento.gia_iniziato", "Questo caricamento è già concluso: ricominciane uno nuovo.")
    return known


def _require_mark(
    request: BeginUpload, mandato: Mandato, cartella: CartellaNota, previous: Documento | None
) -> None:
    """Whose second level a documento is of is a decision of its own, for who works in the ente of the case."""
    if request.settore_riservato in ("", previous.settore_riservato if previous else ""):
        return
    mandato.require("secondo_livello:scrivi")
    if mandato.ente != cartella.ente:
        message = "Lavori per un altro ente: carica un documento ordinario."
        raise Invalid("documento.settore_riservato", message, fields={"settore_riservato": message})


def _previous(request: BeginUpload, mandato: Mandato, repository: DocumentoRepository) -> Documento:
    assert request.sostituisce is not None
    previous = repository.get(request.sostituisce, mandato, WRITE)
    if previous.autore_id != mandato.operatore_id:  # what he may not read is for him not there
        repository.get(request.sostituisce, mandato, READ)
    if previous.cartella_id != request.cartella_id:
        raise Invalid("documento.altra_cartella", "Il documento da sostituire è di un altro caso.")
    _require_current(previous, mandato, repository)
    check_successor(request, previous)
    return previous


def _require_current(documento: Documento, mandato: Mandato, repository: DocumentoRepository) -> None:
    """Conflict when there is a newer version; it is named only to who may see it."""
    if documento.superato_da is not None:
        raise superseded(repository.find(documento.superato_da, mandato, READ))


def complete_upload(
    request: CompleteUpload, mandato: Mandato, db: SqlDatabase, store: DocumentoStore
) -> DocumentoOut:
    """Check the store's copy against what was announced; only then the documento exists for the others."""
    mandato.require(WRITE)
    if not SHA256.match(request.sha256.lower()):
        raise Invalid("documento.impronta", "L'impronta SHA-256 non è valida.")
    documento = _read_own(request.documento_id, mandato, db)
    if documento.stato is not StatoDocumento.IN_ARRIVO:
        return _already_done(documento, request)
    key = object_key(documento.ente, datetime.now(UTC))
    try:
        copy = store.keep(documento.oggetto, key, documento.dimensione)
    except ObjectMissing as missing:
        documento = _read_own(request.documento_id, mandato, db)
        if documento.stato is not StatoDocumento.IN_ARRIVO:  # the same request was faster elsewhere
            return _already_done(documento, request)
        raise Invalid("documento.non_arrivato", "Il file non è arrivato all'archivio: riprova.") from missing
    if reason := why_refused(documento, copy, request.sha256, request.dimensione):
        _annul(request.documento_id, reason, mandato, db)
        _discard(store, documento.oggetto, key)
        raise Invalid("documento.rifiutato", reason, fields={"file": reason})
    try:
        return _keep(request, key, mandato, db, store)
    except Conflict as conflict:  # a newer version got there first: this one will never be a documento
        _annul(request.documento_id, conflict.message, mandato, db)
        _discard(store, key)
        raise


def _keep(
    request: CompleteUpload, key: str, mandato: Mandato, db: SqlDatabase, store: DocumentoStore
) -> DocumentoOut:
    """Make the checked copy the documento; whoever comes second finds it done and removes its own copy."""
    with db.transaction() as tx:
        repository = DocumentoRepository(tx.session)
        documento = repository.get_own(request.documento_id, mandato, WRITE, lock=True)
        arrival, kept = documento.oggetto, documento.stato is StatoDocumento.IN_ARRIVO
        if kept:
            documento = documento.complete(request.sha256.lower(), key, datetime.now(UTC))
            _supersede(documento, mandato, repository)
            documento = repository.save(documento)
            if documento.announced:
                tx.emit(documento.caricato_event(), sequence=documento.version)
            elif documento.settore_riservato:
                tx.emit(documento.riservato_event(), sequence=documento.version)
    _discard(store, arrival if kept else key)
    return documento.out() if kept else _already_done(documento, request)


def _read_own(documento_id: UUID, mandato: Mandato, db: SqlDatabase) -> Documento:
    with db.read() as session:
        return DocumentoRepository(session).get_own(documento_id, mandato, WRITE)


def _discard(store: DocumentoStore, *keys: str) -> None:
    """Remove what nobody needs any more. What was decided stands, even if the store is away just now."""
    try:
        store.remove(*keys)
    except Unavailable:
        log.warning("objects_not_removed", keys=keys)


def _supersede(documento: Documento, mandato: Mandato, repository: DocumentoRepository) -> None:
    if documento.sostituisce is not None:
        previous = repository.get(documento.sostituisce, mandato, WRITE, lock=True)
        _require_current(previous, mandato, repository)
        repository.save(previous.superseded_by(documento))


def _already_done(documento: Documento, request: CompleteUpload) -> DocumentoOut:
    if documento.stato is StatoDocumento.CARICATO and documento.sha256 == request.sha256.lower():
        return documento.out()
    if documento.stato is StatoDocumento.ANNULLATO:
        raise Conflict("documento.annullato", f"Caricamento annullato. {documento.motivo}".strip())
    raise Conflict("documento.gia_caricato", "Il documento è già stato caricato con un altro contenuto.")


def _annul(documento_id: UUID, motivo: str, mandato: Mandato, db: SqlDatabase) -> None:
    with db.transaction() as tx:
        repository = DocumentoRepository(tx.session)
        documento = repository.get_own(documento_id, mandato, WRITE, lock=True)
        if documento.stato is StatoDocumento.IN_ARRIVO:
            repository.save(documento.annul(motivo))


def require_reason(mandato: Mandato, scope: str, nota: CartellaNota) -> None:
    """Forbidden unless the case is one of the caller's own, or he says why; not where a grant in person or an emergency
    said so at its beginning (docs/adr/0020)."""
    in_emergency = nota.residente_id is not None and mandato.in_emergenza(scope) == nota.residente_id
    if not nota.personale and not in_emergency:
        require_motivo(mandato, nota.cartella_id, nota.proprietari, nota.residente_id)


def list_documenti(request: ListDocumenti, mandato: Mandato, db: SqlDatabase) -> DocumentiOut:
    """Documents of one case; a case that is not of one's own asks why."""
    mandato.require(READ)
    with db.read() as session:
        require_reason(
            mandato, READ, get_cartella(session, request.cartella_id, mandato, READ, documenti_too=True)
        )
        found, total = DocumentoRepository(session).list_of_cartella(
            request.cartella_id, mandato, READ, limite=request.limite, salta=request.salta,
            versioni_di=request.versioni_di,
        )  # fmt: skip
    return DocumentiOut(documenti=tuple(documento.out() for documento in found), totale=total)


def get_download(
    request: GetDownload, mandato: Mandato, db: SqlDatabase, store: DocumentoStore, settings: Settings
) -> DownloadOut:
    mandato.require(READ)
    with db.read() as session:
        documento = DocumentoRepository(session).get(
            request.documento_id, mandato, READ, cartella_id=request.cartella_id
        )
        nota = get_cartella(session, documento.cartella_id, mandato, READ, documenti_too=True)
        require_reason(mandato, READ, nota)
    return DownloadOut(
        get_url=store.get_url(
            documento.oggetto, settings.url_lifetime, documento.nome_file, documento.tipo_mime
        ),
        nome_file=documento.nome_file,
        tipo_mime=documento.tipo_mime,
        dimensione=documento.dimensione,
        sha256=documento.sha256,
    )


def sweep_uploads(db: SqlDatabase, store: DocumentoStore, settings: Settings) -> int:
    """Annul what was begun and left; how many. Objects that cannot be removed now expire in the store by themselves."""
    with db.transaction() as tx:
        repository = DocumentoRepository(tx.session)
        abandoned = repository.take_abandoned(datetime.now(UTC) - settings.arrival_lifetime)
        for documento in abandoned:
            repository.save(documento.annul(ABANDONED))
    _discard(store, *(documento.oggetto for documento in abandoned))
    if abandoned:
        log.info("uploads_annulled", count=len(abandoned))
    return len(abandoned)


def object_key(ente: str, now: datetime) -> str:
    """A key nobody can guess, which says nothing of the file: `F704/2026/<uuid4>`."""
    return f"{ente}/{now.year}/{uuid4()}"
