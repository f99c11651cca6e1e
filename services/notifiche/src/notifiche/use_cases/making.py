"""Making an alert: how it is filled, added, told."""

from datetime import UTC, date, datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from chassis.sql import Transaction
from contracts.notifiche import SOLO_SECONDO_LIVELLO, AvvisoCreatoV1, FattoAvviso, StatoAvviso
from notifiche import domain, projections
from notifiche.domain import CartellaNota, FattoAnagrafe, Testo
from notifiche.models import AvvisoTable
from notifiche.repository import AvvisoRepository

F = TypeVar("F", bound=FattoAvviso)
ROME = ZoneInfo("Europe/Rome")


def today() -> date:
    """The date on the wall of the office."""
    return datetime.now(ROME).date()


def new_avviso(avviso_id: UUID, event_id: UUID, testo: Testo, data_evento: date) -> AvvisoTable:
    return AvvisoTable(
        id=avviso_id,
        event_id=event_id,
        tipo=testo.tipo,
        titolo=testo.titolo,
        descrizione=testo.descrizione,
        gravita=testo.gravita,
        cartella_numero="",
        campi_variati=[],
        conferma_richiesta=False,
        stato=StatoAvviso.NUOVO.value,
        motivo="",
        data_evento=data_evento,
        creato_il=datetime.now(UTC),
        version=1,
    )


def attach(avviso: AvvisoTable, cartella: CartellaNota) -> None:
    avviso.cartella_id, avviso.cartella_numero = cartella.cartella_id, cartella.numero
    avviso.ente, avviso.settore = cartella.place


def add(avviso: AvvisoTable, tx: Transaction) -> None:
    """Adds the alert with its mail and tells the open pages; nothing when this fact has already made it."""
    if AvvisoRepository(tx).add(avviso):
        tell(avviso, tx)


def tell(avviso: AvvisoTable, tx: Transaction) -> None:
    """Says that an alert waits for its addressee, or for a settore."""
    cartella = projections.get_cartella(avviso.cartella_id, tx) if avviso.cartella_id else None
    about = {avviso.residente_id, cartella.residente_id if cartella else None}
    residenti = sorted(one for one in about if one is not None)
    event = fact(
        AvvisoCreatoV1,
        avviso,
        esclusi=sorted(projections.esclusi_from(residenti, tx)),
        residenti=residenti,
        secondo_livello=bool(cartella and cartella.settore_riservato) or avviso.tipo in SOLO_SECONDO_LIVELLO,
    )
    tx.emit(event, sequence=avviso.version)


def close(avviso: AvvisoTable) -> None:
    """Nothing more is to be done about it."""
    avviso.chiuso_il = datetime.now(UTC)


def settle(avviso: AvvisoTable) -> None:
    """What it asked for has been done: closed and read, if it still waits."""
    if avviso.chiuso_il is None:
        close(avviso)
        avviso.stato = StatoAvviso.LETTO.value


def fact(event_type: type[F], avviso: AvvisoTable, **more: object) -> F:
    """The event of that type about an alert."""
    shared = {name: getattr(avviso, name) for name in FattoAvviso.model_fields if name != "avviso_id"}
    return event_type.model_validate({"avviso_id": avviso.id, **shared, **more})


def destinatario_of(cartella: CartellaNota, about: UUID | None, tx: Transaction) -> UUID | None:
    """Who gets an alert of a case today, `about` a person: nobody who lives with him or with the case's own."""
    kept_away = projections.esclusi_from((cartella.residente_id, about), tx)
    return domain.choose_destinatario(cartella, projections.incarichi_for(cartella, tx), today(), kept_away)


def alert_fatto(fatto: FattoAnagrafe, cartella: CartellaNota, tx: Transaction) -> None:
    """One registry fact in one case: one alert, unless a household change says nothing new there."""
    if not fatto.tells(cartella):
        return
    residente_id = fatto.subject(cartella)
    if fatto.tipo is domain.TipoFatto.NUCLEO:
        untold = domain.untold_members(fatto, projections.told_facts(fatto, cartella.cartella_id, tx))
        if not untold:
            return
        testo = domain.describe_nucleo(fatto, untold)
        residente_id = untold[0] if len(untold) == 1 else cartella.residente_id
    else:
        testo = domain.describe(fatto, cartella)
    avviso = new_avviso(
        domain.avviso_id(fatto.event_id, cartella.cartella_id), fatto.event_id, testo, fatto.data_evento
    )
    attach(avviso, cartella)
    avviso.residente_id = residente_id
    avviso.campi_variati = list(fatto.campi_variati)
    avviso.conferma_richiesta = True
    avviso.destinatario_id = destinatario_of(cartella, residente_id, tx)
    add(avviso, tx)
