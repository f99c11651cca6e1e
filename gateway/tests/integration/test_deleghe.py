"""Deleghe: a colleague stands in for one who is away, for days that are said, and everybody can see it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from starlette.testclient import TestClient

from contracts.anagrafe import Ente, EntiOut
from contracts.errors import NotFound
from gateway.seed.operatori import IDENTITIES, TestIdentity
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

Query = Callable[..., list[dict[str, Any]]]
SignIn = Callable[[str], Browser]
TODAY = datetime.now(ZoneInfo("Europe/Rome")).date()
PEOPLE = {one.identita.partition(".")[0]: one for one in IDENTITIES}
GIULIA, MARCO, ANNA, SARA = (PEOPLE[name] for name in ("giulia", "marco", "anna", "sara"))
PAOLO, CARLA, CHIARA = (PEOPLE[name] for name in ("paolo", "carla", "chiara"))


@pytest.fixture(autouse=True)
def enti(services: FakeServices) -> None:
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))
    for method in ("cartella.list_cartelle", "notifiche.list_avvisi"):
        services.answer(method, NotFound("x.y", "Non c'è."))


@pytest.fixture(autouse=True)
def nothing_left(settings: Settings) -> Iterator[None]:
    yield
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE deleghe SET revocata_il = now() WHERE motivo = 'Prova'")


def body(
    who: TestIdentity, stand_in: TestIdentity, start: int = 0, days: int = 7, **changes: Any
) -> dict[str, Any]:
    return {
        "incarico_id": str(who.incarico_id), "delegato_id": str(stand_in.operatore_id), "motivo": "Prova",
        "dal": str(TODAY + timedelta(days=start)), "al": str(TODAY + timedelta(days=start + days)),
    } | changes  # fmt: skip


def give(who: Browser, *args: Any, **changes: Any) -> str:
    answer = who.post("/api/v1/deleghe", json=body(*args, **changes))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["delega_id"])


def stand_in(client: TestClient, identity: str, who: TestIdentity, delega: str) -> Browser:
    """Signed in and working in the absent colleague's incarico."""
    found = Browser.sign_in(client, identity)
    chosen = found.request(
        "PUT", "/api/v1/sessione/incarico", json={"incarico_id": str(who.incarico_id), "delega_id": delega}
    )
    assert chosen.status_code == 200, chosen.text
    return found


def test_the_stand_in_finds_the_incarico_among_his_and_works_in_it(
    browser: SignIn, client: TestClient, services: FakeServices
) -> None:
    delega = give(browser("giulia.bianchi"), GIULIA, MARCO)

    marco = stand_in(client, "marco.verdi", GIULIA, delega)
    marco.get("/api/v1/cartelle")

    (call,) = services.calls
    assert (call.mandato["operatore_id"], call.mandato["in_delega_di"]) == (
        str(MARCO.operatore_id), str(GIULIA.operatore_id),
    )  # fmt: skip


def test_a_delega_of_days_to_come_is_not_there_yet(browser: SignIn, client: TestClient) -> None:
    give(browser("giulia.bianchi"), GIULIA, MARCO, start=3)

    choices = Browser.sign_in(client, "marco.verdi").get("/api/v1/sessione/incarichi").json()["scelte"]

    assert [one["titolare"] for one in choices] == [""]


def test_a_revoked_delega_ends_the_session_in_it_at_once(browser: SignIn, client: TestClient) -> None:
    giulia = browser("giulia.bianchi")
    delega = give(giulia, GIULIA, MARCO)
    marco = stand_in(client, "marco.verdi", GIULIA, delega)

    assert giulia.post(f"/api/v1/deleghe/{delega}/revoca").status_code == 204

    assert marco.get("/api/v1/sessione").status_code == 401


def test_when_its_last_day_is_over_the_session_in_it_ends(
    browser: SignIn, client: TestClient, settings: Settings
) -> None:
    delega = give(browser("giulia.bianchi"), GIULIA, MARCO)
    marco = stand_in(client, "marco.verdi", GIULIA, delega)

    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE deleghe SET dal = dal - 30, al = al - 30 WHERE id = %s", (delega,))
    marco.post("/api/v1/deleghe", json={})  # a change asked of this process: it forgets what it remembered

    assert marco.get("/api/v1/sessione").status_code == 401


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"al": str(TODAY + timedelta(days=61))}, "al"),
        ({"al": str(TODAY - timedelta(days=1))}, "al"),
        ({"dal": str(TODAY - timedelta(days=1))}, "dal"),
        ({"al": None}, "al"),
        ({"dal": "mai"}, "dal"),
        ({"motivo": " "}, "motivo"),
        ({"delegato_id": str(SARA.operatore_id)}, "delegato_id"),
        ({"delegato_id": str(PAOLO.operatore_id)}, "delegato_id"),
        ({"delegato_id": str(uuid4())}, "delegato_id"),
    ],
    ids=["61 days", "ends before it starts", "in the past", "without an end", "no day", "without a reason",
         "of another ente", "of another kind", "nobody"],
)  # fmt: skip
def test_a_delega_that_should_not_be_is_refused_at_its_field(
    browser: SignIn, change: dict[str, Any], field: str
) -> None:
    answer = browser("giulia.bianchi").post("/api/v1/deleghe", json=body(GIULIA, MARCO, **change))

    assert answer.status_code in (400, 422), answer.text
    assert field in answer.json()["fields"]


def test_nobody_delegates_to_himself(browser: SignIn) -> None:
    answer = browser("giulia.bianchi").post("/api/v1/deleghe", json=body(GIULIA, GIULIA))

    assert (answer.status_code, answer.json()["code"]) == (403, "deleghe.quattro_occhi")


def test_a_coordinator_stands_in_for_a_social_worker_and_the_other_way_round(browser: SignIn) -> None:
    assert give(browser("giulia.bianchi"), GIULIA, ANNA)
    assert give(browser("anna.ferrari"), ANNA, GIULIA)


def test_money_is_not_delegated_across_kinds(browser: SignIn) -> None:
    answer = browser("paolo.neri").post("/api/v1/deleghe", json=body(PAOLO, CARLA))

    assert "delegato_id" in answer.json()["fields"]


def test_the_same_stand_in_twice_for_the_same_days_is_refused(browser: SignIn) -> None:
    giulia = browser("giulia.bianchi")
    give(giulia, GIULIA, MARCO, start=10)

    answer = giulia.post("/api/v1/deleghe", json=body(GIULIA, MARCO, start=12))

    assert (answer.status_code, answer.json()["code"]) == (409, "deleghe.gia_presente")


def test_whoever_coordinates_the_settore_names_a_stand_in_for_his_people(browser: SignIn) -> None:
    assert give(browser("anna.ferrari"), GIULIA, MARCO)


@pytest.mark.parametrize(
    ("who", "whose"),
    [("marco.verdi", GIULIA), ("anna.ferrari", SARA), ("anna.ferrari", PAOLO), ("admin.sistema", GIULIA)],
    ids=["a colleague", "coordinator of another ente", "coordinator of another settore", "administrator"],
)
def test_for_others_one_cannot(browser: SignIn, who: str, whose: TestIdentity) -> None:
    answer = browser(who).post("/api/v1/deleghe", json=body(whose, CHIARA))

    assert (answer.status_code, answer.json()["code"]) == (404, "deleghe.incarico_non_trovato")


def test_a_coordinator_does_not_name_himself(browser: SignIn) -> None:
    answer = browser("anna.ferrari").post("/api/v1/deleghe", json=body(GIULIA, ANNA))

    assert answer.json()["code"] == "deleghe.quattro_occhi"


def test_whoever_stands_in_for_a_coordinator_names_no_further_stand_ins(
    browser: SignIn, client: TestClient
) -> None:
    delega = give(browser("anna.ferrari"), ANNA, MARCO)
    marco = stand_in(client, "marco.verdi", ANNA, delega)

    answer = marco.post("/api/v1/deleghe", json=body(GIULIA, CHIARA))

    assert answer.status_code == 404


def test_the_delegator_the_stand_in_and_the_coordinator_see_it_and_nobody_else(browser: SignIn) -> None:
    delega = give(browser("giulia.bianchi"), GIULIA, MARCO)

    def sees(who: str) -> bool:
        return delega in [one["id"] for one in browser(who).get("/api/v1/deleghe").json()["deleghe"]]

    assert [sees(w) for w in ("giulia.bianchi", "marco.verdi", "anna.ferrari")] == [True, True, True]
    assert [sees(w) for w in ("sara.costa", "paolo.neri", "admin.sistema")] == [False, False, False]
    assert browser("sara.costa").post(f"/api/v1/deleghe/{delega}/revoca").status_code == 404


def test_the_stand_in_may_give_it_back(browser: SignIn) -> None:
    delega = give(browser("giulia.bianchi"), GIULIA, MARCO)

    marco = browser("marco.verdi")
    assert [marco.post(f"/api/v1/deleghe/{delega}/revoca").status_code for _ in range(2)] == [204, 204]

    found = {one["id"]: one["stato"] for one in marco.get("/api/v1/deleghe").json()["deleghe"]}
    assert found[delega] == "revocata"


def test_it_stands_in_the_list_of_the_dpo(browser: SignIn) -> None:
    give(browser("giulia.bianchi"), GIULIA, MARCO)

    rows = browser("elena.riva").get("/api/v1/operatori/nomine").json()["nomine"]

    assert (rows[0]["fatto"], rows[0]["operatore"], rows[0]["da"]) == (
        "delegato",
        "Marco Verdi",
        "Giulia Bianchi",
    )


def test_when_the_absent_loses_the_incarico_nobody_stands_in_for_it(
    browser: SignIn, client: TestClient, settings: Settings
) -> None:
    delega = give(browser("giulia.bianchi"), GIULIA, MARCO)
    marco = stand_in(client, "marco.verdi", GIULIA, delega)
    try:
        ended = browser("admin.sistema").post(
            f"/api/v1/incarichi/{GIULIA.incarico_id}/fine", json={"motivo": "Prova"}
        )
        assert ended.status_code == 204

        assert marco.get("/api/v1/sessione").status_code == 401
        choices = Browser.sign_in(client, "marco.verdi").get("/api/v1/sessione/incarichi").json()["scelte"]
        assert [one["titolare"] for one in choices] == [""]
    finally:
        with psycopg.connect(settings.dsn) as connection:
            connection.execute("UPDATE incarichi SET revocato_il = NULL WHERE id = %s", (GIULIA.incarico_id,))


def test_when_the_stand_in_no_longer_works_here_he_stands_in_no_more(
    browser: SignIn, client: TestClient, settings: Settings, query: Query
) -> None:
    delega = give(browser("giulia.bianchi"), GIULIA, MARCO)
    try:
        browser("admin.sistema").post(f"/api/v1/incarichi/{MARCO.incarico_id}/fine", json={"motivo": "Prova"})

        (found,) = query("SELECT revocata_il FROM deleghe WHERE id = %s", delega)
        assert found["revocata_il"] is not None
    finally:
        with psycopg.connect(settings.dsn) as connection:
            connection.execute("UPDATE incarichi SET revocato_il = NULL WHERE id = %s", (MARCO.incarico_id,))


def test_the_page_gives_and_revokes_and_keeps_what_was_typed(browser: SignIn) -> None:
    giulia = browser("giulia.bianchi")
    page = giulia.get("/deleghe").text
    assert f'value="{MARCO.operatore_id}"' in page
    assert f'value="{PAOLO.operatore_id}"' not in page
    assert f'value="{GIULIA.operatore_id}"' not in page.partition('id="delegato_id"')[2]

    data = body(GIULIA, MARCO, start=20) | {"csrf_token": giulia.csrf}
    refused = giulia.post("/deleghe", data=data | {"al": "2020-01-01"})
    assert refused.status_code == 422
    assert 'value="Prova"' in refused.text

    assert giulia.post("/deleghe", data=data).headers["location"] == "/deleghe?fatto=delega"
    shown = giulia.get("/deleghe").text
    url = shown.partition('action="/deleghe/')[2].partition('"')[0]
    revoked = giulia.post(f"/deleghe/{url}", data={"csrf_token": giulia.csrf})
    assert revoked.headers["location"] == "/deleghe?fatto=delega_revocata"
