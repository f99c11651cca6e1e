"""Every page as every role that reaches it, on a wide and on a narrow screen, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from tests.e2e.browser.conftest import Story, Watched, new_window

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
OpenAs = Callable[..., Watched]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "EN-301-549", "best-practice"]
CASE = "/casi/{caso}"
PAGES: dict[str, list[str]] = {
    "": ["/accedi", "/accedi?area=cittadino", "/accessibilita"],
    "giulia.bianchi": [
        "/", "/casi", "/persone", "/persone?testo=ro", "/persone/{persona}", "/avvisi", CASE, f"{CASE}?mostra=passaggi",
        f"{CASE}/diario", f"{CASE}/diario/{{voce}}", f"{CASE}/isee", f"{CASE}/interventi", f"{CASE}/interventi/nuovo",
        f"{CASE}/interventi/nuovo?area=famiglia_minori", f"{CASE}/interventi/{{foglio}}", f"{CASE}/documenti",
        f"{CASE}/famiglia", f"{CASE}/carico", f"{CASE}/stampa", f"{CASE}/stampa/{{stampa}}", f"{CASE}/accessi",
        f"{CASE}/perche",
        "/interventi", "/pagamenti", "/aiuto", "/riservatezza", "/condivisioni", f"{CASE}/condivisioni",
        f"{CASE}/condivisioni/{{condivisione}}",
    ],
    "anna.ferrari": [
        "/", "/interventi", f"{CASE}/interventi/{{proposto}}", f"{CASE}/carico", "/report", "/protezioni",
        "/protezioni?quali=tutte", "/persone/{persona}/protezione",
    ],
    "paolo.neri": [
        "/", "/pagamenti", "/pagamenti?vista=da_proporre", "/interventi/{foglio}", "/siuss", "/notte",
        "/pagamenti/{pagamento}/annulla?foglio={foglio}",
    ],
    "carla.russo": ["/", "/pagamenti", "/siuss", "/condivisioni"],
    "sara.costa": ["/condivisioni", "/condivisioni?quali=tutte", "/condivisioni/{condivisione}"],
    "franca.sala": ["/", "/emergenza", "/emergenza?testo=ro", "/emergenza/{persona}", "/emergenze"],
    "laura.conti": [
        "/", "/politica", "/politica/1", "/registro-accessi/termini",
        "/report", "/report?righe=sesso&colonne=fascia_eta&colonne2=area", "/notte",
    ],
    "elena.riva": [
        "/", "/aiuto", "/avvisi",
        "/registro-accessi", "/registro-accessi/stampa", "/registro-accessi/anomalie", "/registro-accessi/regole",
        "/registro-accessi/integrita", "/registro-accessi/sigilli/1", "/registro-accessi/termini",
    ],
    "admin.sistema": [
        "/", "/aiuto",
        "/notte", "/politica", "/politica/1", "/politica/1/ruoli/coordinatore", "/politica/1/territori",
        "/politica/1/livelli",
    ],
    "luca.moretti": ["/report"],
    "bruno.leone": [
        "/operatori", "/operatori/nuovo", "/operatori/{operatore}", "/operatori/{proprio}", "/operatori/da-file",
        "/operatori/{operatore}/incarichi/{incarico}/fine", "/operatori/nomine", "/clienti", "/clienti/nuovo",
        "/clienti/{client}",
    ],
    "chiara.monti": ["/incarico", "/deleghe", "/sessioni"],
}  # fmt: skip
VISITS = [(who, path) for who, paths in PAGES.items() for path in paths]
NAMES = [f"{who or 'nessuno'}:{path}" for who, path in VISITS]


def violations(watched: Watched) -> list[str]:
    found = (
        Axe().run(watched.page, options={"runOnly": {"type": "tag", "values": TAGS}}).response["violations"]
    )
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']][:3]}" for one in found]


@pytest.fixture(scope="module")
def windows(chromium: Any, base_url: str) -> Iterator[Callable[[str], Watched]]:
    """One window a person for the whole round, as at a desk."""
    opened: dict[str, Watched] = {}

    def window(identity: str) -> Watched:
        if identity not in opened:
            opened[identity] = new_window(chromium, base_url, identity)
        return opened[identity]

    yield window
    for each in opened.values():
        each.page.context.close()


@pytest.mark.parametrize(("who", "path"), VISITS, ids=NAMES)
def test_page_is_accessible_quiet_and_fits(
    windows: Callable[[str], Watched], story: Story, who: str, path: str
) -> None:
    window = windows(who)
    window.page.set_viewport_size({"width": 1280, "height": 800})
    assert window.open(story.place(path)).status == 200
    assert window.page.locator("html").get_attribute("lang") == "it"
    assert window.page.locator("h1").count() == 1
    assert violations(window) == []
    window.page.set_viewport_size({"width": 360, "height": 800})
    assert violations(window) == [], "at 360 px"
    window.page.set_viewport_size({"width": 320, "height": 800})  # 1280 px at 400 % zoom
    widths = window.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1], f"scrolls sideways: {widths}"
    window.page.keyboard.press("Tab")
    assert window.page.evaluate("document.activeElement !== document.body"), "Tab reaches nothing"
    assert window.complaints == []


@pytest.mark.parametrize("who", [who for who in PAGES if who])
def test_pages_work_without_javascript_and_have_titles_of_their_own(
    open_as: OpenAs, story: Story, who: str
) -> None:
    window, titles = open_as(who, javascript=False), {}
    for path in PAGES[who]:
        assert window.open(story.place(path)).status == 200
        assert window.page.locator("main").inner_text().strip()
        if "?" not in path:
            titles[path] = window.page.title()
    own = {
        path: title for path, title in titles.items() if path != "/operatori/{proprio}"
    }  # the same page again
    assert len(set(own.values())) == len(own), titles
    assert not any(re.search(story.surname, title, re.IGNORECASE) for title in titles.values())


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("giulia.bianchi", "/da-nessuna-parte"),
        ("laura.conti", "/casi"),
        ("sara.costa", CASE),
        ("davide.gallo", CASE),
    ],
)
def test_refusals_are_pages_too(open_as: OpenAs, story: Story, who: str, path: str) -> None:
    window = open_as(who)
    assert window.open(story.place(path)).status in (403, 404)
    assert violations(window) == []
    assert story.surname.upper() not in window.page.content()


@pytest.mark.parametrize(
    ("path", "button"),
    [
        (f"{CASE}/diario", "Registra"),
        (f"{CASE}/isee", "Registra l’ISEE"),
        (f"{CASE}/documenti", "Carica"),
        (f"{CASE}/carico", "Chiudi il caso"),
    ],
)
def test_a_refused_form_is_accessible_too(open_as: OpenAs, story: Story, path: str, button: str) -> None:
    window = open_as("giulia.bianchi", javascript=True)
    window.open(story.place(path))
    window.page.get_by_role("button", name=button, exact=True).click()
    window.page.locator(".riepilogo-errori").wait_for()
    assert window.page.title().startswith("Errore: ")
    assert violations(window) == []
