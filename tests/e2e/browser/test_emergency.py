"""In the browser: a case that asks why, the glass broken and closed, the signature, a change of the policy."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.e2e.browser.conftest import Story, Watched
from tests.e2e.browser.test_every_page import violations

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
OpenAs = Callable[..., Watched]
WORDS = "La pattuglia è in casa, il bambino è solo"


def band(page: Any) -> Any:
    return page.get_by_role("region", name="Emergenza in corso")


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_a_colleagues_case_asks_why_and_goes_on_where_one_was(
    open_as: OpenAs, story: Story, base_url: str, javascript: bool
) -> None:
    window = open_as("chiara.monti" if javascript else "marco.verdi", javascript=javascript)
    page, diary = window.page, story.place("/casi/{caso}/diario")
    page.goto(base_url + diary)
    if not page.get_by_role("heading", name="Perché apri questo caso?").count():
        pytest.skip("this person has given a reason for this case already today")

    page.get_by_role("button", name="Apri il caso").click()
    expect(page.locator(".riepilogo-errori")).to_contain_text("Scegli perché apri questo caso.")
    assert violations(window) == [] if javascript else True
    page.get_by_label("Turno di segretariato").check()
    page.get_by_role("button", name="Apri il caso").click()

    expect(page.get_by_text("Colloquio in sede con la famiglia.").first).to_be_visible()
    assert page.url == base_url + diary


def test_the_glass_is_broken_closed_and_signed(open_as: OpenAs, story: Story, base_url: str) -> None:
    franca = open_as("franca.sala", javascript=False)
    page = franca.page
    refused = franca.open(story.place("/casi/{caso}"))
    page.goto(f"{base_url}/emergenza/{story.ids['persona']}")
    page.get_by_label("Pericolo per una persona").check()
    page.get_by_label("Raccontalo in poche parole").fill(WORDS)
    page.get_by_role("button", name="Apri l’emergenza").click()

    expect(band(page)).to_contain_text("minuti ancora")
    opened = franca.open(story.place("/casi/{caso}/diario"))
    expect(band(page)).to_contain_text(story.surname.upper())
    expect(page.get_by_text("Colloquio in sede con la famiglia.").first).to_be_visible()
    assert page.get_by_text("Appunto riservato.").count() == 0
    beside = franca.open(story.place("/casi/{caso}/isee"))
    band(page).get_by_role("button", name="Chiudi ora").click()
    expect(band(page)).to_have_count(0)
    after = franca.open(story.place("/casi/{caso}/diario"))

    assert [one.status for one in (refused, opened, beside, after)] == [404, 200, 403, 404]

    anna = open_as("anna.ferrari")
    anna.open("/")
    expect(anna.page.get_by_text(re.compile("emergenz[ae] aspetta"))).to_be_visible()
    assert violations(anna) == []
    anna.open("/emergenze")
    anna.page.locator("tbody a").first.click()
    expect(anna.page.get_by_text(WORDS)).to_be_visible()
    expect(anna.page.get_by_text("la persona dell’emergenza").first).to_be_visible()
    assert violations(anna) == []
    anna.page.get_by_label("Giustificata", exact=True).check()
    anna.page.get_by_role("button", name="Firma la revisione").click()
    expect(anna.page.get_by_text("Revisione firmata.")).to_be_visible()


def test_the_band_of_an_emergency_is_accessible_on_a_narrow_screen(
    open_as: OpenAs, story: Story, base_url: str
) -> None:
    window = open_as("franca.sala", width=320)
    page = window.page
    page.goto(f"{base_url}/emergenza/{story.ids['persona']}")
    page.get_by_label("Chiamata delle forze").check()
    page.get_by_label("Raccontalo in poche parole").fill(WORDS)
    page.get_by_role("button", name="Apri l’emergenza").click()

    expect(band(page)).to_be_visible()
    assert violations(window) == []
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert widths[0] <= widths[1]
    band(page).get_by_role("button", name="Chiudi ora").click()
    expect(page.get_by_text("Emergenza chiusa.")).to_be_visible()


def test_the_administrator_writes_a_change_and_the_director_approves_it(
    open_as: OpenAs, base_url: str
) -> None:
    """A cell that nobody's work depends on: the other tests go on under the new version."""
    admin = open_as("admin.sistema", javascript=False).page
    admin.goto(f"{base_url}/politica")
    admin.get_by_role("button", name="Nuova bozza").click()
    version = admin.url.partition("?")[0]
    admin.goto(f"{version}/ruoli/educatore")
    cell = admin.get_by_label("Scuola, scrivere")
    cell.select_option("propri" if cell.input_value() == "nessuno" else "nessuno")
    admin.get_by_role("button", name="Salva nella bozza").click()
    admin.goto(version)
    admin.get_by_label("Perché si cambia").fill("Prova della modifica in due persone")
    admin.get_by_role("button", name="Proponi a chi approva").click()
    expect(admin.get_by_text("Proposta inviata")).to_be_visible()
    assert admin.get_by_role("button", name="Approva").count() == 0

    window = open_as("laura.conti")
    laura = window.page
    laura.goto(version)
    expect(laura.get_by_role("heading", name="Che cosa cambierebbe, e per chi")).to_be_visible()
    assert violations(window) == []
    laura.get_by_role("button", name="Approva").click()
    expect(laura.get_by_text("Versione approvata.")).to_be_visible()
    expect(laura.get_by_text("in vigore", exact=True)).to_be_visible()
