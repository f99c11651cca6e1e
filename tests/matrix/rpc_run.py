"""Everybody on the line: in his role, in roles that nobody wrote, standing in, in an emergency, giving no reason."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from tests.matrix.oracle import Case, Viewer, World
from tests.matrix.rpc_asking import SECOND_LEVEL, Caller, Line, Question, drawn, line_to, with_rules
from tests.matrix.rpc_checks import ask_rows
from tests.matrix.rpc_oracle import Things, things_of
from tests.matrix.rpc_own import ask_own
from tests.matrix.rpc_rows import SCOPES
from tests.matrix.worlds import Cast
from tests.system import Json, System

LINES = 2
KINDS = ("role", "drawn", "silent", "standing in", "in an emergency")


@dataclass
class Heard:
    """What a run has found: by kind of mandate how many questions, and what the oracle gives differently."""

    asked: dict[str, int]
    wrong: dict[str, list[str]]
    before: dict[str, Json]
    after: dict[str, Json]


def run(
    system: System, cast: Cast, world: World, seed: int, most: int = 1, kinds: tuple[str, ...] = KINDS
) -> Heard:
    """Each asks every row; of single cases the last and `most` others. With one other alone, fewer drawn mandates."""
    things = things_of(system, world, cast.enti)
    with line_to(system) as line:
        before = picture(system, line, world)
    random = Random(seed)
    callers = [one for kind in kinds for one in _callers(system, world, things, kind, random, whole=most > 1)]
    heard = Heard(dict.fromkeys(kinds, 0), {kind: [] for kind in kinds}, before, {})

    def work(share: list[tuple[str, Caller]]) -> None:
        with line_to(system) as line:
            for _, caller in share:
                caller.line = line
                others = Random(caller.name).sample(world.cases[:-1], min(most, len(world.cases) - 1))
                caller.cases = [*others, world.cases[-1]]
                ask_rows(caller, things)
                ask_own(caller, cast, things)

    with ThreadPoolExecutor(LINES) as pool:
        list(pool.map(work, [callers[at::LINES] for at in range(LINES)]))
    for kind, caller in callers:
        heard.asked[kind] += caller.asked
        heard.wrong[kind] += caller.wrong
    with line_to(system) as line:
        heard.after = picture(system, line, world)
    return heard


def _callers(
    system: System, world: World, things: Things, kind: str, random: Random, whole: bool
) -> Iterator[tuple[str, Caller]]:
    """Everybody in his role; under the other mandates some, unless the whole is asked for."""
    everybody = [world.viewer(one.operatore) for one in world.incarichi]
    some = random.sample(everybody, min({"drawn": 7}.get(kind, 3), len(everybody)))
    for number, viewer in enumerate(everybody if whole or kind == "role" else some):
        named = f"{viewer.incarico.ruolo} of {viewer.incarico.ente}/{viewer.incarico.settore} {kind} {number}"
        mine, seen_as = world, viewer
        apart = _not_told_to(viewer, world, things)
        if kind == "drawn" and number % 2 and apart:  # somebody of his household has a case
            seen_as = replace(viewer, esclusi=viewer.esclusi | {random.choice(apart).residente})
        if kind not in ("role", "silent"):
            mine, seen_as = with_rules(world, seen_as, drawn(random, SCOPES))
        if kind == "standing in":
            others = [one.operatore for one in world.incarichi if one.operatore != viewer.operatore]
            seen_as = replace(seen_as, delegante=random.choice(others))
        if kind == "in an emergency":
            mine, seen_as = _glass(mine, seen_as, random)
        motivo = "" if kind == "silent" else "Matrice"
        yield kind, Caller(system, None, mine, seen_as, named, motivo)  # type: ignore[arg-type]


def _not_told_to(viewer: Viewer, world: World, things: Things) -> list[Case]:
    """Cases without an alert of his: who asks for his alerts hands on those about his household, then and there."""
    his = [one for one in things.avvisi if one.destinatario == viewer.operatore]
    told = {word for one in his for word in (one.cartella, one.residente)}
    return [case for case in world.cases if not {case.id, case.residente} & told]


def _glass(world: World, viewer: Viewer, random: Random) -> tuple[World, Viewer]:
    """The glass broken on the person of some case, for any scopes."""
    of_others = [case for case in world.cases if case.residente not in viewer.esclusi]
    opened = dict.fromkeys(random.sample(SCOPES, len(SCOPES) // 2), "propri")
    world = replace(world, policy=world.policy | {"emergenza": opened})
    return world, replace(viewer, emergenza=random.choice(of_others).residente)


# What stands in the stores, told by the services themselves


EVERYTHING = dict.fromkeys((*SCOPES, SECOND_LEVEL), "ente")


def picture(system: System, line: Line, world: World) -> dict[str, Json]:
    """Every case with all that lies in it, as each of its authors reads it."""
    found: dict[str, Json] = {}
    for case in world.cases:
        for author in sorted({item.autore for item in case.items} | {case.aperta_da}):
            caller = _reader(system, line, world, case, author)
            replies = caller.ask([Question(method, request) for method, request in _of(case)])
            for (method, _), reply in zip(_of(case), replies, strict=True):
                assert reply["result"] is not None, f"{method}: {reply['error']}"
                found[f"{case.numero} {method} by {author}"] = reply["result"]
    return found


def _reader(system: System, line: Line, world: World, case: Case, author: str) -> Caller:
    """Somebody who reads whatever lies in a case, and what is private to him."""
    place = replace(world.viewer(author).incarico, ente=case.ente, settore=case.settore)
    viewer = Viewer(author, place)
    mine, viewer = with_rules(world, viewer, EVERYTHING)
    return Caller(system, line, mine, viewer, author)


def _of(case: Case) -> list[tuple[str, dict[str, Any]]]:
    named = {"cartella_id": case.id}
    whole = named | {"limite": 500}
    return [
        ("cartella.get_cartella", named), ("cartella.list_voci_diario", whole), ("cartella.list_isee", named),
        ("cartella.list_condivisioni", whole), ("documenti.list_documenti", whole),
        ("erogazioni.list_fogli", whole), ("erogazioni.list_erogazioni", whole),
    ]  # fmt: skip
