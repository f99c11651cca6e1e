"""CSRF, headers, limits, errors: what a stranger or a broken part may make us do."""

import json
from collections.abc import Callable
from uuid import uuid4

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contracts.cartella import CartelleOut
from contracts.errors import Unavailable
from gateway.policy import Policy
from gateway.testing import Browser, FakeServices

CASE = uuid4()
TAKE = f"/api/v1/cartelle/{CASE}/presa-in-carico"


def test_a_change_without_token_is_refused(browser: Callable[[str], Browser], services: FakeServices) -> None:
    giulia = browser("giulia.bianchi")

    answer = giulia.client.post(TAKE, json={"version": 1}, headers={"Cookie": f"siso={giulia.token}"})

    assert (answer.status_code, answer.json()["code"]) == (403, "sessione.csrf")
    assert services.calls == []


def test_the_token_of_another_session_is_refused(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    giulia, marco = browser("giulia.bianchi"), browser("marco.verdi")

    answer = giulia.post(TAKE, json={"version": 1}, headers={"X-CSRF-Token": marco.csrf})

    assert answer.status_code == 403
    assert services.calls == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_change_from_another_site_is_refused_even_with_the_token(
    browser: Callable[[str], Browser], services: FakeServices, headers: dict[str, str]
) -> None:
    answer = browser("giulia.bianchi").post(TAKE, json={"version": 1}, headers=headers)

    assert answer.status_code == 403
    assert services.calls == []


def test_every_answer_carries_the_security_headers(client: TestClient) -> None:
    for path in ("/api/v1/cartelle", "/non/esiste", "/health/live"):
        headers = client.get(path).headers
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["x-correlation-id"]


def test_a_defect_is_a_plain_500_with_an_id_and_no_trace(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    services.answer("cartella.list_cartelle", RuntimeError("Rossi Maria RSSMRA80A01F704X"))

    answer = browser("giulia.bianchi").get("/api/v1/cartelle")

    assert answer.status_code == 500
    assert answer.json()["instance"] == answer.headers["x-correlation-id"]
    assert answer.headers["content-security-policy"]
    for leaked in ("Rossi", "Traceback", "RuntimeError"):
        assert leaked not in answer.text


def test_a_service_that_is_away_is_503_with_retry_after(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    services.answer("cartella.list_cartelle", Unavailable("servizio.non_disponibile", "Riprova."))

    answer = browser("giulia.bianchi").get("/api/v1/cartelle")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


def test_wrong_fields_are_named_in_italian_and_never_repeated(browser: Callable[[str], Browser]) -> None:
    answer = browser("giulia.bianchi").post(
        f"/api/v1/cartelle/{CASE}/isee",
        json={"tipo": "ordinario", "ise": "mille e due", "data_presentazione": "31/02"},
    )

    problem = answer.json()
    assert answer.status_code == 422
    assert problem["fields"]["data_presentazione"].startswith("Questa data non esiste")
    assert problem["fields"]["protocollo_dsu"] == "Manca questo dato."
    assert "mille e due" not in answer.text


def test_a_field_nobody_knows_is_refused(browser: Callable[[str], Browser]) -> None:
    answer = browser("giulia.bianchi").post(TAKE, json={"version": 1, "versione": 2})

    assert answer.status_code == 422
    assert "versione" in answer.json()["fields"]


def test_an_oversized_body_is_refused_before_it_is_read(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    answer = browser("giulia.bianchi").post(
        TAKE, content=b"{}", headers={"Content-Length": "99999999", "Content-Type": "application/json"}
    )

    assert answer.status_code == 413
    assert services.calls == []


@pytest.mark.parametrize(
    "defect", [RuntimeError("broken rule"), KeyError("ruolo"), ValueError("not an extent")]
)
def test_an_error_inside_the_policy_lets_nothing_through(
    app: FastAPI, browser: Callable[[str], Browser], services: FakeServices, defect: Exception
) -> None:
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(), totale=4711))
    giulia = browser("giulia.bianchi")

    async def fail(_version: int | None) -> Policy:
        raise defect

    app.state.gateway.policies.get = fail
    answer = giulia.get("/api/v1/cartelle")

    assert answer.status_code == 403
    assert "4711" not in answer.text
    assert services.calls == []


def test_without_any_policy_nobody_may_do_anything(
    app: FastAPI, browser: Callable[[str], Browser], services: FakeServices
) -> None:
    giulia = browser("giulia.bianchi")

    async def empty(_version: int | None) -> Policy:
        return Policy(1, {})

    app.state.gateway.policies.get = empty

    assert giulia.get("/api/v1/cartelle").status_code == 403
    assert services.calls == []


def test_an_address_nobody_knows_is_a_problem_too(client: TestClient) -> None:
    answer = client.get("/api/v1/niente")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_static_files_may_be_kept_for_ever(app: FastAPI, client: TestClient, tmp_path: object) -> None:
    files = app.routes[-1].app  # type: ignore[attr-defined]
    files.directory, files.all_directories = tmp_path, [tmp_path]
    (tmp_path / "style-ABC.css").write_text("a{}")  # type: ignore[operator]

    answer = client.get("/static/style-ABC.css")

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "identita",
    ["\x00", "\ud800", "a" * 5000, "'; DROP TABLE operatori; --", ""],
    ids=["nul", "half", "long", "sql", "none"],
)
def test_an_identity_that_is_no_name_is_simply_unknown(client: TestClient, identita: str) -> None:
    answer = client.post(
        "/api/v1/dev/login",
        content=json.dumps({"identita": identita}),
        headers={"Content-Type": "application/json"},
    )

    assert answer.status_code == 403
