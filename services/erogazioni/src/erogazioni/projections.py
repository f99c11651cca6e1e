"""Local copies of what others own: ISEE and deaths (cases: chassis.cartelle). The older event is ignored."""

from typing import Any

from sqlalchemy import Table, func
from sqlalchemy.dialects.postgresql import insert

from chassis.sql import Transaction
from contracts.anagrafe import ResidenteDecedutoV1, ResidenteDecessoAnnullatoV1
from contracts.cartella import IseeRegistratoV1
from erogazioni.models import decessi, isee


def record_isee(event: IseeRegistratoV1, tx: Transaction) -> bool:
    """What the flow needs of an ISEE."""
    values = {
        "id": event.voce_id,
        "cartella_id": event.cartella_id,
        "residente_id": event.residente_id,
        "tipo": event.tipo,
        "protocollo_dsu": event.protocollo_dsu,
        "data_presentazione": event.data_presentazione,
        "scadenza": event.scadenza,
        "isee": event.isee,
    }
    return _upsert(isee, values, tx)


def record_decesso(event: ResidenteDecedutoV1 | ResidenteDecessoAnnullatoV1, tx: Transaction) -> bool:
    """The death, or that there was none. False when older than known: then nothing else is to be done."""
    data = event.data_decesso if isinstance(event, ResidenteDecedutoV1) else None
    values = {"residente_id": event.residente_id, "data_decesso": data, "conosciuto_il": func.now()}
    return _upsert(decessi, values, tx)


def _upsert(table: Table, values: dict[str, Any], tx: Transaction) -> bool:
    assert tx.envelope is not None
    statement = insert(table).values(values | {"sequence": tx.envelope.sequence})
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={
            column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key
        },
        where=table.c.sequence < statement.excluded.sequence,
    )
    return bool(tx.session.execute(statement).rowcount)  # type: ignore[attr-defined]
