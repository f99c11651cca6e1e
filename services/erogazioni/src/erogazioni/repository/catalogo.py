"""Queries on the catalogue: what was valid on a day."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from contracts.erogazioni import VoceCatalogo
from erogazioni.models import prestazioni_inps, voci_istat, voci_prestazioni


class CatalogoRepository:
    def __init__(self, session: Session) -> None:
        self._session = session

    def list_voci(self, area: str, data: date) -> list[VoceCatalogo]:
        """Items valid on `data` for an area (empty: all), each with its INPS benefit, by code."""
        query = _voci(data).order_by(voci_istat.c.codice)
        if area:
            query = query.where(voci_istat.c.aree.contains([area]))
        return [_voce(row) for row in self._session.execute(query).mappings()]

    def get_voce(self, codice: str, data: date) -> VoceCatalogo | None:
        row = self._session.execute(_voci(data).where(voci_istat.c.codice == codice)).mappings().first()
        return _voce(row) if row else None

    def upsert(
        self,
        voci: Iterable[dict[str, Any]],
        prestazioni: Iterable[dict[str, Any]],
        collegamenti: Iterable[dict[str, Any]],
    ) -> None:
        for table, rows in (
            (voci_istat, voci),
            (prestazioni_inps, prestazioni),
            (voci_prestazioni, collegamenti),
        ):
            statement = insert(table)
            values = {c.name: statement.excluded[c.name] for c in table.columns if not c.primary_key}
            statement = statement.on_conflict_do_update(index_elements=list(table.primary_key), set_=values)
            self._session.execute(statement, list(rows))


def valid_on(table: Table, data: date) -> ColumnElement[bool]:
    """Rows whose validity covers a day."""
    return and_(table.c.valida_dal <= data, or_(table.c.valida_al.is_(None), table.c.valida_al >= data))


def _voci(data: date) -> Select[Any]:
    return (
        select(
            voci_istat.c.codice,
            voci_istat.c.macro_categoria,
            voci_istat.c.nome,
            voci_istat.c.aree,
            prestazioni_inps.c.codice.label("prestazione_inps"),
            prestazioni_inps.c.nome.label("prestazione_nome"),
            prestazioni_inps.c.esportabile,
            prestazioni_inps.c.prova_mezzi,
        )
        .select_from(voci_istat)
        .outerjoin(
            voci_prestazioni,
            and_(voci_prestazioni.c.voce_istat == voci_istat.c.codice, valid_on(voci_prestazioni, data)),
        )
        .outerjoin(
            prestazioni_inps,
            and_(
                prestazioni_inps.c.codice == voci_prestazioni.c.prestazione_inps,
                valid_on(prestazioni_inps, data),
            ),
        )
        .where(valid_on(voci_istat, data))
    )


def _voce(row: Any) -> VoceCatalogo:
    return VoceCatalogo.model_validate({name: value for name, value in row.items() if value is not None})
