"""Every page renders for who may see it, and holds to the rules all pages share."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import web_world as w
from starlette.testclient import TestClient

from contracts.condivisioni import CondivisioniOut, StatoCondivisione
from gateway.seed.operatori import IDENTITIES
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
CASO = f"/casi/{w.CASO}"
ANNA = next(one.operatore_id for one in IDENTITIES if one.identita == "anna.ferrari")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PAGES = {
    "giulia.bianchi": [
        "/", "/casi", "/persone",
        "/persone?testo=ros", f"/persone/{w.LUCA}", "/avvisi", f"/avvisi/{w.AVVISO}", CASO,
        f"{CASO}?mostra=diario", f"{CASO}/diario", f"{CASO}/diario/{w.VOCE}", f"{CASO}/isee", f"{CASO}/interventi",
        f"{CASO}/interventi/nuovo", f"{CASO}/interventi/nuovo?area=famiglia_minori",
        f"{CASO}/interventi/nuovo?area=famiglia_minori&categoria=Trasferimenti+in+denaro",
        f"{CASO}/interventi/nuovo?area=famiglia_minori&voce=B5", f"{CASO}/interventi/{w.FOGLIO}", f"{CASO}/documenti",
        f"{CASO}/famiglia", f"{CASO}/carico", f"{CASO}/stampa", f"{CASO}/stampa/{w.STAMPA}", f"{CASO}/accessi",
        f"{CASO}/perche", f"{CASO}/motivo?ritorno={CASO}",
        "/sessioni", "/deleghe", "/incarico", "/rientrato",
        "/aiuto", "/riservatezza", "/interventi", "/pagamenti", "/condivisioni", "/condivisioni?quali=tutte",
        f"/condivisioni/{w.CONDIVISIONE.id}", f"{CASO}/condivisioni", f"{CASO}/condivisioni/{w.CONDIVISIONE.id}",
    ],
    "anna.ferrari": ["/interventi", f"{CASO}/interventi/{w.PROPOSED.id}", f"{CASO}/carico", "/report"],
    "paolo.neri": [
        "/", "/pagamenti", "/pagamenti?vista=da_proporre", "/pagamenti?vista=tutti", f"/interventi/{w.FOGLIO}",
        "/siuss",
        f"/pagamenti/{w.EROGAZIONE}/annulla?foglio={w.FOGLIO}", "/notte",
    ],
    "carla.russo": ["/pagamenti", "/siuss"],
    "admin.sistema": [
        "/politica", "/politica/1", "/politica/1/ruoli/coordinatore", "/politica/1/territori", "/politica/1/livelli",
        "/operatori", "/operatori?testo=bian&vista=tutti", f"/operatori/{w.GIULIA}", "/operatori/nuovo",
        f"/operatori/{w.OPERATORI['admin.sistema']}", "/operatori/da-file", "/operatori/nomine", "/clienti",
        f"/operatori/{w.GIULIA}/incarichi/{w.INCARICO}/fine", "/clienti/nuovo",
    ],
    "franca.sala": ["/emergenza", "/emergenza?testo=ros", f"/emergenza/{w.LUCA}", "/emergenze"],
    "laura.conti": ["/politica", "/report", "/report?righe=sesso&colonne=&colonne2="],
    "elena.riva": [
        "/registro-accessi", f"/registro-accessi?cartella={w.CASO}", f"/registro-accessi/stampa?cartella={w.CASO}",
        "/registro-accessi/anomalie", "/registro-accessi/anomalie?stato=nuova", "/registro-accessi/integrita",
        "/registro-accessi/regole",
    ],
    "bruno.leone": ["/operatori/nomine", "/sessioni"],
    "chiara.monti": ["/incarico?ritorno=/casi", "/deleghe"],
}  # fmt: skip
ALL = [(who, path) for who, paths in PAGES.items() for path in paths]


def check_shared_rules(html: str) -> None:
    assert '<html lang="it">' in html
    assert len(re.findall(r"<h1[ >]", html)) == 1
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\son[a-z]+=", html)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', html)
    for posted in re.findall(r'<form method="post".*?</form>', html, re.DOTALL):
        assert 'name="csrf_token"' in posted
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1]
    named = set(re.findall(r'<label for="([^"]+)"', html)) | set(
        re.findall(r'<label class="[^"]*" for="([^"]+)"', html)
    )
    assert named <= set(ids)


@pytest.mark.parametrize(("who", "path"), ALL, ids=[f"{who}:{path[:40]}" for who, path in ALL])
def test_every_page_renders_and_keeps_the_shared_rules(browser: SignIn, who: str, path: str) -> None:
    answer = browser(who).get(path)
    assert answer.status_code == 200, answer.text[:500]
    assert answer.headers["cache-control"] == "no-store"
    check_shared_rules(answer.text)


def test_titles_tell_the_pages_apart_and_name_no_person(browser: SignIn) -> None:
    giulia = browser("giulia.bianchi")
    paths = [path for path in PAGES["giulia.bianchi"] if "?" not in path]
    titles = [re.search(r"<title>(.*?)</title>", giulia.get(path).text) for path in paths]
    texts = [found[1] for found in titles if found]
    assert len(set(texts)) == len(paths)
    assert not any("Rossi" in text or "ROSSI" in text for text in texts)


def test_what_was_typed_is_never_markup(browser: SignIn) -> None:
    html = browser("giulia.bianchi").get(f"{CASO}/diario").text
    assert "<b>tre</b>" not in html
    assert "&lt;b&gt;tre&lt;/b&gt;" in html


def test_an_address_cannot_put_words_on_a_page(browser: SignIn) -> None:
    html = browser("giulia.bianchi").get("/?fatto=Chiama+il+numero+verde").text
    assert "numero verde" not in html


def test_search_as_you_type_answers_with_the_results_alone(browser: SignIn) -> None:
    html = browser("giulia.bianchi").get("/persone?testo=ros", headers={"HX-Request": "true"}).text
    assert html.lstrip().startswith('<div id="risultati">')
    assert "ROSSI Luca" in html
    assert "2 persone trovate" in html


def test_search_helps_when_nobody_is_found(browser: SignIn, services: FakeServices) -> None:
    nobody = w.ANSWERS["anagrafe.search_residenti"].model_copy(update={"residenti": (), "totale": 0})  # type: ignore[union-attr]
    services.answer("anagrafe.search_residenti", nobody)
    html = browser("giulia.bianchi").get("/persone?testo=zzz").text
    assert "Nessuno trovato per “zzz”" in html
    assert "Persona non in anagrafe?" in html


def test_protected_cells_have_no_number_in_the_page(browser: SignIn) -> None:
    html = browser("laura.conti").get("/report").text
    assert html.count("protetto</span>") == 6
    assert "&lt; 5" not in html


def test_the_calendar_of_accesses_shows_no_moment_of_writing_to_colleagues(browser: SignIn) -> None:
    giulia = browser("giulia.bianchi")
    giulia.get(f"{CASO}/diario")
    html = giulia.get(f"{CASO}/accessi").text
    row = re.search(r"<tbody>(.*?)</tbody>", html, re.DOTALL)
    assert row is not None
    assert "Diario" in row[1]
    assert not re.search(r"\d\d:\d\d", row[1])


def test_the_calendar_of_accesses_does_not_betray_who_has_a_second_level_entry_alone(
    browser: SignIn, services: FakeServices
) -> None:
    """Marco works with minors: the case of an old man is shown to him for one entry of his second level in it."""
    case = w.known("caso-con-voce-altrui")
    of_adults = w.CARTELLA.model_copy(update={"id": case, "settore": "anziani", "team": ()})
    services.answer("cartella.get_cartella", of_adults)
    to_anna = w.CONDIVISIONE.model_copy(
        update={
            "ente": "F704", "settore": "minori", "operatore_id": ANNA, "sezioni": ("diario",),
            "stato": StatoCondivisione.ACCETTATA, "dal": LONG_AGO, "al": LONG_AGO.replace(year=2100),
        }
    )  # fmt: skip
    services.answer("cartella.list_condivisioni", CondivisioniOut(condivisioni=(to_anna,), totale=1))
    giulia, marco, anna = browser("giulia.bianchi"), browser("marco.verdi"), browser("anna.ferrari")
    for reader in (giulia, marco, anna):
        assert reader.get(f"/casi/{case}/diario").status_code == 200

    html = giulia.get(f"/casi/{case}/accessi").text

    assert "Diario" in html
    assert "Anna Ferrari" in html, "she was shown it by an ordinary grant"
    assert "Marco Verdi" not in html


def test_a_person_without_cases_starts_at_what_he_may_do(browser: SignIn) -> None:
    assert browser("luca.moretti").get("/").headers["location"] == "/report"


def test_the_menu_shows_only_what_the_role_reaches(browser: SignIn) -> None:
    html = browser("laura.conti").get("/report").text
    assert 'href="/casi"' not in html
    assert 'href="/report"' in html


def test_not_allowed_and_not_there_say_what_is_safe_and_no_more(
    browser: SignIn, services: FakeServices
) -> None:
    from contracts.errors import NotFound

    refused = browser("laura.conti").get("/casi")
    assert refused.status_code == 403
    check_shared_rules(refused.text)
    services.answer("cartella.get_cartella", NotFound("cartella.non_trovata", "Questa cartella non c’è."))
    missing = browser("giulia.bianchi").get(CASO)
    nowhere = browser("giulia.bianchi").get("/da-nessuna-parte")
    assert missing.status_code == nowhere.status_code == 404
    assert (
        re.search(r"<main.*</main>", missing.text, re.DOTALL)[0]
        == re.search(  # type: ignore[index]
            r"<main.*</main>", nowhere.text, re.DOTALL
        )[0]
    )  # type: ignore[index]


def test_a_silent_service_takes_its_part_and_not_the_page(browser: SignIn, services: FakeServices) -> None:
    from contracts.errors import Unavailable

    services.answer("erogazioni.list_fogli", Unavailable("erogazioni.muto", "Non risponde."))
    answer = browser("giulia.bianchi").get(f"{CASO}/diario")
    assert answer.status_code == 200
    assert "In questo momento non si vedono: gli interventi" in answer.text
    assert "Colloquio con la madre" in answer.text


def test_the_service_of_the_page_itself_gives_503_with_a_code(
    browser: SignIn, services: FakeServices
) -> None:
    from contracts.errors import Unavailable

    services.answer("cartella.list_voci_diario", Unavailable("cartella.muta", "Il servizio non risponde."))
    answer = browser("giulia.bianchi").get(f"{CASO}/diario")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "è al sicuro" in answer.text
    assert "di’ questo codice" in answer.text


def test_who_is_not_signed_in_comes_back_after_login(client: TestClient) -> None:
    answer = client.get(f"{CASO}/diario", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/accedi?ritorno={CASO}/diario"
    page = client.get(answer.headers["location"])
    check_shared_rules(page.text.replace('method="post"', "method=post"))
    signed = client.post("/accedi", data={"identita": "giulia.bianchi", "ritorno": f"{CASO}/diario"})
    assert signed.headers["location"] == f"{CASO}/diario"
    elsewhere = client.post("/accedi", data={"identita": "giulia.bianchi", "ritorno": "//altrove.example/"})
    assert elsewhere.headers["location"] == "/"


@pytest.mark.parametrize(
    ("page", "ritorno"),
    [
        ("{us}" + f"{CASO}/diario?pagina=2", f"&ritorno={CASO}/diario%3Fpagina%3D2"),
        ("http://altrove.example/casi", ""),
        ("{us}.altrove.example/casi", ""),
        ("//", ""),
        ("", ""),
    ],
)
def test_who_sends_a_form_after_his_session_has_ended_is_told_and_comes_back_to_it(
    client: TestClient, page: str, ritorno: str
) -> None:
    us = str(client.base_url).rstrip("/")
    answer = client.post(
        f"{CASO}/diario", data={"testo": "Colloquio"}, headers={"Referer": page.format(us=us)}
    )

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/accedi?fatto=non_inviato{ritorno}"
    assert "quello che hai inviato non è stato registrato" in client.get(answer.headers["location"]).text


def test_the_draft_key_belongs_to_the_person_not_to_the_session(browser: SignIn) -> None:
    first, again, other = browser("giulia.bianchi"), browser("giulia.bianchi"), browser("marco.verdi")
    keys = [each.get("/bozze/chiave").json() for each in (first, again, other)]
    assert keys[0] == keys[1]
    assert keys[0]["chiave"] != keys[2]["chiave"]
    assert keys[0]["persona"] != keys[2]["persona"]


@pytest.mark.parametrize(
    ("who", "path", "words"),
    [
        ("chiara.monti", "/deleghe", "tuo: Assistente sociale, area Minori, Monza"),
        ("admin.sistema", f"/operatori/{w.GIULIA}", "Monza, Minori"),
    ],
)
def test_a_comune_is_said_by_its_name_and_not_by_its_code(
    browser: SignIn, who: str, path: str, words: str
) -> None:
    page = re.sub(r'value="[^"]*"', "", browser(who).get(path).text)

    assert words in page
    assert "F704," not in page
