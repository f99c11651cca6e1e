"""Stores and broker away, and defects: said plainly, nothing half done, and what was accepted arrives."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import httpx
import psycopg
import pytest
from tests.e2e.conftest import SignIn
from tests.system import Json, Person, System, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


def assert_unavailable(reply: httpx.Response, *says: str) -> None:
    """503 with one of the sentences in `says`: which of them depends on what was remembered of the session."""
    assert reply.status_code == 503, reply.text
    assert int(reply.headers["retry-after"]) > 0
    assert reply.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in reply.text
    assert any(one in reply.json()["detail"] for one in says or ("non risponde",)), reply.text


def open_body(resident: Json) -> Json:
    return {
        "residente_id": resident["id"], "area": "anziani", "motivo": "prova", "idempotency_key": str(uuid4()),
    }  # fmt: skip


def cases_of(system: System, resident: Json) -> int:
    from uuid import UUID

    return int(system.documents("cartelle").count_documents({"residente_id": UUID(resident["id"])}))


def test_a_database_away_is_503_for_its_part_of_the_house_alone(system: System, giulia: Person) -> None:
    with system.database_closed("erogazioni"):
        away, here = giulia.http.get("/fogli"), giulia.http.get("/cartelle")

    assert_unavailable(away)
    assert here.status_code == 200
    eventually(lambda: giulia.http.get("/fogli").status_code == 200, 30)


def test_the_gateway_s_own_database_away_is_503_and_nobody_is_signed_out(
    system: System, giulia: Person
) -> None:
    with system.database_closed("gateway"):
        reply, page = giulia.http.get("/cartelle"), giulia.page("/casi")

    assert_unavailable(reply, "non risponde", "Il registro degli accessi non è disponibile")
    assert page.status_code == 503
    assert "Traceback" not in page.text
    eventually(lambda: giulia.http.get("/cartelle").status_code == 200, 30)


def test_a_read_that_cannot_be_logged_gives_nothing(system: System, giulia: Person, sign_in: SignIn) -> None:
    case = giulia.get("/cartelle")["cartelle"][0]
    admin = system.supervisor.infra.postgres.role_url("gateway", "migrator")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("ALTER TABLE accessi RENAME TO accessi_via")
        try:
            reply = giulia.http.get(f"/cartelle/{case['id']}")
        finally:
            connection.execute("ALTER TABLE accessi_via RENAME TO accessi")

    assert reply.status_code in (500, 503)
    assert case["numero"] not in reply.text
    eventually(lambda: giulia.http.get(f"/cartelle/{case['id']}").status_code == 200, 30)
    assert sign_in("elena.riva").whole_log()


def test_a_frozen_document_store_is_503_and_a_retry_writes_once(
    system: System, giulia: Person, fresh: Callable[..., Json]
) -> None:
    resident = fresh()
    body = open_body(resident)
    with system.frozen("mongo"):
        reply = giulia.try_post("/cartelle", **body)

    assert_unavailable(reply)
    eventually(lambda: giulia.try_post("/cartelle", **body).status_code == 201, 60)
    assert cases_of(system, resident) == 1


def test_a_frozen_broker_is_503_and_a_retry_writes_once(
    system: System, giulia: Person, fresh: Callable[..., Json]
) -> None:
    resident = fresh()
    body = open_body(resident)
    with system.frozen("rabbitmq"):
        reply = giulia.try_post("/cartelle", **body)

    assert_unavailable(reply)
    eventually(lambda: giulia.try_post("/cartelle", **body).status_code == 201, 60)
    assert cases_of(system, resident) == 1


def test_what_was_accepted_before_the_broker_died_is_delivered_once_it_is_back(
    system: System, giulia: Person, fresh: Callable[..., Json]
) -> None:
    with system.frozen("relay"):
        case = giulia.post("/cartelle", **open_body(fresh()))
        pid = system.child("rabbitmq").pid
        system.kill("rabbitmq")
        system.back("rabbitmq", pid)

    known = "SELECT count(*) FROM cartelle WHERE id = %s"
    eventually(lambda: system.query("erogazioni", known, (case["id"],)) == [(1,)], 60, "erogazioni")
    eventually(lambda: giulia.http.get("/cartelle").status_code == 200, 30)


def test_a_defect_is_a_plain_500_with_a_code_and_without_a_stack_trace(
    system: System, sign_in: SignIn
) -> None:
    paolo = sign_in("paolo.neri")
    admin = system.supervisor.infra.postgres.role_url("anagrafe", "migrator")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("ALTER TABLE caricamenti RENAME TO caricamenti_via")
        try:
            reply, page = paolo.http.get("/caricamenti"), paolo.page("/notte")
        finally:
            connection.execute("ALTER TABLE caricamenti_via RENAME TO caricamenti")

    problem = reply.json()
    assert (reply.status_code, page.status_code) == (500, 500)
    assert problem["instance"] == reply.headers["x-correlation-id"]
    assert page.headers["x-correlation-id"][-12:] in page.text
    for text in (reply.text, page.text):
        for inside in ("Traceback", "caricamenti_via", "psycopg", "sqlalchemy", "UndefinedTable", "SELECT"):
            assert inside not in text
