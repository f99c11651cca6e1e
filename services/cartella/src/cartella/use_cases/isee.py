"""Registering and reading the ISEE of a case."""

from cartella.domain import isee as rules
from cartella.domain.steps import local_date
from cartella.repository.isee import IseeRepository
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.use_cases.steps import open_case, require_writable, step_of
from chassis.mongo import MongoDatabase
from contracts.cartella import AddIsee, IseeListOut, IseeOut, IseeRegistratoV1, ListIsee
from contracts.mandato import Mandato

LEGGI = "isee:leggi"
SCRIVI = "isee:scrivi"


def add_isee(request: AddIsee, mandato: Mandato, db: MongoDatabase) -> IseeOut:
    """An ISEE as the attestazione says; doubts come back as `avvisi`, refused is only what cannot be."""
    mandato.require(SCRIVI)
    step = step_of(request, mandato)
    with db.transaction() as tx:
        reach = open_case(CartellaRepository(tx.db, tx.session), request.cartella_id, mandato, SCRIVI)
        cartella = reach.cartella
        stored = IseeRepository(tx.db, tx.session)
        if request.idempotency_key and (
            known := stored.written_by(step.id, cartella.id, mandato.operatore_id)
        ):
            return rules.to_out(known)
        require_writable(cartella)
        twice = stored.has_protocollo(rules.normalize_protocollo(request.protocollo_dsu), mandato, reach)
        isee = rules.register(request, cartella.ente, cartella.residente_id, step, already_there=twice)
        stored.insert(isee)
        event = IseeRegistratoV1(
            voce_id=isee.id,
            cartella_id=isee.cartella_id,
            ente=isee.ente,
            data=local_date(step.quando),
            residente_id=isee.residente_id,
            tipo=isee.tipo.value,
            protocollo_dsu=isee.protocollo_dsu,
            data_presentazione=isee.data_presentazione,
            scadenza=isee.scadenza,
            isee=isee.isee,
        )
        tx.emit(event, sequence=isee.version)
        return rules.to_out(isee)


def list_isee(request: ListIsee, mandato: Mandato, db: MongoDatabase) -> IseeListOut:
    """The ISEE of the case, newest presentation first."""
    mandato.require(LEGGI)
    with db.read() as store:
        reach = open_case(CartellaRepository(store), request.cartella_id, mandato, LEGGI)
        found = IseeRepository(store).all_of(mandato, reach)
    return IseeListOut(isee=tuple(rules.to_out(isee) for isee in found))
