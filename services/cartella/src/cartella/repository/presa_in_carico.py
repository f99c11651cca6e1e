"""Queries on the cases.

A right is its own `$match` after the narrowing one: MongoDB joins the two into one plan, and the embedded store, which
uses no index beside a `$or`, narrows by the first.
"""

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession

from cartella.domain.presa_in_carico import Cartella
from cartella.models import (
    CARTELLE,
    CONTATORI,
    Document,
    Store,
    cartella_document,
    cartella_of,
    passaggio_document,
)
from cartella.repository.pages import total_of
from cartella.repository.visibility import visible
from chassis.outbox import Transient
from contracts.cartella import ListCartelle
from contracts.errors import NotFound
from contracts.mandato import Mandato

NEWEST_FIRST = {"aperta_il": -1, "_id": -1}
ONE: list[Document] = [{"$limit": 1}]
DIGITS = re.compile(r"^0*([0-9]{1,9})$")


class CartellaRepository:
    """The cases, inside a transaction when a session is given."""

    def __init__(self, db: Store, session: ClientSession | None = None) -> None:
        self.db = db
        self.session = session

    def get(self, cartella_id: UUID, mandato: Mandato, *scopes: str) -> Cartella:
        """The case, if every scope reaches it; otherwise NotFound, as if it did not exist."""
        found = self._match({"_id": cartella_id}, visible(mandato, *scopes), ONE)
        if not found:
            raise _not_found()
        return cartella_of(found[0])

    def reaches(self, cartella_id: UUID, mandato: Mandato, scope: str) -> bool:
        """Whether a scope reaches the case."""
        return bool(
            self._match({"_id": cartella_id}, visible(mandato, scope), [*ONE, {"$project": {"_id": 1}}])
        )

    def require(self, cartella_id: UUID, mandato: Mandato, scope: str) -> None:
        """NotFound unless the scope reaches the case; for reads of its sections."""
        if not self.reaches(cartella_id, mandato, scope):
            raise _not_found()

    def find(self, request: ListCartelle, mandato: Mandato, scope: str) -> tuple[list[Cartella], int]:
        """The page asked for, newest first and without passaggi, and how many there are in all."""
        wanted, right = _wanted(request, mandato), visible(mandato, scope)
        page: list[Document] = [
            {"$sort": NEWEST_FIRST},
            {"$skip": request.salta},
            {"$limit": request.limite},
            {"$project": {"passaggi": 0}},
        ]
        rows = self._match(wanted, right, page)

        def count() -> int:
            counted = self._match(wanted, right, [{"$count": "totale"}])
            return int(counted[0]["totale"]) if counted else 0

        return [cartella_of(row) for row in rows], total_of(request, len(rows), count)

    def opened_by(self, cartella_id: UUID, mandato: Mandato, scope: str) -> Cartella | None:
        """The case a repeated opening command made the first time, if it is still within reach."""
        by_caller: Document = {"$match": {"passaggi.0.operatore_id": mandato.operatore_id}}
        found = self._match({"_id": cartella_id}, visible(mandato, scope), [by_caller, *ONE])
        return cartella_of(found[0]) if found else None

    def open_one(self, residente_id: UUID, ente: str, settore: str) -> tuple[UUID, str] | None:
        """Id and numero of the person's case not closed there, whoever may see it."""
        where = {"residente_id": residente_id, "ente": ente, "settore": settore, "attiva": True}
        found = self.db[CARTELLE].find_one(where, {"numero": 1}, session=self.session)
        return (found["_id"], found["numero"]) if found else None

    def by_id(self, cartella_id: UUID) -> Cartella | None:
        """For facts, which act in nobody's name: no mandate."""
        found = self.db[CARTELLE].find_one({"_id": cartella_id}, session=self.session)
        return cartella_of(found) if found else None

    def next_progressivo(self, ente: str, anno: int) -> int:
        """The next number of that ente and year: given back if the transaction is not committed, so no gaps."""
        counter = self.db[CONTATORI].find_one_and_update(
            {"_id": f"{ente}-{anno}"},
            {"$inc": {"ultimo": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=self.session,
        )
        assert counter is not None  # upserted
        return int(counter["ultimo"])

    def insert(self, cartella: Cartella) -> None:
        self.db[CARTELLE].insert_one(cartella_document(cartella), session=self.session)

    def save(self, before: Cartella, after: Cartella) -> None:
        """Writes the new state and adds the new passaggi; those in store are never written again."""
        state = cartella_document(after)
        state.pop("passaggi")
        added = [passaggio_document(step) for step in after.passaggi[len(before.passaggi) :]]
        result = self.db[CARTELLE].update_one(
            {"_id": before.id, "version": before.version},
            {"$set": state, "$push": {"passaggi": {"$each": added}}},
            session=self.session,
        )
        if result.matched_count == 0:
            raise Transient(f"cartella {before.id} has moved on from version {before.version}")

    def _match(self, narrow: Document, right: Document, tail: Sequence[Document]) -> list[Document]:
        stages: list[Any] = [{"$match": narrow}, {"$match": right}, *tail]
        return list(self.db[CARTELLE].aggregate(stages, session=self.session))


def _not_found() -> NotFound:
    return NotFound("cartella.non_trovata", "Caso non trovato.")


def _wanted(request: ListCartelle, mandato: Mandato) -> Document:
    """What was asked for, each field at most once; the right comes on top."""
    people = {request.residente_id, *request.residenti_id} - {None}
    wanted: Document = {}
    if request.solo_mie:
        wanted["team"] = mandato.operatore_id
    if people:
        wanted["residente_id"] = {"$in": sorted(people, key=str)}
    if request.stato:
        wanted["stato"] = request.stato.value
    if request.area:
        wanted["area"] = request.area.value
    return {**wanted, **_numero(request.numero.replace("\0", "").strip().upper())}


def _numero(numero: str) -> Document:
    """`123` and `000123` are the counter, anything else the beginning of the whole number."""
    if digits := DIGITS.match(numero):
        return {"progressivo": int(digits.group(1))}
    return {"numero": {"$regex": f"^{re.escape(numero)}"}} if numero else {}
