"""Every query of documenti. The mandate and the privacy of a documento are part of the WHERE, never a second look."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Select, and_, cast, false, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.cartelle import lent_in_person, within
from chassis.reach import SECOND_LEVEL, second_level_of, sql_second_level
from contracts.cartella import StatoCartella
from contracts.documenti import StatoDocumento, StatoStampa
from contracts.errors import Conflict, NotFound
from contracts.mandato import Extent, Mandato
from documenti.domain.documento import Documento
from documenti.domain.stampa import Stampa
from documenti.models import cartelle_note, documenti, stampe

D, S, C = documenti.c, stampe.c, cartelle_note.c


@dataclass(frozen=True, slots=True)
class CartellaNota:
    """What is known here of a case the caller may see."""

    cartella_id: UUID
    numero: str
    ente: str
    stato: StatoCartella
    proprietari: tuple[UUID, ...]
    """The team, and who opened it while nobody is responsible: nobody asks them why."""
    residente_id: UUID | None = None
    personale: bool = False
    """Lent to the caller in person: such a grant has a reason of its own."""


def get_cartella(
    session: Session, cartella_id: UUID, mandato: Mandato, scope: str, *, documenti_too: bool = False
) -> CartellaNota:
    """NotFound for a case that does not exist or is out of reach: the same answer. `documenti_too`: a case is also
    found by a documento in it of the second level of the caller's settore."""
    reached = within(mandato, scope, C)
    if documenti_too:
        marked = select(D.id).where(
            D.cartella_id == C.cartella_id, D.stato == StatoDocumento.CARICATO, ~D.privato
        )
        reached = or_(reached, marked.where(_marked_for(mandato, scope)).exists())
    query = select(
        C.cartella_id, C.numero, C.ente, C.stato, C.team, C.aperta_da, C.residente_id, C.condivisioni
    )
    row = session.execute(query.where(C.cartella_id == cartella_id, reached)).one_or_none()
    if row is None:
        raise NotFound("cartella.non_trovata", "Caso non trovato.")
    own = (*row.team, *([row.aperta_da] if row.aperta_da else []))
    return CartellaNota(
        row.cartella_id, row.numero, row.ente, StatoCartella(row.stato), own, row.residente_id,
        lent_in_person(row.condivisioni, mandato, scope),
    )  # fmt: skip


def _marked_for(mandato: Mandato, scope: str) -> ColumnElement[bool]:
    """Documents of the second level of the caller's settore, in whatever case of the ente: for roles that hold the
    second level and whose scope reaches beyond their own cases (docs/adr/0020)."""
    if mandato.extent(scope) in (Extent.NESSUNO, Extent.PROPRI):
        return false()
    enti_of_scope = (mandato.ente,) if mandato.extent(scope) is Extent.SETTORE else mandato.enti(scope)
    place = [C.ente.in_(enti_of_scope), D.settore_riservato != ""]
    if mandato.esclusi:
        place.append(C.residente_id.not_in(mandato.esclusi))
    ways: list[ColumnElement[bool]] = []
    if settore := second_level_of(mandato):
        ways.append(and_(C.ente == mandato.ente, D.settore_riservato == settore))
    if enti := mandato.enti(SECOND_LEVEL):
        ways.append(C.ente.in_(enti))
    return and_(*place, or_(false(), *ways))


def _written_and_dated() -> Any:
    """When a documento came to be: uploaded, or dated if that is earlier (to the end of that day, in Rome)."""
    uploaded = func.coalesce(D.caricato_il, D.iniziato_il)
    dated = func.timezone("Europe/Rome", cast(D.data_documento + 1, DateTime))
    return func.least(uploaded, func.coalesce(dated, uploaded))


class DocumentoRepository:
    """Files of the cases, while one sees the case. A private one exists for its author alone; one of the second level
    for its author and for those whom that settore's second level is open to, whatever settore the case is of; what a
    grant hides is there for its author alone."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, documento: Documento) -> bool:
        """False when the id is already taken (the same request again)."""
        statement = insert(documenti).values(_row(documento)).on_conflict_do_nothing(index_elements=["id"])
        return bool(self._session.execute(statement.returning(D.id)).scalar_one_or_none())

    def get(
        self,
        documento_id: UUID,
        mandato: Mandato,
        scope: str,
        *,
        cartella_id: UUID | None = None,
        lock: bool = False,
    ) -> Documento:
        """A whole documento the caller may see; of this case alone when one is named."""
        query = self._visible(mandato, scope).where(D.id == documento_id, D.stato == StatoDocumento.CARICATO)
        if cartella_id is not None:
            query = query.where(D.cartella_id == cartella_id)
        return self._one(query, lock)

    def find(self, documento_id: UUID, mandato: Mandato, scope: str) -> Documento | None:
        """A whole documento, or None when there is none the caller may see."""
        query = self._visible(mandato, scope).where(D.id == documento_id, D.stato == StatoDocumento.CARICATO)
        row = self._session.execute(query).one_or_none()
        return _documento(row) if row else None

    def get_own(self, documento_id: UUID, mandato: Mandato, scope: str, *, lock: bool = False) -> Documento:
        """A documento of the caller's own, in whatever state."""
        query = self._visible(mandato, scope).where(D.id == documento_id, D.autore_id == mandato.operatore_id)
        return self._one(query, lock)

    def list_of_cartella(
        self, cartella_id: UUID, mandato: Mandato, scope: str, *, limite: int | None = None, salta: int = 0,
        versioni_di: UUID | None = None,
    ) -> tuple[list[Documento], int]:  # fmt: skip
        """Newest first, with how many there are; current versions, or every version of one documento. A version is
        current as long as the caller sees none that replaced it: what he may not see takes nothing from his list."""
        query = self._visible(mandato, scope).where(
            D.cartella_id == cartella_id, D.stato == StatoDocumento.CARICATO
        )
        if versioni_di is None:
            newer = self._visible(mandato, scope).where(D.cartella_id == cartella_id).with_only_columns(D.id)
            query = query.where(or_(D.superato_da.is_(None), D.superato_da.not_in(newer.correlate(None))))
        else:
            root = self._visible(mandato, scope).where(D.id == versioni_di).with_only_columns(D.radice_id)
            query = query.where(D.radice_id == root.scalar_subquery())
        total = self._session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        ordered = query.order_by(D.caricato_il.desc(), D.id.desc()).limit(limite).offset(salta)
        return [_documento(row) for row in self._session.execute(ordered)], total

    def save(self, documento: Documento) -> Documento:
        """Conflict when somebody changed it since it was read."""
        return replace(documento, version=_save(self._session, documenti, documento))

    def take_abandoned(self, before: datetime, limit: int = 100) -> list[Documento]:
        """Uploads begun before and never completed, locked; those another process holds are left to it."""
        query = (
            select(documenti)
            .where(D.stato == StatoDocumento.IN_ARRIVO, D.iniziato_il < before)
            .order_by(D.iniziato_il)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return [_documento(row) for row in self._session.execute(query)]

    def _visible(self, mandato: Mandato, scope: str) -> Select[Any]:
        second_level = sql_second_level(
            mandato, ente=C.ente, riservata=D.settore_riservato, residente=C.residente_id, scope=scope
        )
        ordinary = and_(within(mandato, scope, C, creato=_written_and_dated()), ~D.privato, second_level)
        own = and_(within(mandato, scope, C), D.autore_id == mandato.operatore_id)
        marked = and_(~D.privato, _marked_for(mandato, scope))
        return (
            select(documenti)
            .join(cartelle_note, C.cartella_id == D.cartella_id)
            .where(or_(ordinary, own, marked))
        )

    def _one(self, query: Select[Any], lock: bool) -> Documento:
        row = self._session.execute(query.with_for_update(of=documenti) if lock else query).one_or_none()
        if row is None:
            raise NotFound("documento.non_trovato", "Documento non trovato.")
        return _documento(row)


class StampaRepository:
    """Prints. Each belongs to who asked for it, and only while he sees the case."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, stampa: Stampa) -> bool:
        """False when the id is already taken (the same request again)."""
        statement = insert(stampe).values(_row(stampa)).on_conflict_do_nothing(index_elements=["id"])
        return bool(self._session.execute(statement.returning(S.id)).scalar_one_or_none())

    def get(self, stampa_id: UUID, mandato: Mandato, scope: str) -> Stampa:
        row = self._session.execute(self._own(mandato, scope).where(S.id == stampa_id)).one_or_none()
        if row is None:
            raise NotFound("stampa.non_trovata", "Stampa non trovata.")
        return _stampa(row)

    def find(self, stampa_id: UUID, mandato: Mandato, scope: str) -> Stampa | None:
        row = self._session.execute(self._own(mandato, scope).where(S.id == stampa_id)).one_or_none()
        return _stampa(row) if row else None

    def list_of_cartella(
        self, cartella_id: UUID, mandato: Mandato, scope: str, limit: int = 50
    ) -> list[Stampa]:
        query = self._own(mandato, scope).where(S.cartella_id == cartella_id)
        rows = self._session.execute(query.order_by(S.richiesta_il.desc()).limit(limit))
        return [_stampa(row) for row in rows]

    def get_for_work(self, stampa_id: UUID) -> Stampa | None:
        """For the renderer, which acts for nobody; None when there is no such print."""
        row = self._session.execute(select(stampe).where(S.id == stampa_id).with_for_update()).one_or_none()
        return _stampa(row) if row else None

    def take_stuck(self, before: datetime, limit: int = 100) -> list[Stampa]:
        """Prints asked for before and never done, locked."""
        query = select(stampe).where(S.stato == StatoStampa.IN_CORSO, S.richiesta_il < before).limit(limit)
        return [_stampa(row) for row in self._session.execute(query.with_for_update(skip_locked=True))]

    def save(self, stampa: Stampa) -> Stampa:
        """Conflict when somebody changed it since it was read."""
        return replace(stampa, version=_save(self._session, stampe, stampa))

    def _own(self, mandato: Mandato, scope: str) -> Select[Any]:
        return (
            select(stampe)
            .join(cartelle_note, C.cartella_id == S.cartella_id)
            .where(and_(within(mandato, scope, C), S.richiedente_id == mandato.operatore_id))
        )


def _save(session: Session, table: Any, entity: Documento | Stampa) -> int:
    new = {**_row(entity), "version": entity.version + 1}
    statement = update(table).where(table.c.id == entity.id, table.c.version == entity.version).values(new)
    if not session.execute(statement).rowcount:  # type: ignore[attr-defined]
        raise Conflict(
            "versione.superata", "Nel frattempo qualcuno ha modificato questi dati: ricarica la pagina."
        )
    return entity.version + 1


def _row(entity: Documento | Stampa) -> dict[str, Any]:
    return asdict(entity)


def _documento(row: Any) -> Documento:
    values = row._asdict()
    return Documento(**{**values, "stato": StatoDocumento(values["stato"])})


def _stampa(row: Any) -> Stampa:
    values = row._asdict()
    return Stampa(**{**values, "stato": StatoStampa(values["stato"])})
