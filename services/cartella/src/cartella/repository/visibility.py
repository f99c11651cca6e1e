"""The one place where rights become queries. Lists, counts, searches, exports and single reads all pass through it.

A later wall (second level of a settore) is one more condition in these two functions, and nowhere else.
"""

from cartella.models import Document
from chassis.mandate import mongo_filter
from contracts.mandato import Mandato


def visible(mandato: Mandato, *scopes: str) -> Document:
    """Filter over `cartelle`: the cases that every one of the scopes reaches."""
    conditions = [mongo_filter(mandato, scope) for scope in scopes]
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def readable(mandato: Mandato) -> Document:
    """Filter over the entries of a case already found visible: private ones are for their author alone."""
    return {"privata_di": {"$in": [None, mandato.operatore_id]}}
