"""Queries on grants. They live inside their case: owners find them through it, receivers by what they were offered."""

from typing import Any
from uuid import UUID

from pymongo.client_session import ClientSession

from cartella.domain.presa_in_carico import Cartella
from cartella.models import CARTELLE, Document, Store, cartella_of, condivisione_of
from cartella.repository import pages
from cartella.repository.pages import ONE
from cartella.repository.visibility import excluded_apart, received, visible
from contracts.condivisioni import Condivisione, ListCondivisioni, StatoCondivisione
from contracts.mandato import Mandato

NEWEST_FIRST = {"proposta_il": -1, "id": -1}
ITS_CASE: Document = {
    "$mergeObjects": [
        "$condivisioni",
        {"cartella_id": "$_id", "numero": "$numero", "da_ente": "$ente", "da_settore": "$settore"},
    ]
}


class CondivisioneRepository:
    """The grants, inside a transaction when a session is given."""

    def __init__(self, db: Store, session: ClientSession | None = None) -> None:
        self.cartelle = db[CARTELLE]
        self.session = session

    def owned(self, condivisione_id: UUID, mandato: Mandato, scope: str) -> Cartella | None:
        """The case whose grant it is, if the scope reaches it."""
        narrow = {"condivisioni.id": condivisione_id}
        found = pages.match(self.cartelle, self.session, narrow, visible(mandato, scope), ONE)
        return cartella_of(found[0]) if found else None

    def offered(self, condivisione_id: UUID, mandato: Mandato, scope: str) -> Cartella | None:
        """The case whose grant it is, if it was offered to the caller or to the settore he answers for."""
        narrow = {"condivisioni.id": condivisione_id}
        mine = received(mandato, scope, id=condivisione_id)
        right = {"condivisioni": {"$elemMatch": mine}, **excluded_apart(mandato)}
        found = pages.match(self.cartelle, self.session, narrow, right, ONE)
        return cartella_of(found[0]) if found else None

    def find_offered(
        self, request: ListCondivisioni, mandato: Mandato, scope: str
    ) -> tuple[list[tuple[Condivisione, Document]], int]:
        """The page of grants offered to the caller, newest first, each with `cartella_id`, `numero`, `da_ente` and
        `da_settore` of its case; and how many there are in all."""
        stati = [StatoCondivisione.PROPOSTA] if request.in_attesa else list(StatoCondivisione)
        right = received(mandato, scope, stato={"$in": [stato.value for stato in stati]})
        stages: list[Document] = [
            {"$unwind": "$condivisioni"},
            {"$replaceRoot": {"newRoot": ITS_CASE}},
            {"$match": right},
        ]
        narrow: Document = {"condivisioni": {"$elemMatch": right}}
        apart = excluded_apart(mandato)
        cut = pages.slice_of(request, NEWEST_FIRST)
        rows = pages.match(self.cartelle, self.session, narrow, apart, [*stages, *cut])

        def count() -> int:
            tail: list[Any] = [*stages, {"$count": "totale"}]
            counted = pages.match(self.cartelle, self.session, narrow, apart, tail)
            return int(counted[0]["totale"]) if counted else 0

        return [(condivisione_of(row), row) for row in rows], pages.total_of(request, len(rows), count)
