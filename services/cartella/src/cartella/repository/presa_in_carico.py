"""Queries on the cases."""

import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
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
    condivisione_of,
    passaggio_document,
)
from cartella.repository import pages
from cartella.repository.pages import ONE, ONLY_ID
from cartella.repository.visibility import (
    DOCUMENTS,
    ENTRIES,
    HEADING,
    Reach,
    any_grant,
    grant_of,
    headed,
    ordinary,
    visible,
    with_documents,
    with_entries,
)
from chassis.outbox import Transient
from chassis.reach import beyond_the_wall
from contracts.cartella import ListCartelle
from contracts.condivisioni import Condivisione
from contracts.errors import NotFound
from contracts.mandato import Mandato

NEWEST_FIRST = {"aperta_il": -1, "_id": -1}
LONGEST_STEP = 3
DIGITS = re.compile(r"^0*([0-9]{1,9})$")


class CartellaRepository:
    """The cases, inside a transaction when a session is given."""

    def __init__(self, db: Store, session: ClientSession | None = None) -> None:
        self.db = db
        self.session = session

    def reach(self, cartella_id: UUID, mandato: Mandato, scope: str) -> Reach:
        """The case, and how far that scope goes in it; NotFound, as if it did not exist, when it goes nowhere."""
        one: Document = {"_id": cartella_id}
        if found := self._match(one, ordinary(mandato, scope), ONE):
            cartella = cartella_of(found[0])
            return Reach(cartella, emergenza=beyond_the_wall(mandato, scope) == cartella.residente_id)
        if found := self._match(one, visible(mandato, scope), ONE):
            reached = self._by_grant(cartella_of(found[0]), grant_of(mandato, scope))
            return replace(reached, riservate=self.holds_entries(cartella_id, mandato, scope))
        if self.holds_entries(cartella_id, mandato, scope):
            found = self._match(one, with_entries(mandato, scope), ONE)
            return Reach(cartella_of(found[0]), riservate=True, solo_riservate=True)
        if scope == HEADING and (found := self._match(one, headed(mandato), ONE)):
            cartella = cartella_of(found[0])
            return replace(self._by_grant(cartella, any_grant(mandato)), solo_intestazione=True)
        raise not_found()

    def get(self, cartella_id: UUID, mandato: Mandato, scope: str) -> Cartella:
        """The case, if the scope reaches it; otherwise NotFound, as if it did not exist."""
        return self.reach(cartella_id, mandato, scope).cartella

    def reaches(self, cartella_id: UUID, mandato: Mandato, scope: str, *, by_grant: bool = True) -> bool:
        """Whether a scope reaches the case, counting grants or not."""
        right = visible(mandato, scope) if by_grant else ordinary(mandato, scope)
        return bool(self._match({"_id": cartella_id}, right, [*ONE, ONLY_ID]))

    def holds_entries(self, cartella_id: UUID, mandato: Mandato, scope: str) -> bool:
        """Whether entries of the case are of a second level open to the caller, whatever else he reaches of it."""
        if scope != ENTRIES:
            return False
        return bool(self._match({"_id": cartella_id}, with_entries(mandato, scope), [*ONE, ONLY_ID]))

    def holds_documents(self, cartella_id: UUID, mandato: Mandato) -> bool:
        """Whether documents of the case are of a second level open to the caller."""
        return bool(self._match({"_id": cartella_id}, with_documents(mandato, DOCUMENTS), [*ONE, ONLY_ID]))

    def grants(self, cartella_id: UUID, mandato: Mandato) -> list[Condivisione]:
        """The caller's grants in force on a case already found."""
        return self._grants(cartella_id, any_grant(mandato))

    def lent_in_person(self, cartella_id: UUID, mandato: Mandato, scope: str) -> bool:
        """Whether a grant to the caller himself, now in force, names the section, whatever else reaches the case."""
        sezione = scope.partition(":")[0]
        found = self.grants(cartella_id, mandato)
        return any(one.operatore_id is not None and sezione in one.sezioni for one in found)

    def find(self, request: ListCartelle, mandato: Mandato) -> tuple[list[Reach], int]:
        """The page asked for, newest first and without passaggi, each as far as the caller sees it; and how many there
        are in all."""
        wanted, right = _wanted(request, mandato), headed(mandato)
        page = [*pages.slice_of(request, NEWEST_FIRST), {"$project": {"passaggi": 0}}]
        rows = self._match(wanted, right, page)
        own = self._among(rows, ordinary(mandato, HEADING))
        granted = self._among([row for row in rows if row["_id"] not in own], visible(mandato, HEADING))
        found = [
            Reach(
                cartella_of(row),
                concessa=row["_id"] not in own,
                solo_intestazione=row["_id"] not in own | granted,
            )
            for row in rows
        ]
        cases = self.db[CARTELLE]
        return found, pages.total_of(
            request, len(rows), lambda: pages.count(cases, self.session, wanted, right)
        )

    def opened_by(self, cartella_id: UUID, mandato: Mandato, scope: str) -> Cartella | None:
        """The case a repeated opening command made the first time, if it is still within reach."""
        by_caller: Document = {"$match": {"passaggi.0.operatore_id": mandato.operatore_id}}
        found = self._match({"_id": cartella_id}, visible(mandato, scope), [by_caller, *ONE])
        return cartella_of(found[0]) if found else None

    def open_ones(self, residente_id: UUID, ente: str) -> list[Cartella]:
        """The person's cases not closed in the ente, ordinary ones first, whoever may see them: no mandate."""
        where = {"residente_id": residente_id, "ente": ente, "attiva": True}
        order = [("settore_riservato", 1), ("aperta_il", 1)]
        found = self.db[CARTELLE].find(where, {"passaggi": 0}, session=self.session).sort(order)
        return [cartella_of(row) for row in found]

    def take_turn(self, residente_id: UUID, ente: str) -> None:
        """Of two transactions that place cases of one person in an ente at one moment, the second runs again and sees
        what the first did."""
        turn = {"_id": f"{ente}-{residente_id}"}
        self.db[CONTATORI].update_one(turn, {"$inc": {"ultimo": 1}}, upsert=True, session=self.session)

    def shown(self, residente_id: UUID, ente: str, mandato: Mandato) -> set[UUID]:
        """Ids of those of which the caller sees at least the heading."""
        where: Document = {"residente_id": residente_id, "ente": ente, "attiva": True}
        return {row["_id"] for row in self._match(where, headed(mandato), [ONLY_ID])}

    def by_id(self, cartella_id: UUID) -> Cartella | None:
        """For facts, which act in nobody's name: no mandate."""
        found = self.db[CARTELLE].find_one({"_id": cartella_id}, session=self.session)
        return cartella_of(found) if found else None

    def next_progressivo(self, ente: str, anno: int) -> int:
        """The next number of that ente and year, one to three further: no gap tells that there is a case one does not
        see (docs/adr/0020)."""
        counter = self.db[CONTATORI].find_one_and_update(
            {"_id": f"{ente}-{anno}"},
            {"$inc": {"ultimo": 1 + secrets.randbelow(LONGEST_STEP)}},
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

    def note_settori_voci(self, cartella_id: UUID, settori: Sequence[str]) -> None:
        """Writes down whose second level holds entries of the case; its version stays. Counting makes it a change even
        where the list stays: of two who mark and unmark at once, one must see the other."""
        self.db[CARTELLE].update_one(
            {"_id": cartella_id},
            {"$set": {"settori_voci": sorted(settori)}, "$inc": {"atti_riservati": 1}},
            session=self.session,
        )

    def note_settore_documenti(self, cartella_id: UUID, settore: str) -> bool:
        """Writes down that its second level holds a document of the case; False when there is no such case."""
        result = self.db[CARTELLE].update_one(
            {"_id": cartella_id}, {"$addToSet": {"settori_documenti": settore}}, session=self.session
        )
        return bool(result.matched_count)

    def _among(self, rows: Sequence[Document], right: Document) -> set[UUID]:
        """Ids of those rows that a right reaches."""
        ids = [row["_id"] for row in rows]
        return {row["_id"] for row in self._match({"_id": {"$in": ids}}, right, [ONLY_ID])} if ids else set()

    def _by_grant(self, cartella: Cartella, grant: Document) -> Reach:
        """How far the caller's grants go in a case that is reached by them alone: the widest counts."""
        grants = self._grants(cartella.id, grant)
        hidden = [one.dal for one in grants if one.nascondi_prima]
        return Reach(
            cartella,
            dal=min(hidden) if hidden and len(hidden) == len(grants) else None,
            concessa=bool(grants),
            personale=any(one.operatore_id is not None for one in grants),
        )

    def _grants(self, cartella_id: UUID, grant: Document) -> list[Condivisione]:
        stages: list[Document] = [
            {"$unwind": "$condivisioni"},
            {"$replaceRoot": {"newRoot": "$condivisioni"}},
            {"$match": grant},
        ]
        return [condivisione_of(row) for row in self._match({"_id": cartella_id}, {}, stages)]

    def _match(self, narrow: Document, right: Document, tail: Sequence[Document]) -> list[Document]:
        return pages.match(self.db[CARTELLE], self.session, narrow, right, tail)


def not_found() -> NotFound:
    """The one answer for a case that is not there and for one that is not the caller's to see."""
    return NotFound("cartella.non_trovata", "Caso non trovato.")


def _wanted(request: ListCartelle, mandato: Mandato) -> Document:
    """What was asked for, each field at most once; the right comes on top."""
    people = {request.residente_id, *request.residenti_id} - {None}
    wanted: Document = {}
    if request.solo_mie:
        wanted["team"] = {"$in": list(mandato.persone)}
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
