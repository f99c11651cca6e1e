"""Queries on vincoli. Who may lay or read one reaches the person's ente; his own household he does not."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from anagrafe.models import Residente, Vincolo, VincoloInVigore
from chassis.reach import sql_filter
from contracts.anagrafe import ListVincoli, TipoVincolo
from contracts.errors import NotFound
from contracts.mandato import Mandato

COLUMNS = Vincolo.__table__.columns.keys()


class VincoloRepository:
    """Vincoli within the reach of one scope, on persons whom it reaches."""

    def __init__(self, session: Session, mandato: Mandato, scope: str) -> None:
        self.session = session
        self.reached = sql_filter(mandato, scope, ente=Residente.ente, residente=Residente.id)

    def get_residente(self, residente_id: UUID) -> Residente:
        """The person as the registry has him, locked against another command. NotFound when out of reach."""
        query = select(Residente).where(Residente.id == residente_id, self.reached)
        found = self.session.scalars(query.with_for_update(key_share=True)).one_or_none()
        if found is None:
            raise NotFound("residente.non_trovato", "La persona non è presente in anagrafe.")
        return found

    def page(self, request: ListVincoli) -> tuple[list[Vincolo], int]:
        """Newest first, and how many in all; none of a person out of reach."""
        query = select(Vincolo).join(Residente, Residente.id == Vincolo.residente_id).where(self.reached)
        if request.residente_id is not None:
            query = query.where(Vincolo.residente_id == request.residente_id)
        if request.solo_in_vigore:
            query = query.where(Vincolo.id.in_(select(VincoloInVigore.id)))
        total = self.session.scalar(select(func.count()).select_from(query.subquery())) or 0
        newest = query.order_by(Vincolo.inserito_il.desc(), Vincolo.id)
        return list(self.session.scalars(newest.limit(request.limite).offset(request.salta))), total

    def get_for_update(self, vincolo_id: UUID) -> Vincolo:
        query = select(Vincolo).join(Residente, Residente.id == Vincolo.residente_id)
        query = query.where(Vincolo.id == vincolo_id, self.reached).with_for_update(of=Vincolo)
        found = self.session.scalars(query).one_or_none()
        if found is None:
            raise NotFound("vincolo.non_trovato", "Questa protezione non esiste.")
        return found

    def add(self, vincolo: dict[str, Any]) -> bool:
        """False when the person is under one of this kind, or this very command came before."""
        statement = insert(Vincolo).values(vincolo).on_conflict_do_nothing().returning(Vincolo.id)
        return self.session.execute(statement).one_or_none() is not None

    def standing(self, residente_id: UUID, tipo: TipoVincolo) -> Vincolo | None:
        """The one not taken away, of this kind."""
        query = select(Vincolo).where(
            Vincolo.residente_id == residente_id, Vincolo.tipo == tipo.value, Vincolo.revocato_il.is_(None)
        )
        return self.session.scalars(query).one_or_none()

    def is_riservato(self, residente_id: UUID, today: date) -> bool:
        """Whether any vincolo holds, or is still to begin."""
        query = select(Vincolo.id).where(
            Vincolo.residente_id == residente_id,
            Vincolo.revocato_il.is_(None),
            (Vincolo.al.is_(None)) | (Vincolo.al >= today),
        )
        return self.session.scalars(query.limit(1)).one_or_none() is not None
