"""The case moves, its alerts move with it."""

from uuid import UUID

from chassis.sql import SqlDatabase, Transaction
from contracts.cartella import FattoCartella
from contracts.notifiche import StatoAvviso
from notifiche import projections
from notifiche.domain import CartellaNota
from notifiche.models import AvvisoTable
from notifiche.repository import AvvisoRepository
from notifiche.use_cases.making import alert_fatto, destinatario_of, tell, today

APPROVAL = "foglio_da_approvare"
"""Waits for who approves where the case is: a settore that has given the case away hears no more of it."""


def follow_cartella(event: FattoCartella, tx: Transaction) -> None:
    """Learns the case; tells it the registry facts that were faster than it; gives its alerts to who has it now."""
    assert tx.envelope is not None
    projections.lock_residenti((event.residente_id,), tx)
    cartella = projections.learn_cartella(event, tx)
    if cartella.aperta:
        for fatto in projections.facts_since(cartella.residente_id, tx.envelope.time, tx):
            alert_fatto(fatto, cartella, tx)
    _readdress(cartella, tx)
    for avviso in AvvisoRepository(tx).open_requests_about(cartella.cartella_id):
        follows = cartella.settore_riservato or avviso.tipo == APPROVAL
        if follows and (avviso.ente, avviso.settore) != cartella.place:
            _hand_over(avviso, (None, *cartella.place), tx)


def keep_away(operatore_id: UUID, residenti: tuple[UUID, ...], tx: Transaction) -> None:
    """From now on an operator hears nothing of these persons: his open alerts about them go to somebody else."""
    projections.learn_esclusi(operatore_id, residenti, tx)
    for avviso in AvvisoRepository(tx).open_about_persons(operatore_id, residenti):
        cartella = projections.get_cartella(avviso.cartella_id, tx) if avviso.cartella_id else None
        if cartella is None or not avviso.conferma_richiesta:
            _hand_over(avviso, (None, avviso.ente, avviso.settore), tx)
        else:
            _hand_over(avviso, (destinatario_of(cartella, avviso.residente_id, tx), *cartella.place), tx)


def readdress_orphans(db: SqlDatabase) -> int:
    """Open alerts of people who no longer work here go up the chain, requests for approval to the settore's inbox;
    how many cases."""
    with db.transaction() as tx:
        retired = projections.retired_destinatari(today(), tx)
        orphans = AvvisoRepository(tx).open_of(retired) if retired else []
        for avviso in AvvisoRepository(tx).open_requests_of(retired) if retired else []:
            _hand_over(avviso, (None, avviso.ente, avviso.settore), tx)
    for cartella_id in orphans:
        with db.transaction() as tx:
            if (cartella := projections.get_cartella(cartella_id, tx)) is not None:
                _readdress(cartella, tx)
    return len(orphans)


def _readdress(cartella: CartellaNota, tx: Transaction) -> None:
    for avviso in AvvisoRepository(tx).of_cartella(cartella.cartella_id):
        _hand_over(avviso, (destinatario_of(cartella, avviso.residente_id, tx), *cartella.place), tx)


def _hand_over(avviso: AvvisoTable, place: tuple[UUID | None, str, str], tx: Transaction) -> None:
    """Gives an alert to somebody else, who has not read it yet; nothing when it is his already."""
    if (avviso.destinatario_id, avviso.ente, avviso.settore) == place:
        return
    avviso.destinatario_id, avviso.ente, avviso.settore = place
    avviso.version += 1
    if avviso.chiuso_il is None:
        avviso.stato = StatoAvviso.NUOVO.value
        AvvisoRepository(tx).queue_mail(avviso.id)
        tell(avviso, tx)
