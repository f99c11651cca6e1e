"""Writing where one may not, and probing for what one may not know: nothing changes, nothing is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from tests.matrix import doors
from tests.matrix.asking import Asking, tell
from tests.matrix.doors import PARAMETER, Door
from tests.matrix.loader import now
from tests.matrix.oracle import Case, Grant, Item


def writes(asking: Asking, case: Case) -> None:
    moment = now()
    for door in doors.WRITES:
        if door.subject == "cartella":
            _write(asking, door, case, {}, moment)
            continue
        for item in [one for one in case.items if one.sezione == door.subject][:2]:
            _write(asking, door, case, {PARAMETER[item.sezione]: item.id}, moment, item)


def _write(
    asking: Asking, door: Door, case: Case, ids: dict[str, str], moment: datetime, item: Item | None = None
) -> None:
    if not all(asking.world.holds(asking.viewer, scope) for scope in door.scopes):
        reply = asking.ask(door, {"cartella_id": case.id, **ids})
        return asking.same(f"{door} {case.numero}", reply.status_code, 403)
    reaches = asking.world.reaches(asking.viewer, door.reach, case, moment)
    if item is not None:
        reaches = asking.world.reads_item(asking.viewer, case, item, moment, door.reach)
    if item is not None and item.sezione == "diario":  # a case must be written in, whatever is read there
        reaches = reaches and item.autore == asking.viewer.operatore
        reaches = reaches and asking.world.reaches(asking.viewer, door.reach, case, moment)
    if reaches:
        if door.safe:
            reply = asking.ask(door, {"cartella_id": case.id, **ids})
            if reply.status_code not in (400, 403, 409) or reply.json()["code"] == "mandato.non_abilitato":
                asking.wrong(
                    f"{door} {case.numero}",
                    f"{reply.status_code} {reply.text[:200]}: the oracle lets him",
                )
        return None
    reply = asking.ask(door, {"cartella_id": case.id, **ids})
    if reply.status_code not in (403, 404):
        asking.wrong(
            f"{door} {case.numero}",
            f"{reply.status_code} {reply.text[:200]}: the oracle does not let him",
        )
    return None


def probes(asking: Asking, case: Case, doors_asked: Sequence[Door]) -> None:
    """A case that does not exist for him answers, at each of these doors, what nobody's id answers."""
    theirs = {"cartella_id": case.id, "residente_id": case.residente, "avviso_id": str(uuid4())}
    theirs |= {name: str(uuid4()) for name in PARAMETER.values() if name not in theirs}
    others = (grant for grant in case.grants if not _his_to_answer(asking, grant))
    theirs["condivisione_id"] = next((grant.id for grant in others), str(uuid4()))
    for item in case.items:
        if item.sezione in PARAMETER:
            theirs[PARAMETER[item.sezione]] = item.id
    nobodys = {name: str(uuid4()) for name in theirs} | {"residente_id": case.residente}
    for door in doors_asked:
        for motivo in _motivi(door):
            told, known = tell(asking.ask(door, theirs, motivo), theirs), (str(door), motivo)
            if known not in asking.nobodys:  # the same for every case: asked once
                asking.nobodys[known] = tell(asking.ask(door, nobodys, motivo), nobodys)
            if told != asking.nobodys[known]:
                asking.wrong(f"probe {door} of {case.numero}", _parts(told, asking.nobodys[known]))


def _his_to_answer(asking: Asking, grant: Grant) -> bool:
    scopes = ("condivisioni:leggi", "condivisioni:scrivi")
    answers = any(asking.world.answers(asking.viewer, scope, grant) for scope in scopes)
    return answers or grant.is_for(asking.viewer)


def probes_within(asking: Asking, case: Case, doors_asked: Sequence[Door]) -> None:
    """Nor does something in a case he knows tell that it is there, at any door whose scope does not reach it."""
    moment, world = now(), asking.world
    for item in case.items:
        name = PARAMETER.get(item.sezione)
        if name is None or world.reads_item(asking.viewer, case, item, moment):
            continue
        theirs, nobodys = ({"cartella_id": case.id, name: one} for one in (item.id, str(uuid4())))
        for door in doors_asked:
            scope = door.reach or f"{item.sezione}:scrivi"
            if f"{{{name}}}" in door.path and not world.reads_item(asking.viewer, case, item, moment, scope):
                _probe(asking, door, theirs, nobodys, f"{item.sezione} {item.id} in {case.numero}")


def _probe(asking: Asking, door: Door, theirs: dict[str, str], nobodys: dict[str, str], what: str) -> None:
    for motivo in _motivi(door):
        one, other = (tell(asking.ask(door, ids, motivo), ids) for ids in (theirs, nobodys))
        if one != other:
            asking.wrong(f"probe {door} {what}", _parts(one, other))


def _motivi(door: Door) -> tuple[bool, ...]:
    """Read with a reason and without one; written with one."""
    return (True, False) if door.method == "GET" else (True,)


def _parts(one: Any, other: Any) -> str:
    return difference(str(one), str(other))


def difference(one: str, other: str) -> str:
    """Where two answers part."""
    at = next(
        (i for i, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]),
        min(len(one), len(other)),
    )
    near = slice(max(at - 60, 0), at + 120)
    return f"…{one[near]}… is not …{other[near]}…"


def all_doors() -> list[Door]:
    """Every door through which something may be probed by its id."""
    forms = [door for door in doors.PAGE_WRITES if "{" in door.path and "{residente_id}" not in door.path]
    alerts = [door for door in doors.ELSEWHERE if door.subject == "avvisi"]
    return [*doors.READS, *doors.PAGES, *doors.PROBED, *doors.WRITES, *forms, *alerts]
