"""Collections and indexes of the case, its diary and its ISEE."""

from typing import Any

from pymongo.database import Database

COLLECTIONS = ("cartelle", "contatori", "voci_diario", "isee", "outbox", "inbox")


def upgrade(db: Database[dict[str, Any]]) -> None:
    """Repeatable: what is there stays. Collections are made here because a transaction should not have to."""
    existing = set(db.list_collection_names())
    for name in COLLECTIONS:
        if name not in existing:
            db.create_collection(name)
    _index_cartelle(db)
    db.voci_diario.create_index([("cartella_id", 1), ("quando", -1), ("_id", -1)], name="voci_of_cartella")
    db.isee.create_index([("cartella_id", 1), ("data_presentazione", -1)], name="isee_of_cartella")


def _index_cartelle(db: Database[dict[str, Any]]) -> None:
    db.cartelle.create_index([("numero", 1)], name="numero", unique=True)
    db.cartelle.create_index(
        [("residente_id", 1), ("ente", 1), ("settore", 1)],
        name="one_open_per_residente",
        unique=True,
        partialFilterExpression={"attiva": True},
    )
    # One index for each way a mandate reaches a case, each ending in the order of the list.
    db.cartelle.create_index([("team", 1), ("aperta_il", -1), ("_id", -1)], name="of_team")
    db.cartelle.create_index([("ente", 1), ("settore", 1), ("aperta_il", -1), ("_id", -1)], name="of_settore")
    db.cartelle.create_index([("ente", 1), ("aperta_il", -1), ("_id", -1)], name="of_ente")
    db.cartelle.create_index([("residente_id", 1)], name="of_residente")
    db.cartelle.create_index([("progressivo", 1)], name="progressivo")
