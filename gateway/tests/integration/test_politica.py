"""The policy edited by four eyes: drafts, preview, refusals, decisions, dates; and what happens when it fails."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from starlette.testclient import TestClient

from chassis.sql import SqlDatabase
from contracts.anagrafe import Ente, EntiOut
from contracts.cartella import CartelleOut
from contracts.notifiche import AvvisiOut
from gateway.policy import Policy, PolicyStore
from gateway.seed.politica import bring_policy_along
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
WHY = "Delibera di Giunta 112: gli educatori seguono il settore"


@pytest.fixture
def owner(own_addresses: Any) -> Iterator[psycopg.Connection[Any]]:
    """Somebody who may break the rules of the tables."""
    with psycopg.connect(own_addresses.migrator) as connection:
        yield connection


@pytest.fixture
def settings(own_settings: Settings) -> Settings:
    """What is approved here is nobody else's policy."""
    return own_settings


@pytest.fixture
def services(services: FakeServices) -> FakeServices:
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(), totale=0))
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))
    services.answer("notifiche.list_avvisi", AvvisiOut(avvisi=(), totale=0, non_letti=0))
    return services


@pytest.fixture
def admin(browser: SignIn) -> Browser:
    return browser("admin.sistema")


@pytest.fixture
def laura(browser: SignIn) -> Browser:
    return browser("laura.conti")


def draft(admin: Browser, **changes: dict[str, str]) -> dict[str, Any]:
    """A draft with these cells changed: draft(admin, educatore={"diario:leggi": "settore"})."""
    version = admin.post("/api/v1/politica/bozze", json={}).json()
    content = admin.get(f"/api/v1/politica/{version['version']}").json()["contenuto"]
    for ruolo, cells in changes.items():
        content["regole"].setdefault(ruolo, {}).update(cells)
    answer = write(admin, version, content)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def write(admin: Browser, version: dict[str, Any], content: dict[str, Any]) -> Any:
    body = {"revisione": version["revisione"], "contenuto": content}
    return admin.post(f"/api/v1/politica/{version['version']}/contenuto", json=body)


def propose(admin: Browser, version: dict[str, Any], **more: Any) -> Any:
    body = {"revisione": version["revisione"], "motivo": WHY, **more}
    return admin.post(f"/api/v1/politica/{version['version']}/proposta", json=body)


def decide(who: Browser, version: dict[str, Any], approva: bool = True, motivo: str = "") -> Any:
    body = {"revisione": version["revisione"], "approva": approva, "motivo": motivo}
    return who.post(f"/api/v1/politica/{version['version']}/decisione", json=body)


def approved(
    admin: Browser, laura: Browser, more: dict[str, Any] | None = None, **changes: dict[str, str]
) -> int:
    asked = propose(admin, draft(admin, **changes), **(more or {}))
    assert asked.status_code == 200, asked.text
    answer = decide(laura, asked.json())
    assert answer.status_code == 200, answer.text
    return int(answer.json()["version"])


def in_force(who: Browser) -> int:
    versions = who.get("/api/v1/politica").json()["versioni"]
    return next(v["version"] for v in versions if v["in_vigore"])


def extents_of_last(services: FakeServices) -> dict[str, str]:
    return dict(services.calls[-1].mandato["estensioni"])


def test_an_approved_change_holds_at_the_next_request_of_an_open_session(
    browser: SignIn, admin: Browser, laura: Browser, services: FakeServices
) -> None:
    giulia = browser("giulia.bianchi")
    giulia.get("/api/v1/cartelle")
    before = extents_of_last(services)["presa_in_carico:leggi"]

    approved(admin, laura, assistente_sociale={"presa_in_carico:leggi": "propri"})
    giulia.get("/api/v1/cartelle")

    assert (before, extents_of_last(services)["presa_in_carico:leggi"]) == ("settore", "propri")


def test_a_scope_taken_away_is_refused_at_once(browser: SignIn, admin: Browser, laura: Browser) -> None:
    giulia = browser("giulia.bianchi")
    assert giulia.get("/api/v1/cartelle").status_code == 200

    approved(admin, laura, assistente_sociale={"presa_in_carico:leggi": "nessuno"})

    assert giulia.get("/api/v1/cartelle").status_code == 403


def test_a_version_for_a_later_day_waits_for_it_without_a_restart(
    admin: Browser, laura: Browser, query: Callable[..., Any]
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1.5)
    version = approved(admin, laura, {"attiva_dal": soon.isoformat()}, educatore={"diario:leggi": "settore"})
    before = in_force(laura)
    query("SELECT pg_sleep(1.6)")
    assert (before, in_force(laura)) == (1, version)


def test_a_draft_changes_nothing(browser: SignIn, admin: Browser, services: FakeServices) -> None:
    propose(admin, draft(admin, assistente_sociale={"presa_in_carico:leggi": "ente"}))

    browser("giulia.bianchi").get("/api/v1/cartelle")

    assert extents_of_last(services)["presa_in_carico:leggi"] == "settore"
    assert in_force(admin) == 1


def test_nobody_approves_his_own_proposal(admin: Browser) -> None:
    asked = propose(admin, draft(admin, educatore={"diario:leggi": "settore"})).json()

    answer = decide(admin, asked)

    assert (answer.status_code, answer.json()["code"]) == (403, "politica.proposta_tua")
    assert in_force(admin) == 1


def test_who_may_only_read_neither_writes_nor_decides(browser: SignIn, admin: Browser) -> None:
    asked = propose(admin, draft(admin, educatore={"diario:leggi": "settore"})).json()
    elena = browser("elena.riva")

    assert elena.get("/api/v1/politica").status_code == 200
    assert decide(elena, asked).status_code == 403
    assert elena.post("/api/v1/politica/bozze", json={}).status_code == 403
    assert browser("giulia.bianchi").get("/api/v1/politica").status_code == 403


def test_a_rejection_needs_a_word_and_leaves_the_policy_as_it_was(admin: Browser, laura: Browser) -> None:
    asked = propose(admin, draft(admin, educatore={"diario:leggi": "settore"})).json()

    silent = decide(laura, asked, approva=False)
    said = decide(laura, asked, approva=False, motivo="Manca il parere del responsabile")

    assert "motivo_decisione" in silent.json()["fields"]
    assert said.json()["stato"] == "respinta"
    assert in_force(admin) == 1


def test_what_was_decided_never_changes(admin: Browser, laura: Browser, settings: Settings) -> None:
    version = approved(admin, laura, educatore={"diario:leggi": "settore"})
    again = decide(laura, {"version": version, "revisione": 4}, approva=False, motivo="Ci ho ripensato")
    assert again.status_code == 409

    for statement in (
        "UPDATE politica_regole SET estensione = 'provincia' WHERE version = %s",
        "INSERT INTO politica_regole VALUES (%s, 'rpd', 'diario', 'leggi', 'ente')",
        "DELETE FROM politica_regole WHERE version = %s",
        "DELETE FROM politica_territori WHERE version = %s",
        "UPDATE politiche SET attiva_dal = now() WHERE version = %s",
        "DELETE FROM politiche WHERE version = %s",
    ):
        with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.RaiseException):
            connection.execute(statement.encode(), (version,))


def test_a_proposal_cannot_change_under_who_decides(admin: Browser, laura: Browser) -> None:
    asked = propose(admin, draft(admin, educatore={"diario:leggi": "settore"})).json()
    content = admin.get(f"/api/v1/politica/{asked['version']}").json()["contenuto"]
    content["regole"]["educatore"]["diario:leggi"] = "provincia"

    assert write(admin, asked, content).status_code == 409
    back = admin.post(
        f"/api/v1/politica/{asked['version']}/ritiro", json={"revisione": asked["revisione"]}
    ).json()
    changed = propose(admin, write(admin, back, content).json()).json()

    assert decide(laura, asked).json()["code"] == "politica.cambiata"
    assert decide(laura, changed).status_code == 200


def test_two_drafts_from_one_version_cannot_undo_each_other(admin: Browser, laura: Browser) -> None:
    first = draft(admin, educatore={"diario:leggi": "settore"})
    second = draft(admin, psicologo={"scuola:leggi": "nessuno"})
    decide(laura, propose(admin, second).json())

    refused = propose(admin, first)
    page = admin.post(
        f"/politica/{first['version']}/riporta", data={"revisione": "2", "csrf_token": admin.csrf}
    )
    mended = int(page.headers["location"].rpartition("/")[2].partition("?")[0])
    content = admin.get(f"/api/v1/politica/{mended}").json()["contenuto"]

    assert refused.json()["code"] == "politica.base_superata"
    assert content["regole"]["educatore"]["diario:leggi"] == "settore"
    assert "scuola:leggi" not in content["regole"]["psicologo"]
    assert propose(admin, {"version": mended, "revisione": 1}).status_code == 200


def test_a_later_version_never_comes_into_force_before_an_earlier_one(admin: Browser, laura: Browser) -> None:
    later = datetime.now(UTC) + timedelta(days=30)
    approved(admin, laura, {"attiva_dal": later.isoformat()}, educatore={"diario:leggi": "settore"})

    asked = propose(admin, draft(admin, psicologo={"scuola:leggi": "nessuno"}))

    assert "attiva_dal" in asked.json()["fields"]


LATER = (datetime.now(UTC) + timedelta(days=30)).isoformat()


@pytest.fixture
def bruno(browser: SignIn) -> Browser:
    return browser("bruno.leone")


def undo(who: Browser, version: int, motivo: str = "Il decreto è stato ritirato") -> Any:
    now = who.get(f"/api/v1/politica/{version}").json()["versione"]["revisione"]
    return who.post(f"/api/v1/politica/{version}/annullo", json={"revisione": now, "motivo": motivo})


def decide_undoing(who: Browser, version: int, annulla: bool = True) -> Any:
    now = who.get(f"/api/v1/politica/{version}").json()["versione"]["revisione"]
    body = {"revisione": now, "annulla": annulla}
    return who.post(f"/api/v1/politica/{version}/annullo/decisione", json=body)


def test_what_was_approved_for_a_later_day_is_undone_by_two_and_freezes_nothing(
    admin: Browser, laura: Browser
) -> None:
    waiting = draft(admin, psicologo={"scuola:leggi": "nessuno"})
    version = approved(admin, laura, {"attiva_dal": LATER}, educatore={"diario:leggi": "settore"})
    assert propose(admin, waiting).json()["code"] == "politica.base_superata"

    assert undo(admin, version).status_code == 200
    alone = decide_undoing(admin, version)
    assert (alone.status_code, alone.json()["code"]) == (403, "politica.annullo_tuo")
    gone = decide_undoing(laura, version)

    assert (gone.json()["stato"], gone.json()["motivo_annullo"]) == (
        "annullata",
        "Il decreto è stato ritirato",
    )
    assert decide(laura, propose(admin, waiting).json()).status_code == 200
    assert in_force(admin) == waiting["version"]


def test_one_who_did_not_ask_may_say_no_and_it_stays_approved(
    admin: Browser, laura: Browser, bruno: Browser
) -> None:
    version = approved(admin, laura, {"attiva_dal": LATER}, educatore={"diario:leggi": "settore"})
    assert undo(bruno, version).status_code == 200

    assert undo(admin, version).json()["code"] == "politica.annullo_chiesto"
    kept = decide_undoing(laura, version, annulla=False)

    assert (kept.json()["stato"], kept.json()["annullo_chiesto_da"]) == ("approvata", None)
    assert decide_undoing(laura, version).json()["code"] == "politica.annullo_non_chiesto"


def test_what_is_in_force_or_has_a_follower_is_not_undone(admin: Browser, laura: Browser) -> None:
    held = approved(admin, laura, educatore={"diario:leggi": "settore"})
    first = approved(admin, laura, {"attiva_dal": LATER}, psicologo={"scuola:leggi": "nessuno"})
    second = approved(admin, laura, {"attiva_dal": LATER}, psicologo={"diario:leggi": "nessuno"})

    refused = [undo(admin, version).json()["code"] for version in (held, first)]

    assert refused == ["politica.in_vigore", "politica.annulla_prima"]
    assert "motivo_annullo" in undo(admin, second, "boh").json()["fields"]
    assert undo(laura, second).status_code == 403
    assert undo(admin, second).status_code == 200


def test_the_database_undoes_only_what_has_not_begun_and_by_two(
    admin: Browser, laura: Browser, settings: Settings
) -> None:
    held = approved(admin, laura, educatore={"diario:leggi": "settore"})
    version = approved(admin, laura, {"attiva_dal": LATER}, psicologo={"scuola:leggi": "nessuno"})
    alone = (
        "UPDATE politiche SET stato = 'annullata', annullo_chiesto_da = autore_id, annullata_da = autore_id"
        " WHERE version = %s"
    )
    by_two = alone.replace("annullata_da = autore_id", "annullata_da = decisa_da")
    for statement, number in (
        (alone, version),
        (by_two, held),
        ("UPDATE politiche SET attiva_dal = now() WHERE version = %s", version),
        ("UPDATE politiche SET stato = 'bozza' WHERE version = %s", version),
        ("UPDATE politiche SET motivo = 'altro' WHERE version = %s", version),
        ("DELETE FROM politiche WHERE version = %s", version),
    ):
        with (
            psycopg.connect(settings.dsn) as connection,
            pytest.raises((psycopg.errors.RaiseException, psycopg.errors.CheckViolation)),
        ):
            connection.execute(statement.encode(), (number,))


def test_the_page_walks_an_undoing(admin: Browser, laura: Browser) -> None:
    version = approved(admin, laura, {"attiva_dal": LATER}, educatore={"diario:leggi": "settore"})
    url = f"/politica/{version}"
    form = {"csrf_token": admin.csrf, "revisione": "4", "motivo_annullo": "Il decreto è stato ritirato"}
    assert "Chiedi di annullarla" in admin.get(url).text
    assert "Chiedi di annullarla" not in laura.get(url).text

    refused = admin.post(f"{url}/annulla", data=form | {"motivo_annullo": ""})
    assert (refused.status_code, "Scrivi perché si annulla" in refused.text) == (422, True)
    assert admin.post(f"{url}/annulla", data=form).headers["location"].endswith("=politica_annullo")
    assert "Annulla la versione" not in admin.get(url).text
    assert "Annulla la versione" in laura.get(url).text
    said = {"csrf_token": laura.csrf, "revisione": "5", "decisione": "annulla"}
    assert laura.post(f"{url}/annulla/decidi", data=said).headers["location"].endswith("=politica_annullata")

    assert "Il decreto è stato ritirato" in admin.get(url).text
    assert "Annullata" in admin.get("/politica").text


def test_a_day_gone_by_is_refused(admin: Browser) -> None:
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()

    asked = propose(admin, draft(admin, educatore={"diario:leggi": "settore"}), attiva_dal=past)

    assert "data passata" in asked.json()["fields"]["attiva_dal"]


@pytest.mark.parametrize(
    "when", ["9999-12-31T23:59:59-12:00", "2999-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_day_nobody_will_see_is_refused_and_breaks_nothing(admin: Browser, when: str) -> None:
    asked = propose(admin, draft(admin, educatore={"diario:leggi": "settore"}), attiva_dal=when)

    assert (asked.status_code, list(asked.json()["fields"])) == (400, ["attiva_dal"])
    assert admin.get("/api/v1/politica").status_code == 200


@pytest.mark.parametrize("number", ["0", "-1", "99", "99999999999999999999", "1.5", "uno", "%00"])
def test_a_version_that_is_none_gets_a_plain_page(admin: Browser, number: str) -> None:
    for path in (
        f"/politica/{number}",
        f"/politica/{number}/ruoli/rpd",
        f"/api/v1/politica/{number}/anteprima",
    ):
        assert admin.get(path).status_code in (400, 404, 422), path


@pytest.mark.parametrize(
    ("ruolo", "scope", "extent", "codice"),
    [
        ("amministratore_sistema", "diario:leggi", "propri", "amministratore_fascicolo"),
        ("amministratore_sistema", "emergenze:scrivi", "ente", "amministratore_fascicolo"),
        ("amministratore_sistema", "anagrafe:leggi", "ente", "amministratore_fascicolo"),
        ("cittadino", "diario:leggi", "ente", "cittadino_oltre"),
        ("emergenza", "diario:leggi", "ente", "emergenza_oltre"),
        ("emergenza", "registro_accessi:leggi", "propri", "emergenza_sezione"),
        ("dirigente", "diario:leggi", "propri", "governo_fascicolo"),
        ("dirigente", "secondo_livello:leggi", "settore", "governo_fascicolo"),
        ("dirigente", "emergenze:scrivi", "ente", "governo_fascicolo"),
        ("educatore", "secondo_livello:leggi", "propri", "secondo_livello_propri"),
        ("cittadino", "secondo_livello:leggi", "propri", "secondo_livello_propri"),
        ("client", "report:leggi", "ente", "ruolo_riservato"),
        ("operatore", "report:leggi", "ente", "ruolo_riservato"),
        ("sistema", "report:leggi", "ente", "ruolo_riservato"),
    ],
)
def test_some_changes_are_refused_outright(
    admin: Browser, ruolo: str, scope: str, extent: str, codice: str
) -> None:
    asked = propose(admin, draft(admin, **{ruolo: {scope: extent}}))

    assert (asked.status_code, asked.json()["code"]) == (400, "politica.inammissibile")
    assert [row["codice"] for row in asked.json()["details"]["divieti"]] == [codice]


@pytest.mark.parametrize("scope", ["operatori:scrivi", "politica:scrivi", "politica:approva"])
def test_who_governs_the_house_reads_no_case_whatever_the_role_is_called(
    admin: Browser, laura: Browser, scope: str
) -> None:
    asked = propose(admin, draft(admin, tuttofare={scope: "ente", "diario:leggi": "propri"}))

    page = admin.get(f"/politica/{asked.json().get('version', 2)}")
    assert [(row["codice"], row["scope"]) for row in asked.json()["details"]["divieti"]] == [
        ("governo_fascicolo", "diario:leggi")
    ]
    assert "non vede il contenuto dei casi" in page.text


def test_a_reserved_name_is_refused_for_its_level_alone_and_from_a_file(admin: Browser) -> None:
    version = admin.post("/api/v1/politica/bozze", json={}).json()
    text = admin.get(f"/api/v1/politica/{version['version']}/csv").content
    assert upload(admin, version, text + b"livello;client;;;;;;3\r\n").status_code == 303

    asked = propose(admin, {"version": version["version"], "revisione": 2})

    assert [row["codice"] for row in asked.json()["details"]["divieti"]] == ["ruolo_riservato"]
    assert "riservato" in admin.get(f"/politica/{version['version']}").text


@pytest.mark.parametrize("scope", ["registro_accessi:leggi", "operatori:leggi"])
@pytest.mark.parametrize("extent", ["ambito", "provincia"])
def test_who_works_everywhere_and_who_read_what_everywhere_want_a_second_look(
    admin: Browser, scope: str, extent: str
) -> None:
    version = draft(admin, rpd={scope: extent})["version"]

    preview = admin.get(f"/api/v1/politica/{version}/anteprima").json()

    assert [(p["codice"], p["scope"]) for p in preview["pericoli"]] == [("territorio", scope)]


def test_the_last_role_that_approves_cannot_be_taken_away(admin: Browser) -> None:
    none = {"politica:approva": "nessuno"}

    asked = propose(admin, draft(admin, amministratore_sistema=none, dirigente=none))

    assert [row["codice"] for row in asked.json()["details"]["divieti"]] == ["nessun_approvatore"]


def test_the_preview_names_who_would_gain_and_who_would_lose(admin: Browser) -> None:
    version = draft(
        admin, assistente_sociale={"presa_in_carico:leggi": "provincia", "tribunale:leggi": "propri"}
    )["version"]

    preview = admin.get(f"/api/v1/politica/{version}/anteprima").json()

    gain = next(e for e in preview["effetti"] if e["scope"] == "presa_in_carico:leggi" and not e["perdono"])
    assert len(gain["guadagnano"]) == 55
    lose = next(e for e in preview["effetti"] if e["scope"] == "tribunale:leggi")
    assert lose["perdono"] == ["settore"]
    names = {p["nome"] for p in lose["persone"]}
    assert {"Giulia Bianchi", "Marco Verdi", "Sara Costa"} <= names
    assert not {"Anna Ferrari", "Elena Riva"} & names
    assert (preview["operatori_in_piu"], preview["operatori_in_meno"]) == (len(names), len(names))
    assert [p["codice"] for p in preview["pericoli"]] == ["territorio"]


def test_a_wider_territory_is_a_gain_of_those_whose_extent_uses_it(admin: Browser) -> None:
    version = admin.post("/api/v1/politica/bozze", json={}).json()
    content = admin.get(f"/api/v1/politica/{version['version']}").json()["contenuto"]
    content["territori"]["provincia"]["MB"].append("F205")
    write(admin, version, content)

    preview = admin.get(f"/api/v1/politica/{version['version']}/anteprima").json()

    assert {p["nome"] for e in preview["effetti"] for p in e["persone"]} == {"Luca Moretti"}
    assert all(e["guadagnano"] == ["F205"] for e in preview["effetti"])


def test_a_version_goes_out_as_csv_and_comes_back_the_same(admin: Browser) -> None:
    version = draft(admin, educatore={"diario:leggi": "settore"})
    before = admin.get(f"/api/v1/politica/{version['version']}").json()["contenuto"]
    text = admin.get(f"/api/v1/politica/{version['version']}/csv").content
    other = admin.post("/api/v1/politica/bozze", json={}).json()

    answer = upload(admin, other, text)

    assert answer.status_code == 303, answer.text
    assert admin.get(f"/api/v1/politica/{other['version']}").json()["contenuto"] == before


def upload(admin: Browser, version: dict[str, Any], data: bytes) -> Any:
    return admin.post(
        f"/politica/{version['version']}/csv", data={"revisione": str(version["revisione"])},
        files={"file": ("politica.csv", data, "text/csv")},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("propri", "quasi"), "l’estensione “quasi” non esiste"),
        (("diario", "diari"), "la sezione “diari” non esiste"),
        (("educatore", "=cmd()"), "non è il nome di un ruolo"),
        (("F704", "monza"), "non è il codice catastale"),
        (("riga;", "cosa;"), "La prima riga deve essere"),
    ],
)
def test_a_file_with_one_wrong_word_changes_nothing(
    admin: Browser, change: tuple[str, str], said: str
) -> None:
    version = admin.post("/api/v1/politica/bozze", json={}).json()
    number = version["version"]
    before = admin.get(f"/api/v1/politica/{number}").json()["contenuto"]
    text = admin.get(f"/api/v1/politica/{number}/csv").text.replace(*change)

    answer = upload(admin, version, text.encode())

    assert answer.status_code == 422
    assert said in answer.text
    assert admin.get(f"/api/v1/politica/{number}").json()["contenuto"] == before


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"", b'riga;"', b"\x00" * 100])
def test_bytes_that_are_no_csv_get_a_plain_word(admin: Browser, data: bytes) -> None:
    version = admin.post("/api/v1/politica/bozze", json={}).json()

    answer = upload(admin, version, data)

    assert answer.status_code == 422
    assert "Traceback" not in answer.text


def test_every_word_of_an_unknown_kind_is_refused(admin: Browser) -> None:
    version = admin.post("/api/v1/politica/bozze", json={}).json()
    empty: dict[str, Any] = {"regole": {}, "territori": {}, "livelli": {}}

    for wrong in (
        {"regole": {"educatore": {"segreti:leggi": "propri"}}},
        {"regole": {"educatore": {"diario:leggi": "ovunque"}}},
        {"regole": {"Edu catore": {}}},
        {"livelli": {"rpd": 4}},
        {"territori": {"regione": {"LOM": ["F704"]}}},
        {"territori": {"ambito": {"a": ["F704"], "b": ["F704"]}}},
    ):
        assert write(admin, version, empty | wrong).status_code in (400, 422), wrong


def test_the_pages_of_a_draft_change_cells_territories_and_levels(admin: Browser) -> None:
    page = admin.post("/politica/bozze", data={"csrf_token": admin.csrf})
    address = page.headers["location"].partition("?")[0]

    assert "Diario, leggere" in admin.get(f"{address}/ruoli/educatore").text
    assert admin.post(
        f"{address}/ruoli/educatore", data={"revisione": "1", "diario:leggi": "settore"}
    ).status_code == 303  # fmt: skip
    assert admin.post(f"{address}/livelli", data={"revisione": "2", "rpd": "3"}).status_code == 303
    groups = {
        "revisione": "3",
        "tipo": ["ambito", "provincia"],
        "codice": ["monza", "MB"],
        "enti": ["f704, B212", "F704"],
    }
    assert admin.post(f"{address}/territori", data=groups).status_code == 303

    html = admin.get(address).text
    assert "Educatrice o educatore · Diario, leggere: da i propri casi a il settore" in html
    assert "Responsabile della protezione dei dati: livello SPID da 2 a 3" in html
    assert "monza: esce M017" in html
    assert "perderebbe" in html


@pytest.mark.parametrize(
    ("ruolo", "scope", "offered"),
    [
        ("educatore", "diario:leggi", ["nessuno", "propri", "settore", "ente", "ambito", "provincia"]),
        ("educatore", "secondo_livello:leggi", ["nessuno", "settore", "ente", "ambito", "provincia"]),
        ("emergenza", "secondo_livello:leggi", ["nessuno", "propri"]),
        ("cittadino", "diario:leggi", ["nessuno", "propri"]),
        ("amministratore_sistema", "diario:leggi", ["nessuno"]),
    ],
)
def test_a_page_offers_only_what_may_be_proposed(
    admin: Browser, ruolo: str, scope: str, offered: list[str]
) -> None:
    version = draft(admin)["version"]

    html = admin.get(f"/politica/{version}/ruoli/{ruolo}").text

    select = html.partition(f'<select id="{scope}"')[2].partition("</select>")[0]
    assert re.findall(r'value="(\w+)"', select) == offered


def test_a_page_from_an_older_state_is_a_conflict_not_an_overwrite(admin: Browser) -> None:
    version = draft(admin, educatore={"diario:leggi": "settore"})["version"]

    for revision in ("1", "", "x"):
        answer = admin.post(
            f"/politica/{version}/ruoli/educatore", data={"revisione": revision, "pai:leggi": "ente"}
        )
        assert answer.status_code == 422, revision
        assert "ricarica la pagina" in answer.text


def test_another_persons_draft_is_not_mine_to_write(
    admin: Browser, laura: Browser, browser: SignIn, query: Callable[..., Any]
) -> None:
    version = draft(admin, educatore={"diario:leggi": "settore"})
    approved(admin, laura, dirigente={"politica:scrivi": "ente"})

    answer = write(laura, version, {"regole": {}, "territori": {}})

    assert (answer.status_code, answer.json()["code"]) == (403, "politica.bozza_altrui")


def test_the_director_reads_the_preview_and_decides_on_the_page(admin: Browser, laura: Browser) -> None:
    asked = propose(admin, draft(admin, educatore={"diario:leggi": "provincia"})).json()

    html = laura.get(f"/politica/{asked['version']}").text
    answer = laura.post(
        f"/politica/{asked['version']}/decidi",
        data={"revisione": str(asked["revisione"]), "decisione": "approva"},
    )

    assert "Da guardare due volte" in html
    assert "Oggi non tocca nessuno" in html
    assert "arriverebbe a Diario, leggere di tutta la provincia" in html
    assert answer.status_code == 303
    assert in_force(laura) == asked["version"]


def test_the_level_a_role_asks_for_holds_at_the_next_login(
    admin: Browser, laura: Browser, client: TestClient, app: FastAPI
) -> None:
    version = admin.post("/api/v1/politica/bozze", json={}).json()
    content = admin.get(f"/api/v1/politica/{version['version']}").json()["contenuto"]
    content["livelli"] = {"rpd": 3}
    decide(laura, propose(admin, write(admin, version, content).json()).json())

    policy = client.portal.call(app.state.gateway.policies.current)  # type: ignore[union-attr]

    assert (policy.livello("rpd"), policy.livello("coordinatore")) == (3, 2)


def test_a_level_raised_holds_for_sessions_already_open(
    admin: Browser, laura: Browser, browser: SignIn
) -> None:
    elena = browser("elena.riva")
    assert elena.get("/api/v1/politica").status_code == 200
    version = admin.post("/api/v1/politica/bozze", json={}).json()
    content = admin.get(f"/api/v1/politica/{version['version']}").json()["contenuto"]
    content["livelli"] = {"rpd": 3}
    decide(laura, propose(admin, write(admin, version, content).json()).json())

    refused = elena.get("/api/v1/politica")

    assert (refused.status_code, refused.json()["code"]) == (403, "accesso.livello")
    assert elena.post("/esci").status_code == 303


# --- when the policy itself fails --------------------------------------------------------------------------------


class BrokenStore(PolicyStore):
    """A policy that answers with this instead of a version."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(AsyncConnectionPool(open=False))
        self.failure = failure

    async def get(self, version: int | None) -> Policy:
        raise self.failure


DOORS = [
    "/api/v1/cartelle",
    f"/api/v1/cartelle/{uuid4()}",
    f"/api/v1/cartelle/{uuid4()}/diario",
    "/casi",
    "/",
]


@pytest.fixture
def giulia(browser: SignIn, app: FastAPI) -> Iterator[Browser]:
    kept = app.state.gateway.policies
    yield browser("giulia.bianchi")
    app.state.gateway.policies = kept


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (psycopg.OperationalError("the store is down"), 503),
        (ValueError("'ovunque' is not a valid Extent"), 403),
        (RuntimeError("a defect"), 403),
        (ZeroDivisionError(), 403),
    ],
)
def test_a_policy_that_fails_opens_nothing(
    giulia: Browser, app: FastAPI, services: FakeServices, failure: Exception, status: int
) -> None:
    app.state.gateway.policies = BrokenStore(failure)
    services.calls.clear()

    assert {giulia.get(door).status_code for door in DOORS} == {status}
    assert services.calls == []


def test_an_extent_nobody_knows_opens_nothing(
    giulia: Browser, services: FakeServices, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("ALTER TABLE politica_regole DROP CONSTRAINT politica_regole_estensione_check")
    owner.execute("ALTER TABLE politica_regole DISABLE TRIGGER USER")
    owner.execute("UPDATE politica_regole SET estensione = 'ovunque' WHERE ruolo = 'rpd'")
    owner.commit()
    giulia.client.app.state.gateway.policies.known.clear()  # type: ignore[attr-defined]
    services.calls.clear()

    assert {giulia.get(door).status_code for door in DOORS} == {403}
    assert services.calls == []


def test_without_a_version_in_force_nobody_may_do_anything(
    giulia: Browser, services: FakeServices, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("ALTER TABLE politiche DISABLE TRIGGER USER")
    owner.execute("UPDATE politiche SET attiva_dal = now() + interval '1 day'")
    owner.commit()
    services.calls.clear()

    assert {giulia.get(door).status_code for door in DOORS} == {403}
    assert services.calls == []


OLD = """
INSERT INTO politiche (version, attiva_dal, motivo, stato) VALUES (1, now(), 'Di prima', 'bozza');
INSERT INTO politica_regole VALUES (1, 'assistente_sociale', 'diario', 'leggi', 'propri'),
    (1, 'amministratore_sistema', 'politica', 'leggi', 'ente'), (1, 'rpd', 'registro_accessi', 'leggi', 'ente');
INSERT INTO politica_territori VALUES (1, 'ambito', 'monza', 'F704');
UPDATE politiche SET stato = 'approvata' WHERE version = 1;
"""


def brought_along_twice(settings: Settings, url: str) -> list[int | None]:
    """The version made by each of two runs of the job."""
    database = SqlDatabase(settings.model_copy(update={"database_url": url}))
    made = []
    for _ in range(2):
        with database.transaction() as tx:
            made.append(bring_policy_along(tx))
    database.close()
    return made


def test_a_system_from_before_the_editor_is_given_what_lets_its_people_go_on(
    pg_database: Callable[..., Any], gateway_env: dict[str, str], settings: Settings
) -> None:
    url = pg_database("gateway", fresh=True).app
    with psycopg.connect(url) as connection:
        connection.execute(OLD)
    made = brought_along_twice(settings, url)

    with psycopg.connect(url) as connection:
        rules = connection.execute(
            "SELECT ruolo, sezione, azione, estensione FROM politica_regole WHERE version = 2"
        )
        found = {row[:3]: row[3] for row in rules.fetchall()}
        territories = connection.execute("SELECT ente FROM politica_territori WHERE version = 2").fetchall()
    assert made == [2, None]
    assert found["assistente_sociale", "diario", "leggi"] == "propri"  # what the site decided stays
    assert found["amministratore_sistema", "politica", "approva"] == "ente"
    assert found["assistente_sociale", "secondo_livello", "leggi"] == "settore"
    assert ("assistente_sociale", "diario", "scrivi") not in found
    assert territories == [("F704",)]


APPROVED_FOR_LATER = """
INSERT INTO politiche (version, attiva_dal, motivo, stato, base)
VALUES (2, now() + interval '10 days', 'Di prima, per dopo', 'bozza', 1);
INSERT INTO politica_regole VALUES (2, 'assistente_sociale', 'diario', 'leggi', 'settore'),
    (2, 'amministratore_sistema', 'politica', 'leggi', 'ente');
UPDATE politiche SET stato = 'approvata' WHERE version = 2;
"""


def test_a_version_of_before_the_editor_that_waits_for_its_day_is_neither_hastened_nor_in_the_way(
    pg_database: Callable[..., Any], gateway_env: dict[str, str], settings: Settings
) -> None:
    url = pg_database("gateway", fresh=True).app
    with psycopg.connect(url) as connection:
        connection.execute(OLD)
        connection.execute(APPROVED_FOR_LATER)
    made = brought_along_twice(settings, url)

    with psycopg.connect(url) as connection:
        versions = connection.execute(
            "SELECT version, attiva_dal > now(), attiva_dal = max(attiva_dal) OVER () FROM politiche ORDER BY version"
        ).fetchall()
        rules = connection.execute(
            "SELECT ruolo, sezione, azione, estensione FROM politica_regole WHERE version = 3"
        )
        found = {row[:3]: row[3] for row in rules.fetchall()}
    assert made == [3, None]
    assert versions == [(1, False, False), (2, True, True), (3, True, True)]  # today what held today
    assert found["assistente_sociale", "diario", "leggi"] == "settore"
    assert found["amministratore_sistema", "politica", "approva"] == "ente"


def test_the_csv_is_one_row_for_each_thing_said(admin: Browser) -> None:
    answer = admin.get("/politica/1/csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))

    assert answer.headers["content-disposition"] == 'attachment; filename="politica-1.csv"'
    assert {row["riga"] for row in rows} == {"regola", "ambito", "provincia"}
    assert sum(row["riga"] == "provincia" for row in rows) == 55
