"""A session that runs out: two minutes' warning, staying, coming back in another window with the form as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from playwright.sync_api import expect
from tests.e2e.browser.conftest import Story, Watched
from tests.system import System

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
OpenAs = Callable[..., Watched]
WARNING, ENDED = "[data-sessione-avviso]", "[data-sessione-finita]"
SAVED = re.compile(r"Bozza salvata alle \d\d:\d\d")


def change(system: System, page: Any, what: str) -> None:
    """Alters the session of this window, as time would."""
    me = page.request.get(f"{system.base_url}/api/v1/sessione").json()
    url = system.supervisor.infra.postgres.role_url("gateway", "migrator")
    with psycopg.connect(url) as connection:
        connection.execute(f"UPDATE sessioni SET {what} WHERE id = %s", (me["session_id"],))


def end(system: System, page: Any) -> None:
    change(system, page, "revocata_il = now()")
    page.evaluate("document.dispatchEvent(new CustomEvent('siso:sessione'))")
    expect(page.locator(ENDED)).to_be_visible()


def sign_in_again(page: Any, name: str) -> None:
    """In the window that the dialog opens; then that window is closed."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Entra di nuovo in un’altra finestra").click()
    window = opened.value
    window.get_by_role("button", name=f"Entra come {name}").first.click()
    if "/incarico" in window.url:
        window.get_by_role("button", name="Lavora in questo incarico").click()
    expect(window.get_by_role("heading", name="Sei di nuovo dentro")).to_be_visible()
    window.close()


def test_two_minutes_before_the_end_a_dialog_asks_and_staying_is_one_click(
    open_as: OpenAs, system: System
) -> None:
    window = open_as("giulia.bianchi")
    page = window.page
    window.open("/casi")
    expect(page.locator(WARNING)).to_be_hidden()
    change(system, page, "ultimo_uso = now() - inattivita + interval '100 seconds'")
    window.open("/aiuto")  # this counts as use: the whole time is there again
    expect(page.locator(WARNING)).to_be_hidden()
    change(system, page, "inattivita = '122 seconds'")
    window.open("/casi")
    expect(page.locator(WARNING)).to_be_visible(timeout=15_000)
    expect(page.locator("[data-sessione-resta]")).to_have_text("due minuti")
    change(system, page, "inattivita = '30 minutes', ultimo_uso = now() - interval '28.5 minutes'")
    page.get_by_role("button", name="Resta collegato").click()
    expect(page.locator(WARNING)).to_be_hidden()
    page.wait_for_timeout(3000)
    expect(page.locator(WARNING)).to_be_hidden()
    assert window.complaints == []


def test_an_open_page_alone_keeps_no_session_alive(open_as: OpenAs, system: System) -> None:
    window = open_as("giulia.bianchi")
    change(system, window.page, "inattivita = '12 seconds'")
    window.open("/casi")

    expect(window.page.locator(ENDED)).to_be_visible(timeout=40_000)

    window.page.keyboard.press("Escape")
    expect(window.page.locator(ENDED)).to_be_visible()


def test_after_the_end_one_comes_back_in_another_window_and_the_form_goes_on(
    open_as: OpenAs, system: System, story: Story
) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(system.base_url + story.place("/casi/{caso}/diario"))
    text = f"Scritta prima che finisse la sessione {uuid4().hex[:8]}"
    page.get_by_label("Che cosa è successo").fill(text)
    end(system, page)

    sign_in_again(page, "Giulia Bianchi")

    expect(page.locator(ENDED)).to_be_hidden()
    expect(page.get_by_label("Che cosa è successo")).to_have_value(text)
    page.get_by_role("button", name="Registra", exact=True).click()
    expect(page.get_by_text("Voce di diario registrata.")).to_be_visible()
    expect(page.get_by_text(text)).to_have_count(1)


def test_somebody_else_who_comes_back_does_not_send_the_form(
    open_as: OpenAs, system: System, story: Story
) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(system.base_url + story.place("/casi/{caso}/diario"))
    text = f"Di Giulia e di nessun altro {uuid4().hex[:8]}"
    page.get_by_label("Che cosa è successo").fill(text)
    expect(page.locator("[data-bozza-stato]")).to_have_text(SAVED)
    end(system, page)

    sign_in_again(page, "Marco Verdi")

    expect(page.get_by_text("Adesso qui è entrata un’altra persona")).to_be_visible()
    page.get_by_role("button", name="Ricarica la pagina").click()
    expect(page.locator(".persona .nome")).to_have_text("Marco Verdi")
    assert text not in page.content()
    assert text not in page.evaluate(
        "JSON.stringify([...document.querySelectorAll('textarea')].map((t) => t.value))"
    )


def test_the_incarico_is_switched_from_the_bar_and_the_draft_survives(
    open_as: OpenAs, system: System, story: Story
) -> None:
    page = open_as().page
    page.goto(f"{system.base_url}/accedi?ritorno={story.place('/casi/{caso}/diario')}")
    page.get_by_role("button", name="Entra come Chiara Monti").first.click()
    expect(page.get_by_role("heading", name="In quale incarico lavori adesso?")).to_be_visible()
    page.get_by_label(re.compile("Assistente sociale.*Monza")).check()
    page.get_by_role("button", name="Lavora in questo incarico").click()
    page.wait_for_url(re.compile("/diario|/motivo"))
    page.goto(f"{system.base_url}/deleghe")
    page.get_by_label("Perché").fill("Ferie di Natale")
    expect(page.locator("[data-bozza-stato]")).to_have_text(SAVED)
    page.get_by_role("link", name="Cambia incarico").click()
    page.get_by_label(re.compile("Brugherio")).check()
    page.get_by_role("button", name="Lavora in questo incarico").click()
    page.wait_for_url(re.compile("/deleghe"))
    expect(page.locator(".persona small")).to_contain_text("Brugherio")
    expect(page.get_by_label("Perché")).to_have_value("Ferie di Natale")


def test_leaving_everywhere_ends_the_other_windows_too(open_as: OpenAs, system: System) -> None:
    desk, phone = open_as("marco.verdi"), open_as("marco.verdi")
    desk.open("/sessioni")
    expect(desk.page.get_by_text("Chrome su Linux").first).to_be_visible()
    desk.page.locator(".testata .tendina summary").click()
    desk.page.get_by_role("button", name="Esci da tutti i dispositivi").click()
    expect(desk.page.get_by_text("Sei uscito da qui e da ogni altro dispositivo.")).to_be_visible()

    phone.open("/casi")

    assert "/accedi" in phone.page.url
