"""Queries on fogli, their numbers and their history. The mandate stands in each WHERE, on the case."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from chassis.cartelle import within
from contracts.erogazioni import ListFogli, StatoFoglio
from contracts.errors import NotFound
from contracts.mandato import Mandato
from erogazioni.domain.fogli import Cartella, Foglio
from erogazioni.models import cartelle, decessi, fogli, isee, numeratori, passaggi

LOCK_COMANDO = 7301
"""Namespace of the advisory locks that make a repeated command wait for its first run."""


def visible(mandato: Mandato, scope: str, creato: Any = None) -> ColumnElement[bool]:
    """Cases a scope reaches. `creato`: when the foglio or payment was made, for grants that hide what came before."""
    reached: ColumnElement[bool] = within(mandato, scope, cartelle.c, creato=creato)
    return reached


@dataclass(frozen=True, kw_only=True, slots=True)
class CartellaNota:
    """Whose a case is: what decides whether it is one of the caller's own."""

    id: UUID
    residente_id: UUID
    ente: str
    team: list[UUID]
    aperta_da: UUID | None
    condivisioni: list[dict[str, Any]]

    @property
    def proprietari(self) -> tuple[UUID, ...]:
        """Who opens it without being asked why."""
        return (*self.team, *([self.aperta_da] if self.aperta_da else []))


class FoglioRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get_cartella(self, cartella_id: UUID, mandato: Mandato, scope: str) -> Cartella:
        columns = [cartelle.c[field.name] for field in fields(Cartella)]
        row = self._session.execute(
            select(*columns).where(cartelle.c.id == cartella_id, visible(mandato, scope))
        )
        found = row.mappings().first()
        if found is None:
            raise NotFound("cartella.non_trovata", "Il caso non esiste o non è visibile.")
        return Cartella(**found)

    def list_note(self, cartella_ids: Collection[UUID], mandato: Mandato, scope: str) -> list[CartellaNota]:
        """Whose these cases are, of those within reach."""
        columns = [cartelle.c[field.name] for field in fields(CartellaNota)]
        query = select(*columns).where(cartelle.c.id.in_(cartella_ids), visible(mandato, scope))
        return [CartellaNota(**row) for row in self._session.execute(query).mappings()]

    def cartella_of(self, foglio_id: UUID) -> UUID:
        """The case of a foglio that is there, whatever the mandate."""
        return self._session.execute(select(fogli.c.cartella_id).where(fogli.c.id == foglio_id)).scalar_one()

    def cartella_of_isee(self, isee_id: UUID, mandato: Mandato, scope: str) -> UUID | None:
        """The case of a known ISEE; None when its event has not arrived, or the scope does not reach the case."""
        query = select(isee.c.cartella_id).join(cartelle, cartelle.c.id == isee.c.cartella_id)
        return self._session.execute(query.where(isee.c.id == isee_id, visible(mandato, scope))).scalar()

    def data_decesso(self, residente_id: UUID) -> date | None:
        """Day of a known death that was not undone."""
        query = select(decessi.c.data_decesso).where(decessi.c.residente_id == residente_id)
        return self._session.execute(query).scalar()

    def get(self, foglio_id: UUID, mandato: Mandato, scope: str, *, for_update: bool = False) -> Foglio:
        query = _fogli(mandato, scope).where(fogli.c.id == foglio_id)
        if for_update:
            query = query.with_for_update(of=fogli)
        row = self._session.execute(query).mappings().first()
        if row is None:
            raise NotFound("foglio.non_trovato", "Il foglio non esiste o non è visibile.")
        return Foglio(**row)

    def find(self, foglio_id: UUID) -> Foglio | None:
        """Whatever the mandate: for a command that comes twice."""
        row = self._session.execute(select(fogli).where(fogli.c.id == foglio_id)).mappings().first()
        return Foglio(**row) if row else None

    def list_visible(self, request: ListFogli, mandato: Mandato) -> tuple[list[Foglio], int]:
        """Newest first, and how many there are in all."""
        query = _fogli(mandato, "fogli:leggi")
        for column, value in ((fogli.c.cartella_id, request.cartella_id), (fogli.c.stato, request.stato)):
            if value is not None:
                query = query.where(column == value)
        if request.da_approvare:
            query = query.where(
                fogli.c.stato == StatoFoglio.PROPOSTO,
                fogli.c.proponente_id != mandato.operatore_id,
                visible(mandato, "fogli:approva", fogli.c.creato_il),
            )
        total = self._session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
        page = (
            query.order_by(fogli.c.creato_il.desc(), fogli.c.id).limit(request.limite).offset(request.salta)
        )
        return [Foglio(**row) for row in self._session.execute(page).mappings()], total

    def list_of_residente(
        self, residente_id: UUID, stato: StatoFoglio, after: date | None = None
    ) -> list[Foglio]:
        """Fogli of a person in a state, locked; with `after`, only those that reach past that day."""
        query = select(fogli).where(fogli.c.residente_id == residente_id, fogli.c.stato == stato)
        if after is not None:
            query = query.where(or_(fogli.c.al.is_(None), fogli.c.al > after))
        rows = self._session.execute(query.order_by(fogli.c.id).with_for_update()).mappings()
        return [Foglio(**row) for row in rows]

    def add(self, foglio: Foglio) -> None:
        self._session.execute(fogli.insert().values(asdict(foglio)))

    def save(self, foglio: Foglio) -> None:
        values = {name: value for name, value in asdict(foglio).items() if name != "id"}
        self._session.execute(update(fogli).where(fogli.c.id == foglio.id).values(values))


class Registro:
    """Numbers, history and repeated commands, of fogli and payments alike."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def lock_comando(self, comando_id: UUID | None) -> None:
        """A second run of the same command waits here until the first has ended."""
        if comando_id is not None:
            key = func.hashtextextended(str(comando_id), LOCK_COMANDO)
            self._session.execute(select(func.pg_advisory_xact_lock(key)))

    def next_number(self, serie: str, step: int = 1) -> int:
        """The last plus `step`, from `step` on: a number given back by a rollback is given again."""
        statement = insert(numeratori).values(serie=serie, ultimo=step)
        statement = statement.on_conflict_do_update(
            index_elements=["serie"], set_={"ultimo": numeratori.c.ultimo + step}
        )
        return self._session.execute(statement.returning(numeratori.c.ultimo)).scalar_one()

    def already_done(self, oggetto_id: UUID, comando_id: UUID | None) -> bool:
        """Whether this very command has changed this object before."""
        if comando_id is None:
            return False
        query = select(passaggi.c.id).where(
            and_(passaggi.c.oggetto_id == oggetto_id, passaggi.c.comando_id == comando_id)
        )
        return self._session.execute(query).first() is not None

    def add_passaggio(
        self,
        oggetto: Any,
        *,
        operatore_id: UUID | None = None,
        motivo: str = "",
        comando_id: UUID | None = None,
    ) -> None:
        """One line of history: the state `oggetto` (a foglio or a payment) is in now."""
        self._session.execute(
            passaggi.insert().values(
                oggetto_id=oggetto.id,
                stato=oggetto.stato.value,
                version=oggetto.version,
                operatore_id=operatore_id,
                motivo=motivo,
                comando_id=comando_id,
                quando=func.now(),
            )
        )


def _fogli(mandato: Mandato, scope: str) -> Select[Any]:
    columns = [fogli.c[field.name] for field in fields(Foglio)]
    return (
        select(*columns)
        .join(cartelle, cartelle.c.id == fogli.c.cartella_id)
        .where(visible(mandato, scope, fogli.c.creato_il))
    )
