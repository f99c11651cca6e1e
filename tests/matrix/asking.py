"""One person at the doors of the running system: asking, and what an answer may tell him."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
from tests.matrix.doors import Door
from tests.matrix.loader import Seat, now
from tests.matrix.oracle import Case, Viewer, World

OWN = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[0-9a-f]{128}|\b[0-9a-f]{12}\b")
"""Correlation ids and masked CSRF tokens: different in each answer."""
MINE = re.compile(
    r"<a[^>]*href=\"/avvisi\".*?</a>|data-sessione=\"[0-9]*\"|<strong>Emergenza in corso</strong>.*?</p>",
    re.DOTALL,
)
"""What is the caller's own: the count of his alerts on a page (a dash when it is slow to come), the seconds his session
still has, whose glass he broke and for how many minutes more."""


MEANS_ITSELF = 12
"""Characters from which on what stands in an address can be told in the answer: a version's number is anywhere."""


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
        self.pages = seat.viewer.estensioni is None
        """Whether pages are for him: a machine client has the API alone."""
        self.found = Found()
        self.nobodys: dict[tuple[str, bool], Any] = {}
        """What he is told at a door, with a reason or without, of what is not there."""

    def get(self, path: str, motivo: bool = True, **params: Any) -> httpx.Response:
        """An API address or a page; whatever comes back must tell nothing he may not know."""
        return self.ask(Door("GET", path, "", ()), {}, motivo, **params)

    def ask(self, door: Door, ids: dict[str, str], motivo: bool = True, **params: Any) -> httpx.Response:
        url = f"{self.seat.system.base_url}{door.path.format(**ids)}"
        headers = {"X-Motivo": "Matrice"} if motivo and self.pages else {}  # a machine has said what for
        if door.page:
            headers["Accept"] = "text/html"
        if isinstance(door.body, bytes):
            headers |= {"X-Nome-File": "a.txt", "Content-Type": "text/plain"}
            reply = self.seat.http.http.request(door.method, url, content=door.body, headers=headers)
        else:
            sent = {"data" if door.page else "json": door.body}
            reply = self.seat.http.http.request(
                door.method, url, headers=headers, params=params or None, **sent
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

    def secrets(self, moment: datetime) -> set[str]:
        """Whatever would be a trace of what does not exist for him."""
        found: set[str] = set()
        for case in self.world.cases:
            offered = any(grant.is_for(self.viewer) for grant in case.grants)
            if not self.world.knows(self.viewer, case, moment):
                found |= {case.id} if offered else {case.id, case.numero}
            for item in case.items:
                if not self.world.knows_item(self.viewer, case, item, moment):
                    found |= {item.parola} if item.autore == self.viewer.operatore else {item.id, item.parola}
        return found - {""}

    def tells_nothing(self, what: str, reply: httpx.Response) -> None:
        secrets = self.secrets(now())
        if "avvisi" in what or what == "/":
            secrets -= self._told_of()
        if told := [secret for secret in secrets if secret in reply.text]:
            self.wrong(what, f"tells {told[:3]}")

    def _told_of(self) -> set[str]:
        """Ids of what an alert of his settore may point at, in cases he knows: an alert says that a foglio waits, not
        what it says."""
        moment = now()
        known = [case for case in self.world.cases if self.world.knows(self.viewer, case, moment)]
        return {item.id for case in known for item in case.items if item.sezione == "fogli"} | self._printed()

    def _printed(self) -> set[str]:
        """Cases of which he had a print made when his mandate reached them (`contents` and `rpc_checks` give him
        others than his role's): he is told that it is ready."""
        rows = self.seat.system.query(
            "notifiche",
            "SELECT cartella_id::text, cartella_numero FROM avvisi"
            " WHERE tipo = 'stampa_pronta' AND destinatario_id = %s",
            (self.viewer.operatore,),
        )
        return {word for row in rows for word in row}

    def rows(self, path: str, key: str, scope: str, **params: Any) -> list[dict[str, Any]] | None:
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

    def hidden(self) -> list[Case]:
        moment = now()
        return [case for case in self.world.cases if not self.world.knows(self.viewer, case, moment)]

    def reaches(self, viewer: Viewer, scope: str, case: Case) -> bool:
        return self.world.reaches(viewer, scope, case, now())


def tell(reply: httpx.Response, ids: dict[str, str]) -> tuple[Any, ...]:
    """What a person can tell from an answer, less the ids of his own question."""
    text, headers = MINE.sub("", reply.text), dict(reply.headers)
    for name in ("date", "x-correlation-id", "content-length", "set-cookie"):
        headers.pop(name, None)
    for name, value in ids.items():
        if len(value) < MEANS_ITSELF:
            continue
        text = text.replace(value, f"<{name}>")
        headers = {key: told.replace(value, f"<{name}>") for key, told in headers.items()}
    return reply.status_code, sorted(headers.items()), OWN.sub("<own>", text)
