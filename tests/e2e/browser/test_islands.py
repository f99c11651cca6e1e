"""What JavaScript adds: drafts that survive, keys, the live bell, sums to the cent."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from tests.e2e.browser.conftest import Story, Watched
from tests.system import System

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
OpenAs = Callable[..., Watched]
SAVED = re.compile(r"Bozza salvata alle \d\d:\d\d")


def test_a_draft_survives_leaving_and_logging_out_and_is_unreadable_meanwhile(
    open_as: OpenAs, base_url: str, story: Story
) -> None:
    page = open_as("giulia.bianchi").page
    diary = base_url + story.place("/casi/{caso}/diario")
    page.goto(diary)
    page.get_by_label("Che cosa è successo").fill("Frase lasciata a metà")
    expect(page.locator("[data-bozza-stato]")).to_have_text(SAVED)
    stored = page.evaluate("JSON.stringify(localStorage)")
    assert "siso-bozza:" in stored
    assert "metà" not in stored
    page.goto(base_url)
    page.locator(".tendina summary").last.click()
    page.get_by_role("button", name="Esci", exact=True).click()
    page.get_by_role("button", name="Entra come Marco Verdi").click()
    page.goto(diary)
    if page.get_by_label("Turno di segretariato").count():  # not his case: it asks why, once a day
        page.get_by_label("Turno di segretariato").check()
        page.get_by_role("button", name="Apri il caso").click()
    expect(page.get_by_label("Che cosa è successo")).to_have_value("")
    page.locator(".testata .tendina summary").click()
    page.get_by_role("button", name="Esci", exact=True).click()
    page.get_by_role("button", name="Entra come Giulia Bianchi").click()
    page.goto(diary)
    expect(page.get_by_label("Che cosa è successo")).to_have_value("Frase lasciata a metà")
    page.get_by_role("button", name="Registra", exact=True).click()
    expect(page.get_by_text("Voce di diario registrata.")).to_be_visible()
    expect(page.get_by_label("Che cosa è successo")).to_have_value("")
    page.reload()
    expect(page.locator("[data-bozza-stato]")).to_have_text("")


def test_without_network_the_entry_waits_and_goes_by_itself(
    open_as: OpenAs, base_url: str, story: Story
) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(base_url + story.place("/casi/{caso}/diario"))
    text = f"Scritta in cantina {uuid4().hex[:8]}"
    page.get_by_label("Che cosa è successo").fill(text)
    expect(page.locator("[data-bozza-stato]")).to_have_text(SAVED)
    page.context.set_offline(True)
    page.get_by_role("button", name="Registra", exact=True).click()
    expect(page.locator("[data-bozza-stato]")).to_contain_text("Sei senza rete")
    page.context.set_offline(False)
    expect(page.get_by_text("Voce di diario registrata.")).to_be_visible()
    expect(page.get_by_text(text)).to_have_count(1)


def test_slash_focuses_search_and_esc_closes_the_menu(open_as: OpenAs, base_url: str) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(f"{base_url}/casi")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    menu = page.locator(".testata .tendina")
    menu.locator("summary").click()
    expect(page.get_by_role("button", name="Esci", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Esci", exact=True)).to_be_hidden()


def test_search_as_you_type_says_how_many(open_as: OpenAs, base_url: str, story: Story) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(f"{base_url}/persone")
    page.locator("#testo").press_sequentially(story.surname[:4])
    expect(page.get_by_role("status").first).to_contain_text(re.compile("person[ae] trovat[ae]"))
    expect(page.locator("#testo")).to_be_focused()


def test_after_a_refusal_the_summary_has_the_focus_and_leads_to_the_field(
    open_as: OpenAs, base_url: str, story: Story
) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(base_url + story.place("/casi/{caso}/isee"))
    page.get_by_role("button", name="Registra l’ISEE").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("Protocollo della DSU")).to_be_focused()


def test_shares_are_summed_to_the_cent_while_typing(open_as: OpenAs, base_url: str, story: Story) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(base_url + story.place("/casi/{caso}/interventi/nuovo?area=famiglia_minori"))
    page.locator(".elenco-scelte a", has_text="integrazione del reddito").first.click()
    page.locator(".elenco-scelte a", has_text="integrazione del reddito").first.click()
    page.get_by_label("Importo").fill("320,10")
    expect(page.get_by_label("Quota del Comune")).to_have_value("320,10")
    page.get_by_label("Quota del Comune").fill("300,00")
    page.get_by_label("Quota persona").fill("20,09")
    expect(page.locator("output")).to_have_text("Mancano € 0,01 per arrivare a € 320,10.")
    page.get_by_label("Quota persona").fill("20,10")
    expect(page.locator("output")).to_contain_text("tornano")


def test_the_bell_rings_on_an_open_page(open_as: OpenAs, base_url: str, system: System, story: Story) -> None:
    """A foglio proposed elsewhere reaches the coordinator's open page without a reload."""
    window = open_as("anna.ferrari")
    window.open("/casi")
    bell = window.page.locator("[data-campana]")
    before = int(re.match(r"\d+", bell.inner_text())[0])  # type: ignore[index]
    giulia = system.sign_in("giulia.bianchi")
    foglio = giulia.get(f"/fogli/{story.ids['proposto']}")
    giulia.post(
        f"/cartelle/{story.ids['caso']}/fogli", voce_istat=foglio["voce_istat"], carattere="occasionale",
        importo="50.00", quota_ente="50.00", dal="2026-01-01", motivazione="Urgente.", idempotency_key=str(uuid4()),
    )  # fmt: skip
    expect(bell).to_contain_text(str(before + 1), timeout=15_000)
    assert window.complaints == []
