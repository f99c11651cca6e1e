"""Laying and taking away the protections of a person."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from anagrafe.models import Residente, Vincolo
from anagrafe.repository.vincoli import COLUMNS, VincoloRepository
from chassis.outbox import new_id
from chassis.sql import SqlDatabase, Transaction
from contracts.anagrafe import (
    ListVincoli,
    ResidenteRiservatoV1,
    RevokeVincolo,
    SetVincolo,
    TipoVincolo,
    VincoliOut,
    VincoloOut,
)
from contracts.errors import Conflict, Invalid
from contracts.mandato import Mandato

LEGGI, SCRIVI = "riservatezza:leggi", "riservatezza:scrivi"
ROMA = ZoneInfo("Europe/Rome")


def set_vincolo(request: SetVincolo, mandato: Mandato, db: SqlDatabase) -> VincoloOut:
    """Lays a vincolo; the same idempotency key lays it once."""
    mandato.require(SCRIVI)
    _check(request)
    with db.transaction() as tx:
        repository = VincoloRepository(tx.session, mandato, SCRIVI)
        residente = repository.get_residente(request.residente_id)
        vincolo_id = request.idempotency_key or new_id()
        values = request.model_dump(include={"residente_id", "dal", "al", "atto", "motivo"})
        row = values | {
            "id": vincolo_id, "tipo": request.tipo.value, "inserito_da": mandato.operatore_id,
            "inserito_il": datetime.now(UTC), "motivo_revoca": "", "version": 1,
        }  # fmt: skip
        if repository.add(row):
            _tell(residente, repository, tx)
        standing = repository.standing(request.residente_id, request.tipo)
        if standing is None or standing.id != vincolo_id:
            raise Conflict("vincolo.gia_presente", "La persona è già sotto questa protezione.")
        return _out(standing)


def revoke_vincolo(request: RevokeVincolo, mandato: Mandato, db: SqlDatabase) -> VincoloOut:
    """Takes a vincolo away, for ever in the history; repeating it changes nothing."""
    mandato.require(SCRIVI)
    with db.transaction() as tx:
        repository = VincoloRepository(tx.session, mandato, SCRIVI)
        vincolo = repository.get_for_update(request.vincolo_id)
        if vincolo.revocato_il is not None:
            if (vincolo.revocato_da, vincolo.motivo_revoca) == (mandato.operatore_id, request.motivo):
                return _out(vincolo)
            raise Conflict("vincolo.gia_revocato", "Questa protezione è già stata tolta.")
        if vincolo.version != request.version:
            raise Conflict("vincolo.versione", "Nel frattempo qualcuno l'ha cambiata: ricarica la pagina.")
        vincolo.revocato_da, vincolo.revocato_il = mandato.operatore_id, datetime.now(UTC)
        vincolo.motivo_revoca, vincolo.version = request.motivo, vincolo.version + 1
        tx.session.flush()
        _tell(repository.get_residente(vincolo.residente_id), repository, tx)
        return _out(vincolo)


def list_vincoli(request: ListVincoli, mandato: Mandato, db: SqlDatabase) -> VincoliOut:
    """Vincoli of a person, or of all within reach; nothing of who is not."""
    mandato.require(LEGGI)
    with db.read() as session:
        found, total = VincoloRepository(session, mandato, LEGGI).page(request)
        return VincoliOut(vincoli=tuple(_out(one) for one in found), totale=total)


def today() -> date:
    return datetime.now(ROMA).date()


def _check(request: SetVincolo) -> None:
    wrong: dict[str, str] = {}
    if request.al is not None and request.tipo is not TipoVincolo.INDIRIZZO_PROTETTO:
        wrong["al"] = "Questa protezione non ha una fine: lascia vuoto."
    elif request.al is not None and request.al < request.dal:
        wrong["al"] = "La fine viene prima dell'inizio."
    if request.tipo is not TipoVincolo.INDIRIZZO_PROTETTO and request.dal > today():
        wrong["dal"] = "Il giorno non può essere nel futuro."
    if wrong:
        raise Invalid("vincolo.date", "Controlla le date.", fields=wrong)


def _tell(residente: Residente, repository: VincoloRepository, tx: Transaction) -> None:
    riservato = repository.is_riservato(residente.id, today())
    event = ResidenteRiservatoV1(residente_id=residente.id, ente=residente.ente, riservato=riservato)
    tx.emit(event, sequence=residente.version)


def _out(vincolo: Vincolo) -> VincoloOut:
    now = today()
    holds = vincolo.dal <= now and (vincolo.al is None or now <= vincolo.al)
    values = {name: getattr(vincolo, name) for name in COLUMNS}
    return VincoloOut(**values, in_vigore=vincolo.revocato_il is None and holds)
