"""What every RPC answers one caller, held against the oracle."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from tests.matrix.loader import now
from tests.matrix.oracle import HEADING, Case, Item
from tests.matrix.rpc_asking import Caller, Question, code, hidden_words
from tests.matrix.rpc_oracle import Thing, Things, asks_reason, case_reached, reached, subjects
from tests.matrix.rpc_rows import OF_A_CASE, ROWS, Row
from tests.system import Json

REFUSED = "Forbidden mandato.non_abilitato"
WHY = "Forbidden accesso.motivo_richiesto"
NOT_TOLD = ("erogazioni.preview_siuss", "notifiche.list_avvisi", "notifiche.confirm_avviso")
"""Answers that name things by a right of their own: their ids are compared one by one."""


def ask_rows(caller: Caller, things: Things) -> None:
    """Every row that has no check of its own."""
    for method, row in ROWS.items():
        if row.kind == "own":
            continue
        if row.scope and not caller.world.holds(caller.viewer, row.scope):
            shut(caller, method, row, things)
        elif row.kind in ("list", "within"):
            LISTS[row.kind](caller, method, row, things)
        else:
            singles(caller, method, row, things)


def shut(caller: Caller, method: str, row: Row, things: Things) -> None:
    """A role without the scope: the same answer to whatever is named."""
    named = [thing.ids for thing in subjects(row, caller.world, things)[:1]] or [_nobody(row)]
    [reply] = caller.ask([Question(method, _request(row, named[0]))])
    caller.differs(method, code(reply), REFUSED)


def singles(caller: Caller, method: str, row: Row, things: Things) -> None:
    """Each thing by its id, held against an id of nothing; and nothing told that may not be."""
    moment = now()
    found = [
        thing
        for thing in subjects(row, caller.world, things)
        if thing.case is None or thing.case in caller.cases
    ]
    may = {thing.ids: reached(caller.world, caller.viewer, row, thing, moment) for thing in found}
    asked = [thing for thing in found if not (row.kind == "make" and may[thing.ids])]
    nobodys = {_nobody(row, thing) for thing in asked if not may[thing.ids]}
    stray = [(str(uuid4()), thing.ids[-1]) for thing in asked[:4] if len(row.names) > 1]
    named = [*sorted(nobodys), *stray, *(thing.ids for thing in asked)]
    replies = caller.ask([Question(method, _request(row, ids)) for ids in named])
    unknown = {ids: mask(reply, ids) for ids, reply in zip(named[: len(nobodys)], replies, strict=False)}
    for _, reply in zip(stray, replies[len(nobodys) :], strict=False):
        caller.differs(f"{method} of a case it is not in", reply["result"], None)
    for thing, reply in zip(asked, replies[len(nobodys) + len(stray) :], strict=True):
        _single(caller, method, row, thing, reply, None if may[thing.ids] else unknown[_nobody(row, thing)])


def _single(caller: Caller, method: str, row: Row, thing: Thing, reply: Json, unknown: Json | None) -> None:
    what = f"{method} {thing.ids[-1]} {_named(thing)}"
    if unknown is not None:
        caller.differs(what, mask(reply, thing.ids), unknown)
        return
    why = row.reason and not caller.motivo and thing.case is not None
    if why and thing.case is not None:
        asks = asks_reason(caller.world, caller.viewer, row.scope, thing.case, now())
        if asks is None:
            return
        if asks:
            caller.differs(f"{what} without a reason", code(reply), WHY)
            return
    tells_nothing(caller, method, reply)
    if row.kind == "one":
        caller.differs(what, code(reply), "")
    else:
        told = code(reply)
        done = reply["result"] is not None and method != "documenti.complete_upload"
        if done or told == REFUSED or told.startswith("NotFound") or "Unexpected" in told:
            caller.wrong.append(
                f"{caller.name}: {what}: {told or 'done'}: the oracle lets him, and nothing may change"
            )


def tells_nothing(caller: Caller, method: str, reply: Json) -> None:
    """No id, number or word of what does not exist for him."""
    if method in NOT_TOLD:
        return
    told, moment = json.dumps(reply, ensure_ascii=False), now()
    for case in caller.world.cases:
        for word in hidden_words(caller.world, caller.viewer, case, moment):
            if word in told:
                caller.wrong.append(f"{caller.name}: {method} tells {word} of {case.numero}")


# Lists


def listed(caller: Caller, method: str, row: Row, things: Things) -> None:
    moment = now()
    expected = {thing.ids[-1]: thing for thing in subjects(row, caller.world, things)
                if reached(caller.world, caller.viewer, row, thing, moment)}  # fmt: skip
    if row.about == "avvisi":  # others come while one asks: those that were there
        there = {one.id for one in things.avvisi}
        found = ids_of(caller.call(method, **row.also, limite=500), row.key)
        caller.differs(method, found & there if isinstance(found, set) else found, set(expected))
    else:
        _pages(caller, method, row, set(expected), dict(row.also))
    if row.about in OF_A_CASE:
        _of_cases(caller, method, row, expected)
    if method == "cartella.list_cartelle":
        _filters(caller, method, set(expected))


def _of_cases(caller: Caller, method: str, row: Row, expected: dict[str, Thing]) -> None:
    cases = caller.cases
    requests = [row.also | {"cartella_id": case.id, "limite": 500} for case in cases]
    for case, reply in zip(cases, caller.ask([Question(method, one) for one in requests]), strict=True):
        if row.about == "condivisioni":
            _grants_of(caller, method, case, reply)
            continue
        if (
            not caller.motivo
            and row.about != "avvisi"
            and case_reached(caller.world, caller.viewer, row.scope, case, now())
        ):
            asks = asks_reason(caller.world, caller.viewer, row.scope, case, now())
            if asks:
                caller.differs(f"{method} of {case.numero} without a reason", code(reply), WHY)
            if asks is not False:
                continue
        mine = {ids for ids, thing in expected.items() if thing.case is case}
        caller.differs(f"{method} of {case.numero}", ids_of(reply, row.key), mine)


def _grants_of(caller: Caller, method: str, case: Case, reply: Json) -> None:
    """Whoever owns the case and sees it sees whom it is lent to; nobody else, not even for whom it is."""
    scope = ROWS[method].scope
    owns = caller.world.by_role(caller.viewer, scope, case)
    owns = owns and caller.world.reaches(caller.viewer, HEADING, case, now())
    if (
        owns
        and not caller.motivo
        and asks_reason(caller.world, caller.viewer, scope, case, now()) is not False
    ):
        return
    expected = {grant.id for grant in case.grants} if owns else "NotFound cartella.non_trovata"
    caller.differs(f"{method} of {case.numero}", ids_of(reply, "condivisioni"), expected)


def within(caller: Caller, method: str, row: Row, things: Things) -> None:
    """A section of each case; and of no case."""
    world, viewer, moment = caller.world, caller.viewer, now()
    nobody = _nobody(row)
    asked = [nobody, *((case.id,) for case in caller.cases)]
    replies = caller.ask([Question(method, _request(row, ids)) for ids in asked])
    for case, reply in zip(caller.cases, replies[1:], strict=True):
        what = f"{method} of {case.numero}"
        if not case_reached(world, viewer, row.scope, case, moment):
            caller.differs(what, mask(reply, (case.id,)), mask(replies[0], nobody))
            continue
        asks = asks_reason(world, viewer, row.scope, case, moment)
        if not caller.motivo and asks is not False:
            if asks:
                caller.differs(f"{what} without a reason", code(reply), WHY)
            continue
        expected = _inside(caller, row, case, things)
        caller.differs(what, ids_of(reply, row.key), expected)
        tells_nothing(caller, method, reply)
        if row.pages:
            _pages(caller, method, row, expected, {"cartella_id": case.id})
        if method == "cartella.list_voci_diario":
            _searched(caller, method, case, expected)


def _inside(caller: Caller, row: Row, case: Case, things: Things) -> set[str]:
    sezione = row.scope.partition(":")[0]
    if sezione == "stampe":
        return {
            one.id for one in things.stampe if (one.cartella, one.di) == (case.id, caller.viewer.operatore)
        }
    return caller.world.items(caller.viewer, case, sezione, now())


def _searched(caller: Caller, method: str, case: Case, readable: set[str]) -> None:
    """The diary searched for the word of each entry: it finds what is his to read."""
    entries = [item for item in case.items if item.sezione == "diario" and item.parola]
    requests = [{"cartella_id": case.id, "testo": item.parola} for item in entries]
    for item, reply in zip(entries, caller.ask([Question(method, one) for one in requests]), strict=True):
        caller.differs(f"{method} searched for an entry", ids_of(reply, "voci"), {item.id} & readable)
        caller.differs(f"{method} searched for an entry, in all", _total(reply), len({item.id} & readable))


def _pages(caller: Caller, method: str, row: Row, expected: set[str], also: Json) -> None:
    """The whole list; then two by two: the same ids in the same order, the same total on each page."""
    if not row.pages:
        return caller.differs(method, ids_of(caller.call(method, **also, limite=500), row.key), expected)
    starts = list(range(0, len(expected) + 2, 2))
    requests = [{"limite": 500}, *({"limite": 2, "salta": at} for at in starts)]
    whole, *pages = caller.ask([Question(method, also | one) for one in requests])
    caller.differs(method, ids_of(whole, row.key), expected)
    tells_nothing(caller, method, whole)
    if whole["result"] is None:
        return None
    rows = whole["result"][row.key]
    caller.differs(f"{method} page by page", [one["id"] for page in pages for one in rows_of(page, row.key)],
                   [one["id"] for one in rows])  # fmt: skip
    caller.differs(f"{method} in all", {_total(page) for page in (whole, *pages)}, {len(expected)})
    if row.order:
        order = [one[row.order] for one in rows]
        caller.differs(f"{method} newest first", order, sorted(order, reverse=True))
    return None


def _filters(caller: Caller, method: str, expected: set[str]) -> None:
    """What is asked for narrows what is within reach, and counts no more than it shows."""
    known = [case for case in caller.world.cases if case.id in expected]
    persone = caller.viewer.persone
    whole = {case.id for case in known if caller.world.sees_whole(caller.viewer, case, now())}
    by_team = {case.id for case in known if case.team & persone or case.responsabile in persone} & whole
    asked: list[tuple[Json, set[str]]] = [
        ({"area": "famiglia_minori"}, expected),
        ({"area": "anziani"}, set()),
    ]
    for case in caller.cases:
        mine = {case.id} & expected
        asked += [({"residente_id": case.residente}, mine), ({"numero": case.numero}, mine)]
    replies = caller.ask([Question(method, {"limite": 500, **one}) for one, _ in asked])
    for (request, wanted), reply in zip(asked, replies, strict=True):
        caller.differs(
            f"{method} {request}", (ids_of(reply, "cartelle"), _total(reply)), (wanted, len(wanted))
        )
    own = ids_of(caller.call(method, solo_mie=True, limite=500), "cartelle")
    caller.differs(f"{method} of one's own", isinstance(own, set) and by_team <= own <= expected, True)


LISTS: dict[str, Callable[[Caller, str, Row, Things], None]] = {"list": listed, "within": within}


# Requests and replies


def _request(row: Row, ids: Sequence[str]) -> Json:
    return dict(row.also) | dict(zip(row.names, ids, strict=False))


NOBODY = str(UUID(int=7))
"""An id of nothing."""


def _nobody(row: Row, thing: Thing | None = None) -> tuple[str, ...]:
    """Nothing, asked for where this thing is asked for."""
    where = thing.ids[:-1] if thing else (NOBODY,) * (len(row.names) - 1)
    return (*where, NOBODY)


def _named(thing: Thing) -> str:
    item = thing.item
    marks = (
        f" {item.sezione}{' private' if item.privato else ''} {item.riservato}"
        if isinstance(item, Item)
        else ""
    )
    return f"of {thing.case.numero}{marks}" if thing.case else ""


def mask(reply: Json, ids: Sequence[str]) -> Json:
    """The whole reply, less the ids of the question."""
    text = json.dumps(reply, sort_keys=True, ensure_ascii=False)
    for number, one in enumerate(ids):
        text = text.replace(one, f"<{number}>")
    return dict(json.loads(text))


def rows_of(reply: Json, key: str) -> list[Json]:
    return list(reply["result"][key]) if reply["result"] is not None else []


def ids_of(reply: Json, key: str) -> set[str] | str:
    """The ids of a list; the refusal where there is none."""
    return {row["id"] for row in reply["result"][key]} if reply["result"] is not None else code(reply)


def _total(reply: Json) -> int | None:
    return reply["result"].get("totale") if reply["result"] is not None else None
