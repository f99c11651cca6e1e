"""In the browser: a case offered to another settore, taken, read and taken back; one of the second level, paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from tests.e2e.browser.conftest import YEAR, Watched
from tests.e2e.browser.test_every_page import violations
from tests.e2e.conftest import SignIn
from tests.system import Json, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(240)]
OpenAs = Callable[..., Watched]
WORDS = "Colloquio con la madre, che il vostro settore conosce."


def fits(page: Any) -> bool:
    widths = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    return bool(widths[0] <= widths[1])


def say_why(page: Any) -> None:
    """Whoever opens a case that is not his own says why, once a day."""
    if page.get_by_role("heading", name="Perché apri questo caso?").count():
        page.get_by_label("Richiesta di chi coordina").check()
        page.get_by_role("button", name="Apri il caso").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_a_case_is_offered_to_another_settore_taken_and_taken_back(
    open_as: OpenAs, sign_in: SignIn, fresh: Callable[..., Json], javascript: bool
) -> None:
    api = sign_in("giulia.bianchi")
    case = api.open_case(fresh()["id"])
    api.write(case, WORDS)
    giulia, rosa = (open_as(who, javascript=javascript) for who in ("giulia.bianchi", "rosa.marino"))

    giulia.open(f"/casi/{case['id']}/condivisioni")
    giulia.page.get_by_role("button", name="Invia la proposta").click()
    expect(giulia.page.locator(".riepilogo-errori li")).to_have_text(
        [
            "A chi: Scegli a quale settore, o a quale persona.",
            "Al: Scrivi fino a quando: una condivisione finisce sempre.",
            "Perché: Scrivi perché: chi riceve la proposta lo legge.",
        ]
    )
    if javascript:
        assert violations(giulia) == []
    giulia.page.get_by_label("A chi").select_option("F704|adulti")
    giulia.page.get_by_label("Fino al").fill((datetime.now(UTC) + timedelta(days=60)).date().isoformat())
    giulia.page.get_by_role("textbox", name="Perché").fill("La madre è seguita da voi")
    giulia.page.get_by_role("button", name="Invia la proposta").click()
    expect(giulia.page.get_by_text("Proposta inviata")).to_be_visible()

    rosa.open("/condivisioni")
    rosa.page.locator("li", has_text=case["numero"]).get_by_role("link", name="Vedi").click()
    assert rosa.page.get_by_role("link", name="Apri il caso").count() == 0
    rosa.page.get_by_role("button", name="Accetta").click()
    expect(rosa.page.get_by_text("Condivisione accettata")).to_be_visible()
    rosa.page.get_by_role("link", name="Apri il caso").click()
    say_why(rosa.page)
    rosa.page.get_by_role("link", name="Diario").first.click()
    expect(rosa.page.get_by_text(WORDS).first).to_be_visible()

    giulia.open(f"/casi/{case['id']}/condivisioni")
    giulia.page.get_by_role("link", name="Vedi").first.click()
    giulia.page.get_by_role("textbox", name="Perché").fill("Progetto concluso")
    giulia.page.get_by_role("button", name="Revoca").click()
    expect(giulia.page.get_by_text("da adesso non apre più nulla")).to_be_visible()
    assert rosa.open(f"/casi/{case['id']}/diario").status == 404


def test_a_case_of_the_second_level_is_paid_after_the_office_was_lent_it(
    open_as: OpenAs, sign_in: SignIn, fresh: Callable[..., Json]
) -> None:
    api, anna, carla = (sign_in(who) for who in ("giulia.bianchi", "anna.ferrari", "carla.russo"))
    case = api.open_case(fresh()["id"])
    version = api.get(f"/cartelle/{case['id']}")["version"]
    api.post(
        f"/cartelle/{case['id']}/riservatezza", version=version, settore_riservato="minori", motivo="Tutela"
    )
    foglio = _propose(api, case["id"])
    anna.post(f"/fogli/{foglio['id']}/decisione", version=foglio["version"], approva=True)
    giulia, paolo = open_as("giulia.bianchi"), open_as("paolo.neri")
    assert eventually(lambda: paolo.open(f"/interventi/{foglio['id']}").status == 404)

    giulia.open(f"/casi/{case['id']}/interventi/{foglio['id']}")
    expect(giulia.page.get_by_text("Per pagarlo serve una condivisione.")).to_be_visible()
    assert violations(giulia) == []
    giulia.page.set_viewport_size({"width": 320, "height": 800})
    assert fits(giulia.page)
    giulia.page.get_by_role("link", name="condividi il caso con il settore Amministrativo").click()
    giulia.page.get_by_role("button", name="Invia la proposta").click()
    expect(giulia.page.get_by_text("Proposta inviata")).to_be_visible()

    paolo.open("/condivisioni")
    paolo.page.locator("li", has_text=case["numero"]).get_by_role("link", name="Vedi").click()
    paolo.page.get_by_role("button", name="Accetta").click()
    expect(paolo.page.get_by_text("Condivisione accettata")).to_be_visible()
    assert violations(paolo) == []
    assert eventually(lambda: paolo.open(f"/interventi/{foglio['id']}").status != 404)
    say_why(paolo.page)
    paolo.page.get_by_role("button", name="Proponi il pagamento").click()
    expect(paolo.page.get_by_text("Pagamento proposto.")).to_be_visible()

    (waiting,) = carla.get("/erogazioni", cartella_id=case["id"])["erogazioni"]
    paid = carla.post(f"/erogazioni/{waiting['id']}/liquidazione", version=waiting["version"])
    assert paid["stato"] == "liquidata"
    giulia.open(f"/casi/{case['id']}/interventi/{foglio['id']}")
    assert giulia.page.get_by_text("Per pagarlo serve una condivisione.").count() == 0


def _propose(api: Any, case_id: str) -> Json:
    catalogue = api.get("/catalogo", area="famiglia_minori")["voci"]
    item = next(voce for voce in catalogue if voce["prestazione_inps"] == "A1.04")
    return dict(
        api.post(
            f"/cartelle/{case_id}/fogli", voce_istat=item["codice"], carattere="periodico", importo="320.00",
            quota_ente="320.00", dal=f"{YEAR}-01-01", motivazione="Affitto arretrato.",
            idempotency_key=str(uuid4()),
        )
    )  # fmt: skip
