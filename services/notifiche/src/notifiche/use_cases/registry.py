"""A registry fact reaches the cases it concerns."""

from datetime import timedelta

from chassis.sql import SqlDatabase, Transaction
from contracts.anagrafe import FattoResidente, NucleoVariatoV1, ResidenteRiservatoV1
from notifiche import projections
from notifiche.domain import FattoAnagrafe, TipoFatto
from notifiche.repository import AvvisoRepository
from notifiche.use_cases.making import alert_fatto

NUCLEO_WAIT = timedelta(seconds=5)
"""How long a household change waits for the person facts that may explain it."""
NUCLEO_AGAIN = timedelta(minutes=1)
FACTS_KEPT = timedelta(days=90)


def tell_residente(tipo: TipoFatto, event: FattoResidente, tx: Transaction) -> None:
    """One alert in every case not closed of whom the fact concerns. The fact is kept for cases told of later."""
    assert tx.envelope is not None
    fatto = FattoAnagrafe.of(tipo, event, tx.envelope)
    projections.lock_residenti(fatto.residenti, tx)
    projections.record_fatto(fatto, tx)
    for cartella in projections.open_cartelle(fatto.residenti, tx):
        alert_fatto(fatto, cartella, tx)


def forget_person(event: ResidenteRiservatoV1, tx: Transaction) -> None:
    """A person came under protection: what was said of him in the cases of others names him no more."""
    if event.riservato:
        AvvisoRepository(tx).forget_person(event.residente_id)


def hold_nucleo(event: NucleoVariatoV1, tx: Transaction) -> None:
    """A household change first waits for the person facts of the same night (birth, death, move)."""
    assert tx.envelope is not None
    projections.record_fatto(FattoAnagrafe.of_nucleo(event, tx.envelope), tx, wait=NUCLEO_WAIT)


def tell_waiting_nuclei(db: SqlDatabase) -> int:
    """Tells the household changes whose wait is over; how many. Each is its own unit of work: a failing one comes
    again in a minute and does not stop the others."""
    count = 0
    while True:
        with db.transaction() as tx:
            fatto = projections.claim_nucleo(tx, NUCLEO_AGAIN)
        if fatto is None:
            return count
        with db.transaction() as tx:
            projections.lock_residenti(fatto.residenti, tx)
            if projections.settle_nucleo(fatto.event_id, tx):
                for cartella in projections.open_cartelle(fatto.residenti, tx):
                    alert_fatto(fatto, cartella, tx)
        count += 1


def forget_facts(db: SqlDatabase) -> None:
    """Registry facts are kept only as long as the case they concern may still be told late."""
    with db.transaction() as tx:
        projections.forget_facts(FACTS_KEPT, tx)
