"""What others own, as last told: cases, incarichi, fogli, registry facts. Events carry state; the older is ignored."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.cartelle import record_cartella
from chassis.sql import Transaction
from contracts.cartella import FattoCartella, StatoCartella
from contracts.erogazioni import FoglioPropostoV1
from contracts.gateway import OperatoreAbilitatoV1, OperatoreRevocatoV1
from notifiche.domain import CartellaNota, FattoAnagrafe, Incarico, TipoFatto
from notifiche.models import (
    AvvisoTable,
    CartellaNotaTable,
    FattoAnagrafeTable,
    FoglioNotoTable,
    IncaricoTable,
    OperatoreEsclusi,
)
from notifiche.policies import InboxReaders
from notifiche.repository import MailDaInviare

SAME_NIGHT = timedelta(hours=12)
"""How far apart a person fact and the household change it explains may have been learned."""

LOCK_RESIDENTI = """
SELECT pg_advisory_xact_lock(hashtextextended(id::text, 7401))
FROM (SELECT DISTINCT unnest(CAST(:residenti AS uuid[])) AS id ORDER BY 1) AS ordered
"""
"""A case and a registry fact about the same person, arriving together, must see each other: one waits."""


def lock_residenti(residenti: tuple[UUID, ...], tx: Transaction) -> None:
    """Held until the transaction ends; always taken in the same order."""
    tx.session.execute(text(LOCK_RESIDENTI), {"residenti": [str(one) for one in residenti]})


# --- cases -------------------------------------------------------------------------------------------------------


def learn_cartella(event: FattoCartella, tx: Transaction) -> CartellaNota:
    """Takes the case's state unless a newer one is known; the state now known."""
    record_cartella(CartellaNotaTable.__table__, event, tx)
    known = get_cartella(event.cartella_id, tx)
    assert known is not None
    return known


def get_cartella(cartella_id: UUID, tx: Transaction) -> CartellaNota | None:
    row = tx.session.get(CartellaNotaTable, cartella_id, populate_existing=True)
    return _cartella(row) if row else None


def open_cartelle(residenti: tuple[UUID, ...], tx: Transaction) -> list[CartellaNota]:
    """Cases not closed of any of these persons."""
    query = select(CartellaNotaTable).where(
        CartellaNotaTable.residente_id.in_(residenti), CartellaNotaTable.stato != StatoCartella.CHIUSA.value
    )
    return [_cartella(row) for row in tx.session.scalars(query.order_by(CartellaNotaTable.cartella_id))]


def _cartella(row: CartellaNotaTable) -> CartellaNota:
    return CartellaNota(
        cartella_id=row.cartella_id,
        numero=row.numero,
        residente_id=row.residente_id,
        ente=row.ente,
        settore=row.settore,
        stato=StatoCartella(row.stato),
        responsabile_id=row.responsabile_id,
        team=tuple(row.team),
        settore_riservato=row.settore_riservato,
    )


# --- incarichi ---------------------------------------------------------------------------------------------------


def record_incarico(event: OperatoreAbilitatoV1, tx: Transaction) -> None:
    values = event.model_dump(
        include={"incarico_id", "operatore_id", "ente", "settore", "ruolo", "email", "dal", "al"}
    )
    _upsert_incarico(values, tuple(values), tx)


def revoke_incarico(event: OperatoreRevocatoV1, tx: Transaction) -> None:
    """Ends the incarico the day before. Told before the incarico itself: kept, so that the older cannot revive it."""
    blank = {"ente": "", "settore": "", "ruolo": "", "email": "", "dal": event.data}
    ends = {
        "incarico_id": event.incarico_id,
        "operatore_id": event.operatore_id,
        "al": event.data - timedelta(days=1),
    }
    _upsert_incarico(blank | ends, ("al",), tx)


def _upsert_incarico(values: dict[str, object], changes: tuple[str, ...], tx: Transaction) -> None:
    assert tx.envelope is not None
    statement = insert(IncaricoTable).values(values | {"sequence": tx.envelope.sequence})
    statement = statement.on_conflict_do_update(
        index_elements=["incarico_id"],
        set_={name: statement.excluded[name] for name in (*changes, "sequence")},
        where=IncaricoTable.sequence <= statement.excluded.sequence,
    )
    tx.session.execute(statement)


def incarichi_for(cartella: CartellaNota, tx: Transaction) -> list[Incarico]:
    """Incarichi of the case's people and of its settore."""
    people = [one for one in (cartella.responsabile_id, *cartella.team) if one is not None]
    ente, settore = cartella.place
    in_settore = (IncaricoTable.ente == ente) & (IncaricoTable.settore == settore)
    query = select(IncaricoTable).where(in_settore | IncaricoTable.operatore_id.in_(people))
    return [_incarico(row) for row in tx.session.scalars(query)]


def incarichi_of_ente(ente: str, tx: Transaction) -> list[Incarico]:
    query = select(IncaricoTable).where(IncaricoTable.ente == ente)
    return [_incarico(row) for row in tx.session.scalars(query)]


def mail_addresses(mail: MailDaInviare, readers: InboxReaders, today: date, tx: Transaction) -> list[str]:
    """Where a mail goes: the addressee, or when the settore's inbox has the alert everybody active there whose role
    reads it; never to who may not meet the person it is about."""
    if mail.destinatario_id is not None:
        query = select(IncaricoTable).where(IncaricoTable.operatore_id == mail.destinatario_id)
    else:
        query = select(IncaricoTable).where(
            IncaricoTable.ente == mail.ente, IncaricoTable.settore == mail.settore
        )
    cartella = get_cartella(mail.cartella_id, tx) if mail.cartella_id else None
    kept_away = esclusi_from((mail.residente_id, cartella.residente_id if cartella else None), tx)
    found = [_incarico(row) for row in tx.session.scalars(query.order_by(IncaricoTable.sequence.desc()))]
    wanted = [one for one in found if one.email and one.active(today) and one.operatore_id not in kept_away]
    if mail.destinatario_id is None:
        second_level = bool(cartella and cartella.settore_riservato)
        wanted = [one for one in wanted if readers.has(one.ruolo, mail.tipo, second_level=second_level)]
    addresses = list(dict.fromkeys(one.email for one in wanted))
    return addresses[:1] if mail.destinatario_id is not None else addresses


def esclusi_from(residenti: Iterable[UUID | None], tx: Transaction) -> set[UUID]:
    """Operators known to live with any of these persons (or to be one)."""
    people = [one for one in residenti if one is not None]
    query = select(OperatoreEsclusi.operatore_id).where(OperatoreEsclusi.residenti.overlap(people))
    return set(tx.session.scalars(query)) if people else set()


def known_esclusi(operatore_id: UUID, session: Session) -> set[UUID]:
    """Whom this operator is known to be kept from."""
    row = session.get(OperatoreEsclusi, operatore_id)
    return set(row.residenti) if row else set()


def learn_esclusi(operatore_id: UUID, residenti: Iterable[UUID], tx: Transaction) -> None:
    statement = insert(OperatoreEsclusi).values(operatore_id=operatore_id, residenti=sorted(residenti))
    statement = statement.on_conflict_do_update(
        index_elements=["operatore_id"], set_={"residenti": statement.excluded.residenti}
    )
    tx.session.execute(statement)


def retired_destinatari(today: date, tx: Transaction) -> list[UUID]:
    """Operators known to have no active incarico anywhere."""
    active = (IncaricoTable.dal <= today) & ((IncaricoTable.al.is_(None)) | (IncaricoTable.al >= today))
    query = (
        select(IncaricoTable.operatore_id).group_by(IncaricoTable.operatore_id).having(~func.bool_or(active))
    )
    return list(tx.session.scalars(query))


def _incarico(row: IncaricoTable) -> Incarico:
    return Incarico(row.operatore_id, row.ente, row.settore, row.ruolo, row.dal, row.al, row.email)


# --- fogli -------------------------------------------------------------------------------------------------------


def record_foglio(event: FoglioPropostoV1, tx: Transaction) -> None:
    values = event.model_dump(include={"foglio_id", "cartella_id", "proponente_id"})
    tx.session.execute(insert(FoglioNotoTable).values(values).on_conflict_do_nothing())


def proponente_of(foglio_id: UUID, tx: Transaction) -> UUID | None:
    """Who proposed it; None when the proposal has not arrived yet."""
    row = tx.session.get(FoglioNotoTable, foglio_id)
    return row.proponente_id if row else None


# --- registry facts ----------------------------------------------------------------------------------------------


def record_fatto(fatto: FattoAnagrafe, tx: Transaction, wait: timedelta | None = None) -> None:
    """Keeps the fact; with `wait` it is to be told that long from now."""
    values = {
        "event_id": fatto.event_id,
        "tipo": fatto.tipo.value,
        "motivo": fatto.motivo,
        "residente_id": fatto.residente_id,
        "residenti": list(fatto.residenti),
        "entrati": list(fatto.entrati),
        "usciti": list(fatto.usciti),
        "riservati": list(fatto.riservati),
        "campi_variati": list(fatto.campi_variati),
        "data_evento": fatto.data_evento,
        "time": fatto.time,
        "valuta_dal": None if wait is None else func.now() + literal(wait),
    }
    tx.session.execute(insert(FattoAnagrafeTable).values(values).on_conflict_do_nothing())


def facts_since(residente_id: UUID, since: datetime, tx: Transaction) -> list[FattoAnagrafe]:
    """Facts known from `since` on that concern a person; household changes still waiting are left to their turn."""
    query = select(FattoAnagrafeTable).where(
        FattoAnagrafeTable.time >= since,
        FattoAnagrafeTable.residenti.contains([residente_id]),
        FattoAnagrafeTable.valuta_dal.is_(None),
    )
    return [_fatto(row) for row in tx.session.scalars(query.order_by(FattoAnagrafeTable.time))]


def claim_nucleo(tx: Transaction, again_in: timedelta) -> FattoAnagrafe | None:
    """The next household change whose wait is over; if it is not told, it comes again `again_in` from now."""
    query = select(FattoAnagrafeTable).where(FattoAnagrafeTable.valuta_dal <= func.now())
    query = query.order_by(FattoAnagrafeTable.valuta_dal).limit(1).with_for_update(skip_locked=True)
    row = tx.session.scalars(query).one_or_none()
    if row is None:
        return None
    row.valuta_dal = func.now() + literal(again_in)
    return _fatto(row)


def settle_nucleo(event_id: UUID, tx: Transaction) -> bool:
    """The household change has been told; False when somebody else did it."""
    row = tx.session.get(FattoAnagrafeTable, event_id, with_for_update=True)
    if row is None or row.valuta_dal is None:
        return False
    row.valuta_dal = None
    return True


def told_facts(nucleo: FattoAnagrafe, cartella_id: UUID, tx: Transaction) -> list[FattoAnagrafe]:
    """Person facts of the same night about who came or went, of which this case has an alert."""
    query = (
        select(FattoAnagrafeTable)
        .join(AvvisoTable, AvvisoTable.event_id == FattoAnagrafeTable.event_id)
        .where(
            AvvisoTable.cartella_id == cartella_id,
            FattoAnagrafeTable.residente_id.in_((*nucleo.entrati, *nucleo.usciti)),
            FattoAnagrafeTable.tipo != TipoFatto.NUCLEO.value,
            FattoAnagrafeTable.time.between(nucleo.time - SAME_NIGHT, nucleo.time + SAME_NIGHT),
        )
    )
    return [_fatto(row) for row in tx.session.scalars(query)]


def forget_facts(older_than: timedelta, tx: Transaction) -> None:
    """Registry facts are kept only as long as an event may be late."""
    old = FattoAnagrafeTable.time < func.now() - literal(older_than)
    tx.session.execute(delete(FattoAnagrafeTable).where(old, FattoAnagrafeTable.valuta_dal.is_(None)))


def _fatto(row: FattoAnagrafeTable) -> FattoAnagrafe:
    return FattoAnagrafe(
        event_id=row.event_id,
        tipo=TipoFatto(row.tipo),
        motivo=row.motivo,
        residente_id=row.residente_id,
        residenti=tuple(row.residenti),
        entrati=tuple(row.entrati),
        usciti=tuple(row.usciti),
        riservati=tuple(row.riservati),
        campi_variati=tuple(row.campi_variati),
        data_evento=row.data_evento,
        time=row.time,
    )
