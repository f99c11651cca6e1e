"""Entering with SPID and CIE as people do: with the keyboard, with and without JavaScript, and when it goes wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.e2e.browser.conftest import Watched
from tests.e2e.browser.door import GIULIA, AtTheDoor, press, tab_to
from tests.e2e.browser.test_every_page import violations
from tests.system import System

from sisolocal import identita, spid

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
OpenAs = Callable[..., Watched]

STRANGER = identita.ESTRANEO["codice_fiscale"]
ERRORS = {
    "nr19": ("Troppi tentativi con credenziali sbagliate", 403),
    "nr20": ("Serve un livello di sicurezza più alto", 403),
    "nr21": ("È passato troppo tempo", 401),
    "nr22": ("Non hai dato il consenso", 403),
    "nr23": ("La tua identità è sospesa o revocata", 403),
    "nr25": ("Hai annullato l’accesso", 401),
    "nr30": ("Questa identità non è del tipo richiesto", 403),
}


@pytest.fixture
def door(open_as: OpenAs) -> Callable[..., AtTheDoor]:
    def opened(javascript: bool = True, width: int = 1280) -> AtTheDoor:
        return AtTheDoor(open_as("", width=width, javascript=javascript), javascript)

    return opened


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_login_with_spid_needs_only_the_keyboard(door: Callable[..., AtTheDoor], javascript: bool) -> None:
    at = door(javascript)
    at.window.open("/accedi")
    tab_to(at.page, "Entra con SPID")
    at.page.keyboard.press("Enter")
    press(at.page, "Identità di prova", *([] if javascript else ["Continua"]))
    at.page.wait_for_url("**/sso")
    tab_to(at.page, "Persona di prova")
    at.page.keyboard.type("Giulia")
    press(at.page, "Prosegui", "Acconsento", *([] if javascript else ["Prosegui"]))
    at.page.wait_for_url(f"{at.window.base_url}/**")

    assert at.path == "/"
    assert "Giulia Bianchi" in at.page.locator("header").inner_text()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
def test_login_with_cie_opens_the_same_desk(door: Callable[..., AtTheDoor], javascript: bool) -> None:
    at = door(javascript)
    at.leave_for("CIE")
    at.sign_in()

    assert at.path == "/"
    assert "Giulia Bianchi" in at.page.locator("header").inner_text()


def test_login_leads_to_the_page_that_was_asked_for(door: Callable[..., AtTheDoor]) -> None:
    at = door()
    at.window.open("/persone")
    assert at.path == "/accedi"
    at.leave_for(path="")
    at.sign_in()

    assert at.path == "/persone"


def test_a_citizen_enters_his_own_pages(door: Callable[..., AtTheDoor], system: System) -> None:
    at = door()
    at.window.open("/accedi")
    at.page.get_by_role("link", name="Sono un cittadino").click()
    at.leave_for(path="")
    citizens = at.page.locator(f"optgroup[label='{identita.CITTADINI}'] option")
    at.sign_in(citizens.first.get_attribute("value"))

    assert at.path == "/cittadino"
    assert at.statuses[at.page.url.partition("?")[0]] == 200
    assert violations(at.window) == []


@pytest.mark.parametrize(
    ("code", "provider"), [*((code, "Identità di prova Betulla") for code in ERRORS), ("nr25", "CIE")]
)
def test_refusal_of_the_provider_is_a_page_that_says_what_to_do(
    door: Callable[..., AtTheDoor], code: str, provider: str
) -> None:
    title, status = ERRORS[code]
    at = door()
    at.leave_for(provider)
    at.page.locator(f"button[value={code}]").last.click()
    at.come_back()

    assert at.title == title
    assert at.statuses[at.page.url] == status
    assert violations(at.window) == []
    assert at.page.get_by_role("link", name="Torna all’accesso").count() == 1
    assert not at.is_in()


@pytest.mark.parametrize(("width", "javascript"), [(320, True), (1280, False)])
def test_refusal_fits_a_narrow_screen_and_needs_no_script(
    door: Callable[..., AtTheDoor], width: int, javascript: bool
) -> None:
    at = door(javascript, width)
    at.leave_for()
    at.page.locator("button[value=nr22]").last.click()
    at.come_back()

    assert at.title == ERRORS["nr22"][0]
    if javascript:
        assert at.page.evaluate("document.documentElement.scrollWidth") <= width


def test_consent_can_be_refused_where_it_is_asked(door: Callable[..., AtTheDoor]) -> None:
    at = door()
    at.leave_for()
    at.page.select_option("#persona", GIULIA)
    at.page.get_by_role("button", name="Prosegui").click()
    at.page.get_by_role("button", name="Non acconsento").click()
    at.come_back()

    assert at.title == ERRORS["nr22"][0]


def test_whom_no_ente_has_enabled_is_told_so(door: Callable[..., AtTheDoor]) -> None:
    at = door()
    at.leave_for()
    at.sign_in(STRANGER)

    assert at.title == "Non risulti abilitato"
    assert at.statuses[at.page.url] == 403
    assert violations(at.window) == []
    assert STRANGER not in at.page.content()
    assert not at.is_in()


def test_answer_of_a_lower_level_than_asked_lets_nobody_in(door: Callable[..., AtTheDoor]) -> None:
    at = door()
    at.leave_for()
    at.sign_in(level=1)

    assert at.title == "L’accesso non è riuscito"
    assert not at.is_in()


def test_answer_of_a_higher_level_is_as_good(door: Callable[..., AtTheDoor]) -> None:
    at = door()
    at.leave_for()
    at.sign_in(level=3)

    assert at.is_in()


def test_logout_ends_it_and_says_so(door: Callable[..., AtTheDoor]) -> None:
    at = door()
    at.leave_for()
    at.sign_in()
    at.page.locator("summary:has(.persona)").click()
    at.page.get_by_role("button", name="Esci", exact=True).click()
    at.page.wait_for_url("**/accedi?**")

    assert at.page.locator(".avviso.ok").inner_text()
    assert not at.is_in()


def test_an_answer_works_once(door: Callable[..., AtTheDoor]) -> None:
    """The browser's Back button, or somebody who copied the answer."""
    at = door()
    sent: dict[str, str] = {}
    at.page.on(
        "request",
        lambda one: sent.setdefault("body", one.post_data) if one.url.endswith("/spid/acs") else None,
    )
    at.leave_for()
    at.sign_in()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    again = at.page.context.request.post(
        f"{at.window.base_url}/spid/acs", data=sent["body"], headers=headers, max_redirects=0
    )

    assert again.status == 403


def test_an_answer_works_in_the_browser_that_asked_for_it_only(
    door: Callable[..., AtTheDoor], open_as: OpenAs
) -> None:
    at, other = door(), open_as("")
    sent: dict[str, str] = {}

    def steal(route: Any) -> None:
        sent["body"] = route.request.post_data
        route.abort()

    at.leave_for()
    at.page.route("**/spid/acs", steal)
    at.page.select_option("#persona", GIULIA)
    at.page.get_by_role("button", name="Prosegui").click()
    at.page.get_by_role("button", name="Acconsento", exact=True).click()
    at.page.wait_for_timeout(500)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    elsewhere = other.page.context.request.post(
        f"{at.window.base_url}/spid/acs", data=sent["body"], headers=headers, max_redirects=0
    )

    assert elsewhere.status == 403


def test_two_windows_of_one_browser_do_not_hinder_one_another(door: Callable[..., AtTheDoor]) -> None:
    first = door()
    second = AtTheDoor(Watched(first.page.context.new_page(), first.window.base_url))
    first.leave_for()
    second.leave_for("CIE")
    first.sign_in()
    second.sign_in()

    assert (first.path, second.path) == ("/", "/")


def test_no_provider_is_always_the_first(open_as: OpenAs) -> None:
    window = open_as("")
    firsts = set()
    for _ in range(30):
        window.open("/accedi")
        firsts.add(window.page.locator(".elenco-scelte a").first.text_content())
        if len(firsts) == 2:
            break

    assert firsts == {"Identità di prova Acero", "Identità di prova Betulla"}


@pytest.mark.parametrize("width", [1280, 320])
def test_pages_of_the_test_provider_are_accessible_and_say_what_they_are(
    door: Callable[..., AtTheDoor], system: System, width: int
) -> None:
    at = door(width=width)
    at.leave_for()
    for step in ("persona", "consenso"):
        assert violations(at.window) == [], step
        assert at.page.evaluate("document.documentElement.scrollWidth") <= width, step
        assert "Identità di prova" in at.page.locator("header").inner_text()
        assert re.match(re.escape(spid.idp_url(system.supervisor.infra)), at.page.url)
        if step == "persona":
            at.page.select_option("#persona", GIULIA)
            at.page.get_by_role("button", name="Prosegui").click()


def test_a_person_nobody_chose_is_asked_for_again(door: Callable[..., AtTheDoor]) -> None:
    at = door()
    at.leave_for()
    at.page.get_by_role("button", name="Prosegui").click()

    assert at.page.get_by_role("alert").inner_text().startswith("Scegli chi sei")
    assert violations(at.window) == []
    at.sign_in()
    assert at.path == "/"
