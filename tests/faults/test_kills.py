"""kill -9 in the middle of the main job: nothing is lost, nothing happens twice, nobody sees a stack trace."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from tests.system import Json, Person, System, eventually

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


@pytest.fixture
def giulia(system: System) -> Person:
    return system.sign_in("giulia.bianchi")


def work(giulia: Person, residents: list[Json], stop: threading.Event) -> list[str]:
    """Opens cases as a patient person does: when the answer is no, the same request again, with the same key."""
    opened = []
    for resident in residents:
        key = str(uuid4())
        while not stop.is_set():
            try:
                reply = giulia.try_post(
                    "/cartelle",
                    residente_id=resident["id"],
                    area="anziani",
                    motivo="prova",
                    idempotency_key=key,
                )
            except httpx.HTTPError:
                continue
            assert "Traceback" not in reply.text
            if reply.status_code == 201:
                opened.append(reply.json()["id"])
                break
            assert reply.status_code in (503, 500, 409), reply.text
            stop.wait(0.2)
    return opened


PROJECTIONS = {"erogazioni": ("id", "cartelle"), "notifiche": ("cartella_id", "cartelle_note")}


def projected(system: System, service: str) -> set[str]:
    """Ids of the cases a service knows."""
    column, table = PROJECTIONS[service]
    return {row[0] for row in system.query(service, f"SELECT {column}::text FROM {table}")}


@pytest.mark.parametrize(
    "victims", [("relay",), ("erogazioni-events", "notifiche-events"), ("cartella-rpc",), ("rabbitmq",)]
)
def test_every_case_opened_reaches_every_service_once(
    system: System, giulia: Person, fresh: Callable[[], Json], victims: tuple[str, ...]
) -> None:
    residents = [fresh() for _ in range(12)]
    opened: list[str] = []
    stop = threading.Event()
    worker = threading.Thread(target=lambda: opened.extend(work(giulia, residents, stop)))
    worker.start()

    pids = {victim: system.child(victim).pid for victim in victims}
    for victim in victims:
        system.kill(victim)
    for victim in victims:
        system.back(victim, pids[victim])
    worker.join(120)
    stop.set()

    assert len(opened) == len(residents)
    assert len(set(opened)) == len(residents)
    eventually(lambda: set(opened) <= projected(system, "erogazioni"), 60, "erogazioni")
    eventually(lambda: set(opened) <= projected(system, "notifiche"), 60, "notifiche")
    cases = system.documents("cartelle")
    assert cases.count_documents({"residente_id": {"$in": [uuid_of(one["id"]) for one in residents]}}) == len(
        residents
    )


def uuid_of(text: str) -> object:
    from uuid import UUID

    return UUID(text)


def test_writes_are_accepted_while_the_relay_is_dead_and_delivered_later(
    system: System, giulia: Person, fresh: Callable[[], Json]
) -> None:
    pid = system.child("relay").pid
    system.kill("relay")

    case = giulia.post(
        "/cartelle", residente_id=fresh()["id"], area="anziani", motivo="prova", idempotency_key=str(uuid4())
    )

    system.back("relay", pid)
    eventually(lambda: case["id"] in projected(system, "erogazioni"), 60)


def test_diary_entry_sent_twice_is_written_once(
    system: System, giulia: Person, fresh: Callable[[], Json]
) -> None:
    case = giulia.open_case(fresh()["id"])
    key = str(uuid4())
    giulia.write(case, "Una sola volta", key=key)
    pid = system.child("cartella-rpc").pid
    system.kill("cartella-rpc")
    system.back("cartella-rpc", pid)

    giulia.write(case, "Una sola volta", key=key)

    assert giulia.get(f"/cartelle/{case['id']}/diario")["totale"] == 1


def test_store_away_is_said_plainly_and_nothing_is_half_done(
    system: System, giulia: Person, fresh: Callable[[], Json]
) -> None:
    case = giulia.open_case(fresh()["id"])
    pid = system.child("mongo").pid
    system.kill("mongo")

    reply = giulia.http.get(f"/cartelle/{case['id']}")

    if reply.status_code != 200:  # it may already be back
        assert reply.status_code == 503
        assert reply.headers["retry-after"]
        assert "Traceback" not in reply.text
    system.back("mongo", pid)
    eventually(lambda: giulia.get(f"/cartelle/{case['id']}")["id"] == case["id"], 60)


def test_access_log_is_whole_after_all_that(system: System) -> None:
    rpd = system.sign_in("elena.riva")

    asked = rpd.http.post("/registro-accessi/verifiche").json()["verifica"]["id"]
    verdict = eventually(
        lambda: (found := rpd.get(f"/registro-accessi/verifiche/{asked}"))["integro"] is not None and found,
        150,
    )

    assert verdict["integro"] is True
