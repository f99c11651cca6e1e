"""Wrong logins come slower and slower from the address that makes them; nobody is ever locked out."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gateway import login
from gateway.settings import Settings
from gateway.testing import Browser

WRONG = {"identita": "nessuno.mai"}


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[list[float]]:
    """Seconds each wrong answer was held back."""
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(login, "sleep", note)
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("DELETE FROM tentativi_errati")
    yield slept
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("DELETE FROM tentativi_errati")


@pytest.fixture
def elsewhere(app: FastAPI, client: TestClient) -> TestClient:
    """The same gateway asked from another address."""
    return TestClient(app, base_url="http://siso.test", client=("192.0.2.7", 1), follow_redirects=False)


def attempt(client: TestClient, times: int = 1) -> list[int]:
    return [client.post("/api/v1/dev/login", json=WRONG).status_code for _ in range(times)]


def test_five_wrong_logins_a_minute_cost_nothing_and_the_sixth_waits(
    client: TestClient, waits: list[float]
) -> None:
    assert attempt(client, 5) == [403] * 5
    assert waits == []

    attempt(client)

    assert waits == [1.0]


def test_each_further_one_waits_twice_as_long_up_to_eight_times(
    client: TestClient, waits: list[float]
) -> None:
    attempt(client, 11)

    assert waits == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


def test_another_address_does_not_pay_for_it(
    client: TestClient, elsewhere: TestClient, waits: list[float]
) -> None:
    attempt(client, 7)
    before = list(waits)

    elsewhere.portal = client.portal
    attempt(elsewhere)

    assert waits == before


def test_nobody_is_locked_out_the_right_login_enters_at_once(client: TestClient, waits: list[float]) -> None:
    attempt(client, 9)
    before = list(waits)

    assert Browser.sign_in(client, "giulia.bianchi").get("/api/v1/sessione").status_code == 200
    assert waits == before


def test_after_a_minute_it_begins_anew(client: TestClient, waits: list[float], settings: Settings) -> None:
    attempt(client, 6)
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE tentativi_errati SET quando = quando - interval '61 seconds'")

    attempt(client, 5)

    assert waits == [1.0]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.get("/api/v1/cartelle", headers={"Authorization": "Bearer " + "a" * 43}),
        lambda client: client.get("/api/v1/cartelle", headers={"Authorization": "Bearer x"}),
        lambda client: client.post(
            "/api/v1/oauth/token",
            data={
                "grant_type": "client_credentials", "client_assertion": f"a.b.{uuid4().hex}",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            },
        ),
    ],
    ids=["invented bearer token", "malformed bearer token", "wrong client assertion"],
)  # fmt: skip
def test_guessing_tokens_and_assertions_is_slowed_the_same_way(
    client: TestClient, waits: list[float], ask: Callable[[TestClient], Any]
) -> None:
    answers = [ask(client).status_code for _ in range(6)]

    assert answers == [401] * 6
    assert waits == [1.0]


@pytest.mark.parametrize(
    "cookie",
    [
        "siso=",
        "siso=x",
        "siso=" + "é" * 43,
        "siso=" + "a" * 5000,
        "siso=%00",
        'siso="a;b"',
        "siso=../../etc",
        "a=b",
    ],
    ids=["empty", "short", "not ASCII", "long", "NUL", "quoted", "path", "another's"],
)
def test_a_malformed_cookie_is_nobody_on_the_api_and_the_login_on_a_page(
    client: TestClient, cookie: str
) -> None:
    headers = {"Cookie": cookie.encode()}

    api, page = client.get("/api/v1/sessione", headers=headers), client.get("/casi", headers=headers)

    assert (api.status_code, api.json()["code"]) == (401, "sessione.assente")
    assert api.json()["instance"] == api.headers["x-correlation-id"]
    assert (page.status_code, page.headers["location"]) == (303, "/accedi?ritorno=/casi")


@pytest.mark.parametrize("token", ["", "zz", "00" * 64, "g" * 128, "\u00e9", "0" * 10_000])
def test_a_malformed_csrf_token_is_refused_with_one_plain_problem(client: TestClient, token: str) -> None:
    giulia = Browser.sign_in(client, "giulia.bianchi")

    answer = giulia.delete("/api/v1/sessioni", headers={"X-CSRF-Token": token.encode()})

    assert (answer.status_code, answer.json()["code"]) == (403, "sessione.csrf")
    assert answer.json()["instance"] == answer.headers["x-correlation-id"]


@pytest.mark.parametrize("value", ["x", "%00", "..%2f..", "1" * 400, "00000000-0000-0000-0000-00000000000g"])
def test_an_id_that_is_none_gets_one_plain_answer(client: TestClient, value: str) -> None:
    admin = Browser.sign_in(client, "admin.sistema")

    for path in (
        f"/api/v1/operatori/{value}",
        f"/api/v1/clienti/{value}",
        f"/operatori/{value}",
        f"/clienti/{value}",
    ):
        answer = admin.get(path)
        assert answer.status_code in (404, 422), path
        assert answer.headers["x-correlation-id"]
        assert "Traceback" not in answer.text
