"""One's own sessions: seen, ended, and never kept alive by a page that asks by itself."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contracts.anagrafe import Ente, EntiOut
from contracts.errors import NotFound
from gateway.seed.operatori import IDENTITIES
from gateway.sessions import Opening
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices
from gateway.web.sessioni import device

Query = Callable[..., list[dict[str, Any]]]
SignIn = Callable[[str], Browser]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHIARA = next(one for one in IDENTITIES if one.identita == "chiara.monti")


@pytest.fixture(autouse=True)
def enti(services: FakeServices) -> None:
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))
    services.answer("notifiche.list_avvisi", NotFound("x.y", "Non c'è."))


@pytest.fixture
def citizen(app: FastAPI, client: TestClient, settings: Settings) -> Browser:
    """Somebody who came with SPID to read about himself."""
    known, code = uuid4(), f"TST{secrets.token_hex(6).upper()}X"
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(
            "INSERT INTO cittadini (id, codice_fiscale, nome, cognome) VALUES (%s, %s, 'Ada', 'Prova')",
            (known, code),
        )
    gateway = app.state.gateway
    opening = Opening(
        idle=settings.idle("cittadino"), absolute=settings.absolute, cittadino_id=known, schema="spid"
    )
    token = client.portal.call(gateway.sessions.create, opening)  # type: ignore[union-attr]
    found = Browser(client, token, "", UUID(int=0))
    me = found.get("/api/v1/sessione").json()
    found.csrf, found.session_id = me["csrf_token"], UUID(me["session_id"])
    return found


def left(who: Browser, **headers: str) -> int:
    answer = who.get("/sessione", headers=headers)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["secondi"])


def alter(settings: Settings, who: Browser, change: str) -> None:
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(f"UPDATE sessioni SET {change} WHERE id = %s", (who.session_id,))
    who.post("/api/v1/nessuna-rotta")  # a change asked of this process: it forgets what it remembered


def last_use(query: Query, who: Browser) -> datetime:
    return query("SELECT ultimo_uso FROM sessioni WHERE id = %s", who.session_id)[0]["ultimo_uso"]  # type: ignore[no-any-return]


def post(who: Browser, path: str) -> Any:
    return who.post(path, data={"csrf_token": who.csrf})


def test_the_page_lists_my_open_sessions_in_words(client: TestClient) -> None:
    client.headers["User-Agent"] = FIREFOX
    marco = Browser.sign_in(client, "marco.verdi")

    html = marco.get("/sessioni").text

    assert "Firefox su Windows" in html
    assert "testclient" in html, "the address"
    assert "Questa" in html


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox su Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
         "Safari su iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/140.0 Mobile Safari/537.36", "Chrome su Android"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge su Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/18.0 Safari/605.1.15", "Safari su Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox su Linux"),
        ("curl/8.0", "Un programma"),
        ("", "Un programma"),
        ("<script>alert(1)</script>", "Un programma"),
    ],
)  # fmt: skip
def test_a_device_is_said_in_words_of_ours(agent: str, words: str) -> None:
    assert device(agent) == words


def test_one_session_is_ended_from_the_list_and_is_out_at_once(browser: SignIn) -> None:
    desk, phone = browser("marco.verdi"), browser("marco.verdi")

    assert (
        post(desk, f"/sessioni/{phone.session_id}/fine").headers["location"]
        == "/sessioni?fatto=sessione_chiusa"
    )

    assert phone.get("/api/v1/sessione").status_code == 401
    assert desk.get("/api/v1/sessione").status_code == 200


def test_ending_ones_own_is_leaving(browser: SignIn) -> None:
    marco = browser("marco.verdi")

    answer = post(marco, f"/sessioni/{marco.session_id}/fine")

    assert answer.headers["location"] == "/accedi?fatto=uscito"
    assert 'siso=""' in answer.headers["set-cookie"]
    assert marco.get("/api/v1/sessione").status_code == 401


def test_all_the_others_are_ended_in_one_go(browser: SignIn) -> None:
    desk, phone, tablet = (browser("marco.verdi") for _ in range(3))

    assert post(desk, "/sessioni/altre/fine").headers["location"] == "/sessioni?fatto=sessioni_chiuse"

    assert [one.get("/api/v1/sessione").status_code for one in (desk, phone, tablet)] == [200, 401, 401]


def test_leaving_everywhere_leaves_none(browser: SignIn) -> None:
    desk, phone, giulia = browser("marco.verdi"), browser("marco.verdi"), browser("giulia.bianchi")

    assert post(desk, "/esci/ovunque").headers["location"] == "/accedi?fatto=uscito_ovunque"

    assert [one.get("/api/v1/sessione").status_code for one in (desk, phone, giulia)] == [401, 401, 200]


def test_the_session_of_another_is_not_there_to_be_ended(browser: SignIn) -> None:
    giulia, marco = browser("giulia.bianchi"), browser("marco.verdi")

    assert post(marco, f"/sessioni/{giulia.session_id}/fine").status_code == 404
    assert str(giulia.session_id) not in marco.get("/sessioni").text
    assert giulia.get("/api/v1/sessione").status_code == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [("/sessione", {"X-Background": "1"}), ("/avvisi/conteggio", {"X-Background": "1"}),
     ("/api/v1/sessione", {"Accept": "text/event-stream"})],
)  # fmt: skip
def test_what_a_page_asks_by_itself_keeps_no_session_alive(
    browser: SignIn, settings: Settings, query: Query, path: str, headers: dict[str, str]
) -> None:
    giulia = browser("giulia.bianchi")
    alter(settings, giulia, "ultimo_uso = now() - interval '20 minutes'")
    before = last_use(query, giulia)

    giulia.get(path, headers=headers)
    assert last_use(query, giulia) == before

    giulia.get("/api/v1/sessione")
    assert last_use(query, giulia) > before


def test_a_page_is_told_how_long_it_has_and_use_gives_it_back(browser: SignIn, settings: Settings) -> None:
    giulia = browser("giulia.bianchi")
    alter(settings, giulia, "ultimo_uso = now() - interval '20 minutes'")

    assert 590 <= left(giulia, **{"X-Background": "1"}) <= 600
    assert left(giulia) >= 1790
    assert 1730 <= left(giulia, **{"X-Background": "1"}) <= 1800


def test_near_its_absolute_end_no_use_helps(browser: SignIn, settings: Settings) -> None:
    giulia = browser("giulia.bianchi")
    alter(settings, giulia, "scade_il = now() + interval '100 seconds'")

    kept = post(giulia, "/sessione").json()

    assert 90 <= kept["secondi"] <= 100
    assert 'data-sessione="9' in giulia.get("/sessioni").text


def test_a_short_idle_limit_is_kept_exactly_enough(browser: SignIn, settings: Settings, query: Query) -> None:
    giulia = browser("giulia.bianchi")
    alter(settings, giulia, "inattivita = '30 seconds', ultimo_uso = now() - interval '10 seconds'")
    before = last_use(query, giulia)

    giulia.get("/api/v1/sessione")

    assert last_use(query, giulia) - before > timedelta(seconds=9)


def test_a_page_knows_again_who_comes_back_and_who_does_not(client: TestClient, browser: SignIn) -> None:
    def who(one: Browser) -> str:
        return str(one.get("/sessione").json()["chi"])

    giulia, again, marco = browser("giulia.bianchi"), browser("giulia.bianchi"), browser("marco.verdi")
    first, second = (
        Browser.sign_in(client, "chiara.monti", incarico=str(i.incarico_id)) for i in CHIARA.incarichi
    )
    undecided = Browser.sign_in(client, "chiara.monti", scegli=True)

    assert who(giulia) == who(again)
    assert f'data-chi="{who(giulia)}"' in giulia.get("/sessioni").text
    assert len({who(giulia), who(marco), who(first), who(second)}) == 4
    assert who(undecided) == ""


def test_a_citizen_has_twenty_minutes_and_his_own_sessions(citizen: Browser, settings: Settings) -> None:
    assert 1190 <= left(citizen) <= 1200
    page = citizen.get("/sessioni").text
    assert 'data-tipo="cittadino"' in page
    assert "Cambia incarico" not in page
    assert "/deleghe" not in page
    assert citizen.get("/cittadino/rientrato").status_code == 200

    alter(settings, citizen, "ultimo_uso = now() - interval '21 minutes'")

    assert citizen.get("/api/v1/sessione").status_code == 401


def test_a_citizen_leaves_everywhere_too(citizen: Browser) -> None:
    assert post(citizen, "/esci/ovunque").status_code == 303

    assert citizen.get("/api/v1/sessione").status_code == 401


@pytest.mark.parametrize(
    "path", ["/operatori", "/deleghe", "/incarico", "/clienti", "/casi", "/api/v1/deleghe"]
)
def test_a_citizen_reaches_nothing_of_the_operators(citizen: Browser, path: str) -> None:
    assert citizen.get(path).status_code == 403
