"""Settori whose second level holds documents of a case: the field on what is there, and the index it is found by."""

from typing import Any

from pymongo.database import Database


def upgrade(db: Database[dict[str, Any]]) -> None:
    """Repeatable."""
    db.cartelle.update_many({"settori_documenti": {"$exists": False}}, {"$set": {"settori_documenti": []}})
    db.cartelle.create_index([("settori_documenti", 1), ("ente", 1)], name="of_settori_documenti")
