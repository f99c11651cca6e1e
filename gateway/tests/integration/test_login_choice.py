"""Several incarichi: chosen after login, changed at any moment, one at a time."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import psycopg
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from contracts.anagrafe import Ente, EntiOut
from contracts.errors import NotFound
from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

Query = Callable[..., list[dict[str, Any]]]
CHIARA = next(one for one in IDENTITIES if one.identita == "chiara.monti")
ANNA = next(one for one in IDENTITIES if one.identita == "anna.ferrari")
FIRST, SECOND = CHIARA.incarichi


@pytest.fixture(autouse=True)
def enti(services: FakeServices) -> None:
    names = {"F704": "Monza", "B212": "Brugherio"}
    services.answer(
        "anagrafe.list_enti", EntiOut(enti=tuple(Ente(codice=c, nome=n) for c, n in names.items()))
    )


@pytest.fixture
def undecided(client: TestClient) -> Browser:
    """Signed in, in no incarico yet."""
    return Browser.sign_in(client, "chiara.monti", scegli=True)


def choose(who: Browser, key: str, ritorno: str = "/") -> Any:
    return who.post("/incarico", data={"scelta": key, "ritorno": ritorno, "csrf_token": who.csrf})


def test_whoever_has_several_incarichi_is_asked_after_login(client: TestClient) -> None:
    entered = client.post("/accedi", data={"identita": "chiara.monti", "ritorno": "/casi?mostra=tutti"})
    assert entered.status_code == 303

    asked = client.get(entered.headers["location"])

    assert asked.status_code == 303
    assert unquote(asked.headers["location"]) == "/incarico?ritorno=/casi?mostra=tutti"


def test_before_the_choice_nothing_is_reached(undecided: Browser, services: FakeServices) -> None:
    answer = undecided.get("/api/v1/cartelle")

    assert answer.status_code == 403
    assert answer.json()["code"] == "sessione.incarico_da_scegliere"
    assert services.calls == []


def test_the_choice_shows_role_place_and_in_whose_place(undecided: Browser) -> None:
    html = undecided.get("/incarico?ritorno=/casi").text

    assert html.count('type="radio"') == 3
    assert "in delega di Anna Ferrari" in html
    assert re.search(r"fino al \d+/\d+/\d{4}", html)
    assert 'name="ritorno" value="/casi"' in html


def test_the_chosen_incarico_is_the_one_of_every_request_after(
    undecided: Browser, services: FakeServices
) -> None:
    answer = choose(undecided, f"{SECOND.incarico_id}.", "/casi")

    assert (answer.status_code, answer.headers["location"]) == (303, "/casi?fatto=incarico")
    me = undecided.get("/api/v1/sessione").json()
    assert (me["ruolo"], me["ente"], me["settore"]) == ("coordinatore", "B212", "minori")


def test_switching_keeps_the_session_and_brings_back_to_the_page(undecided: Browser) -> None:
    choose(undecided, f"{FIRST.incarico_id}.")

    answer = choose(undecided, f"{SECOND.incarico_id}.", "/persone?testo=ro&fatto=x")

    assert answer.headers["location"] == "/persone?testo=ro&fatto=incarico"
    me = undecided.get("/api/v1/sessione").json()
    assert me["session_id"] == str(undecided.session_id)
    assert me["csrf_token"]


def test_the_choice_and_each_switch_are_in_the_access_log(undecided: Browser, query: Query) -> None:
    choose(undecided, f"{FIRST.incarico_id}.")
    choose(undecided, f"{SECOND.incarico_id}.")

    rows = query(
        "SELECT incarico_id, ruolo, ente, esito FROM accessi"
        " WHERE session_id = %s AND azione = 'incarico' ORDER BY seq",
        undecided.session_id,
    )
    assert [(r["incarico_id"], r["ruolo"], r["ente"], r["esito"]) for r in rows] == [
        (FIRST.incarico_id, "assistente_sociale", "F704", 303),
        (SECOND.incarico_id, "coordinatore", "B212", 303),
    ]


def test_standing_in_is_said_in_the_bar_the_mandate_and_the_log(
    undecided: Browser, services: FakeServices, query: Query
) -> None:
    delega = query("SELECT id FROM deleghe WHERE delegato_id = %s", CHIARA.operatore_id)[0]["id"]
    services.answer("cartella.list_cartelle", NotFound("x.y", "Non c'è."))

    choose(undecided, f"{ANNA.incarico_id}.{delega}")
    undecided.get("/api/v1/cartelle")

    (call,) = services.calls
    assert call.mandato["operatore_id"] == str(CHIARA.operatore_id)
    assert call.mandato["in_delega_di"] == str(ANNA.operatore_id)
    rows = query(
        "SELECT DISTINCT in_delega_di FROM accessi WHERE session_id = %s AND incarico_id = %s",
        undecided.session_id, ANNA.incarico_id,
    )  # fmt: skip
    assert [row["in_delega_di"] for row in rows] == [ANNA.operatore_id]
    assert "in delega di Anna Ferrari" in undecided.get("/incarico").text.partition("<main")[0]


@pytest.mark.parametrize(
    "key",
    ["", "x", f"{ANNA.incarico_id}.", f"{FIRST.incarico_id}.{ANNA.incarico_id}", "' OR 1=1.--"],
    ids=["nothing", "no id", "another's", "an invented delega", "SQL"],
)
def test_what_is_not_his_to_choose_is_refused_at_the_field(undecided: Browser, key: str) -> None:
    answer = choose(undecided, key)

    assert answer.status_code == 422
    assert "Incarico" in answer.text
    assert undecided.get("/api/v1/cartelle").status_code == 403


def test_after_choosing_one_never_lands_on_another_site(undecided: Browser) -> None:
    answer = choose(undecided, f"{FIRST.incarico_id}.", "//evil.test")

    assert answer.headers["location"] == "/?fatto=incarico"


def test_a_role_that_asks_for_a_higher_level_is_not_opened_by_this_login(
    undecided: Browser, app: FastAPI, client: TestClient
) -> None:
    policies = app.state.gateway.policies
    current = client.portal.call(policies.current)  # type: ignore[union-attr]
    current.livelli["coordinatore"] = 3
    try:
        answer = choose(undecided, f"{SECOND.incarico_id}.", "/casi")
    finally:
        del current.livelli["coordinatore"]

    assert answer.status_code == 403
    assert "/accedi?livello=3&amp;ritorno=/casi" in answer.text
    assert undecided.get("/api/v1/sessione").json()["ruolo"] == "operatore"


def test_the_switch_is_offered_only_to_whoever_has_several(
    browser: Callable[[str], Browser], undecided: Browser
) -> None:
    assert "Cambia incarico" not in browser("giulia.bianchi").get("/incarico").text.partition("<main")[0]
    assert "Cambia incarico" in undecided.get("/incarico").text.partition("<main")[0]


def test_the_api_offers_and_takes_the_same_choices(undecided: Browser) -> None:
    choices = undecided.get("/api/v1/sessione/incarichi").json()["scelte"]
    assert [(c["ruolo"], c["ente"], c["titolare"]) for c in choices] == [
        ("coordinatore", "B212", ""),
        ("assistente_sociale", "F704", ""),
        ("coordinatore", "F704", "Anna Ferrari"),
    ]

    last = {"incarico_id": choices[2]["incarico_id"], "delega_id": choices[2]["delega_id"]}
    answer = undecided.request("PUT", "/api/v1/sessione/incarico", json=last)

    assert answer.status_code == 200
    assert undecided.get("/api/v1/sessione").json()["ruolo"] == "coordinatore"


def test_the_dev_login_signs_in_with_the_incarico_asked(client: TestClient) -> None:
    chosen = Browser.sign_in(client, "chiara.monti", incarico=str(SECOND.incarico_id))

    assert chosen.get("/api/v1/sessione").json()["ente"] == "B212"


def test_the_dev_login_gives_no_incarico_of_another(client: TestClient) -> None:
    answer = client.post(
        "/api/v1/dev/login", json={"identita": "chiara.monti", "incarico": str(IDENTITIES[0].incarico_id)}
    )

    assert (answer.status_code, answer.json()["code"]) == (403, "accesso.non_abilitato")


def test_an_emergency_ends_with_the_incarico_it_was_opened_in(
    undecided: Browser, settings: Settings, query: Query
) -> None:
    choose(undecided, f"{FIRST.incarico_id}.")
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(
            "INSERT INTO emergenze (id, session_id, operatore_id, incarico_id, ente, residente_id, motivo, scade_il)"
            " VALUES (gen_random_uuid(), %s, %s, %s, 'F704', gen_random_uuid(), 'una prova lunga', now() + '1 hour')",
            (undecided.session_id, CHIARA.operatore_id, FIRST.incarico_id),
        )

    choose(undecided, f"{SECOND.incarico_id}.")

    open_ones = "SELECT 1 FROM emergenze WHERE session_id = %s AND chiusa_il IS NULL"
    assert query(open_ones, undecided.session_id) == []
