"""Signing in, staying in, being put out."""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.testclient import TestClient

from gateway.jobs import purge_sessioni
from gateway.login import safe_return
from gateway.settings import Settings
from gateway.testing import Browser

Query = Callable[..., list[dict[str, Any]]]


def test_without_a_session_the_api_answers_401_as_a_problem(client: TestClient) -> None:
    answer = client.get("/api/v1/cartelle")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "sessione.assente"


def test_an_invented_token_opens_nothing(client: TestClient) -> None:
    answer = client.get("/api/v1/sessione", headers={"Cookie": "siso=" + "a" * 43})

    assert answer.status_code == 401


def test_only_the_hash_of_the_token_is_stored(browser: Callable[[str], Browser], query: Query) -> None:
    giulia = browser("giulia.bianchi")

    rows = query("SELECT * FROM sessioni WHERE id = %s", giulia.session_id)

    assert bytes(rows[0]["token_sha256"]) == sha256(giulia.token.encode()).digest()
    assert giulia.token not in str(rows)


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient) -> None:
    answer = client.post("/api/v1/dev/login", json={"identita": "giulia.bianchi"})

    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie


def test_behind_https_the_cookie_is_bound_to_the_host(settings: Settings) -> None:
    assert settings.model_copy(update={"https": True}).cookie_name == "__Host-siso"


def test_the_session_says_who_i_am_and_what_my_role_reaches(browser: Callable[[str], Browser]) -> None:
    me = browser("anna.ferrari").get("/api/v1/sessione").json()

    assert (me["nome"], me["ruolo"], me["ente"], me["settore"]) == (
        "Anna Ferrari",
        "coordinatore",
        "F704",
        "minori",
    )
    assert "fogli:approva" in me["scopi"]
    assert "liquidazioni:liquida" not in me["scopi"]


def test_logout_ends_the_session_on_the_server(browser: Callable[[str], Browser]) -> None:
    giulia = browser("giulia.bianchi")

    assert giulia.delete("/api/v1/sessione").status_code == 204

    assert giulia.get("/api/v1/sessione").status_code == 401


def test_one_sees_and_closes_ones_own_other_sessions(browser: Callable[[str], Browser]) -> None:
    desk, phone = browser("marco.verdi"), browser("marco.verdi")
    listed = {s["id"] for s in desk.get("/api/v1/sessioni").json()["sessioni"]}
    assert {str(desk.session_id), str(phone.session_id)} <= listed

    assert desk.delete(f"/api/v1/sessioni/{phone.session_id}").status_code == 204

    assert phone.get("/api/v1/sessione").status_code == 401
    assert desk.get("/api/v1/sessione").status_code == 200


def test_nobody_closes_the_session_of_another(browser: Callable[[str], Browser]) -> None:
    giulia, marco = browser("giulia.bianchi"), browser("marco.verdi")

    assert marco.delete(f"/api/v1/sessioni/{giulia.session_id}").status_code == 404

    assert giulia.get("/api/v1/sessione").status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sessioni SET ultimo_uso = now() - interval '31 minutes' WHERE id = %s",
        "UPDATE sessioni SET scade_il = now() - interval '1 second' WHERE id = %s",
        "UPDATE sessioni SET revocata_il = now() WHERE id = %s",
    ],
    ids=["idle for 31 minutes", "older than its absolute limit", "revoked"],
)
def test_a_session_ends(browser: Callable[[str], Browser], settings: Settings, change: str) -> None:
    giulia = browser("giulia.bianchi")

    with psycopg.connect(settings.dsn) as connection:
        connection.execute(change, (giulia.session_id,))

    assert giulia.get("/api/v1/sessione").status_code == 401


def test_a_session_in_use_stays_alive(
    browser: Callable[[str], Browser], settings: Settings, query: Query
) -> None:
    giulia = browser("giulia.bianchi")
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(
            "UPDATE sessioni SET ultimo_uso = now() - interval '29 minutes' WHERE id = %s",
            (giulia.session_id,),
        )

    assert giulia.get("/api/v1/sessione").status_code == 200

    age = query("SELECT now() - ultimo_uso AS age FROM sessioni WHERE id = %s", giulia.session_id)[0]["age"]
    assert age < timedelta(minutes=1)


def test_a_revoked_operator_is_out_at_once(browser: Callable[[str], Browser], settings: Settings) -> None:
    sara = browser("sara.costa")
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE operatori SET revocato_il = now() WHERE identita = 'sara.costa'")
    try:
        assert sara.get("/api/v1/sessione").status_code == 401
    finally:
        with psycopg.connect(settings.dsn) as connection:
            connection.execute("UPDATE operatori SET revocato_il = NULL WHERE identita = 'sara.costa'")


def test_sessions_that_ended_long_ago_are_purged(
    browser: Callable[[str], Browser], settings: Settings, gateway_env: dict[str, str], query: Query
) -> None:
    old, fresh = browser("marco.verdi"), browser("marco.verdi")
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(
            "UPDATE sessioni SET scade_il = now() - interval '2 days' WHERE id = %s", (old.session_id,)
        )

    with pytest.MonkeyPatch.context() as patch:
        for name, value in gateway_env.items():
            patch.setenv(name, value)
        assert purge_sessioni() == 0

    left = {row["id"] for row in query("SELECT id FROM sessioni")}
    assert fresh.session_id in left
    assert old.session_id not in left


def test_an_unknown_identity_is_not_let_in(client: TestClient) -> None:
    answer = client.post("/api/v1/dev/login", json={"identita": "nessuno"})

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_another_site_cannot_sign_somebody_in(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/dev/login", json={"identita": "giulia.bianchi"}, headers={"Origin": "http://evil.test"}
    )

    assert answer.status_code == 403


def test_the_dev_login_refuses_to_start_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SISO_ENV", "production")
    monkeypatch.setenv("GATEWAY_DEV_LOGIN", "true")

    with pytest.raises(ValidationError, match="refusing to start"):
        Settings()


def test_in_production_the_test_identities_do_not_exist(app: FastAPI, client: TestClient) -> None:
    app.state.gateway.settings = app.state.gateway.settings.model_copy(update={"dev_login": False})

    assert client.get("/api/v1/dev/identita").status_code == 404
    assert client.post("/api/v1/dev/login", json={"identita": "giulia.bianchi"}).status_code == 404


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("/casi/7?tab=diario", "/casi/7?tab=diario"),
        ("//evil.test", "/"),
        ("/\\evil.test", "/"),
        ("https://evil.test", "/"),
        ("/a\nSet-Cookie: x", "/"),
        (None, "/"),
    ],
)
def test_after_login_one_lands_on_our_own_pages_only(asked: str | None, given: str) -> None:
    assert safe_return(asked) == given
