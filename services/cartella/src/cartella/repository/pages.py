"""Reading in two steps, what is asked for and then the right to it; and how many there are in all.

A right is its own `$match` after the narrowing one: MongoDB joins the two into one plan, and the embedded store, which
uses no index beside a `$or`, narrows by the first.
"""

from collections.abc import Callable, Sequence
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from cartella.models import Document
from contracts.base import Pagina

ONE: list[Document] = [{"$limit": 1}]
ONLY_ID: Document = {"$project": {"_id": 1}}


def match(
    collection: Collection[Document],
    session: ClientSession | None,
    narrow: Document,
    right: Document,
    tail: Sequence[Document] = (),
) -> list[Document]:
    """Documents that are asked for (`narrow`) and may be seen (`right`), through the stages of `tail`."""
    stages: list[Any] = [{"$match": narrow}, {"$match": right}, *tail]
    return list(collection.aggregate(stages, session=session))


def count(
    collection: Collection[Document], session: ClientSession | None, narrow: Document, right: Document
) -> int:
    """How many there are of them."""
    counted = match(collection, session, narrow, right, [{"$count": "totale"}])
    return int(counted[0]["totale"]) if counted else 0


def slice_of(page: Pagina, order: dict[str, int]) -> list[Document]:
    """Stages that put in order and cut out the page."""
    return [{"$sort": order}, {"$skip": page.salta}, {"$limit": page.limite}]


def total_of(page: Pagina, rows: int, count: Callable[[], int]) -> int:
    """A page that is not full, nor beyond the end, is the last one: counting would cost as much as reading did."""
    if rows < page.limite and (rows or not page.salta):
        return page.salta + rows
    return count()
