"""Every query on facts and snapshots."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert

from chassis.outbox import new_id
from chassis.sql import SqlDatabase, Transaction
from contracts.report import ReportGeneratoV1
from report.models import FattoCartellaTable, PartizioneTable

F, P = FattoCartellaTable, PartizioneTable
COLUMNS = (F.persona, F.ente, F.comune, F.area, F.sesso, F.anno_nascita, F.settore, F.stato)
"""In the order of the snapshots' schema."""


@dataclass(frozen=True)
class Partizione:
    """Where the facts of an ente lie."""

    ente: str
    chiave: str
    sha256: str
    dati_al: datetime


@dataclass(frozen=True)
class Istantanea:
    """The facts of one ente at one revision, as rows of COLUMNS."""

    ente: str
    revisione: int
    righe: list[Any]
    dati_al: datetime


class FattoRepository:
    """Facts, inside a transaction."""

    def __init__(self, tx: Transaction) -> None:
        self._session = tx.session

    def record(self, values: dict[str, Any]) -> None:
        """Takes the newest state of a case and marks its ente (and the one it left) as changed."""
        before = self._ente_of(values["cartella"])
        statement = insert(F).values(values)
        statement = statement.on_conflict_do_update(
            index_elements=["cartella"],
            set_={name: statement.excluded[name] for name in values if name != "cartella"},
            where=F.sequence < statement.excluded.sequence,
        )
        if self._session.execute(statement.returning(F.cartella)).one_or_none() is not None:
            for ente in sorted({values["ente"], before} - {None}):
                self._touch(ente)

    def _ente_of(self, cartella: UUID) -> str | None:
        return self._session.scalar(select(F.ente).where(F.cartella == cartella).with_for_update())

    def _touch(self, ente: str) -> None:
        statement = insert(P).values(
            ente=ente, revisione=1, revisione_scritta=0, chiave="", sha256="", righe=0
        )
        self._session.execute(
            statement.on_conflict_do_update(index_elements=["ente"], set_={"revisione": P.revisione + 1})
        )


def changed_enti(db: SqlDatabase) -> list[str]:
    """Enti whose snapshot is older than their facts."""
    with db.read() as session:
        return list(session.scalars(select(P.ente).where(P.revisione > P.revisione_scritta).order_by(P.ente)))


def take_snapshot(ente: str, db: SqlDatabase) -> Istantanea:
    """Revision and facts of an ente as of one moment (repeatable read: no fact in between)."""
    with db.read() as session:
        session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        revisione = session.scalar(select(P.revisione).where(P.ente == ente)) or 0
        query = select(*COLUMNS).where(F.ente == ente).order_by(F.comune, F.area)
        return Istantanea(ente, revisione, [tuple(row) for row in session.execute(query)], datetime.now(UTC))


def point_to(istantanea: Istantanea, chiave: str, sha256: str, db: SqlDatabase) -> bool:
    """Makes a written snapshot the one that holds, and says so; False when a newer one already does."""
    with db.transaction() as tx:
        statement = (
            update(P)
            .where(P.ente == istantanea.ente, P.revisione_scritta < istantanea.revisione)
            .values(
                revisione_scritta=istantanea.revisione,
                chiave=chiave,
                sha256=sha256,
                righe=len(istantanea.righe),
                dati_al=istantanea.dati_al,
            )
            .returning(P.ente)
        )
        if tx.session.execute(statement).one_or_none() is None:
            return False
        event = ReportGeneratoV1(report_id=new_id(), ente=istantanea.ente, righe=len(istantanea.righe))
        tx.emit(event, sequence=istantanea.revisione)
        return True


def partizioni_of(enti: tuple[str, ...], db: SqlDatabase) -> list[Partizione]:
    """Snapshots of these enti, where there are any."""
    query = (
        select(P.ente, P.chiave, P.sha256, P.dati_al).where(P.ente.in_(enti), P.chiave != "").order_by(P.ente)
    )
    with db.read() as session:
        return [
            Partizione(ente, chiave, sha256, dati_al)
            for ente, chiave, sha256, dati_al in session.execute(query)
            if dati_al is not None
        ]


def keys_in_use(db: SqlDatabase) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(P.chiave).where(P.chiave != "")))
