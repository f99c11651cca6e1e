"""Every query on alerts and the mail queue. What a mandate does not reach is not there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, false, func, literal, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.outbox import new_id
from chassis.reach import sql_filter, sql_second_level
from chassis.sql import Transaction
from contracts.errors import NotFound
from contracts.mandato import Extent, Mandato
from contracts.notifiche import (
    SEZIONE_DI,
    SEZIONI_AVVISI,
    SOLO_SECONDO_LIVELLO,
    AvvisoOut,
    ListAvvisi,
    StatoAvviso,
)
from notifiche.models import AvvisoTable, CartellaNotaTable, MailTable, as_dict

A, C = AvvisoTable, CartellaNotaTable
HANDED_OVER = ("foglio_da_approvare", "altra_cartella")
"""Kinds that ask for no confirmation and yet must find somebody: they go to the inbox when their addressee cannot."""


def reach(mandato: Mandato, scope: str) -> ColumnElement[bool]:
    """Alerts addressed to the caller (or to whom he stands in for), and the inbox (no addressee) of the settori his
    scope reaches, of the kinds whose section he reads there; none about his own household, none of a case whose second
    level is closed to him. An offered case is told of by its number before anybody there may know more: to the settore
    it is offered to, however far one reaches.
    """
    if mandato.extent(scope) is Extent.NESSUNO:
        return false()
    offered = and_(A.cartella_id.is_(None), A.cartella_numero != "")
    his_settore = and_(A.ente == mandato.ente, A.settore == mandato.settore)
    place = sql_filter(mandato, scope, ente=A.ente, settore=A.settore)
    inbox = and_(A.destinatario_id.is_(None), place, or_(not_(offered), his_settore), _kinds(mandato))
    addressed = or_(A.destinatario_id.in_(mandato.persone), inbox)
    second_level = sql_second_level(
        mandato, ente=C.ente, riservata=C.settore_riservato, residente=C.residente_id, scope=scope
    )
    closed = or_(C.residente_id.in_(mandato.esclusi), not_(second_level))
    strangers = or_(A.residente_id.is_(None), A.residente_id.not_in(mandato.esclusi))
    of_its_settore = or_(
        A.tipo.not_in(SOLO_SECONDO_LIVELLO), sql_second_level(mandato, ente=A.ente, riservata=A.settore)
    )
    hidden = exists().where(C.cartella_id == A.cartella_id, closed)
    return and_(addressed, strangers, of_its_settore, ~hidden)


def _kinds(mandato: Mandato) -> ColumnElement[bool]:
    """Kinds of alert whose section the caller reads in the place they are for."""
    return or_(
        false(),
        *(
            and_(
                A.tipo.in_([tipo for tipo, needed in SEZIONE_DI.items() if needed == scope]),
                sql_filter(mandato, scope, ente=A.ente, settore=A.settore),
            )
            for scope in SEZIONI_AVVISI
            if mandato.extent(scope) is not Extent.NESSUNO
        ),
    )


class AvvisoRepository:
    """Alerts, inside a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._session = tx.session

    def add(self, avviso: AvvisoTable) -> bool:
        """Adds the alert and its mail; False when this fact has already made it."""
        added = self._session.execute(
            insert(A).values(as_dict(avviso)).on_conflict_do_nothing().returning(A.id)
        ).one_or_none()
        if added is None:
            return False
        self.queue_mail(avviso.id)
        return True

    def queue_mail(self, avviso_id: UUID) -> None:
        now = func.now()
        values = {"id": new_id(), "avviso_id": avviso_id, "stato": "creata", "tentativi": 0, "errore": ""}
        self._session.execute(insert(MailTable).values(**values, prossimo_tentativo=now, creata_il=now))

    def get_for_update(self, avviso_id: UUID, mandato: Mandato, scope: str) -> AvvisoTable:
        query = select(A).where(A.id == avviso_id, reach(mandato, scope)).with_for_update()
        row = self._session.scalars(query).one_or_none()
        if row is None:
            raise NotFound("avviso.non_trovato", "L'avviso non esiste.")
        return row

    def of_cartella(self, cartella_id: UUID) -> list[AvvisoTable]:
        """Registry alerts of a case, locked."""
        query = (
            select(A)
            .where(A.cartella_id == cartella_id, A.conferma_richiesta)
            .order_by(A.id)
            .with_for_update()
        )
        return list(self._session.scalars(query))

    def about(self, riferimento_id: UUID, tipo: str) -> list[AvvisoTable]:
        """Alerts about one thing (a foglio, an offer), open or not, locked."""
        query = select(A).where(A.riferimento_id == riferimento_id, A.tipo == tipo)
        return list(self._session.scalars(query.order_by(A.id).with_for_update()))

    def open_requests_about(self, cartella_id: UUID) -> list[AvvisoTable]:
        """Open alerts in a case that follow its settore, locked."""
        query = select(A).where(A.cartella_id == cartella_id, A.chiuso_il.is_(None), A.tipo.in_(HANDED_OVER))
        return list(self._session.scalars(query.order_by(A.id).with_for_update()))

    def open_requests_of(self, destinatari: Sequence[UUID]) -> list[AvvisoTable]:
        """Those of them that are addressed to any of these operators, locked."""
        query = select(A).where(
            A.destinatario_id.in_(destinatari), A.chiuso_il.is_(None), A.tipo.in_(HANDED_OVER)
        )
        return list(self._session.scalars(query.order_by(A.id).with_for_update()))

    def open_of(self, destinatari: Sequence[UUID]) -> list[UUID]:
        """Cases with open registry alerts addressed to any of these operators."""
        query = select(A.cartella_id).where(
            A.destinatario_id.in_(destinatari), A.chiuso_il.is_(None), A.conferma_richiesta
        )
        return [one for one in self._session.scalars(query.distinct()) if one is not None]

    def open_about_persons(self, destinatario_id: UUID, residenti: Sequence[UUID]) -> list[AvvisoTable]:
        """Open alerts addressed to an operator about these persons or in their cases, locked."""
        theirs = select(C.cartella_id).where(C.residente_id.in_(residenti))
        about = or_(A.residente_id.in_(residenti), A.cartella_id.in_(theirs))
        query = select(A).where(A.destinatario_id == destinatario_id, A.chiuso_il.is_(None), about)
        return list(self._session.scalars(query.order_by(A.id).with_for_update()))

    def forget_person(self, residente_id: UUID) -> None:
        """In the cases of others, an alert about this person is from now on about the case's own."""
        elsewhere = and_(A.residente_id == residente_id, C.residente_id != residente_id)
        self._session.execute(
            update(A)
            .where(A.cartella_id == C.cartella_id, elsewhere)
            .values(residente_id=C.residente_id, campi_variati=[])
            .execution_options(synchronize_session=False)
        )


def list_avvisi(request: ListAvvisi, mandato: Mandato, session: Session) -> tuple[list[AvvisoOut], int, int]:
    """(the page asked for, newest first; how many match; how many unread in all)."""
    mine = reach(mandato, "avvisi:leggi")
    wanted = [mine]
    if request.solo_aperti:
        wanted.append(A.chiuso_il.is_(None))
    if request.cartella_id is not None:
        wanted.append(A.cartella_id == request.cartella_id)
    page = (
        select(A)
        .where(*wanted)
        .order_by(A.creato_il.desc(), A.id)
        .limit(request.limite)
        .offset(request.salta)
    )
    totale = session.scalar(select(func.count()).select_from(A).where(*wanted)) or 0
    unread = select(func.count()).select_from(A).where(mine, A.stato == StatoAvviso.NUOVO.value)
    return [to_out(row) for row in session.scalars(page)], totale, session.scalar(unread) or 0


def to_out(row: AvvisoTable) -> AvvisoOut:
    values = as_dict(row)
    shown = {name: values[name] for name in AvvisoOut.model_fields if name in values}
    return AvvisoOut(**shown, da_confermare=row.conferma_richiesta and row.chiuso_il is None)


# --- mail --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MailDaInviare:
    """A claimed mail with what its text needs."""

    id: UUID
    avviso_id: UUID
    tipo: str
    titolo: str
    cartella_numero: str
    ente: str
    settore: str
    destinatario_id: UUID | None
    cartella_id: UUID | None
    residente_id: UUID | None
    tentativi: int
    creata_il: datetime


ABANDONED_AFTER = timedelta(minutes=2)
"""A mail in_invio for longer belongs to a process that died; it is sent again under the same Message-ID."""


MAIL_DA_INVIARE: dict[str, Any] = {
    "id": MailTable.id,
    "avviso_id": A.id,
    "tipo": A.tipo,
    "titolo": A.titolo,
    "cartella_numero": A.cartella_numero,
    "ente": A.ente,
    "settore": A.settore,
    "destinatario_id": A.destinatario_id,
    "cartella_id": A.cartella_id,
    "residente_id": A.residente_id,
    "tentativi": MailTable.tentativi,
    "creata_il": MailTable.creata_il,
}


class MailRepository:
    """The mail queue, inside a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._session = tx.session

    def claim(self, limit: int) -> list[MailDaInviare]:
        """Takes due mails for sending; while one is claimed its next try is when it counts as abandoned."""
        due = select(MailTable.id).where(
            MailTable.stato.in_(("creata", "in_invio")), MailTable.prossimo_tentativo <= func.now()
        )
        due = due.order_by(MailTable.prossimo_tentativo).limit(limit).with_for_update(skip_locked=True)
        claimed = (
            update(MailTable)
            .where(MailTable.id.in_(select(due.cte("due").c.id)), MailTable.avviso_id == A.id)
            .values(
                stato="in_invio",
                tentativi=MailTable.tentativi + 1,
                prossimo_tentativo=func.now() + literal(ABANDONED_AFTER),
            )
            .returning(*(column.label(name) for name, column in MAIL_DA_INVIARE.items()))
            .execution_options(synchronize_session=False)
        )
        return [MailDaInviare(**row) for row in self._session.execute(claimed).mappings()]

    def mark_sent(self, mail_id: UUID) -> None:
        self._mark(mail_id, stato="inviata", inviata_il=func.now(), errore="")

    def postpone(self, mail_id: UUID, delay: timedelta, error: str) -> None:
        self._mark(mail_id, stato="creata", prossimo_tentativo=func.now() + literal(delay), errore=error)

    def mark_failed(self, mail_id: UUID, error: str) -> None:
        self._mark(mail_id, stato="fallita", errore=error)

    def _mark(self, mail_id: UUID, **values: Any) -> None:
        """Only from in_invio: whoever comes late finds it done and changes nothing."""
        mine = (MailTable.id == mail_id) & (MailTable.stato == "in_invio")
        self._session.execute(
            update(MailTable).where(mine).values(**values).execution_options(synchronize_session=False)
        )
