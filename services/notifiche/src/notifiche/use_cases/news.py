"""News of fogli, prints and offers of a case, and of other cases of its person."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from chassis.outbox import RetryLater
from chassis.sql import Transaction
from contracts.cartella import (
    CartellaApertaV1,
    CartellaAssegnataV1,
    CartellaRiapertaV1,
    CondivisioneDecisaV1,
    CondivisionePropostaV1,
    EsitoProposta,
)
from contracts.documenti import StampaProntaV1
from contracts.erogazioni import FoglioApprovatoV1, FoglioPropostoV1, FoglioRespintoV1
from notifiche import domain, projections
from notifiche.domain import CartellaNota, Testo
from notifiche.repository import AvvisoRepository
from notifiche.use_cases.making import ROME, add, attach, destinatario_of, new_avviso, settle, today

APERTA = Testo(
    "altra_cartella", "Altra cartella aperta", "È stata aperta un'altra cartella per una persona che segui."
)
MOSSA = Testo(
    "altra_cartella",
    "Altra cartella passata di settore",
    "Un'altra cartella di una persona che segui è passata a un altro settore.",
)


def ask_approval(event: FoglioPropostoV1, tx: Transaction) -> None:
    """A foglio waits for the coordinatori of the settore, each with his own alert; the proposer may not approve."""
    assert tx.envelope is not None
    cartella = _known_cartella(event.cartella_id, tx)
    projections.record_foglio(event, tx)
    incarichi = projections.incarichi_for(cartella, tx)
    passed_over = projections.esclusi_from((cartella.residente_id,), tx) | {event.proponente_id}
    found: Sequence[UUID | None] = [
        one for one in domain.coordinatori(cartella, incarichi, today()) if one not in passed_over
    ]
    testo = Testo(
        "foglio_da_approvare",
        "Foglio amministrativo da approvare",
        f"È stato proposto un foglio amministrativo per il caso {cartella.numero}.",
    )
    for coordinatore_id in found or [None]:
        avviso_id = domain.avviso_id(tx.envelope.id, cartella.cartella_id, coordinatore_id)
        avviso = new_avviso(avviso_id, tx.envelope.id, testo, event.data)
        attach(avviso, cartella)
        avviso.residente_id, avviso.riferimento_id = event.residente_id, event.foglio_id
        avviso.destinatario_id = coordinatore_id
        add(avviso, tx)


def tell_decision(event: FoglioApprovatoV1 | FoglioRespintoV1, tx: Transaction) -> None:
    """The proposer hears; nobody is asked any more."""
    assert tx.envelope is not None
    cartella = _known_cartella(event.cartella_id, tx)
    proponente_id = projections.proponente_of(event.foglio_id, tx)
    if proponente_id is None:
        raise RetryLater("the proposal of this foglio has not arrived yet")
    for asked in AvvisoRepository(tx).about(event.foglio_id, "foglio_da_approvare"):
        settle(asked)
    verb = "approvato" if isinstance(event, FoglioApprovatoV1) else "respinto"
    testo = Testo(
        "foglio_deciso",
        f"Foglio amministrativo {verb}",
        f"Il foglio amministrativo che hai proposto per il caso {cartella.numero} è stato {verb}.",
    )
    avviso = new_avviso(
        domain.avviso_id(tx.envelope.id, cartella.cartella_id), tx.envelope.id, testo, event.data
    )
    attach(avviso, cartella)
    avviso.residente_id, avviso.riferimento_id = event.residente_id, event.foglio_id
    avviso.destinatario_id = proponente_id
    add(avviso, tx)


def tell_altra_cartella(
    event: CartellaApertaV1 | CartellaRiapertaV1 | CartellaAssegnataV1, tx: Transaction
) -> None:
    """Who follows a case of the second level hears that its person has another one open now, or that another one has
    come to a settore; which one, he finds as far as he may see it. Only people of its settore, even where the mark
    itself has not arrived here yet; of one that is of a second level itself, nobody of another."""
    assert tx.envelope is not None
    testo = MOSSA if isinstance(event, CartellaAssegnataV1) else APERTA
    for cartella_id in event.accanto_a:
        cartella = _known_cartella(cartella_id, tx)
        hidden = replace(cartella, settore_riservato=cartella.settore_riservato or cartella.settore)
        if event.settore_riservato not in ("", hidden.settore_riservato):
            continue
        avviso_id = domain.avviso_id(tx.envelope.id, cartella_id)
        avviso = new_avviso(avviso_id, tx.envelope.id, testo, event.data)
        attach(avviso, hidden)
        avviso.residente_id = event.residente_id
        avviso.destinatario_id = destinatario_of(hidden, event.residente_id, tx)
        add(avviso, tx)


def tell_stampa(event: StampaProntaV1, tx: Transaction) -> None:
    """Who asked for the print hears that it is ready."""
    assert tx.envelope is not None
    cartella = _known_cartella(event.cartella_id, tx)
    testo = Testo(
        "stampa_pronta", "Stampa pronta", f"La stampa del caso {cartella.numero} è pronta da scaricare."
    )
    avviso_id = domain.avviso_id(tx.envelope.id, event.cartella_id)
    avviso = new_avviso(avviso_id, tx.envelope.id, testo, tx.envelope.time.astimezone(ROME).date())
    attach(avviso, cartella)
    avviso.riferimento_id, avviso.destinatario_id = event.stampa_id, event.richiedente_id
    add(avviso, tx)


def tell_condivisione(event: CondivisionePropostaV1, tx: Transaction) -> None:
    """The settore (or the one person) a case is offered to hears of the offer: its number, nothing of the case."""
    assert tx.envelope is not None
    testo = Testo(
        "condivisione_proposta",
        "Proposta di condivisione",
        f"Ti propongono di condividere il caso {event.numero}: guarda la proposta in “Condivisioni” e decidi.",
    )
    avviso_id = domain.avviso_id(tx.envelope.id, event.condivisione_id)
    avviso = new_avviso(avviso_id, tx.envelope.id, testo, event.data)
    avviso.ente, avviso.settore, avviso.cartella_numero = event.ente, event.settore, event.numero
    avviso.riferimento_id, avviso.destinatario_id = event.condivisione_id, event.operatore_id
    add(avviso, tx)


def settle_condivisione(event: CondivisioneDecisaV1, tx: Transaction) -> None:
    """Nobody is asked any more; who offered the case hears the answer, unless he took the offer back himself."""
    assert tx.envelope is not None
    cartella = _known_cartella(event.cartella_id, tx)
    asked = AvvisoRepository(tx).about(event.condivisione_id, "condivisione_proposta")
    if not asked:
        raise RetryLater("the offer itself has not arrived yet")
    for one in asked:
        settle(one)
    if event.esito is EsitoProposta.RITIRATA:
        return
    testo = Testo(
        "condivisione_decisa",
        f"Condivisione {event.esito.value}",
        f"La condivisione che hai proposto per il caso {cartella.numero} è stata {event.esito.value}.",
    )
    avviso_id = domain.avviso_id(tx.envelope.id, cartella.cartella_id)
    avviso = new_avviso(avviso_id, tx.envelope.id, testo, event.data)
    attach(avviso, cartella)
    avviso.riferimento_id, avviso.destinatario_id = event.condivisione_id, event.proposta_da
    add(avviso, tx)


def _known_cartella(cartella_id: UUID, tx: Transaction) -> CartellaNota:
    cartella = projections.get_cartella(cartella_id, tx)
    if cartella is None:
        raise RetryLater("the case has not arrived yet")
    return cartella
