"""Prints of a case: asked for, gathered with the asker's own mandate, typeset in the background, kept for him."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import UUID

import structlog

from chassis.motivo import MOTIVO_RICHIESTO
from chassis.outbox import RetryLater, new_id
from chassis.sql import SqlDatabase, Transaction
from contracts.base import Message
from contracts.cartella import ExportFascicolo
from contracts.documenti import (
    DocumentoOut,
    DownloadOut,
    GetStampa,
    ListStampe,
    RequestStampa,
    StampaOut,
    StampaRichiestaV1,
    StampeOut,
    StatoStampa,
)
from contracts.erogazioni import ErogazioneOut, FoglioOut, ListErogazioni, ListFogli
from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.mandato import Extent, Mandato
from documenti.adapters.store import DocumentoStore
from documenti.adapters.typesetting import Typesetter, TypesettingFailed
from documenti.domain.fascicolo import Materiale, compose
from documenti.domain.stampa import MAX_AVVII, MAX_TENTATIVI, Stampa, request_of
from documenti.repository import CartellaNota, DocumentoRepository, StampaRepository, get_cartella
from documenti.settings import Settings
from documenti.use_cases.upload import object_key, require_reason

SCOPE = "stampe:stampa"
SEZIONI = ("presa_in_carico", "diario", "isee", "fogli", "documenti")
FROM_CARTELLA = SEZIONI[:3]
PAGE = 500
STUCK_AFTER = timedelta(hours=24)
PDF = "application/pdf"

log = structlog.get_logger()
Item = TypeVar("Item")


class Caller(Protocol):
    """RPC to another service with the caller's own mandate."""

    def call(self, method: str, request: Message, token: str) -> Any: ...


def request_stampa(
    request: RequestStampa, mandato: Mandato, db: SqlDatabase, cartella: Caller, erogazioni: Caller
) -> StampaOut:
    """Gather what this person may read now, keep it for the renderer. The same idempotency key gives the same print."""
    mandato.require(SCOPE)
    if unknown := set(request.sezioni) - set(SEZIONI):
        raise Invalid("stampa.sezione", f"Sezione sconosciuta: {', '.join(sorted(unknown))}.")
    stampa_id = request.idempotency_key or new_id()
    with db.read() as session:
        if known := StampaRepository(session).find(stampa_id, mandato, SCOPE):
            return known.out()
        nota = get_cartella(session, request.cartella_id, mandato, SCOPE)
        require_reason(mandato, SCOPE, nota)
        documenti = _documenti(request, mandato, DocumentoRepository(session))
    materiale = _gather(request, mandato, cartella, erogazioni, documenti)
    stampa = _new_stampa(request, mandato, stampa_id, nota, materiale)
    with db.transaction() as tx:
        if not StampaRepository(tx.session).add(stampa):
            raise Conflict("stampa.gia_richiesta", "Questa stampa è già stata chiesta.")
        tx.emit(
            StampaRichiestaV1(stampa_id=stampa.id, cartella_id=stampa.cartella_id), sequence=stampa.version
        )
    return stampa.out()


def _new_stampa(
    request: RequestStampa, mandato: Mandato, stampa_id: UUID, nota: CartellaNota, materiale: Materiale
) -> Stampa:
    now = datetime.now(UTC)
    return request_of(
        id=stampa_id,
        cartella_id=nota.cartella_id,
        ente=nota.ente,
        richiedente_id=mandato.operatore_id,
        numero=nota.numero,
        contenuto=compose(request, mandato, materiale, now),
        oggetto=f"stampe/{object_key(nota.ente, now)}",
        now=now,
    )


def _gather(
    request: RequestStampa, mandato: Mandato, cartella: Caller, erogazioni: Caller,
    documenti: tuple[DocumentoOut, ...] | None,
) -> Materiale:  # fmt: skip
    """Each section through its owner, with the caller's mandate; one he may not read is absent."""
    sezioni = tuple(s for s in FROM_CARTELLA if s in request.sezioni and _may_read(mandato, s))
    export = ExportFascicolo(cartella_id=request.cartella_id, sezioni=sezioni)
    fogli: tuple[FoglioOut, ...] | None = None
    pagamenti: tuple[ErogazioneOut, ...] | None = None
    if "fogli" in request.sezioni and _may_read(mandato, "fogli"):
        fogli = _all_pages(lambda salta: _fogli_page(request.cartella_id, salta, mandato, erogazioni))
    if "fogli" in request.sezioni and _may_read(mandato, "liquidazioni"):
        pagamenti = _all_pages(
            lambda salta: _erogazioni_page(request.cartella_id, salta, mandato, erogazioni)
        )
    return Materiale(
        fascicolo=cartella.call("export_fascicolo", export, mandato.token),
        sezioni=sezioni,
        fogli=fogli,
        erogazioni=pagamenti,
        documenti=documenti,
    )


def _may_read(mandato: Mandato, sezione: str) -> bool:
    return mandato.extent(f"{sezione}:leggi") is not Extent.NESSUNO


def _documenti(
    request: RequestStampa, mandato: Mandato, repository: DocumentoRepository
) -> tuple[DocumentoOut, ...] | None:
    if "documenti" not in request.sezioni or not _may_read(mandato, "documenti"):
        return None
    found, _ = repository.list_of_cartella(request.cartella_id, mandato, "documenti:leggi")
    return tuple(documento.out() for documento in found)


def _fogli_page(
    cartella_id: UUID, salta: int, mandato: Mandato, caller: Caller
) -> tuple[tuple[FoglioOut, ...], int]:
    query = ListFogli(cartella_id=cartella_id, limite=PAGE, salta=salta)
    reply = caller.call("list_fogli", query, mandato.token)
    return reply.fogli, reply.totale


def _erogazioni_page(
    cartella_id: UUID, salta: int, mandato: Mandato, caller: Caller
) -> tuple[tuple[ErogazioneOut, ...], int]:
    query = ListErogazioni(cartella_id=cartella_id, limite=PAGE, salta=salta)
    reply = caller.call("list_erogazioni", query, mandato.token)
    return reply.erogazioni, reply.totale


def _all_pages(page: Callable[[int], tuple[tuple[Item, ...], int]]) -> tuple[Item, ...] | None:
    """Every page together; None where the owner says this person may not. Asked why, he is asked: a print that left
    something out without a word would pass for the whole."""
    items: tuple[Item, ...] = ()
    try:
        while True:
            found, total = page(len(items))
            items += found
            if not found or len(items) >= total:
                return items
    except (Forbidden, NotFound) as error:
        if error.code == MOTIVO_RICHIESTO:
            raise
        return None


def render_stampa(
    stampa_id: UUID, tx: Transaction, db: SqlDatabase, store: DocumentoStore, typeset: Typesetter
) -> None:
    """Typeset and keep one print. Killed in the middle, the event comes again and the same key is written over.

    Unavailable (store away) is waited for; a failing template is tried again, then the print is fallita.
    """
    store.ping()
    stampa = _start(stampa_id, db)
    if stampa is None:
        return
    repository = StampaRepository(tx.session)
    try:
        assert stampa.contenuto is not None
        pdf = typeset(stampa.contenuto)
    except TypesettingFailed as error:
        log.error("typesetting_failed", stampa_id=str(stampa.id), avvii=stampa.avvii, reason=str(error))
        if stampa.avvii < MAX_TENTATIVI:
            raise RetryLater(f"typesetting of {stampa.id}") from error
        repository.save(stampa.fail("Non è stato possibile impaginare il fascicolo: avvisa l'assistenza."))
        return
    store.put(stampa.oggetto, pdf.data, PDF)
    ready = stampa.ready(
        sha256=pdf.sha256, dimensione=len(pdf.data), pagine=pdf.pagine, now=datetime.now(UTC)
    )
    ready = repository.save(ready)
    tx.emit(ready.pronta_event(), sequence=ready.version)


def _start(stampa_id: UUID, db: SqlDatabase) -> Stampa | None:
    """Counts the start in a transaction of its own, so that a start that kills the process is counted too."""
    with db.transaction() as tx:
        repository = StampaRepository(tx.session)
        stampa = repository.get_for_work(stampa_id)
        if stampa is None or not stampa.waiting:
            log.info("stampa_already_handled", stampa_id=str(stampa_id))
            return None
        if stampa.avvii >= MAX_AVVII:
            repository.save(stampa.fail("La stampa si è interrotta troppe volte: avvisa l'assistenza."))
            return None
        return repository.save(stampa.start())


def get_stampa(
    request: GetStampa, mandato: Mandato, db: SqlDatabase, store: DocumentoStore, settings: Settings
) -> StampaOut:
    mandato.require(SCOPE)
    with db.read() as session:
        stampa = StampaRepository(session).get(request.stampa_id, mandato, SCOPE)
        require_reason(mandato, SCOPE, get_cartella(session, stampa.cartella_id, mandato, SCOPE))
    return _with_download(stampa, store, settings)


def list_stampe(
    request: ListStampe, mandato: Mandato, db: SqlDatabase, store: DocumentoStore, settings: Settings
) -> StampeOut:
    mandato.require(SCOPE)
    with db.read() as session:
        require_reason(mandato, SCOPE, get_cartella(session, request.cartella_id, mandato, SCOPE))
        found = StampaRepository(session).list_of_cartella(request.cartella_id, mandato, SCOPE)
    return StampeOut(stampe=tuple(_with_download(stampa, store, settings) for stampa in found))


def _with_download(stampa: Stampa, store: DocumentoStore, settings: Settings) -> StampaOut:
    if stampa.stato is not StatoStampa.PRONTA:
        return stampa.out()
    download = DownloadOut(
        get_url=store.get_url(stampa.oggetto, settings.url_lifetime, stampa.nome_file, PDF),
        nome_file=stampa.nome_file,
        tipo_mime=PDF,
        dimensione=stampa.dimensione,
        sha256=stampa.sha256,
    )
    return stampa.out(download)


def sweep_stampe(db: SqlDatabase) -> int:
    """Give up prints nobody finished in a day (their event lies dead); how many."""
    with db.transaction() as tx:
        repository = StampaRepository(tx.session)
        stuck = repository.take_stuck(datetime.now(UTC) - STUCK_AFTER)
        for stampa in stuck:
            repository.save(stampa.fail("La stampa non è stata conclusa: chiedila di nuovo."))
    return len(stuck)
