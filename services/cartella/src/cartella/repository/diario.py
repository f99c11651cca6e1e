"""Queries on the diary. Callers have found the case visible first, in the same read or transaction."""

import re
from typing import Any
from uuid import UUID

from pymongo.client_session import ClientSession

from cartella.domain.diario import VoceDiario
from cartella.models import VOCI_DIARIO, Document, Store, voce_document, voce_of
from cartella.repository import pages
from cartella.repository.visibility import Reach, readable, readable_versions
from chassis.outbox import Transient
from contracts.cartella import ListVociDiario
from contracts.errors import NotFound
from contracts.mandato import Mandato

NEWEST_FIRST = {"quando": -1, "_id": -1}


class DiarioRepository:
    """The entries, inside a transaction when a session is given."""

    def __init__(self, db: Store, session: ClientSession | None = None) -> None:
        self.voci = db[VOCI_DIARIO]
        self.session = session

    def get(self, voce_id: UUID, mandato: Mandato, reach: Reach) -> VoceDiario:
        """The entry of that case; NotFound also when it is kept from the caller."""
        narrow = {"_id": voce_id, "cartella_id": reach.cartella.id}
        found = pages.match(self.voci, self.session, narrow, _right(mandato, reach), pages.ONE)
        if not found:
            raise not_found()
        return readable_versions(mandato, reach, voce_of(found[0]))

    def find(self, request: ListVociDiario, mandato: Mandato, reach: Reach) -> tuple[list[VoceDiario], int]:
        """The page asked for, newest first, and how many there are in all."""
        narrow, right = _wanted(request), _right(mandato, reach)
        rows = pages.match(self.voci, self.session, narrow, right, pages.slice_of(request, NEWEST_FIRST))
        total = pages.total_of(
            request, len(rows), lambda: pages.count(self.voci, self.session, narrow, right)
        )
        return [readable_versions(mandato, reach, voce_of(row)) for row in rows], total

    def all_of(self, mandato: Mandato, reach: Reach) -> list[VoceDiario]:
        """Every entry the caller may read, newest first."""
        narrow = {"cartella_id": reach.cartella.id}
        rows = pages.match(self.voci, self.session, narrow, _right(mandato, reach), [{"$sort": NEWEST_FIRST}])
        return [readable_versions(mandato, reach, voce_of(row)) for row in rows]

    def settori_riservati(self, cartella_id: UUID) -> list[str]:
        """The settori whose second level holds entries of the case, in nobody's name: no mandate."""
        stages: list[Any] = [
            {"$match": {"cartella_id": cartella_id, "settore_riservato": {"$gt": ""}}},
            {"$group": {"_id": "$settore_riservato"}},
        ]
        return [row["_id"] for row in self.voci.aggregate(stages, session=self.session)]

    def written_by(self, voce_id: UUID, cartella_id: UUID, operatore_id: UUID) -> VoceDiario | None:
        """The entry a repeated command made the first time."""
        where = {"_id": voce_id, "cartella_id": cartella_id, "autore_id": operatore_id}
        found = self.voci.find_one(where, session=self.session)
        return voce_of(found) if found else None

    def insert(self, voce: VoceDiario) -> None:
        self.voci.insert_one(voce_document(voce), session=self.session)

    def save(self, before: VoceDiario, after: VoceDiario) -> None:
        """Writes the new state and adds the superseded versions; those in store are never written again."""
        state = voce_document(after)
        added = state.pop("versioni")[len(before.versioni) :]
        result = self.voci.update_one(
            {"_id": before.id, "version": before.version},
            {"$set": state, "$push": {"versioni": {"$each": added}}},
            session=self.session,
        )
        if result.matched_count == 0:
            raise Transient(f"voce {before.id} has moved on from version {before.version}")


def not_found() -> NotFound:
    """The one answer for an entry that is not there and for one that is not the caller's to read."""
    return NotFound("voce.non_trovata", "Voce di diario non trovata.")


def _right(mandato: Mandato, reach: Reach) -> Document:
    return readable(mandato, reach, written="scritta_il", dated="quando")


def _wanted(request: ListVociDiario) -> Document:
    wanted: Document = {"cartella_id": request.cartella_id}
    if request.tipo:
        wanted["tipo"] = request.tipo.value
    if text := request.testo.replace("\0", "").strip():
        # Escaped: what a person types is text, never a pattern (and MongoDB takes no NUL in one).
        wanted["testo"] = {"$regex": re.escape(text), "$options": "i"}
    return wanted
