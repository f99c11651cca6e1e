"""One open case per person, settore and second level: an ordinary one may stand beside one that is hidden."""

from typing import Any

from pymongo.database import Database

OLD = "one_open_per_residente"


def upgrade(db: Database[dict[str, Any]]) -> None:
    """Repeatable. `posto` is empty but for a case that took its place beside one of its own kind, unseen."""
    db.cartelle.update_many({"posto": {"$exists": False}}, {"$set": {"posto": ""}})
    db.cartelle.create_index(
        [("residente_id", 1), ("ente", 1), ("settore", 1), ("settore_riservato", 1), ("posto", 1)],
        name="one_open_per_second_level",
        unique=True,
        partialFilterExpression={"attiva": True},
    )
    if OLD in db.cartelle.index_information():
        db.cartelle.drop_index(OLD)
