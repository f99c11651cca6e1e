"""The registry of operators: who may work here is written down, by whom and why, and takes effect at once."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from codicefiscale import codicefiscale
from starlette.testclient import TestClient

from contracts.anagrafe import Ente, EntiOut
from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

Query = Callable[..., list[dict[str, Any]]]
SignIn = Callable[[str], Browser]
TODAY = datetime.now(ZoneInfo("Europe/Rome")).date()
GIULIA, MARCO = IDENTITIES[0], IDENTITIES[1]
ADMIN = next(one for one in IDENTITIES if one.identita == "admin.sistema")
SARA = next(one for one in IDENTITIES if one.identita == "sara.costa")
NUMBERS = count()


@pytest.fixture(autouse=True)
def enti(services: FakeServices) -> None:
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))


@pytest.fixture(autouse=True)
def nobody_left(settings: Settings) -> Iterator[None]:
    """Operators of a test work no more after it: other tests count who works here."""
    yield
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(
            "UPDATE incarichi SET revocato_il = coalesce(revocato_il, now()) WHERE operatore_id IN"
            " (SELECT id FROM operatori WHERE identita IS NULL)"
        )


@pytest.fixture
def admin(browser: SignIn) -> Browser:
    return browser("admin.sistema")


@pytest.fixture
def rpd(client: TestClient, admin: Browser) -> Browser:
    return Browser.sign_in(client, "elena.riva")


def person(**changes: Any) -> dict[str, Any]:
    """Somebody nobody knows yet, and his first incarico."""
    number = next(NUMBERS)
    born = date(1960, 1, 1) + timedelta(days=number)
    codice = codicefiscale.encode(
        lastname="Prova", firstname="Ada", gender="F", birthdate=born.isoformat(), birthplace="Monza"
    )
    return {
        "codice_fiscale": codice, "cognome": "Prova", "nome": "Ada", "email": f"prova{number}@comune.example",
        "ruolo": "assistente_sociale", "ente": "F704", "settore": "minori", "dal": str(TODAY),
        "atto": "Decreto n. 12 del 10/12/2026",
    } | changes  # fmt: skip


def add(admin: Browser, **changes: Any) -> dict[str, Any]:
    answer = admin.post("/api/v1/operatori", json=person(**changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def fields(answer: Any) -> set[str]:
    assert answer.status_code in (400, 409, 422), answer.text
    return set(answer.json()["fields"])


def sign_in_as(settings: Settings, client: TestClient, operatore_id: str, name: str) -> Browser:
    """Lets a person without a test identity in, as SPID would."""
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE operatori SET identita = %s WHERE id = %s", (name, operatore_id))
    found = Browser.sign_in(client, name)
    with psycopg.connect(settings.dsn) as connection:
        connection.execute("UPDATE operatori SET identita = NULL WHERE id = %s", (operatore_id,))
    return found


def events(query: Query, operatore_id: str) -> list[tuple[str, int]]:
    rows = query("SELECT type, sequence FROM outbox WHERE subject = %s ORDER BY seq", operatore_id)
    return [(row["type"].removeprefix("gateway.operatore."), row["sequence"]) for row in rows]


def test_a_new_operator_is_written_down_and_told_to_the_others_in_one_transaction(
    admin: Browser, query: Query
) -> None:
    made = add(admin)

    assert events(query, made["operatore_id"]) == [("abilitato.v1", 1)]
    (fact,) = query("SELECT * FROM operatori_fatti WHERE operatore_id = %s", made["operatore_id"])
    assert (fact["fatto"], fact["vede_casi"], fact["motivo"]) == (
        "abilitato", True, "Decreto n. 12 del 10/12/2026",
    )  # fmt: skip
    assert fact["da_operatore_id"] == ADMIN.operatore_id


def test_a_new_operator_enters_and_works_in_his_incarico(
    admin: Browser, settings: Settings, client: TestClient
) -> None:
    made = add(admin)

    ada = sign_in_as(settings, client, made["operatore_id"], "ada.nuova")

    assert ada.get("/api/v1/sessione").json()["ruolo"] == "assistente_sociale"


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"codice_fiscale": "RSSMRA85T10A562X"}, "codice_fiscale"),
        ({"codice_fiscale": "12345678901"}, "codice_fiscale"),
        ({"codice_fiscale": "RSSMRA85T10A562S"}, "codice_fiscale"),
        ({"codice_fiscale": "RSSMRA85T41Z999X"}, "codice_fiscale"),
        ({"ruolo": "cittadino"}, "ruolo"),
        ({"ruolo": "emergenza"}, "ruolo"),
        ({"ruolo": "padrone"}, "ruolo"),
        ({"ente": "B212"}, "ente"),
        ({"ente": "monza"}, "ente"),
        ({"settore": ""}, "settore"),
        ({"settore": "minorii"}, "settore"),
        ({"settore": "Minori!"}, "settore"),
        ({"atto": " "}, "atto"),
        ({"email": "ada"}, "email"),
        ({"nome": "Ada\u202e"}, "nome"),
        ({"dal": "2026-02-30"}, "dal"),
        ({"dal": "1066-01-01"}, "dal"),
        ({"al": "2020-01-01", "dal": "2019-01-01"}, "al"),
        ({"al": "2020-01-01", "dal": "2027-01-01"}, "al"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_done(
    admin: Browser, query: Query, change: dict[str, str], wrong: str
) -> None:
    before = query("SELECT count(*) FROM operatori")

    answer = admin.post("/api/v1/operatori", json=person(**change))

    assert wrong in fields(answer)
    assert query("SELECT count(*) FROM operatori") == before


def test_a_name_that_does_not_agree_with_the_code_has_to_be_confirmed(admin: Browser) -> None:
    asked = person(cognome="Altri")
    assert fields(admin.post("/api/v1/operatori", json=asked)) == {"codice_fiscale"}

    assert admin.post("/api/v1/operatori", json=asked | {"conferma_nome": True}).status_code == 201


def test_the_code_may_be_an_omocode_and_is_kept_in_capitals(admin: Browser, query: Query) -> None:
    asked = person()
    omocode = codicefiscale.decode(asked["codice_fiscale"])["omocodes"][1]

    answer = admin.post("/api/v1/operatori", json=asked | {"codice_fiscale": f" {omocode.lower()} "})

    assert answer.status_code == 201, answer.text
    assert query("SELECT 1 FROM operatori WHERE codice_fiscale = %s", omocode)


def test_a_settore_nobody_works_in_yet_has_to_be_meant(admin: Browser) -> None:
    assert fields(admin.post("/api/v1/operatori", json=person(settore="famiglie"))) == {"settore"}

    assert add(admin, settore="famiglie", nuovo_settore=True)


def test_the_same_incarico_twice_is_refused_and_another_is_not(admin: Browser, query: Query) -> None:
    asked = person()
    made = admin.post("/api/v1/operatori", json=asked).json()

    again = admin.post("/api/v1/operatori", json=asked)
    other = admin.post("/api/v1/operatori", json=asked | {"settore": "adulti"})

    assert (again.status_code, again.json()["code"]) == (409, "operatori.gia_presente")
    assert (other.status_code, other.json()["operatore_id"]) == (201, made["operatore_id"])
    assert events(query, made["operatore_id"]) == [("abilitato.v1", 1), ("abilitato.v1", 2)]


def test_the_same_incarico_for_overlapping_days_is_refused(admin: Browser) -> None:
    made = add(admin)
    later = str(TODAY + timedelta(days=30))
    incarico = {
        "ruolo": "assistente_sociale",
        "ente": "F704",
        "settore": "minori",
        "dal": later,
        "atto": "Atto 2",
    }

    answer = admin.post(f"/api/v1/operatori/{made['operatore_id']}/incarichi", json=incarico)

    assert fields(answer) == {"dal"}


@pytest.mark.parametrize("role", ["giulia.bianchi", "anna.ferrari", "elena.riva", "laura.conti"])
def test_only_the_administrator_changes_the_registry(browser: SignIn, role: str) -> None:
    assert browser(role).post("/api/v1/operatori", json=person()).status_code == 403


def test_the_administrator_gives_himself_nothing(admin: Browser, query: Query) -> None:
    incarico = {
        "ruolo": "coordinatore",
        "ente": "F704",
        "settore": "minori",
        "dal": str(TODAY),
        "atto": "Atto 1",
    }
    own = person(codice_fiscale=ADMIN.codice_fiscale, cognome="Sistema", nome="Admin")

    answers = [
        admin.post(f"/api/v1/operatori/{ADMIN.operatore_id}/incarichi", json=incarico),
        admin.post("/api/v1/operatori", json=own),
        admin.post(f"/api/v1/incarichi/{ADMIN.incarico_id}/fine", json={"motivo": "prova"}),
        admin.post(f"/api/v1/operatori/{ADMIN.operatore_id}/revoca", json={"motivo": "prova"}),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(403, "operatori.quattro_occhi")] * 4
    assert len(query("SELECT 1 FROM incarichi WHERE operatore_id = %s", ADMIN.operatore_id)) == 1


def test_another_administrator_may(client: TestClient, admin: Browser, query: Query) -> None:
    bruno = Browser.sign_in(client, "bruno.leone")
    incarico = {"ruolo": "analista", "ente": "F704", "dal": str(TODAY), "atto": "Atto 1"}

    answer = bruno.post(f"/api/v1/operatori/{ADMIN.operatore_id}/incarichi", json=incarico)
    assert answer.status_code == 201

    ended = bruno.post(
        f"/api/v1/incarichi/{answer.json()['incarico_id']}/fine", json={"motivo": "prova finita"}
    )
    assert ended.status_code == 204


def test_operators_of_another_ente_do_not_exist_here(admin: Browser) -> None:
    answers = [
        admin.get(f"/api/v1/operatori/{SARA.operatore_id}"),
        admin.get(f"/api/v1/operatori/{uuid4()}"),
        admin.post(f"/api/v1/operatori/{SARA.operatore_id}/revoca", json={"motivo": "prova"}),
        admin.post(f"/api/v1/incarichi/{SARA.incarico_id}/fine", json={"motivo": "prova"}),
        admin.get(f"/operatori/{SARA.operatore_id}"),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    listed = admin.get("/api/v1/operatori/registro?testo=costa&vista=tutti").json()
    assert listed == {"operatori": [], "altri": False}


def test_of_an_operator_of_two_enti_one_sees_what_is_in_ones_own(admin: Browser) -> None:
    chiara = next(one for one in IDENTITIES if one.identita == "chiara.monti")

    card = admin.get(f"/api/v1/operatori/{chiara.operatore_id}").json()

    assert [one["ente"] for one in card["operatore"]["incarichi"]] == ["F704"]


def test_when_an_incarico_ends_the_sessions_in_it_stop_at_once(
    admin: Browser, settings: Settings, client: TestClient, query: Query
) -> None:
    made = add(admin)
    ada = sign_in_as(settings, client, made["operatore_id"], "ada.finita")
    assert ada.get("/api/v1/sessione").status_code == 200

    answer = admin.post(f"/api/v1/incarichi/{made['incarico_id']}/fine", json={"motivo": "Trasferita"})

    assert answer.status_code == 204
    assert ada.get("/api/v1/sessione").status_code == 401
    assert events(query, made["operatore_id"]) == [("abilitato.v1", 1), ("revocato.v1", 2)]
    (row,) = query("SELECT * FROM incarichi WHERE id = %s", UUID(made["incarico_id"]))
    assert row["revocato_il"] is not None


def test_an_incarico_may_end_on_a_day_to_come(admin: Browser, query: Query) -> None:
    made = add(admin)
    last = TODAY + timedelta(days=7)

    answer = admin.post(
        f"/api/v1/incarichi/{made['incarico_id']}/fine", json={"al": str(last), "motivo": "Fine"}
    )

    assert answer.status_code == 204
    (row,) = query("SELECT al, revocato_il FROM incarichi WHERE id = %s", UUID(made["incarico_id"]))
    assert (row["al"], row["revocato_il"]) == (last, None)
    (told,) = query(
        "SELECT envelope -> 'data' ->> 'al' AS al FROM outbox WHERE subject = %s AND sequence = 2",
        made["operatore_id"],
    )
    assert told["al"] == str(last)


@pytest.mark.parametrize("days", [-1, 400], ids=["yesterday", "later than it ends already"])
def test_an_end_that_is_none_is_refused(admin: Browser, days: int) -> None:
    made = add(admin, al=str(TODAY + timedelta(days=300)), dal=str(TODAY - timedelta(days=10)))

    al = str(TODAY + timedelta(days=days))
    answer = admin.post(f"/api/v1/incarichi/{made['incarico_id']}/fine", json={"al": al, "motivo": "Fine"})

    assert fields(answer) == {"al"}


def test_a_revoked_operator_is_out_everywhere_and_stays_in_the_registry(
    admin: Browser, settings: Settings, client: TestClient, query: Query
) -> None:
    asked = person()
    made = admin.post("/api/v1/operatori", json=asked).json()
    admin.post("/api/v1/operatori", json=asked | {"settore": "adulti"})
    ada = sign_in_as(settings, client, made["operatore_id"], "ada.revocata")

    answer = admin.post(
        f"/api/v1/operatori/{made['operatore_id']}/revoca", json={"motivo": "Cessata dal servizio"}
    )

    assert answer.status_code == 204
    assert ada.get("/api/v1/sessione").status_code == 401
    kinds = [kind for kind, _ in events(query, made["operatore_id"])]
    assert kinds == ["abilitato.v1", "abilitato.v1", "revocato.v1", "revocato.v1"]
    card = admin.get(f"/api/v1/operatori/{made['operatore_id']}").json()
    assert card["operatore"]["revocato_il"]
    assert {one["stato"] for one in card["operatore"]["incarichi"]} == {"finito"}
    assert [fact["fatto"] for fact in card["fatti"]] == ["revocato", "revocato", "abilitato", "abilitato"]


def test_whoever_is_enabled_again_does_not_find_his_old_session_open(
    admin: Browser, settings: Settings, client: TestClient
) -> None:
    asked = person()
    made = admin.post("/api/v1/operatori", json=asked).json()
    ada = sign_in_as(settings, client, made["operatore_id"], "ada.tornata")
    admin.post(f"/api/v1/operatori/{made['operatore_id']}/revoca", json={"motivo": "Per errore"})

    again = admin.post("/api/v1/operatori", json=asked | {"atto": "Decreto n. 13"})

    assert (again.status_code, again.json()["operatore_id"]) == (201, made["operatore_id"])
    assert ada.get("/api/v1/sessione").status_code == 401
    assert sign_in_as(settings, client, made["operatore_id"], "ada.tornata").token


def test_whoever_also_works_elsewhere_is_revoked_here_alone(
    admin: Browser, settings: Settings, query: Query
) -> None:
    made = add(admin)
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(
            "INSERT INTO incarichi (id, operatore_id, ruolo, ente, settore, dal)"
            " VALUES (gen_random_uuid(), %s, 'educatore', 'B212', 'minori', current_date)",
            (made["operatore_id"],),
        )

    admin.post(f"/api/v1/operatori/{made['operatore_id']}/revoca", json={"motivo": "Lascia Monza"})

    (row,) = query("SELECT revocato_il FROM operatori WHERE id = %s", UUID(made["operatore_id"]))
    assert row["revocato_il"] is None


def test_facts_are_never_changed(settings: Settings, admin: Browser) -> None:
    add(admin)
    for statement in ("UPDATE operatori_fatti SET motivo = ''", "DELETE FROM operatori_fatti"):
        with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement)


def test_the_dpo_reads_which_roles_that_see_cases_were_given_and_by_whom(
    admin: Browser, rpd: Browser
) -> None:
    seeing = add(admin)
    blind = add(admin, ruolo="analista", settore="")

    rows = rpd.get("/api/v1/operatori/nomine").json()["nomine"]

    given = {row["operatore_id"]: row for row in rows}
    assert given[seeing["operatore_id"]]["da"] == "Admin Sistema"
    assert blind["operatore_id"] not in given
    page = rpd.get("/operatori/nomine").text
    assert "Admin Sistema" in page


def test_the_dpo_reads_the_registry_and_changes_nothing(rpd: Browser) -> None:
    page = rpd.get("/operatori").text
    assert "Nuovo operatore" not in page
    card = rpd.get(f"/operatori/{GIULIA.operatore_id}").text
    assert "Bianchi Giulia" in card
    assert "Revoca" not in card
    assert rpd.get("/operatori/nuovo").status_code == 403


def test_the_list_goes_on_where_it_stopped_and_names_nobody_in_its_address(admin: Browser) -> None:
    everybody = admin.get("/api/v1/operatori/registro?limite=200&vista=tutti").json()["operatori"]

    seen: list[str] = []
    after = ""
    while True:
        page = admin.get(f"/api/v1/operatori/registro?limite=4&vista=tutti{after}").json()
        seen += [one["operatore_id"] for one in page["operatori"]]
        if not page["altri"]:
            break
        after = f"&dopo={seen[-1]}"

    assert seen == [one["operatore_id"] for one in everybody]
    assert len(seen) > 8


@pytest.mark.parametrize(
    ("text", "found"),
    [("bian", True), ("giulia bianchi", True), ("BNCGLI88D52F704H", True), ("bncgli88d52f704h", True),
     ("%", False), ("_ianchi", False), ("zz", False), ("\\", False)],
)  # fmt: skip
def test_operators_are_found_by_parts_of_the_name_or_the_whole_code(
    admin: Browser, text: str, found: bool
) -> None:
    rows = admin.request("GET", "/api/v1/operatori/registro", params={"testo": text}).json()["operatori"]

    assert (str(GIULIA.operatore_id) in [row["operatore_id"] for row in rows]) is found
    assert rows == [] or found


@pytest.mark.parametrize(
    ("filters", "who"),
    [
        ({"ruolo": "rpd"}, "Riva"),
        ({"settore": "pronto_intervento"}, "Sala"),
        ({"ruolo": "contabilita"}, "Russo"),
    ],
)
def test_the_list_is_filtered(admin: Browser, filters: dict[str, str], who: str) -> None:
    rows = admin.request("GET", "/api/v1/operatori/registro", params=filters).json()["operatori"]

    assert [row["cognome"] for row in rows] == [who]


def test_ended_operators_are_listed_apart(admin: Browser) -> None:
    made = add(admin)
    admin.post(f"/api/v1/operatori/{made['operatore_id']}/revoca", json={"motivo": "Prova"})

    def ids(vista: str) -> set[str]:
        rows = admin.get(f"/api/v1/operatori/registro?vista={vista}&limite=200").json()["operatori"]
        return {row["operatore_id"] for row in rows}

    assert made["operatore_id"] in ids("cessati")
    assert made["operatore_id"] not in ids("in_corso")
    assert str(GIULIA.operatore_id) not in ids("cessati")


def test_the_page_adds_an_operator_and_says_what_is_wrong_keeping_what_was_typed(admin: Browser) -> None:
    asked = person()
    data = asked | {"csrf_token": admin.csrf}

    refused = admin.post("/operatori/nuovo", data=data | {"atto": ""})
    assert refused.status_code == 422
    assert asked["codice_fiscale"] in refused.text
    assert "Atto: Manca questo dato." in refused.text

    done = admin.post("/operatori/nuovo", data=data)
    assert done.status_code == 303
    card = admin.get(done.headers["location"])
    assert asked["cognome"] in card.text
    assert "Operatore abilitato" in card.text


def test_the_page_ends_an_incarico_and_revokes(admin: Browser) -> None:
    made = add(admin)
    card = f"/operatori/{made['operatore_id']}"

    ended = admin.post(
        f"{card}/incarichi/{made['incarico_id']}/fine",
        data={"motivo": "Trasferita", "csrf_token": admin.csrf},
    )
    again = admin.post(f"{card}/revoca", data={"motivo": "Trasferita", "csrf_token": admin.csrf})

    assert ended.headers["location"] == f"{card}?fatto=incarico_finito"
    assert again.status_code == 409 or "nessun incarico in corso" in again.text
    assert "Trasferita" in admin.get(card).text


def test_the_card_of_oneself_offers_no_change(admin: Browser) -> None:
    card = admin.get(f"/operatori/{ADMIN.operatore_id}").text

    assert "li cambia un altro amministratore" in card
    assert "Fai finire" not in card
