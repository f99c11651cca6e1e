"""What the coordinatori and the DPO (rpd) are told: emergencies, odd readings, the weekly summary. Nobody is named."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from chassis.sql import Transaction
from contracts.gateway import (
    AccessoAnomaloV1,
    EmergenzaApertaV1,
    EmergenzaRivistaV1,
    RapportoAnomaliePreparatoV1,
)
from notifiche import domain, projections
from notifiche.domain import Testo
from notifiche.repository import AvvisoRepository
from notifiche.use_cases.making import ROME, add, new_avviso, settle, today

EMERGENZA = "emergenza_aperta"


def tell_emergenza(event: EmergenzaApertaV1, tx: Transaction) -> None:
    """The coordinatori of the settore (of the ente, where it has none) and the DPO are asked to look and to sign, on
    the day and again each morning until somebody has. Nobody there: the inbox of the settore."""
    incarichi = projections.incarichi_of_ente(event.ente, tx)
    everywhere = domain.in_office(incarichi, domain.COORDINATORE, today())
    here = domain.in_office(
        [one for one in incarichi if one.settore == event.settore], domain.COORDINATORE, today()
    )
    found = [*(here or everywhere), *domain.in_office(incarichi, domain.RPD, today())]
    kept_away = projections.esclusi_from((event.residente_id,), tx) | {event.operatore_id}
    again = f" Nessuno l'ha ancora firmato: è il sollecito n. {event.sollecito}." if event.sollecito else ""
    opened = event.aperta_il.astimezone(ROME)
    testo = Testo(
        EMERGENZA,
        "Accesso d'emergenza da firmare",
        f"Il {opened:%d/%m/%Y} alle {opened:%H:%M} un operatore ha aperto un caso con l'accesso d'emergenza.{again}",
        "alta",
    )
    _settle(event.emergenza_id, tx)
    to = [one for one in dict.fromkeys(found) if one not in kept_away]
    _tell(testo, event.ente, event.settore, to, event.emergenza_id, opened.date(), tx)


def settle_emergenza(event: EmergenzaRivistaV1, tx: Transaction) -> None:
    """Somebody has signed: nobody is asked any more."""
    _settle(event.emergenza_id, tx)


def _settle(emergenza_id: UUID, tx: Transaction) -> None:
    for asked in AvvisoRepository(tx).about(emergenza_id, EMERGENZA):
        settle(asked)


REGOLE = {
    "molti_casi": "molti casi in poco tempo",
    "fuori_orario": "letture fuori orario",
    "stesso_cognome": "persone con lo stesso cognome di chi legge",
    "stesso_indirizzo": "persone con lo stesso indirizzo di chi legge",
    "senza_assegnazione": "casi non assegnati a chi legge",
}


def tell_anomalia(event: AccessoAnomaloV1, tx: Transaction) -> None:
    """The DPO of the ente hears of a finding: which rule and how many accesses, not whose."""
    what = REGOLE.get(event.regola, event.regola.replace("_", " "))
    accesses = "un accesso" if event.righe == 1 else f"{event.righe} accessi"
    testo = Testo(
        "accesso_anomalo", "Accessi da guardare", f"Una regola ha trovato {accesses}: {what}.", "alta"
    )
    data = event.al.astimezone(ROME).date()
    _tell_rpd(testo, event.ente, event.anomalia_id, {event.operatore_id}, data, tx)


def tell_rapporto(event: RapportoAnomaliePreparatoV1, tx: Transaction) -> None:
    """The DPO's week in two numbers; the rest is on the page."""
    testo = Testo(
        "riepilogo_accessi",
        "Riepilogo degli accessi",
        f"Settimana dal {event.dal:%d/%m} al {event.al:%d/%m/%Y}: segnalazioni nuove {event.nuove},"
        f" ancora da guardare {event.aperte}.",
    )
    _tell_rpd(testo, event.ente, event.rapporto_id, set(), event.al, tx)


def _tell_rpd(
    testo: Testo, ente: str, riferimento_id: UUID, without: set[UUID], data: date, tx: Transaction
) -> None:
    """Every DPO of the ente but the one it is about; nobody there: the inbox of the DPO's office."""
    found = domain.in_office(projections.incarichi_of_ente(ente, tx), domain.RPD, today())
    _tell(testo, ente, domain.RPD, [one for one in found if one not in without], riferimento_id, data, tx)


def _tell(
    testo: Testo,
    ente: str,
    settore: str,
    found: Sequence[UUID],
    riferimento_id: UUID,
    data: date,
    tx: Transaction,
) -> None:
    assert tx.envelope is not None
    destinatari: Sequence[UUID | None] = found or [None]
    for destinatario_id in destinatari:
        avviso = new_avviso(
            domain.avviso_id(tx.envelope.id, None, destinatario_id), tx.envelope.id, testo, data
        )
        avviso.ente, avviso.settore = ente, settore
        avviso.destinatario_id, avviso.riferimento_id = destinatario_id, riferimento_id
        add(avviso, tx)
