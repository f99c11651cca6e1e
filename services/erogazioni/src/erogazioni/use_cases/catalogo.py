"""Reading the catalogue."""

from datetime import UTC, datetime

from chassis.sql import SqlDatabase
from contracts.erogazioni import CatalogoOut, ListCatalogo
from erogazioni.policies import ROMA
from erogazioni.repository.catalogo import CatalogoRepository


def list_catalogo(request: ListCatalogo, db: SqlDatabase) -> CatalogoOut:
    """Items of an area on a day (today when empty), each with its INPS benefit."""
    data = request.data or datetime.now(UTC).astimezone(ROMA).date()
    with db.read() as session:
        return CatalogoOut(voci=tuple(CatalogoRepository(session).list_voci(request.area, data)))
