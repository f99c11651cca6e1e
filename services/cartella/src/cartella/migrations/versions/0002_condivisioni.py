"""Second level and grants: their fields on what is there, and the indexes they are found by."""

from typing import Any

from pymongo.database import Database


def upgrade(db: Database[dict[str, Any]]) -> None:
    """Repeatable. The fields get their empty values, so that one shape is in store."""
    for name, empty in (("settore_riservato", ""), ("condivisioni", []), ("settori_voci", [])):
        db.cartelle.update_many({name: {"$exists": False}}, {"$set": {name: empty}})
    db.voci_diario.update_many({"settore_riservato": {"$exists": False}}, {"$set": {"settore_riservato": ""}})
    db.cartelle.create_index([("condivisioni.id", 1)], name="of_condivisione")
    db.cartelle.create_index(
        [("condivisioni.ente", 1), ("condivisioni.settore", 1), ("condivisioni.stato", 1)],
        name="shared_with_settore",
    )
    db.cartelle.create_index(
        [("condivisioni.operatore_id", 1), ("condivisioni.stato", 1)], name="shared_with_operatore"
    )
    db.cartelle.create_index([("settori_voci", 1), ("ente", 1)], name="of_settori_voci")
