"""What changes who somebody is, rather than a case: standing in, emergencies, the policy, the end of an incarico."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.matrix import driver, loader
from tests.matrix.asking import Found
from tests.matrix.campaign import Played
from tests.matrix.history import REASON, instant
from tests.matrix.loader import Seat, now
from tests.matrix.oracle import Case, Grant
from tests.system import eventually


def alone(played: Played, seat: Seat, share: float = 0.4) -> Found:
    """The matrix of one person."""
    return driver.full(played.world, {seat.id: seat}, played.history.random, played.people, share)


@contextmanager
def standing_in(played: Played) -> Iterator[Seat]:
    """The coordinator of one settore stands in for the one of another, who is away; the seat he then has."""
    ente = played.cast.enti[0]
    absent, present = (played.history.coordinator(ente, settore) for settore in played.cast.settori(ente))
    worker = next(one for one in played.cast.workers if one.id == absent.id)
    day = datetime.now(ZoneInfo("Europe/Rome")).date()
    given = played.history.post(
        absent, "/deleghe", incarico_id=str(worker.incarico_id), delegato_id=present.id, dal=day.isoformat(),
        al=(day + timedelta(days=3)).isoformat(), motivo="Ferie",
    )  # fmt: skip
    viewer = played.world.viewer(present.id, absent.viewer.incarico)
    name = next(one.identita for one in played.cast.workers if one.id == present.id)
    seat = Seat(played.history.system, played.world, viewer, name)
    chosen = {"incarico_id": str(worker.incarico_id), "delega_id": given["delega_id"]}
    seat.http.http.put("/sessione/incarico", json=chosen).raise_for_status()
    yield seat
    played.history.post(absent, f"/deleghe/{given['delega_id']}/revoca")


@contextmanager
def broken_glass(played: Played, case: Case) -> Iterator[Seat]:
    """Somebody of the emergency service opens what an emergency opens, on the person of this case."""
    seat = next(one for one in played.seats.values() if one.viewer.incarico.ruolo == "pronto_intervento"
                and played.world.registry_reaches(one.viewer, case.residente, case.ente))  # fmt: skip
    before = seat.viewer
    played.history.post(
        seat, "/emergenze", residente_id=case.residente, categoria="pericolo", testo="Chiamata nella notte"
    )
    seat.viewer = replace(before, emergenza=case.residente)
    yield seat
    seat.http.http.delete("/emergenze/corrente").raise_for_status()
    seat.viewer = before


def narrow(played: Played, ruolo: str) -> None:
    """A new version of the policy takes from a role everything but the heading of its own cases."""
    change = {ruolo: {"presa_in_carico:leggi": "propri", "diario:leggi": "propri", "anagrafe:leggi": "ente"}}
    played.world.policy = loader.approve_policy(played.history.system, played.cast, change)


def glass_case(played: Played) -> Case:
    """A case whose person somebody of the emergency service finds in the registry."""
    for seat in played.seats.values():
        if seat.viewer.incarico.ruolo == "pronto_intervento":
            for case in played.world.cases:
                if played.world.registry_reaches(seat.viewer, case.residente, case.ente):
                    return case
    seat = next(one for one in played.seats.values() if one.viewer.incarico.ruolo == "pronto_intervento")
    case = played.history.open_case(ente=seat.viewer.incarico.ente)
    played.history.write(case)
    played.history.settle()
    return case


def lend(played: Played, seconds: int) -> tuple[Case, Grant]:
    """A case whose diary is lent for a few seconds to the far place."""
    case = played.history.open_case(ente=played.cast.enti[0])
    played.history.write(case)
    owner = played.history.coordinator(case.ente, case.settore)
    ente, settore = played.cast.enti[3], "minori"
    receiver = played.history.coordinator(ente, settore)
    until = now() + timedelta(seconds=seconds)
    offer = {
        "ente": ente,
        "settore": settore,
        "sezioni": ["diario"],
        "al": until.isoformat(),
        "motivo": "Per poco",
    }
    out = played.history.post(
        owner, f"/cartelle/{case.id}/condivisioni", **offer, idempotency_key=str(uuid4())
    )
    grant = Grant(ente, settore, ("diario",), instant(out["dal"]), instant(out["al"]), id=out["id"])
    case.grants.append(grant)
    decided = played.history.post(
        receiver, f"/condivisioni/{grant.id}/decisione", version=1, accetta=True, motivo="Sì"
    )
    grant.stato, grant.dal, grant.al = decided["stato"], instant(decided["dal"]), instant(decided["al"])
    played.history.settle()
    return case, grant


def run_out(grant: Grant) -> None:
    """Waits for the end of a grant."""
    time.sleep(max((grant.al - now()).total_seconds(), 0) + 0.2)


def end_work(played: Played, seat: Seat) -> None:
    """The registry of operators says that somebody works here no more."""
    worker = next(one for one in played.cast.workers if one.id == seat.id)
    with loader.gateway_database(played.history.system) as db:
        db.execute("UPDATE incarichi SET revocato_il = now() WHERE id = %s", (worker.incarico_id,))
        db.execute("UPDATE sessioni SET revocata_il = now() WHERE incarico_id = %s", (worker.incarico_id,))


def shut_out(seat: Seat, path: str = "/api/v1/cartelle") -> bool:
    """Whether the session opens nothing any more, soon."""
    url = f"{seat.system.base_url}{path}"
    return bool(eventually(lambda: seat.http.http.get(url, headers=REASON).status_code in (401, 403), 15))
