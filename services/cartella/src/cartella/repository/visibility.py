"""The one place where rights become queries. Lists, counts, searches, exports and single reads all pass through it.

A case is reached by a scope as `chassis.reach` says, with what the fascicolo adds:

    the case itself is changed (taken, assigned, closed, marked, shared) by who reaches it without a grant
    its heading is seen by who reads `presa_in_carico`, or holds a grant of any section, or works in a settore whose
        second level holds an entry or a document of it (then those are all he reads there)
    an entry of a section within reach is read unless it is somebody else's private one, or of the second level of
        another settore, or the grant hides what was there before it began; the author reads his own
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from cartella.domain.diario import VoceDiario
from cartella.domain.presa_in_carico import Cartella
from cartella.domain.steps import local_date
from cartella.models import Document
from chassis.reach import (
    SECOND_LEVEL,
    mongo_filter,
    mongo_grant,
    mongo_not_excluded,
    mongo_ordinary,
    second_level_of,
)
from contracts.mandato import Extent, Mandato

HEADING = "presa_in_carico:leggi"
DOCUMENTS = "documenti:leggi"
ENTRIES = "diario:leggi"
"""The scope that reads entries which may be of another settore's second level."""
NEVER_BY_GRANT = (
    "presa_in_carico:scrivi", "presa_in_carico:assegna", "secondo_livello:scrivi", "condivisioni:leggi",
    "condivisioni:scrivi",
)  # fmt: skip
NOTHING: Document = {"_id": {"$in": []}}
ANY_MARK: Document = {"settore_riservato": {"$nin": ["", None]}}
BEYOND_OWN = (Extent.SETTORE, Extent.ENTE, Extent.AMBITO, Extent.PROVINCIA)


@dataclass(frozen=True)
class Reach:
    """A case that was found, and how far a scope goes in it.

    `concessa`: by a grant alone; `personale`: a grant to this one person; `dal`: it hides what was there before.
    `riservate`: entries of a second level are the caller's to read without a grant; `solo_riservate`: nothing else is.
    `emergenza`: break-the-glass opens every mark to this scope.
    """

    cartella: Cartella
    dal: datetime | None = None
    riservate: bool = False
    solo_riservate: bool = False
    solo_intestazione: bool = False
    concessa: bool = False
    personale: bool = False
    emergenza: bool = False


def visible(mandato: Mandato, *scopes: str) -> Document:
    """Filter over `cartelle`: the cases that every one of the scopes reaches."""
    conditions = [
        mongo_ordinary(mandato, scope) if scope in NEVER_BY_GRANT else mongo_filter(mandato, scope)
        for scope in scopes
    ]
    return conditions[0] if len(conditions) == 1 else {"$and": conditions}


def ordinary(mandato: Mandato, scope: str) -> Document:
    """Filter over `cartelle`: those a scope reaches without a grant."""
    return mongo_ordinary(mandato, scope)


def headed(mandato: Mandato) -> Document:
    """Filter over `cartelle`: those of which the caller sees at least the heading."""
    if not mandato.holds(HEADING):
        return NOTHING
    ways = [
        visible(mandato, HEADING),
        _granted(mandato),
        with_entries(mandato, HEADING),
        with_documents(mandato, HEADING),
    ]
    return {"$or": [way for way in ways if way is not NOTHING], **mongo_not_excluded(mandato)}


def with_entries(mandato: Mandato, scope: str) -> Document:
    """Filter over `cartelle`: with an entry of a second level open to the caller, whatever settore they are of."""
    return _with_marks(mandato, scope, "settori_voci")


def with_documents(mandato: Mandato, scope: str) -> Document:
    """Filter over `cartelle`: with a document of a second level open to the caller."""
    return _with_marks(mandato, scope, "settori_documenti")


def _with_marks(mandato: Mandato, scope: str, settori: str) -> Document:
    if mandato.extent(scope) not in BEYOND_OWN:
        return NOTHING
    ways: list[Document] = []
    if settore := second_level_of(mandato):
        ways.append({"ente": mandato.ente, settori: settore})
    if enti := mandato.enti(SECOND_LEVEL):
        ways.append({"ente": {"$in": list(enti)}, f"{settori}.0": {"$exists": True}})
    if not ways:
        return NOTHING
    within = (mandato.ente,) if mandato.extent(scope) is Extent.SETTORE else mandato.enti(scope)
    return {"$and": [{"$or": ways}, {"ente": {"$in": list(within)}}], **mongo_not_excluded(mandato)}


def grant_of(mandato: Mandato, scope: str) -> Document:
    """Filter over one grant: in force, for the caller, and of that section."""
    return mongo_grant(mandato, scope)


def any_grant(mandato: Mandato) -> Document:
    """Filter over one grant: in force and for the caller, whatever it opens."""
    return {name: value for name, value in mongo_grant(mandato, HEADING).items() if name != "sezioni"}


def _granted(mandato: Mandato) -> Document:
    if mandato.extent(HEADING) is Extent.NESSUNO:
        return NOTHING
    return {"condivisioni": {"$elemMatch": any_grant(mandato)}}


def received(mandato: Mandato, scope: str, **wanted: Any) -> Document:
    """Filter over one grant with the fields `wanted` (at least one: the embedded store wants a field at the head of an
    `$elemMatch`): offered to the caller, or to a settore for which the scope lets him answer."""
    if mandato.extent(scope) is Extent.NESSUNO:
        return NOTHING
    own = {"ente": mandato.ente, "settore": mandato.settore}
    to: list[Document] = [{"operatore_id": {"$in": list(mandato.persone)}, **own}]
    if mandato.extent(scope) is Extent.SETTORE:
        to.append({"operatore_id": None, "ente": mandato.ente, "settore": mandato.settore})
    if enti := mandato.enti(scope):
        to.append({"operatore_id": None, "ente": {"$in": list(enti)}})
    return {**wanted, "$or": to}


def excluded_apart(mandato: Mandato) -> Document:
    """Filter over `cartelle`: not the caller's own, nor of his household."""
    return mongo_not_excluded(mandato)


def readable(mandato: Mandato, reach: Reach, *, written: str, dated: str) -> Document:
    """Filter over the entries of a section of a case found through the same scope (`domain.steps.Riservata`).

    `written`, `dated`: the fields that say when an entry was written, and of when it tells (an instant, or a day)."""
    mine = {"autore_id": mandato.operatore_id}
    by_role = _marks_by_role(mandato, reach.cartella)
    if reach.solo_riservate:
        return {"$and": [{"privata_di": None}, {"$or": by_role or [NOTHING]}]}
    marked = [*by_role, *([ANY_MARK] if reach.emergenza else [])]
    conditions: list[Document] = [
        {"privata_di": {"$in": [None, mandato.operatore_id]}},
        {"$or": [{"settore_riservato": {"$in": ["", None]}}, mine, *marked]},
    ]
    if reach.dal is not None:
        bound = _day(reach.dal) if dated.startswith("data_") else reach.dal
        since = {written: {"$gte": reach.dal}, dated: {"$gte": bound}}
        conditions.append({"$or": [since, mine, *(by_role if reach.riservate else ())]})
    return {"$and": conditions}


def readable_versions(mandato: Mandato, reach: Reach, voce: VoceDiario) -> VoceDiario:
    """The entry without the superseded texts that were written for a second level closed to the caller."""
    cartella = reach.cartella
    if (
        voce.autore_id == mandato.operatore_id
        or reach.emergenza
        or cartella.ente in mandato.enti(SECOND_LEVEL)
    ):
        return voce
    own = second_level_of(mandato)
    open_to_him = ("", own if mandato.ente == cartella.ente else "")
    kept = tuple(one for one in voce.versioni if one.settore_riservato in open_to_him)
    return voce if kept == voce.versioni else replace(voce, versioni=kept)


def _marks_by_role(mandato: Mandato, cartella: Cartella) -> list[Document]:
    """Conditions under which an entry of the second level is open: to its settore; the case's team is not enough."""
    if cartella.ente in mandato.enti(SECOND_LEVEL):
        return [ANY_MARK]
    settore = second_level_of(mandato)
    return [{"ente": mandato.ente, "settore_riservato": settore}] if settore else []


def _day(instant: datetime) -> str:
    return local_date(instant).isoformat()
