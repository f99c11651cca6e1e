"""Break-the-glass: who may, how far, how long, who is told; and the signature of somebody else afterwards."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from contracts.anagrafe import ConviventiOut, Ente, EntiOut, ResidenteOut, ResidentiTrovati, VariazioniOut
from contracts.cartella import CartelleOut
from contracts.errors import Forbidden, NotFound
from contracts.notifiche import AvvisiOut
from contracts.rpc import RPC
from gateway import solleciti
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
Query = Callable[..., list[dict[str, Any]]]
WORDS = "La pattuglia è in casa, il bambino è solo"
LUCA = uuid4()
PERSON = ResidenteOut(
    id=LUCA, codice_fiscale="RSSLCU17C12F704X", cognome="Rossi", nome="Luca", sesso="M", ente="F704",
    data_nascita=None,
)  # fmt: skip


@pytest.fixture
def settings(own_settings: Settings) -> Settings:
    """Emergencies stay for ever, and are counted: not in everybody's database."""
    return own_settings


@pytest.fixture
def services(services: FakeServices) -> FakeServices:
    for service, methods in RPC.items():
        for method in methods.keys() - {"list_conviventi"}:
            services.answer(f"{service}.{method}", NotFound("prova.non_trovato", "Non c'è."))
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))
    services.answer(
        "anagrafe.get_residente", lambda request: PERSON.model_copy(update={"id": request.residente_id})
    )
    services.answer("anagrafe.search_residenti", ResidentiTrovati(residenti=(PERSON,), totale=1))
    services.answer("anagrafe.list_variazioni", VariazioniOut(variazioni=()))
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(), totale=0))
    services.answer("notifiche.list_avvisi", AvvisiOut(avvisi=(), totale=0, non_letti=0))
    return services


@pytest.fixture
def franca(browser: SignIn) -> Browser:
    return browser("franca.sala")


@pytest.fixture
def travel(own_addresses: Any) -> Callable[[str], None]:
    """Moves every emergency this much into the past: travel("2 hours")."""

    def run(interval: str) -> None:
        with psycopg.connect(own_addresses.migrator) as connection:
            connection.execute("ALTER TABLE emergenze DISABLE TRIGGER USER")
            connection.execute(
                "UPDATE emergenze SET aperta_il = aperta_il - %s::interval, scade_il = scade_il - %s::interval,"
                " sollecitata_il = sollecitata_il - %s::interval",
                (interval, interval, interval),
            )
            connection.execute("ALTER TABLE emergenze ENABLE TRIGGER USER")

    return run


def opened(franca: Browser, residente_id: UUID = LUCA) -> UUID:
    body = {"residente_id": str(residente_id), "categoria": "pericolo", "testo": WORDS}
    answer = franca.post("/api/v1/emergenze", json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def closed(franca: Browser) -> UUID:
    emergenza_id = opened(franca)
    franca.delete("/api/v1/emergenze/corrente")
    return emergenza_id


def sign(who: Browser, emergenza_id: UUID, esito: str = "giustificata", nota: str = "") -> Any:
    return who.post(f"/api/v1/emergenze/{emergenza_id}/revisione", json={"esito": esito, "nota": nota})


def mandate(services: FakeServices, method: str) -> dict[str, Any]:
    return next(call.mandato for call in reversed(services.calls) if call.method == method)


def diary(who: Browser, services: FakeServices) -> dict[str, Any]:
    services.calls.clear()
    who.get(f"/api/v1/cartelle/{uuid4()}/diario")
    return mandate(services, "list_voci_diario")


def outbox(query: Query, key: str) -> list[dict[str, Any]]:
    rows = query("SELECT envelope FROM outbox WHERE type = %s ORDER BY seq", f"gateway.{key}")
    return [row["envelope"]["data"] | {"sequence": row["envelope"]["sequence"]} for row in rows]


# --- what it opens -----------------------------------------------------------------------------------------------


def test_it_opens_one_person_through_the_sections_of_the_policy_alone(
    franca: Browser, services: FakeServices
) -> None:
    before = diary(franca, services)
    opened(franca)

    during = diary(franca, services)

    assert "emergenza" not in before
    assert during["emergenza"] == {"residente_id": str(LUCA), "scopi": ["diario:leggi"]}
    assert during["estensioni"]["diario:leggi"] == "propri"
    assert franca.get(f"/api/v1/cartelle/{uuid4()}/isee").status_code == 403


def test_the_second_level_stays_closed(franca: Browser, services: FakeServices) -> None:
    opened(franca)

    during = diary(franca, services)

    assert "secondo_livello:leggi" not in during["emergenza"]["scopi"]
    assert "secondo_livello:leggi" not in during["estensioni"]


def test_it_ends_by_itself_after_an_hour(
    franca: Browser, services: FakeServices, travel: Callable[[str], None], query: Query
) -> None:
    opened(franca)
    (row,) = query("SELECT scade_il - aperta_il AS lunga FROM emergenze")
    travel("61 minutes")

    assert row["lunga"].total_seconds() == 3600
    assert "emergenza" not in diary(franca, services)


def test_it_ends_when_its_holder_closes_it(franca: Browser, services: FakeServices) -> None:
    opened(franca)
    franca.delete("/api/v1/emergenze/corrente")

    assert "emergenza" not in diary(franca, services)


def test_it_is_bound_to_its_session(franca: Browser, browser: SignIn, services: FakeServices) -> None:
    opened(franca)

    assert "emergenza" not in diary(browser("franca.sala"), services)


def test_a_second_one_ends_the_first(franca: Browser, services: FakeServices, query: Query) -> None:
    opened(franca)
    other = uuid4()
    opened(franca, other)

    assert diary(franca, services)["emergenza"]["residente_id"] == str(other)
    assert len(query("SELECT 1 FROM emergenze WHERE chiusa_il IS NULL")) == 1


@pytest.mark.parametrize("who", ["giulia.bianchi", "anna.ferrari", "elena.riva", "admin.sistema"])
def test_only_who_holds_the_role_may_open_one(browser: SignIn, services: FakeServices, who: str) -> None:
    person = browser(who)
    body = {"residente_id": str(LUCA), "categoria": "pericolo", "testo": WORDS}

    assert person.post("/api/v1/emergenze", json=body).status_code == 403
    assert person.get("/emergenza").status_code == 403
    assert (
        person.post(f"/emergenza/{LUCA}", data={"categoria": "pericolo", "testo": WORDS}).status_code == 403
    )


@pytest.mark.parametrize(
    "body",
    [
        {"categoria": "pericolo", "testo": "boh"}, {"categoria": "pericolo", "testo": " " * 30},
        {"categoria": "curiosita", "testo": WORDS}, {"testo": WORDS}, {"categoria": "pericolo"},
        {"categoria": "altro", "testo": "x" * 5000},
    ],
)  # fmt: skip
def test_without_a_reason_it_stays_closed(franca: Browser, query: Query, body: dict[str, str]) -> None:
    answer = franca.post("/api/v1/emergenze", json={"residente_id": str(LUCA), **body})

    assert answer.status_code in (400, 422)
    assert query("SELECT 1 FROM emergenze") == []


def test_nobody_opens_the_file_of_his_own_household(
    browser: SignIn, services: FakeServices, query: Query
) -> None:
    services.answer("anagrafe.list_conviventi", ConviventiOut(residenti_id=(LUCA,)))
    services.answer(
        "anagrafe.get_residente", NotFound("residente.non_trovato", "Non c'è.")
    )  # what the registry says
    franca = browser("franca.sala")

    answer = franca.post(
        "/api/v1/emergenze", json={"residente_id": str(LUCA), "categoria": "pericolo", "testo": WORDS}
    )

    assert answer.status_code == 404
    assert mandate(services, "get_residente")["esclusi"] == [str(LUCA)]
    assert query("SELECT 1 FROM emergenze") == []


def test_the_next_one_waits_until_somebody_has_looked(franca: Browser, browser: SignIn) -> None:
    first, *_ = [closed(franca) for _ in range(3)]
    body = {"residente_id": str(LUCA), "categoria": "pericolo", "testo": WORDS}

    refused = franca.post("/api/v1/emergenze", json=body)
    sign(browser("anna.ferrari"), first)

    assert (refused.status_code, refused.json()["code"]) == (409, "emergenze.troppe")
    assert franca.post("/api/v1/emergenze", json=body).status_code == 201


def test_the_reason_of_an_emergency_opens_its_person_s_case_and_no_other(
    franca: Browser, services: FakeServices
) -> None:
    """A service that asks why is told why only where the case is that person's."""
    mine, other = uuid4(), uuid4()

    def entries(request: Any) -> Any:
        mandato = services.calls[-1].mandato
        assert str(LUCA) not in mandato.get("motivo_per", [])
        if request.cartella_id == mine and mandato.get("motivo_persona") == str(LUCA):
            raise NotFound("cartella.non_trovata", "Non c'è.")
        raise Forbidden("accesso.motivo_richiesto", "Scrivi il motivo.")

    class Case:
        def __init__(self, residente_id: UUID) -> None:
            self.residente_id = residente_id

    services.answer("cartella.list_voci_diario", entries)
    services.answer(
        "cartella.get_cartella", lambda request: Case(LUCA if request.cartella_id == mine else uuid4())  # type: ignore[arg-type,return-value]
    )  # fmt: skip
    opened(franca)

    assert franca.get(f"/api/v1/cartelle/{other}/diario").json()["code"] == "accesso.motivo_richiesto"
    assert franca.get(f"/api/v1/cartelle/{mine}/diario").status_code == 404


# --- who is told ---------------------------------------------------------------------------------------------------


def test_the_others_are_told_in_the_same_transaction_without_reason_or_name(
    franca: Browser, query: Query
) -> None:
    emergenza_id = opened(franca)

    (event,) = outbox(query, "emergenza.aperta.v1")

    assert event["emergenza_id"] == str(emergenza_id)
    assert (event["ente"], event["ruolo"], event["sollecito"]) == ("F704", "pronto_intervento", 0)
    assert WORDS not in str(event)
    assert "Rossi" not in str(event).title()


class Case:
    def __init__(self, residente_id: UUID) -> None:
        self.residente_id = residente_id


def reasons(query: Query, route: str, esito: int) -> list[str]:
    """Reasons on the rows of a route that ended so, newest first."""
    rows = query(
        "SELECT motivo FROM accessi WHERE rotta LIKE %s AND esito = %s ORDER BY quando DESC",
        f"%{route}",
        esito,
    )
    return [row["motivo"] for row in rows]


def test_every_access_about_its_person_carries_the_reason_also_the_refused(
    franca: Browser, services: FakeServices, query: Query
) -> None:
    services.answer("cartella.get_cartella", lambda request: Case(LUCA))  # type: ignore[arg-type,return-value]
    opened(franca)
    franca.get(f"/api/v1/residenti/{LUCA}")
    franca.get(f"/api/v1/cartelle/{uuid4()}/diario")  # not found
    franca.get(f"/api/v1/cartelle/{uuid4()}/isee")  # forbidden
    said = f"Pericolo per una persona, adesso: {WORDS}"

    assert reasons(query, "/residenti/{residente_id}", 200)[0] == said
    assert reasons(query, "/diario", 404)[0] == said
    assert reasons(query, "/isee", 403)[0] == said


def test_no_access_about_anybody_else_carries_it(
    franca: Browser, services: FakeServices, query: Query
) -> None:
    services.answer("cartella.get_cartella", lambda request: Case(uuid4()))  # type: ignore[arg-type,return-value]
    opened(franca)
    franca.get(f"/api/v1/residenti/{uuid4()}")
    franca.get(f"/api/v1/cartelle/{uuid4()}/diario")
    franca.get("/persone")

    assert reasons(query, "/residenti/{residente_id}", 200)[0] == ""
    assert reasons(query, "/diario", 404)[0] == ""
    assert reasons(query, "/persone", 200)[0] == ""


def test_a_red_band_on_every_page_says_whose_file_how_long_and_how_to_close(
    franca: Browser, query: Query
) -> None:
    before = franca.get("/persone").text
    answer = franca.post(f"/emergenza/{LUCA}", data={"categoria": "pericolo", "testo": WORDS})
    pages = [franca.get(path).text for path in ("/persone", "/", "/aiuto", "/da-nessuna-parte")]
    refused = franca.get(f"/casi/{uuid4()}/isee")
    after = franca.post("/emergenza/chiudi")

    assert refused.status_code == 403
    assert "Emergenza in corso" in refused.text
    assert answer.headers["location"].startswith(f"/persone/{LUCA}")
    assert "Emergenza in corso" not in before
    for page in pages[:3]:
        assert "Emergenza in corso" in page
        assert "ROSSI Luca" in page
        assert "60 minuti ancora" in page
        assert 'action="/emergenza/chiudi"' in page
    assert after.status_code == 303
    assert "Emergenza in corso" not in franca.get("/persone").text


def test_the_person_is_found_in_the_registry(franca: Browser) -> None:
    found = franca.get("/emergenza?testo=ros")
    form = franca.get(f"/emergenza/{LUCA}")
    short = franca.post(f"/emergenza/{LUCA}", data={"categoria": "pericolo", "testo": "boh"})

    assert f'href="/emergenza/{LUCA}"' in found.text
    assert "ROSSI Luca" in form.text
    assert short.status_code == 422
    assert "Scrivi in poche parole che cosa succede" in short.text


# --- the signature ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anna.ferrari", "elena.riva"])
def test_coordinator_and_dpo_see_what_was_read_and_sign(
    franca: Browser, browser: SignIn, services: FakeServices, query: Query, who: str
) -> None:
    emergenza_id = opened(franca)
    franca.get(f"/persone/{LUCA}")
    franca.get(f"/persone/{uuid4()}")
    franca.post("/emergenza/chiudi")
    reviewer = browser(who)

    seen = reviewer.get(f"/api/v1/emergenze/{emergenza_id}").json()
    page = reviewer.get(f"/emergenze/{emergenza_id}").text
    answer = sign(reviewer, emergenza_id)

    assert [row["sulla_persona"] for row in seen["letture"] if row["sezione"] == "anagrafe"] == [True, False]
    assert "ROSSI Luca" in page
    assert "un’altra persona" in page
    assert answer.json()["stato"] == "giustificata"
    (event,) = outbox(query, "emergenza.rivista.v1")
    assert (event["esito"], event["sequence"]) == ("giustificata", 2)


def test_who_opened_it_never_signs_it(
    franca: Browser, browser: SignIn, settings: Settings, own_addresses: Any
) -> None:
    emergenza_id = closed(franca)
    with psycopg.connect(own_addresses.migrator) as connection:
        connection.execute("ALTER TABLE politica_regole DISABLE TRIGGER USER")
        connection.execute(
            "INSERT INTO politica_regole VALUES (1, 'pronto_intervento', 'emergenze', 'approva', 'ente')"
        )
    franca.client.app.state.gateway.policies.known.clear()  # type: ignore[attr-defined]

    answer = sign(franca, emergenza_id)

    assert (answer.status_code, answer.json()["code"]) == (403, "emergenze.tua")
    with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            "UPDATE emergenze SET rivista_da = operatore_id, rivista_il = now(), esito = 'giustificata' WHERE id = %s",
            (emergenza_id,),
        )


def test_it_waits_while_it_is_open_and_is_signed_once(franca: Browser, browser: SignIn) -> None:
    emergenza_id = opened(franca)
    anna, elena = browser("anna.ferrari"), browser("elena.riva")
    early = sign(anna, emergenza_id)
    franca.delete("/api/v1/emergenze/corrente")

    first, second = (
        sign(anna, emergenza_id),
        sign(elena, emergenza_id, "non_giustificata", "Non serviva affatto"),
    )

    assert (early.json()["code"], first.status_code, second.json()["code"]) == (
        "emergenze.in_corso", 200, "emergenze.rivista",
    )  # fmt: skip


def test_not_justified_needs_a_word(franca: Browser, browser: SignIn) -> None:
    emergenza_id = closed(franca)
    anna = browser("anna.ferrari")

    silent = anna.post(f"/emergenze/{emergenza_id}/revisione", data={"esito": "non_giustificata"})
    said = sign(anna, emergenza_id, "non_giustificata", "La famiglia era già seguita e reperibile")

    assert silent.status_code == 422
    assert "Scrivi perché non era giustificata." in silent.text
    assert said.json()["stato"] == "non_giustificata"


def test_what_was_signed_or_written_never_changes(
    franca: Browser, browser: SignIn, settings: Settings
) -> None:
    emergenza_id = closed(franca)
    for statement in (
        "UPDATE emergenze SET motivo = 'tutto bene, davvero' WHERE id = %s",
        "UPDATE emergenze SET scade_il = scade_il + interval '1 day' WHERE id = %s",
        "UPDATE emergenze SET chiusa_il = NULL WHERE id = %s",
        "DELETE FROM emergenze WHERE id = %s",
    ):
        with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement.encode(), (emergenza_id,))
    sign(browser("anna.ferrari"), emergenza_id)
    with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute("UPDATE emergenze SET esito = 'non_giustificata' WHERE id = %s", (emergenza_id,))


def test_another_ente_and_ordinary_workers_know_nothing_of_it(
    franca: Browser, browser: SignIn, own_addresses: Any
) -> None:
    emergenza_id = closed(franca)
    with psycopg.connect(own_addresses.migrator) as connection:  # a DPO of another ente
        connection.execute(
            "UPDATE incarichi SET ente = 'B212' WHERE operatore_id ="
            " (SELECT id FROM operatori WHERE identita = 'elena.riva')"
        )

    elena = browser("elena.riva")

    assert elena.get(f"/api/v1/emergenze/{emergenza_id}").status_code == 404
    assert sign(elena, emergenza_id).status_code == 404
    assert elena.get("/api/v1/emergenze").json() == {"emergenze": []}
    assert browser("giulia.bianchi").get("/api/v1/emergenze").status_code == 403


def test_a_relative_of_the_person_neither_sees_nor_signs_it(
    franca: Browser, browser: SignIn, services: FakeServices
) -> None:
    emergenza_id = closed(franca)
    services.answer("anagrafe.list_conviventi", ConviventiOut(residenti_id=(LUCA,)))
    anna = browser("anna.ferrari")

    assert anna.get(f"/emergenze/{emergenza_id}").status_code == 404
    assert sign(anna, emergenza_id).status_code == 404


def test_the_opener_sees_his_own_and_the_outcome(franca: Browser, browser: SignIn) -> None:
    emergenza_id = closed(franca)
    sign(browser("anna.ferrari"), emergenza_id)

    assert franca.get(f"/api/v1/emergenze/{emergenza_id}").json()["emergenza"]["stato"] == "giustificata"
    assert "Anna Ferrari" in franca.get("/emergenze").text


def test_it_stays_on_the_first_page_until_somebody_signs(franca: Browser, browser: SignIn) -> None:
    emergenza_id = closed(franca)
    anna = browser("anna.ferrari")
    before = anna.get("/").text
    sign(browser("elena.riva"), emergenza_id)
    after = anna.get("/").text

    assert "1 emergenza aspetta" in before
    assert "Emergenze (1)" in before
    assert "aspetta una firma" not in after
    assert "Emergenze (1)" not in after


# --- reminders -------------------------------------------------------------------------------------------------------


def remind(notaio: str) -> int:
    async def run() -> int:
        async with await psycopg.AsyncConnection.connect(notaio, autocommit=True) as connection:
            return await solleciti.remind(connection)

    return asyncio.run(run())


def test_nobody_signed_a_day_later_it_is_said_again_once_a_morning(
    franca: Browser,
    own_addresses: Any,
    travel: Callable[[str], None],
    query: Query,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(solleciti, "REMIND_HOUR", 0)
    closed(franca)
    fresh = remind(own_addresses.notaio)
    travel("25 hours")
    first, again = remind(own_addresses.notaio), remind(own_addresses.notaio)
    travel("24 hours")
    next_day = remind(own_addresses.notaio)

    assert (fresh, first, again, next_day) == (0, 1, 0, 1)
    events = outbox(query, "emergenza.aperta.v1")
    assert [(e["sollecito"], e["sequence"]) for e in events] == [(0, 1), (1, 2), (2, 3)]


def test_what_was_signed_is_not_said_again(
    franca: Browser, browser: SignIn, own_addresses: Any, monkeypatch: pytest.MonkeyPatch,
    travel: Callable[[str], None],
) -> None:  # fmt: skip
    monkeypatch.setattr(solleciti, "REMIND_HOUR", 0)
    sign(browser("anna.ferrari"), closed(franca))
    travel("25 hours")

    assert remind(own_addresses.notaio) == 0


def test_before_the_morning_nobody_is_disturbed(
    franca: Browser, own_addresses: Any, travel: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(solleciti, "REMIND_HOUR", 24)
    closed(franca)
    travel("25 hours")

    assert remind(own_addresses.notaio) == 0
