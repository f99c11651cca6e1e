"""In the browser: a version approved for a later day is undone by two people, on pages that everybody can read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect
from tests.e2e.browser.conftest import Watched
from tests.e2e.browser.test_every_page import violations

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(240)]
OpenAs = Callable[..., Watched]


def approved_for_later(admin: Any, laura: Any, base_url: str) -> str:
    """Address of a version that comes into force in a week."""
    admin.goto(f"{base_url}/politica")
    admin.get_by_role("button", name="Nuova bozza").click()
    version = str(admin.url.partition("?")[0])
    admin.goto(f"{version}/ruoli/educatore")
    cell = admin.get_by_label("Scuola, scrivere")
    cell.select_option("propri" if cell.input_value() == "nessuno" else "nessuno")
    admin.get_by_role("button", name="Salva nella bozza").click()
    admin.goto(version)
    admin.get_by_label("Perché si cambia").fill("Prova di una modifica che non entrerà in vigore")
    admin.get_by_label("Vale dal").fill((datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT08:00"))
    admin.get_by_role("button", name="Proponi a chi approva").click()
    expect(admin.get_by_text("Proposta inviata")).to_be_visible()
    laura.goto(version)
    laura.get_by_role("button", name="Approva").click()
    expect(laura.get_by_text("non ancora in vigore")).to_be_visible()
    return version


def accessible(window: Watched) -> bool:
    """At every width; leaves the window wide."""
    for width in (320, 360, 1280):
        window.page.set_viewport_size({"width": width, "height": 800})
        assert violations(window) == [], f"at {width} px"
        widths = window.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert widths[0] <= widths[1], f"scrolls sideways: {widths}"
    return True


def test_a_version_approved_for_later_is_undone_by_two_people(open_as: OpenAs, base_url: str) -> None:
    admin, laura = open_as("admin.sistema"), open_as("laura.conti")
    version = approved_for_later(admin.page, laura.page, base_url)

    admin.page.goto(version)
    assert accessible(admin)
    admin.page.get_by_role("button", name="Chiedi di annullarla").click()
    expect(admin.page.locator(".riepilogo-errori")).to_be_focused()
    assert accessible(admin)
    admin.page.get_by_label("Perché si annulla").fill("La delibera è stata ritirata")
    admin.page.get_by_role("button", name="Chiedi di annullarla").click()
    expect(admin.page.get_by_text("Richiesta inviata")).to_be_visible()
    expect(admin.page.get_by_role("button", name="Ritira la richiesta")).to_be_visible()
    assert accessible(admin)
    laura.page.goto(base_url)
    laura.page.get_by_role("link", name="chiede di annullarla").click()
    assert accessible(laura)
    laura.page.get_by_role("button", name="Annulla la versione").click()

    expect(laura.page.get_by_text("Versione annullata: non entrerà in vigore.")).to_be_visible()
    assert accessible(laura)
