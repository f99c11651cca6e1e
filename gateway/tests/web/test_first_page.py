"""The first page of each role begins with what awaits the person, and says what arrives there when nothing does."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import web_world as w

from contracts.notifiche import AvvisiOut
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
NOTHING = AvvisiOut(avvisi=(), totale=0, non_letti=0)
KEY = '{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
"""The public key of RFC 8037."""
ANOTHER_KEY = '{"kty": "OKP", "crv": "Ed25519", "x": "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"}'
"""That of RFC 8032, section 7.1, test 2."""


@pytest.fixture
def settings(own_settings: Settings) -> Settings:
    """What waits here waits for nobody else."""
    return own_settings


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("elena.riva", "le emergenze da firmare"),
        ("elena.riva", "gli accessi da guardare e il riepilogo della settimana"),
        ("carla.russo", "i pagamenti da liquidare"),
        ("laura.conti", "le modifiche alla politica di accesso che un’altra persona propone"),
    ],
)
def test_an_empty_first_page_says_what_arrives_there_for_this_role(
    browser: SignIn, services: FakeServices, who: str, words: str
) -> None:
    services.answer("notifiche.list_avvisi", NOTHING)

    page = browser(who).get("/")

    assert page.status_code == 200
    assert words in page.text
    assert "decessi, nascite" not in page.text


def test_an_administrator_begins_with_what_another_one_proposed(browser: SignIn) -> None:
    bruno = browser("bruno.leone")
    name = f"Protocollo {uuid4().hex[:6]}"
    asked = bruno.post(
        "/clienti/nuovo",
        data={"nome": name, "ente": "F704", "settore": "minori", "scopi": "diario:leggi", "fin_dove": "settore",
              "finalita": "Fascicolazione degli atti", "chiave": KEY},
    )  # fmt: skip
    assert asked.status_code == 303, asked.text[:500]

    assert f"Sistema collegato „{name}“: da approvare" in browser("admin.sistema").get("/").text
    assert name not in bruno.get("/").text


def test_a_new_key_of_a_system_at_work_waits_for_another_administrator_too(browser: SignIn) -> None:
    bruno, admin = browser("bruno.leone"), browser("admin.sistema")
    name = f"Protocollo {uuid4().hex[:6]}"
    card = bruno.post(
        "/clienti/nuovo",
        data={"nome": name, "ente": "F704", "settore": "minori", "scopi": "diario:leggi", "fin_dove": "settore",
              "finalita": "Fascicolazione degli atti", "chiave": KEY},
    ).headers["location"].partition("?")[0]  # fmt: skip
    (kid,) = (key["kid"] for key in admin.get(f"/api/v1{card}").json()["chiavi"])
    assert admin.post(f"{card}/approvazione", data={"chiavi": kid}).status_code == 303
    assert name not in admin.get("/").text

    assert bruno.post(f"{card}/chiavi", data={"chiave": ANOTHER_KEY}).status_code == 303

    assert f"„{name}“: una chiave nuova da approvare" in admin.get("/").text
    assert name not in bruno.get("/").text


def test_files_of_the_registry_that_wait_are_said_on_the_first_page(browser: SignIn) -> None:
    page = browser("admin.sistema").get("/").text

    assert '<a href="/notte">1 file dell’anagrafe da lasciar passare o no</a>' in page


def test_the_dpo_begins_with_new_findings(browser: SignIn, own_addresses: Any) -> None:
    with psycopg.connect(own_addresses.migrator) as owner:
        owner.execute(
            "INSERT INTO accessi_anomali (id, regola, chiave, ente, operatore_id, ruolo, settore, dal, al, righe,"
            " conteggio, spiegazione) VALUES (%s, 'fuori_orario', 'x', 'F704', %s, 'coordinatore', '', now(), now(),"
            " '[]', 1, 'Alle 23')",
            (uuid4(), w.GIULIA),
        )

    assert "1 segnalazione nuova sugli accessi" in browser("elena.riva").get("/").text


def test_alerts_of_the_dpo_lead_to_the_finding_and_to_the_weeks(
    browser: SignIn, services: FakeServices
) -> None:
    found, week = (
        w.DEATH.model_copy(
            update={"id": uuid4(), "tipo": tipo, "titolo": tipo, "residente_id": None, "cartella_id": None,
                    "cartella_numero": "", "da_confermare": False, "riferimento_id": uuid4()}
        )
        for tipo in ("accesso_anomalo", "riepilogo_accessi")
    )  # fmt: skip
    week = week.model_copy(update={"descrizione": "Settimana dal 16/11: segnalazioni nuove 4"})
    services.answer("notifiche.list_avvisi", AvvisiOut(avvisi=(found, week), totale=2, non_letti=2))

    page = browser("elena.riva").get("/").text

    assert "segnalazioni nuove 4" in page

    assert f'href="/registro-accessi/anomalie/{found.riferimento_id}"' in page
    assert 'href="/registro-accessi/anomalie" aria-label="Apri: riepilogo_accessi' in page


@pytest.mark.parametrize("extent", ["propri", "settore"])
def test_who_reads_less_of_the_log_than_the_ente_is_told_nothing_of_all_of_it(
    browser: SignIn, own_addresses: Any, extent: str
) -> None:
    elena = browser("elena.riva")
    with psycopg.connect(own_addresses.migrator) as owner:
        owner.execute("ALTER TABLE politica_regole DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE politica_regole SET estensione = %s"
            " WHERE (ruolo, sezione, azione) = ('rpd', 'registro_accessi', 'leggi')",
            (extent,),
        )
        owner.execute(
            "INSERT INTO accessi_anomali (id, regola, chiave, ente, operatore_id, ruolo, settore, dal, al, righe,"
            " conteggio, spiegazione) VALUES (%s, 'fuori_orario', 'x', 'F704', %s, 'coordinatore', '', now(), now(),"
            " '[]', 1, 'Alle 23')",
            (uuid4(), w.GIULIA),
        )
    elena.client.app.state.gateway.policies.known.clear()  # type: ignore[attr-defined]

    assert "segnalazione nuova" not in elena.get("/").text
