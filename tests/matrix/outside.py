"""Citizens and machine clients at every door: what is theirs, and that all others are closed alike, whatever is asked
for behind them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import uuid4

import httpx
from tests.matrix import driver, families, probing, reading
from tests.matrix.asking import Asking, Found, tell
from tests.matrix.campaign import Played
from tests.matrix.doors import PARAMETER, Door
from tests.matrix.loader import Seat
from tests.matrix.oracle import Case
from tests.matrix.others import Others

THEIR_OWN = {*map(str, families.CITIZENS), *map(str, families.EVERY_PERSON), *families.OPEN_TO_CITIZENS}
WITHOUT_A_SESSION = {str(door) for door in families.PUBLIC}
SAMPLE = ("GET /api/v1/cartelle", "GET /api/v1/enti", "GET /casi")
"""Doors at which a session that is none is tried: each wrong guess from one address is answered later."""


def run(played: Played, others: Others) -> Found:
    """Everybody who is no operator at every door."""
    world, ids = played.world, real_ids(played)
    askings: list[tuple[Asking, list[driver.Job]]] = [
        (Asking(world, seat), [partial(closed_to_a_citizen, ids=ids)]) for seat in others.citizens.values()
    ]
    for seat in others.machines.values():
        jobs = [
            partial(closed_to_a_machine, ids=ids),
            reading.lists,
            partial(reading.registry, people=played.people),
        ]
        jobs += [partial(reading.reason, case=case) for case in world.cases]
        jobs += [partial(reading.parts, case=case) for case in world.cases]
        jobs += [partial(probing.writes, case=case) for case in world.cases]
        asking = Asking(world, seat)
        api = [door for door in probing.all_doors() if not door.page]
        jobs += [partial(probing.probes, case=case, doors_asked=api) for case in asking.hidden()[:3]]
        askings.append((asking, jobs))
    return driver.run_all(askings)


def real_ids(played: Played) -> dict[str, str]:
    """What each address could name: things that are there."""
    case: Case = max(played.world.cases, key=lambda one: len(one.items))
    system, other = played.history.system, next(iter(played.seats.values()))
    found = {"cartella_id": case.id, "residente_id": case.residente, "operatore_id": other.id}
    found |= {PARAMETER[item.sezione]: item.id for item in case.items if item.sezione in PARAMETER}
    for name, table, column in (
        ("incarico_id", "incarichi", "id::text"), ("client_id", "clienti", "id::text"),
        ("session_id", "sessioni", "id::text"), ("version", "politiche", "version::text"),
        ("numero", "accessi_sigilli", "numero::text"), ("verifica_id", "accessi_verifiche", "id::text"),
        ("termini_id", "registro_termini", "id::text"),
        ("anomalia_id", "accessi_anomali", "id::text"), ("emergenza_id", "emergenze", "id::text"),
        ("delega_id", "deleghe", "id::text"),
    ):  # fmt: skip
        if rows := system.query("gateway", f"SELECT {column} FROM {table} LIMIT 1"):
            found[name] = rows[0][0]
    grants = [grant.id for one in played.world.cases for grant in one.grants]
    return found | ({"condivisione_id": grants[0]} if grants else {})


def fill(door: Door, ids: dict[str, str]) -> dict[str, str]:
    """Something for every name in the address; for what `ids` does not know, nobody's."""
    names = [part.partition("}")[0] for part in door.path.split("{")[1:]]
    plain = {"version": "1", "numero": "1", "kid": "uno", "ruolo": "coordinatore"}
    return {name: ids.get(name) or plain.get(name) or str(uuid4()) for name in names}


def closed_to_a_citizen(asking: Asking, ids: dict[str, str]) -> None:
    for door in families.every_door():
        if str(door) == families.FIRST_PAGE:
            reply = asking.ask(door, {})
            asking.same(str(door), (reply.status_code, reply.headers.get("location")), (303, "/cittadino"))
        elif str(door) in THEIR_OWN:
            if door.method == "GET":
                asking.same(str(door), asking.ask(door, {}).status_code, 200)
        elif str(door) not in WITHOUT_A_SESSION:
            _alike(asking, door, ids, 403)


def closed_to_a_machine(asking: Asking, ids: dict[str, str]) -> None:
    for door in families.every_door():
        if str(door) in WITHOUT_A_SESSION:
            continue
        if door.page:
            _alike(asking, door, ids, 303)
        elif str(door) in families.NO_MACHINE or not all(
            asking.world.holds(asking.viewer, scope) for scope in door.scopes
        ):
            _alike(asking, door, ids, 403)


def _alike(asking: Asking, door: Door, ids: dict[str, str], status: int) -> None:
    """Closed, and in the same words for what is there and for what is not."""
    told = []
    for named in (fill(door, ids), fill(door, {})) if "{" in door.path else ({},):
        reply = asking.ask(door, named)
        asking.same(f"{door}", reply.status_code, status)
        if status == 303 and not reply.headers["location"].startswith("/accedi"):
            asking.wrong(str(door), f"leads to {reply.headers['location']}")
        told.append(tell(reply, named))
    if told[0] != told[-1]:
        asking.wrong(f"probe {door}", probing.difference(str(told[0]), str(told[-1])))


def no_session(base_url: str, headers: dict[str, str], cookies: dict[str, str]) -> list[str]:
    """What these open, of the sample: nothing, it should be."""
    opened = []
    for door in SAMPLE:
        url = f"{base_url}{door.split()[1]}"
        with httpx.Client(cookies=cookies, timeout=60) as http:
            reply = http.get(url, headers=headers)
        if reply.status_code != (303 if door.endswith("/casi") else 401):
            opened.append(f"{door}: {reply.status_code}")
    return opened


def cookie_of(seat: Seat) -> str:
    return next(iter(seat.http.http.cookies.values()))


def another_kind(citizens: Iterable[Seat], machines: Iterable[Seat], operator: Seat) -> list[str]:
    """Each session where another kind belongs: a cookie as a token, a token as a cookie."""
    base_url, name = operator.system.base_url, next(iter(operator.http.http.cookies.keys()))
    wrong = []
    for seat in (operator, *citizens):
        wrong += no_session(base_url, {"Authorization": f"Bearer {cookie_of(seat)}"}, {})
    for seat in machines:
        token = seat.http.http.headers["Authorization"].partition(" ")[2]
        wrong += no_session(base_url, {}, {name: token})
    return wrong
