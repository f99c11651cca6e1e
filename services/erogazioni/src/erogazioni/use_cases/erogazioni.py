"""Payments: propose, liquidate, annul, read."""

from datetime import UTC, datetime
from typing import Any

from chassis.outbox import new_id
from chassis.sql import SqlDatabase
from contracts.erogazioni import (
    AnnulErogazione,
    Carattere,
    ErogazioneAnnullataV1,
    ErogazioneLiquidataV1,
    ErogazioneOut,
    ErogazionePropostaV1,
    ErogazioniOut,
    LiquidateErogazione,
    ListErogazioni,
    ProposeErogazione,
)
from contracts.errors import Conflict
from contracts.mandato import Mandato
from erogazioni.domain import erogazioni as rules
from erogazioni.domain.erogazioni import Erogazione
from erogazioni.domain.fogli import Foglio, check_version
from erogazioni.repository.erogazioni import ErogazioneRepository
from erogazioni.repository.fogli import FoglioRepository, Registro
from erogazioni.use_cases.motivi import require_reason


def propose_erogazione(request: ProposeErogazione, mandato: Mandato, db: SqlDatabase) -> ErogazioneOut:
    """One payment of one month; the foglio's row is locked, so two people cannot prepare the same month."""
    mandato.require("liquidazioni:scrivi")
    with db.transaction() as tx:
        fogli, repository = FoglioRepository(tx.session), ErogazioneRepository(tx.session)
        registro = Registro(tx.session)
        registro.lock_comando(request.idempotency_key)
        foglio = fogli.get(request.foglio_id, mandato, "liquidazioni:scrivi", for_update=True)
        require_reason(fogli, foglio.cartella_id, mandato, "liquidazioni:scrivi")
        if earlier := _proposed_before(request, mandato, repository):
            return repository.get_out(earlier.id)
        erogazione = rules.propose(
            foglio,
            id=request.idempotency_key or new_id(),
            mese=request.mese,
            importo=request.importo,
            operatore_id=mandato.operatore_id,
            quando=datetime.now(UTC),
            data_decesso=fogli.data_decesso(foglio.residente_id),
        )
        _check_first_of_month(repository.find_live(foglio.id, foglio.carattere, request.mese), foglio)
        repository.add(erogazione)
        registro.add_passaggio(
            erogazione, operatore_id=mandato.operatore_id, comando_id=request.idempotency_key
        )
        tx.emit(ErogazionePropostaV1(**_fatto(erogazione, foglio)), sequence=erogazione.version)
        return repository.get_out(erogazione.id)


def liquidate_erogazione(request: LiquidateErogazione, mandato: Mandato, db: SqlDatabase) -> ErogazioneOut:
    """Orders a payment: foglio first, then payment locked, as a death's handler does, so that neither slips by."""
    mandato.require("liquidazioni:liquida")
    scope = "liquidazioni:liquida"
    with db.transaction() as tx:
        fogli, repository = FoglioRepository(tx.session), ErogazioneRepository(tx.session)
        registro = Registro(tx.session)
        foglio = fogli.get(
            repository.foglio_of(request.erogazione_id, mandato, scope), mandato, scope, for_update=True
        )
        erogazione = repository.get_for_update(request.erogazione_id, mandato, scope)
        require_reason(fogli, erogazione.cartella_id, mandato, scope)
        if registro.already_done(erogazione.id, request.idempotency_key):
            return repository.get_out(erogazione.id)
        check_version(erogazione.version, request.version, _attuale(erogazione, repository))
        liquidated = rules.liquidate(
            erogazione,
            foglio,
            operatore_id=mandato.operatore_id,
            quando=datetime.now(UTC),
            data_decesso=fogli.data_decesso(erogazione.residente_id),
        )
        repository.save(liquidated)
        registro.add_passaggio(
            liquidated, operatore_id=mandato.operatore_id, comando_id=request.idempotency_key
        )
        tx.emit(ErogazioneLiquidataV1(**_fatto(liquidated, foglio)), sequence=liquidated.version)
        return repository.get_out(liquidated.id)


def annul_erogazione(request: AnnulErogazione, mandato: Mandato, db: SqlDatabase) -> ErogazioneOut:
    """Withdraws a payment with a reason; its month may then be paid anew. INPS, if told, is told by the next flow."""
    mandato.require("liquidazioni:scrivi")
    scope = "liquidazioni:scrivi"
    with db.transaction() as tx:
        fogli, repository = FoglioRepository(tx.session), ErogazioneRepository(tx.session)
        registro = Registro(tx.session)
        erogazione = repository.get_for_update(request.erogazione_id, mandato, scope)
        foglio = fogli.get(erogazione.foglio_id, mandato, scope)
        require_reason(fogli, foglio.cartella_id, mandato, scope)
        if registro.already_done(erogazione.id, request.idempotency_key):
            return repository.get_out(erogazione.id)
        check_version(erogazione.version, request.version, _attuale(erogazione, repository))
        annulled = rules.annul(erogazione)
        repository.save(annulled)
        registro.add_passaggio(
            annulled,
            operatore_id=mandato.operatore_id,
            motivo=request.motivo,
            comando_id=request.idempotency_key,
        )
        event = ErogazioneAnnullataV1(**_fatto(annulled, foglio), motivo=request.motivo)
        tx.emit(event, sequence=annulled.version)
        return repository.get_out(annulled.id)


def list_erogazioni(request: ListErogazioni, mandato: Mandato, db: SqlDatabase) -> ErogazioniOut:
    """Lists ask nothing; the payments of one case, or of one foglio, that is not of one's own ask why."""
    mandato.require("liquidazioni:leggi")
    with db.read() as session:
        fogli = FoglioRepository(session)
        if request.cartella_id is not None:
            require_reason(fogli, request.cartella_id, mandato, "liquidazioni:leggi")
        found, total, importo = ErogazioneRepository(session).list_visible(request, mandato)
        if (
            request.foglio_id is not None and total
        ):  # a foglio of which nothing is shown is not even asked about
            cartella_id = fogli.cartella_of(request.foglio_id)
            require_reason(fogli, cartella_id, mandato, "liquidazioni:leggi")
    return ErogazioniOut(erogazioni=tuple(found), totale=total, totale_importo=importo)


def _proposed_before(
    request: ProposeErogazione, mandato: Mandato, repository: ErogazioneRepository
) -> Erogazione | None:
    if request.idempotency_key is None:
        return None
    earlier = repository.find(request.idempotency_key)
    if earlier and (earlier.proponente_id, earlier.foglio_id) != (mandato.operatore_id, request.foglio_id):
        raise Conflict(
            "comando.chiave_riusata",
            "Questa richiesta è già servita per un altro pagamento: ricarica la pagina.",
        )
    return earlier


def _check_first_of_month(live: Erogazione | None, foglio: Foglio) -> None:
    if live is None:
        return
    what = (
        f"il mese {live.mese[5:]}/{live.mese[:4]}"
        if foglio.carattere is Carattere.PERIODICO
        else "questo contributo"
    )
    raise Conflict(
        "erogazione.gia_presente",
        f"Per {what} c'è già un pagamento in stato {live.stato}: per rifarlo va prima annullato.",
        details={"erogazione_id": str(live.id)},
    )


def _fatto(erogazione: Erogazione, foglio: Foglio) -> dict[str, Any]:
    """What every event of a payment carries."""
    return {
        "erogazione_id": erogazione.id,
        "foglio_id": erogazione.foglio_id,
        "cartella_id": erogazione.cartella_id,
        "residente_id": erogazione.residente_id,
        "ente": erogazione.ente,
        "voce_istat": foglio.voce_istat,
        "importo": erogazione.importo,
        "mese": erogazione.mese,
        "stato": erogazione.stato,
    }


def _attuale(erogazione: Erogazione, repository: ErogazioneRepository) -> dict[str, Any]:
    return repository.get_out(erogazione.id).model_dump(mode="json")
