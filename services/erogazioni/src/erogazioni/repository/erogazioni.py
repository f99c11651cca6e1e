"""Queries on payments. The mandate stands in each WHERE, on the case."""

from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, select, update
from sqlalchemy.orm import Session

from contracts.erogazioni import Carattere, ErogazioneOut, ListErogazioni, StatoErogazione
from contracts.errors import NotFound
from contracts.mandato import Mandato
from erogazioni.domain.erogazioni import Erogazione
from erogazioni.models import cartelle, erogazioni, fogli
from erogazioni.repository.fogli import visible

_COLUMNS = [erogazioni.c[field.name] for field in fields(Erogazione)]
_OUT = (
    *_COLUMNS,
    fogli.c.numero.label("foglio_numero"),
    fogli.c.voce_nome,
    fogli.c.prestazione_inps,
)


class ErogazioneRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def get_for_update(self, erogazione_id: UUID, mandato: Mandato, scope: str) -> Erogazione:
        query = _joined(select(*_COLUMNS), mandato, scope).where(erogazioni.c.id == erogazione_id)
        row = self._session.execute(query.with_for_update(of=erogazioni)).mappings().first()
        if row is None:
            raise _not_found()
        return Erogazione(**row)

    def foglio_of(self, erogazione_id: UUID, mandato: Mandato, scope: str) -> UUID:
        """The foglio a visible payment comes from."""
        query = _joined(select(erogazioni.c.foglio_id), mandato, scope).where(
            erogazioni.c.id == erogazione_id
        )
        foglio_id = self._session.execute(query).scalar()
        if foglio_id is None:
            raise _not_found()
        return foglio_id

    def find(self, erogazione_id: UUID) -> Erogazione | None:
        """Whatever the mandate: for a command that comes twice."""
        row = (
            self._session.execute(select(erogazioni).where(erogazioni.c.id == erogazione_id))
            .mappings()
            .first()
        )
        return Erogazione(**row) if row else None

    def find_live(self, foglio_id: UUID, carattere: Carattere, mese: str) -> Erogazione | None:
        """The payment not annulled of this month; for an occasional foglio, of any month."""
        query = select(erogazioni).where(
            erogazioni.c.foglio_id == foglio_id, erogazioni.c.stato != StatoErogazione.ANNULLATA
        )
        if carattere is Carattere.PERIODICO:
            query = query.where(erogazioni.c.mese == mese)
        row = self._session.execute(query).mappings().first()
        return Erogazione(**row) if row else None

    def get_out(self, erogazione_id: UUID) -> ErogazioneOut:
        query = select(*_OUT).join(fogli, fogli.c.id == erogazioni.c.foglio_id)
        row = self._session.execute(query.where(erogazioni.c.id == erogazione_id)).mappings().one()
        return ErogazioneOut.model_validate(dict(row))

    def list_visible(
        self, request: ListErogazioni, mandato: Mandato
    ) -> tuple[list[ErogazioneOut], int, Decimal]:
        """Newest month first; how many in all, and their sum in euros (without the annulled)."""
        query = _joined(select(*_OUT), mandato, "liquidazioni:leggi")
        for column, value in (
            (erogazioni.c.cartella_id, request.cartella_id),
            (erogazioni.c.foglio_id, request.foglio_id),
            (erogazioni.c.stato, request.stato),
            (erogazioni.c.mese, request.mese or None),
        ):
            if value is not None:
                query = query.where(column == value)
        all_rows = query.subquery()
        live = case((all_rows.c.stato != StatoErogazione.ANNULLATA, all_rows.c.importo), else_=0)
        total, importo = self._session.execute(
            select(func.count(), func.coalesce(func.sum(live), 0)).select_from(all_rows)
        ).one()
        page = query.order_by(erogazioni.c.mese.desc(), fogli.c.numero.desc(), erogazioni.c.id)
        rows = self._session.execute(page.limit(request.limite).offset(request.salta)).mappings()
        return [ErogazioneOut.model_validate(dict(row)) for row in rows], total, Decimal(importo)

    def add(self, erogazione: Erogazione) -> None:
        self._session.execute(erogazioni.insert().values(asdict(erogazione)))

    def save(self, erogazione: Erogazione) -> None:
        values = {name: value for name, value in asdict(erogazione).items() if name != "id"}
        self._session.execute(update(erogazioni).where(erogazioni.c.id == erogazione.id).values(values))


def _joined(query: Select[Any], mandato: Mandato, scope: str) -> Select[Any]:
    return (
        query.select_from(erogazioni)
        .join(fogli, fogli.c.id == erogazioni.c.foglio_id)
        .join(cartelle, cartelle.c.id == erogazioni.c.cartella_id)
        .where(visible(mandato, scope, erogazioni.c.creata_il))
    )


def _not_found() -> NotFound:
    return NotFound("erogazione.non_trovata", "Il pagamento non esiste o non è visibile.")
