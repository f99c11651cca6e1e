"""What people do with their alerts."""

from chassis.sql import SqlDatabase
from contracts.errors import Conflict
from contracts.mandato import Mandato
from contracts.notifiche import (
    AvvisiOut,
    AvvisoConfermatoV1,
    AvvisoLettoV1,
    AvvisoOut,
    ConfirmAvviso,
    ListAvvisi,
    MarkAvvisoLetto,
    StatoAvviso,
)
from notifiche import domain, projections
from notifiche.repository import AvvisoRepository, list_avvisi, to_out
from notifiche.use_cases.cartelle import keep_away
from notifiche.use_cases.making import close, fact


def list_mine(request: ListAvvisi, mandato: Mandato, db: SqlDatabase) -> AvvisiOut:
    """The caller's alerts. Whom he lives with is learned from his mandate on the way: no event says it."""
    mandato.require("avvisi:leggi")
    with db.read() as session:
        avvisi, totale, non_letti = list_avvisi(request, mandato, session)
        known = projections.known_esclusi(mandato.operatore_id, session)
    if mandato.tipo == "operatore" and known != set(mandato.esclusi):
        with db.transaction() as tx:
            keep_away(mandato.operatore_id, mandato.esclusi, tx)
    return AvvisiOut(avvisi=tuple(avvisi), totale=totale, non_letti=non_letti)


def mark_letto(request: MarkAvvisoLetto, mandato: Mandato, db: SqlDatabase) -> AvvisoOut:
    """Read: news needs no more, a fact to be confirmed stays open. Reading again changes nothing."""
    mandato.require("avvisi:scrivi")
    with db.transaction() as tx:
        avviso = AvvisoRepository(tx).get_for_update(request.avviso_id, mandato, "avvisi:scrivi")
        if avviso.stato == StatoAvviso.NUOVO:
            avviso.stato = StatoAvviso.LETTO.value
            avviso.version += 1
            if not avviso.conferma_richiesta and avviso.tipo != "foglio_da_approvare":
                close(avviso)
            tx.emit(fact(AvvisoLettoV1, avviso), sequence=avviso.version)
        return to_out(avviso)


def confirm(request: ConfirmAvviso, mandato: Mandato, db: SqlDatabase) -> AvvisoOut:
    """Confirms or disputes a registry change; cartella writes it into the case's history."""
    mandato.require("avvisi:scrivi")
    with db.transaction() as tx:
        avviso = AvvisoRepository(tx).get_for_update(request.avviso_id, mandato, "avvisi:scrivi")
        if request.idempotency_key and avviso.esito_chiave == request.idempotency_key:
            return to_out(avviso)
        if avviso.version != request.version:
            attuale = to_out(avviso).model_dump(mode="json")
            raise Conflict(
                "avviso.versione", "L'avviso è cambiato nel frattempo.", details={"attuale": attuale}
            )
        stato = domain.decide(
            StatoAvviso(avviso.stato),
            conferma_richiesta=avviso.conferma_richiesta,
            contesta=request.contesta,
            motivo=request.motivo,
        )
        close(avviso)
        avviso.stato, avviso.motivo, avviso.version = stato.value, request.motivo.strip(), avviso.version + 1
        avviso.esito_di, avviso.esito_chiave = mandato.operatore_id, request.idempotency_key
        event = fact(
            AvvisoConfermatoV1,
            avviso,
            esito=avviso.stato,
            operatore_id=mandato.operatore_id,
            residente_id=avviso.residente_id,
            descrizione=avviso.descrizione.rstrip("."),
            data_evento=avviso.data_evento,
        )
        tx.emit(event, sequence=avviso.version)
        return to_out(avviso)
