"""What a mandate reaches, compiled into conditions of SQL and of MongoDB: the one place where rights become queries.

    a case is reached by a scope  ⇔  the role holds the scope
        ∧ the person is not one of `esclusi`
        ∧ ( (extent or team  ∧  second level open)  ∨  a grant in force names the section )
    or   break-the-glass names the scope and the person, within the second level's wall

A wider extent includes the narrower ones: one's own cases (by team) are always within reach once a scope is held. The
second level of a settore is open to who works there and holds `secondo_livello:leggi`, to nobody else of the team, and
to the enti its extent names; a grant opens it too: who made it knew; and break-the-glass does where the policy names
that scope among the emergency's, to the other scopes of the emergency.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.mandato import Extent, Mandato

SECOND_LEVEL = "secondo_livello:leggi"
READING = ("leggi", "stampa", "esporta")
"""Actions that a grant gives by itself; the others only where it says that its holder writes."""


def sql_filter(
    mandato: Mandato,
    scope: str,
    *,
    ente: Any,
    settore: Any = None,
    team: Any = None,
    residente: Any = None,
    riservata: Any = None,
    condivisioni: Any = None,
    creato: Any = None,
) -> Any:
    """SQLAlchemy condition for the rows a scope reaches (docs/adr/0019).

    `ente`, `settore`: text columns; `team`: uuid[]; `residente`: whose case it is; `riservata`: the settore of the
    second level, "" for none; `condivisioni`: jsonb, a list of contracts.cartella.CondivisioneAttiva; `creato`: when
    the row came to be, for grants that hide what was there before. A column a table does not have is left out, and
    what needs it then reaches nothing.
    """
    from sqlalchemy import and_, false, or_

    if not mandato.holds(scope):
        return false()
    reached = _sql_extent(mandato, scope, ente, settore, team, residente)
    if riservata is not None:
        opened = sql_second_level(mandato, ente=ente, riservata=riservata, residente=residente, scope=scope)
        reached = and_(reached, opened)
    if condivisioni is not None and mandato.extent(scope) is not Extent.NESSUNO:
        reached = or_(reached, _sql_granted(mandato, scope, condivisioni, creato))
    if mandato.esclusi and residente is not None:
        reached = and_(reached, residente.not_in(mandato.esclusi))
    return reached


def sql_second_level(
    mandato: Mandato, *, ente: Any, riservata: Any, residente: Any = None, scope: str = ""
) -> Any:
    """Condition for a case, or single rows (documents) of one: the ordinary ones, and those of a second level open to
    him. Break-the-glass opens it to the scopes of the emergency alone, not to whatever else the role holds (`scope`:
    what is asked for; without it the emergency opens nothing)."""
    from sqlalchemy import and_, or_

    opened = [riservata == ""]
    if settore := second_level_of(mandato):
        opened.append(and_(ente == mandato.ente, riservata == settore))
    if enti := mandato.enti(SECOND_LEVEL):
        opened.append(ente.in_(enti))
    if residente is not None and (person := beyond_the_wall(mandato, scope)) is not None:
        opened.append(residente == person)
    return or_(*opened)


def beyond_the_wall(mandato: Mandato, scope: str) -> UUID | None:
    """The person whose second level break-the-glass opens to this scope: it names both."""
    return mandato.in_emergenza(SECOND_LEVEL) if mandato.in_emergenza(scope) is not None else None


def second_level_of(mandato: Mandato) -> str:
    """The settore whose second level the caller works in, or ""."""
    return mandato.settore if mandato.extent(SECOND_LEVEL) is not Extent.NESSUNO else ""


def _sql_extent(mandato: Mandato, scope: str, ente: Any, settore: Any, team: Any, residente: Any) -> Any:
    """Rows within the extent of a scope, by place, team and break-the-glass."""
    from sqlalchemy import and_, false, or_

    extent = mandato.extent(scope)
    reached = []
    if extent is not Extent.NESSUNO and team is not None:
        reached.append(team.overlap(list(mandato.persone)))
    if extent is Extent.SETTORE and settore is not None:
        reached.append(and_(ente == mandato.ente, settore == mandato.settore))
    if enti := mandato.enti(scope):
        reached.append(ente.in_(enti))
    if residente is not None and (opened := mandato.in_emergenza(scope)) is not None:
        reached.append(residente == opened)
    return or_(false(), *reached)


def _sql_granted(mandato: Mandato, scope: str, condivisioni: Any, creato: Any) -> Any:
    """A grant now in force, to the caller's settore or to himself in it, names the section of the scope."""
    from sqlalchemy import Boolean, DateTime, Text, Uuid, and_, column, exists, func, not_, or_, select
    from sqlalchemy.dialects.postgresql import JSONB

    instant = DateTime(timezone=True)
    grant = (
        func.jsonb_to_recordset(condivisioni)
        .table_valued(
            column("ente", Text), column("settore", Text), column("operatore_id", Uuid), column("sezioni", JSONB),
            column("scrive", Boolean), column("dal", instant), column("al", instant),
            column("nascondi_prima", Boolean), name="condivisione",
        )
        .render_derived(with_types=True)
    )  # fmt: skip
    sezione, _, azione = scope.partition(":")
    conditions = [
        grant.c.ente == mandato.ente,
        grant.c.settore == mandato.settore,
        or_(grant.c.operatore_id.is_(None), grant.c.operatore_id.in_(mandato.persone)),
        grant.c.sezioni.contains([sezione]),
        grant.c.dal <= func.now(),
        grant.c.al > func.now(),
    ]  # fmt: skip
    if azione not in READING:
        conditions.append(grant.c.scrive)
    if creato is not None:
        conditions.append(or_(not_(grant.c.nascondi_prima), creato >= grant.c.dal))
    shared = func.jsonb_array_length(condivisioni) > 0  # most cases are not: the cheap question first
    return and_(shared, exists(select(1).select_from(grant).where(*conditions)))


def mongo_filter(mandato: Mandato, scope: str) -> dict[str, Any]:
    """MongoDB filter for the cases a scope reaches, over the fields `ente`, `settore`, `team`, `residente_id`,
    `settore_riservato` ("" or absent: none) and `condivisioni`; the same rules as `sql_filter`."""
    if mandato.extent(scope) is Extent.NESSUNO:  # break-the-glass alone, if at all
        return mongo_ordinary(mandato, scope)
    granted = {"condivisioni": {"$elemMatch": mongo_grant(mandato, scope)}}
    return {"$or": [_mongo_ordinary(mandato, scope), granted], **mongo_not_excluded(mandato)}


def mongo_ordinary(mandato: Mandato, scope: str) -> dict[str, Any]:
    """`mongo_filter` less the grants: for what a grant never gives, and to tell how a case is reached."""
    if not mandato.holds(scope):
        return {"_id": {"$in": []}}
    return {**_mongo_ordinary(mandato, scope), **mongo_not_excluded(mandato)}


def mongo_not_excluded(mandato: Mandato) -> dict[str, Any]:
    """Condition that the case is not the operator's own nor of his household."""
    return {"residente_id": {"$nin": list(mandato.esclusi)}} if mandato.esclusi else {}


def _mongo_ordinary(mandato: Mandato, scope: str) -> dict[str, Any]:
    return {"$and": [{"$or": _mongo_extent(mandato, scope)}, {"$or": _mongo_second_level(mandato, scope)}]}


def _mongo_second_level(mandato: Mandato, scope: str) -> list[dict[str, Any]]:
    opened: list[dict[str, Any]] = [{"settore_riservato": {"$in": ["", None]}}]
    if settore := second_level_of(mandato):
        opened.append({"ente": mandato.ente, "settore_riservato": settore})
    if enti := mandato.enti(SECOND_LEVEL):
        opened.append({"ente": {"$in": list(enti)}})
    if (person := beyond_the_wall(mandato, scope)) is not None:
        opened.append({"residente_id": person})
    return opened


def mongo_grant(mandato: Mandato, scope: str) -> dict[str, Any]:
    """Filter over one element of `condivisioni`: accepted, in force, for the caller, naming the section."""
    sezione, _, azione = scope.partition(":")
    now = datetime.now(UTC)
    grant: dict[str, Any] = {
        "stato": "accettata",
        "sezioni": sezione,
        "dal": {"$lte": now},
        "al": {"$gt": now},
        "ente": mandato.ente,
        "settore": mandato.settore,
        "operatore_id": {"$in": [None, *mandato.persone]},
    }
    if azione not in READING:
        grant["scrive"] = True
    return grant


def _mongo_extent(mandato: Mandato, scope: str) -> list[dict[str, Any]]:
    extent = mandato.extent(scope)
    reached: list[dict[str, Any]] = []
    if extent is not Extent.NESSUNO:
        reached.append({"team": {"$in": list(mandato.persone)}})
    if extent is Extent.SETTORE:
        reached.append({"ente": mandato.ente, "settore": mandato.settore})
    if enti := mandato.enti(scope):
        reached.append({"ente": {"$in": list(enti)}})
    if (opened := mandato.in_emergenza(scope)) is not None:
        reached.append({"residente_id": opened})
    return reached
