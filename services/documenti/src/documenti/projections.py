"""What this service knows of the cases: enough to apply the mandate to their documents."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from chassis.sql import Transaction
from contracts.cartella import FattoCartella
from documenti.models import cartelle_note


def record_cartella(event: FattoCartella, tx: Transaction) -> None:
    """Keep the state of the case; an older fact than the one known changes nothing."""
    assert tx.envelope is not None
    team: set[UUID] = {*event.team, *([event.responsabile_id] if event.responsabile_id else [])}
    row = {
        "cartella_id": event.cartella_id,
        "numero": event.numero,
        "ente": event.ente,
        "settore": event.settore,
        "stato": event.stato.value,
        "team": sorted(team),
        "sequence": tx.envelope.sequence,
    }
    statement = insert(cartelle_note).values(row)
    tx.session.execute(
        statement.on_conflict_do_update(
            index_elements=["cartella_id"],
            set_={name: statement.excluded[name] for name in row if name != "cartella_id"},
            where=statement.excluded.sequence > cartelle_note.c.sequence,
        )
    )
