"""Opening, taking in charge, assigning, closing and reopening a case; reading it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from cartella.domain import apertura, condivisioni, presa_in_carico, secondo_livello
from cartella.domain.presa_in_carico import Cartella
from cartella.domain.steps import Step, local_date, utc_now
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.use_cases import accanto
from cartella.use_cases.steps import open_case, show, step_of
from chassis.mongo import MongoDatabase, Transaction
from contracts.base import Command
from contracts.cartella import (
    AssignCartella,
    CartellaApertaV1,
    CartellaAssegnataV1,
    CartellaChiusaV1,
    CartellaOut,
    CartellaPresaInCaricoV1,
    CartellaRiapertaV1,
    CartellaRiservataV1,
    CartelleOut,
    CloseCartella,
    FattoCartella,
    GetCartella,
    ListCartelle,
    OpenCartella,
    ReopenCartella,
    SetRiservatezza,
    TakeInCarico,
)
from contracts.errors import Invalid
from contracts.mandato import Mandato
from contracts.notifiche import AvvisoConfermatoV1

LEGGI = "presa_in_carico:leggi"
SCRIVI = "presa_in_carico:scrivi"
ASSEGNA = "presa_in_carico:assegna"


def open_cartella(request: OpenCartella, mandato: Mandato, db: MongoDatabase) -> CartellaOut:
    """A new case of the caller's ente. Conflict when the person has one open in that settore, less one that is hidden
    from the caller: its settore is told instead (`accanto_a`)."""
    mandato.require(SCRIVI)
    settore = apertura.settore_of(request, mandato, SCRIVI)
    step = step_of(request, mandato, request.motivo)
    with db.transaction() as tx:
        cases = CartellaRepository(tx.db, tx.session)
        if request.idempotency_key and (known := cases.opened_by(step.id, mandato, SCRIVI)):
            return presa_in_carico.to_out(known)
        if request.residente_id in mandato.esclusi:
            raise accanto.not_openable()
        if cases.by_id(step.id) is not None:  # opened by this very command, and out of reach since
            raise accanto.not_openable()
        progressivo = cases.next_progressivo(mandato.ente, local_date(step.quando).year)
        cartella = apertura.open_cartella(request, mandato, settore, progressivo, step)
        cartella, hidden = accanto.place(cases, cartella, mandato)
        cases.insert(cartella)
        tx.emit(fact(CartellaApertaV1, cartella, step, accanto_a=hidden), sequence=cartella.version)
        return presa_in_carico.to_out(cartella)


def get_cartella(request: GetCartella, mandato: Mandato, db: MongoDatabase) -> CartellaOut:
    """The case with its whole history, or what of it the caller may see."""
    mandato.require(LEGGI)
    with db.read() as store:
        return show(open_case(CartellaRepository(store), request.cartella_id, mandato, LEGGI))


def list_cartelle(request: ListCartelle, mandato: Mandato, db: MongoDatabase) -> CartelleOut:
    """Cases within reach, newest first, without their passaggi."""
    mandato.require(LEGGI)
    with db.read() as store:
        found, totale = CartellaRepository(store).find(request, mandato)
    return CartelleOut(cartelle=tuple(show(reach) for reach in found), totale=totale)


def take_in_carico(request: TakeInCarico, mandato: Mandato, db: MongoDatabase) -> CartellaOut:
    """The caller becomes responsible."""
    return _change(
        request, mandato, db, scope=SCRIVI, event=CartellaPresaInCaricoV1, rule=presa_in_carico.take_in_carico
    )


def assign_cartella(request: AssignCartella, mandato: Mandato, db: MongoDatabase) -> CartellaOut:
    """Another responsible worker, team or settore. What becomes of its second level is decided by who works there."""

    def rule(cartella: Cartella, step: Step) -> Cartella:
        settore, mark = request.settore.strip(), request.settore_riservato
        after = presa_in_carico.assign(cartella, step, request.responsabile_id, request.team, settore, mark)
        if after.settore_riservato != cartella.settore_riservato:
            mandato.require(secondo_livello.SCRIVI)
            secondo_livello.require_member(mandato, cartella.ente, cartella.settore_riservato)
        return after

    return _change(request, mandato, db, scope=ASSEGNA, event=CartellaAssegnataV1, rule=rule)


def close_cartella(request: CloseCartella, mandato: Mandato, db: MongoDatabase) -> CartellaOut:
    """Closed, never deleted."""
    return _change(request, mandato, db, scope=SCRIVI, event=CartellaChiusaV1, rule=presa_in_carico.close)


def reopen_cartella(request: ReopenCartella, mandato: Mandato, db: MongoDatabase) -> CartellaOut:
    """Open again, waiting for somebody to take charge."""
    return _change(request, mandato, db, scope=SCRIVI, event=CartellaRiapertaV1, rule=presa_in_carico.reopen)


def note_avviso(event: AvvisoConfermatoV1, tx: Transaction) -> None:
    """A registry change that a worker confirmed or disputed becomes a passaggio of the case. Nothing else changes."""
    if event.cartella_id is None:
        return
    cases = CartellaRepository(tx.db, tx.session)
    before = cases.by_id(event.cartella_id)
    if before is None:
        raise Invalid(
            "cartella.sconosciuta", f"L'avviso riguarda il caso {event.cartella_id}, che non esiste."
        )
    verb = "Contestata" if event.esito == "contestato" else "Confermata"
    step = Step(
        id=event.avviso_id,
        operatore_id=event.operatore_id,
        quando=utc_now(),
        motivo=f"{verb}: {event.descrizione} ({event.data_evento:%d/%m/%Y})",
    )
    after = presa_in_carico.note_variazione(before, step)
    if after is not before:
        cases.save(before, after)


def set_riservatezza(request: SetRiservatezza, mandato: Mandato, db: MongoDatabase) -> CartellaOut:
    """Into the second level of the caller's settore, or out of it."""

    def rule(cartella: Cartella, step: Step) -> Cartella:
        return secondo_livello.set_riservatezza(cartella, step, request.settore_riservato.strip(), mandato)

    return _change(request, mandato, db, scope=secondo_livello.SCRIVI, event=CartellaRiservataV1, rule=rule)


def _change(
    request: Any,
    mandato: Mandato,
    db: MongoDatabase,
    *,
    scope: str,
    event: type[FattoCartella],
    rule: Callable[[Cartella, Step], Cartella],
) -> CartellaOut:
    mandato.require(scope)
    step = step_of(request, mandato, request.motivo)
    with db.transaction() as tx:
        cases = CartellaRepository(tx.db, tx.session)
        before = open_case(cases, request.cartella_id, mandato, scope).cartella
        if _already_done(before, request):
            return presa_in_carico.to_out(before)
        presa_in_carico.check_version(before, request.version)
        after = rule(before, step)
        hidden: tuple[UUID, ...] = ()
        if accanto.enters(before, after):
            after, hidden = accanto.place(cases, after, mandato, before)
        cases.save(before, after)
        tx.emit(fact(event, after, step, accanto_a=hidden), sequence=after.version)
        return presa_in_carico.to_out(after)


def _already_done(cartella: Cartella, command: Command) -> bool:
    return command.idempotency_key is not None and cartella.has_step(command.idempotency_key)


def fact(
    event: type[FattoCartella], cartella: Cartella, step: Step, accanto_a: tuple[UUID, ...] = ()
) -> FattoCartella:
    """The event of that type: the whole state a projection needs. `accanto_a`: for what opens a case or moves it."""
    more = {"accanto_a": accanto_a} if "accanto_a" in event.model_fields else {}
    return event(
        cartella_id=cartella.id,
        numero=cartella.numero,
        residente_id=cartella.residente_id,
        ente=cartella.ente,
        settore=cartella.settore,
        area=cartella.area,
        stato=cartella.stato,
        responsabile_id=cartella.responsabile_id,
        team=cartella.team,
        comune_residenza=cartella.comune_residenza,
        sesso=cartella.sesso,
        anno_nascita=cartella.anno_nascita,
        data=local_date(step.quando),
        settore_riservato=cartella.settore_riservato,
        condivisioni=condivisioni.active(cartella, step.quando),
        aperta_da=cartella.aperta_da,
        **more,
    )
