"""Every door asked by everybody, and the answers held against the oracle."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from random import Random
from typing import Any
from uuid import uuid4

import httpx
from tests.matrix import doors
from tests.matrix.doors import Door
from tests.matrix.loader import Seat, now
from tests.matrix.oracle import Case, Item, Viewer, World

PARAMETER = {"diario": "voce_id", "documenti": "documento_id", "fogli": "foglio_id", "liquidazioni": "erogazione_id",
             "stampe": "stampa_id", "residente": "residente_id"}  # fmt: skip
PARTS = (("diario", "voci"), ("isee", "isee"), ("documenti", "documenti"))
THREADS = 3
WHOLE_ONLY = ("/carico", "/accessi")
"""Pages about who follows and who has read the case: for those who own it, not for whom it is lent to."""
OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{128}|\b[0-9a-f]{12}\b")
"""Correlation ids and masked CSRF tokens: different in each answer."""


@dataclass
class Found:
    """What a run has seen: how many answers, and every one that the oracle gives differently."""

    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def __iadd__(self, other: Found) -> Found:
        self.asked += other.asked
        self.wrong += other.wrong
        return self


class Asking:
    """One person at the doors."""

    def __init__(self, world: World, seat: Seat) -> None:
        self.world = world
        self.seat = seat
        self.viewer = seat.viewer
        self.found = Found()

    # Asking

    def get(self, path: str, motivo: bool = True, **params: Any) -> httpx.Response:
        """An API address or a page; whatever comes back must tell nothing he may not know."""
        return self.ask(Door("GET", path, "", ()), {}, motivo, **params)

    def ask(self, door: Door, ids: dict[str, str], motivo: bool = True, **params: Any) -> httpx.Response:
        url = f"{self.seat.system.base_url}{door.path.format(**ids)}"
        headers = {"X-Motivo": "Matrice"} if motivo else {}
        if door.page:
            headers["Accept"] = "text/html"
        if isinstance(door.body, bytes):
            headers |= {"X-Nome-File": "a.txt", "Content-Type": "text/plain"}
            reply = self.seat.http.http.request(door.method, url, content=door.body, headers=headers)
        else:
            reply = self.seat.http.http.request(
                door.method, url, json=door.body, headers=headers, params=params or None
            )
        self.found.asked += 1
        if reply.status_code >= 500:
            self.wrong(str(door), f"{reply.status_code} {reply.text[:300]}")
        return reply

    def wrong(self, what: str, why: str) -> None:
        self.found.wrong.append(f"{self.seat.name}: {what}: {why}")

    def same(self, what: str, seen: Any, expected: Any) -> None:
        if seen != expected:
            self.wrong(what, f"the system says {seen}, the oracle {expected}")

    # What he may know

    def secrets(self, moment: datetime) -> set[str]:
        """Whatever would be a trace of what does not exist for him."""
        found: set[str] = set()
        for case in self.world.cases:
            offered = any(grant.is_for(self.viewer) for grant in case.grants)
            if not self.world.knows(self.viewer, case, moment):
                found |= {case.id} if offered else {case.id, case.numero}
            for item in case.items:
                if not self.world.reads_item(self.viewer, case, item, moment):
                    found |= {item.parola} if item.autore == self.viewer.operatore else {item.id, item.parola}
        return found - {""}

    def tells_nothing(self, what: str, reply: httpx.Response) -> None:
        if told := [secret for secret in self.secrets(now()) if secret in reply.text]:
            self.wrong(what, f"tells {told[:3]}")

    # Lists, counts, searches, pages of lists

    def lists(self) -> None:
        self._cases()
        for path, key, sezione in (
            ("/fogli", "fogli", "fogli"),
            ("/erogazioni", "erogazioni", "liquidazioni"),
        ):
            self._money(path, key, sezione)
        for path in ("/api/v1/avvisi?solo_aperti=false&limite=500", "/api/v1/siuss?mese=2026-03", "/api/v1/colleghi",
                     "/api/v1/report/crosstab", "/", "/avvisi", "/avvisi/conteggio", "/siuss", "/report",
                     "/riservatezza", "/pagamenti", "/interventi", "/casi"):  # fmt: skip
            reply = self.get(path)
            self.tells_nothing(path, reply)
            if path == "/casi" and reply.status_code == 200:
                self._shows_cases(reply)

    def _shows_cases(self, reply: httpx.Response) -> None:
        listed = self.world.listed(self.viewer, now())
        missing = [
            case.numero for case in self.world.cases if case.id in listed and case.numero not in reply.text
        ]
        if missing and len(listed) <= 10:
            self.wrong("GET /casi", f"does not show {missing}")

    def _page_of(self, path: str, key: str, scope: str, **params: Any) -> list[dict[str, Any]] | None:
        """The rows of a list; None where the role is kept out, as it must be."""
        reply = self.get(f"/api/v1{path}", **params)
        if not self.world.holds(self.viewer, scope):
            self.same(f"GET {path}", reply.status_code, 403)
            return None
        if reply.status_code != 200:
            self.wrong(f"GET {path} {params}", f"{reply.status_code} {reply.text[:200]}")
            return None
        body = reply.json()
        if "totale" in body and params.get("limite", 50) > len(body[key]) and not params.get("salta"):
            self.same(f"GET {path} {params} totale", body["totale"], len(body[key]))
        return list(body[key])

    def _cases(self) -> None:
        expected = self.world.listed(self.viewer, now())
        rows = self._page_of("/cartelle", "cartelle", doors.PIC, limite=500)
        if rows is None:
            return
        self.same("GET /cartelle", {row["id"] for row in rows}, expected)
        for row in rows:
            self._heading(row)
        paged = [row["id"] for at in range(0, len(expected) + 1, 2)
                 for row in self._page_of("/cartelle", "cartelle", doors.PIC, limite=2, salta=at) or ()]  # fmt: skip
        self.same("GET /cartelle page by page", sorted(paged), sorted(expected))
        mine = {
            row["id"]
            for row in self._page_of("/cartelle", "cartelle", doors.PIC, limite=500, solo_mie=True) or ()
        }
        self.same("GET /cartelle?solo_mie", mine - expected, set())
        for case in self.world.cases:
            for params in (
                {"residente_id": case.residente},
                {"numero": case.numero},
                {"residenti_id": case.residente},
            ):
                rows = self._page_of("/cartelle", "cartelle", doors.PIC, **params) or []
                self.same(f"GET /cartelle {params}", {row["id"] for row in rows}, {case.id} & expected)

    def _heading(self, row: dict[str, Any]) -> None:
        """Whoever sees the heading alone sees neither who works there nor what happened."""
        case = next((one for one in self.world.cases if one.id == row["id"]), None)
        if case is None:
            return
        whole = self.world.sees_whole(self.viewer, case, now())
        self.same(f"{case.numero} solo_intestazione", row["solo_intestazione"], not whole)
        if not whole:
            told = [row["team"], row["passaggi"], row["version"]]
            self.same(f"{case.numero} heading alone", told, [[], [], 0])

    def _money(self, path: str, key: str, sezione: str) -> None:
        scope = f"{sezione}:leggi"
        rows = self._page_of(path, key, scope, limite=500)
        if rows is None:
            return
        moment = now()
        expected = {
            case.id: self.world.items(self.viewer, case, sezione, moment) for case in self.world.cases
        }
        self.same(f"GET {path}", {row["id"] for row in rows}, set().union(*expected.values()))
        for case in self.world.cases:
            rows = self._page_of(path, key, scope, cartella_id=case.id) or []
            self.same(f"GET {path} of {case.numero}", {row["id"] for row in rows}, expected[case.id])

    def registry(self, people: Iterable[tuple[str, str, str]]) -> None:
        """People as (residente, cognome, ente): by name, by id, by page."""
        for residente, cognome, ente in people:
            reaches = self.world.registry_reaches(self.viewer, residente, ente)
            rows = self._page_of("/residenti", "residenti", "anagrafe:leggi", testo=cognome)
            if rows is None:
                return
            self.same(f"GET /residenti?testo={cognome}", residente in {row["id"] for row in rows}, reaches)
            for tail in ("", "/variazioni"):
                reply = self.get(f"/api/v1/residenti/{residente}{tail}")
                self.same(f"GET /residenti/{residente}{tail}", reply.status_code, 200 if reaches else 404)
            page = self.get(f"/persone/{residente}")
            self.same(f"GET /persone/{residente}", page.status_code, 200 if reaches else 404)
            self.tells_nothing(f"GET /persone/{residente}", page)

    # One case

    def case(self, case: Case) -> None:
        """Everything of one case: exactly what the oracle says; and without a reason, nothing if it is not his own."""
        moment = now()
        heading = self.world.sees_heading(self.viewer, case, moment)
        self._one("GET /cartelle/{id}", doors.PIC, f"/api/v1/cartelle/{case.id}", heading)
        for part, key in PARTS:
            self._part(case, part, key, moment)
        for item in case.items:
            for door in (*doors.READS, *doors.PAGES):
                if door.subject == item.sezione:
                    self._item(door, case, item, moment)
        for door in doors.PAGES:
            if door.subject == "cartella":
                self._page(door, case, heading, moment)
        self._reason(case, heading)

    def _one(self, what: str, scope: str, path: str, visible: bool) -> httpx.Response:
        reply = self.get(path)
        expected = 403 if not self.world.holds(self.viewer, scope) else 200 if visible else 404
        self.same(f"{what} {path}", reply.status_code, expected)
        self.tells_nothing(path, reply) if expected == 200 else None
        return reply

    def _part(self, case: Case, part: str, key: str, moment: datetime) -> None:
        reply = self.get(f"/api/v1/cartelle/{case.id}/{part}")
        if not self.world.holds(self.viewer, f"{part}:leggi"):
            return self.same(f"{case.numero} {part}", reply.status_code, 403)
        expected = self.world.items(self.viewer, case, part, moment)
        if self.world.reaches(self.viewer, f"{part}:leggi", case, moment):
            self.same(f"{case.numero} {part}", reply.status_code, 200)
        rows = reply.json()[key] if reply.status_code == 200 else []
        self.same(f"{case.numero} {part}", {row["id"] for row in rows}, expected)
        if reply.status_code == 200 and "totale" in reply.json():
            self.same(f"{case.numero} {part} totale", reply.json()["totale"], len(expected))
        return None

    def _item(self, door: Door, case: Case, item: Item, moment: datetime) -> None:
        """One entry, document, foglio or payment by its id."""
        ids = {"cartella_id": case.id, PARAMETER[item.sezione]: item.id}
        reply = self.ask(door, ids)
        if not all(self.world.holds(self.viewer, scope) for scope in door.scopes):
            return self.same(f"{door} {item.id}", reply.status_code, 403)
        reads = self.world.reads_item(self.viewer, case, item, moment)
        if not door.page or not reads:
            ok = (200, 303) if reads else (404, 403) if door.page else (404,)
            if reply.status_code not in ok:
                self.wrong(
                    f"{door} {item.id} of {case.numero}", f"{reply.status_code}, the oracle: reads={reads}"
                )
        if item.parola and item.parola in reply.text and not reads:
            self.wrong(f"{door} {item.id}", "shows its words")
        return None

    def _page(self, door: Door, case: Case, heading: bool, moment: datetime) -> None:
        reply = self.ask(door, {"cartella_id": case.id})
        if not all(self.world.holds(self.viewer, scope) for scope in door.scopes):
            return self.same(f"{door} {case.numero}", reply.status_code, 403)
        if not heading:
            return self.same(f"{door} {case.numero}", reply.status_code, 404)
        reach = self.world.by_role if door.path.endswith(WHOLE_ONLY) else self._reach
        if all(reach(self.viewer, scope, case) for scope in door.scopes if scope != "anagrafe:leggi"):
            self.same(f"{door} {case.numero}", reply.status_code, 200)
        self.tells_nothing(f"{door} {case.numero}", reply)
        return None

    def _reach(self, viewer: Viewer, scope: str, case: Case) -> bool:
        return self.world.reaches(viewer, scope, case, now())

    def _reason(self, case: Case, heading: bool) -> None:
        if not self.world.holds(self.viewer, doors.PIC):
            return
        reply = self.get(f"/api/v1/cartelle/{case.id}", motivo=False)
        if not heading:
            self.same(f"{case.numero} without a reason", reply.status_code, 404)
        elif self.world.is_own(self.viewer, case):
            self.same(f"{case.numero} without a reason", reply.status_code, 200)
        else:
            code = reply.json().get("code") if reply.status_code != 200 else "200"
            self.same(f"{case.numero} without a reason", code, "accesso.motivo_richiesto")

    # Writing, with a version that nothing has

    def writes(self, case: Case) -> None:
        moment = now()
        for door in doors.WRITES:
            if door.subject == "cartella":
                self._write(door, case, {}, moment)
                continue
            for item in [one for one in case.items if one.sezione == door.subject][:2]:
                self._write(door, case, {PARAMETER[item.sezione]: item.id}, moment, item)

    def _write(
        self, door: Door, case: Case, ids: dict[str, str], moment: datetime, item: Item | None = None
    ) -> None:
        if not all(self.world.holds(self.viewer, scope) for scope in door.scopes):
            reply = self.ask(door, {"cartella_id": case.id, **ids})
            return self.same(f"{door} {case.numero}", reply.status_code, 403)
        reaches = self.world.reaches(self.viewer, door.reach, case, moment)
        if item is not None and item.sezione == "diario":
            reaches = reaches and item.autore == self.viewer.operatore
        if reaches:
            if door.safe:
                reply = self.ask(door, {"cartella_id": case.id, **ids})
                if (
                    reply.status_code not in (400, 403, 409)
                    or reply.json()["code"] == "mandato.non_abilitato"
                ):
                    self.wrong(
                        f"{door} {case.numero}",
                        f"{reply.status_code} {reply.text[:200]}: the oracle lets him",
                    )
            return None
        reply = self.ask(door, {"cartella_id": case.id, **ids})
        if reply.status_code not in (403, 404):
            self.wrong(
                f"{door} {case.numero}",
                f"{reply.status_code} {reply.text[:200]}: the oracle does not let him",
            )
        return None

    # Existence

    def probes(self, case: Case) -> None:
        """A case that does not exist for him answers, at every door, what nobody's id answers."""
        theirs = {"cartella_id": case.id, "residente_id": case.residente, "avviso_id": str(uuid4())}
        theirs |= {name: str(uuid4()) for name in PARAMETER.values() if name not in theirs}
        for item in case.items:
            if item.sezione in PARAMETER:
                theirs[PARAMETER[item.sezione]] = item.id
        nobodys = {name: str(uuid4()) for name in theirs} | {"residente_id": case.residente}
        for door in (*doors.READS, *doors.PAGES, *doors.WRITES, *page_writes()):
            self._probe(door, theirs, nobodys, f"of {case.numero}")

    def probes_within(self, case: Case) -> None:
        """Nor does something in a case he knows tell that it is there."""
        moment = now()
        unseen = [one for one in case.items if not self.world.reads_item(self.viewer, case, one, moment)]
        for item in unseen:
            name = PARAMETER.get(item.sezione)
            if name is None or item.autore == self.viewer.operatore:
                continue
            theirs, nobodys = ({"cartella_id": case.id, name: one} for one in (item.id, str(uuid4())))
            for door in (*doors.READS, *doors.PAGES, *doors.WRITES, *page_writes()):
                if f"{{{name}}}" in door.path:
                    self._probe(door, theirs, nobodys, f"{item.sezione} {item.id} in {case.numero}")

    def _probe(self, door: Door, theirs: dict[str, str], nobodys: dict[str, str], what: str) -> None:
        for motivo in (True, False) if door.method == "GET" else (True,):
            told = [tell(self.ask(door, ids, motivo), ids) for ids in (theirs, nobodys)]
            if told[0] != told[1]:
                self.wrong(f"probe {door} {what}", f"{told[0]} is not {told[1]}"[:900])

    def hidden(self) -> list[Case]:
        moment = now()
        return [case for case in self.world.cases if not self.world.knows(self.viewer, case, moment)]


def page_writes() -> Iterator[Door]:
    for line in sorted(doors.lines(doors.PAGE_WRITES)):
        method, path = line.split()
        if "{" in path and "{residente_id}" not in path:
            yield Door(method, path, "", (), body=None)


def tell(reply: httpx.Response, ids: dict[str, str]) -> tuple[Any, ...]:
    """What a person can tell from an answer, less the ids of his own question."""
    text, headers = reply.text, dict(reply.headers)
    for name in ("date", "x-correlation-id", "content-length", "set-cookie"):
        headers.pop(name, None)
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
        headers = {key: told.replace(value, f"<{name}>") for key, told in headers.items()}
    return reply.status_code, sorted(headers.items()), OWN.sub("<own>", text)


def run_all(askings: Iterable[tuple[Asking, list[Any]]]) -> Found:
    """Each person does his jobs; several at once."""
    total = Found()

    def work(pair: tuple[Asking, list[Any]]) -> Found:
        asking, jobs = pair
        for job in jobs:
            try:
                job(asking)
            except (httpx.HTTPError, KeyError, ValueError, TypeError) as error:
                asking.wrong("the driver", repr(error))
        return asking.found

    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(work, askings):
            total += found
    return total


def full(
    world: World,
    seats: dict[str, Seat],
    random: Random,
    people: list[tuple[str, str, str]],
    share: float = 1.0,
) -> Found:
    """The whole matrix of a world: lists and counts for everybody; of single cases, forms and probes a `share`, never
    none."""
    askings = []
    for seat in seats.values():
        asking = Asking(world, seat)

        def some(cases: list[Case]) -> list[Case]:
            return random.sample(cases, min(len(cases), math.ceil(len(cases) * share)))

        hidden = asking.hidden()
        jobs: list[Any] = [Asking.lists, partial(Asking.registry, people=people)]
        jobs += [partial(Asking.case, case=case) for case in some(world.cases)]
        jobs += [partial(Asking.writes, case=case) for case in some(world.cases)]
        jobs += [partial(Asking.probes, case=case) for case in some(hidden)[:3]]
        jobs += [
            partial(Asking.probes_within, case=case)
            for case in some([c for c in world.cases if c not in hidden])[:4]
        ]
        askings.append((asking, jobs))
    return run_all(askings)


def touched(world: World, seats: dict[str, Seat], case: Case) -> Found:
    """After something happened to a case: that case, by everybody."""
    return run_all((Asking(world, seat), [partial(Asking.case, case=case)]) for seat in seats.values())
