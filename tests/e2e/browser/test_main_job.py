"""The main job through the pages, as the people who do it: nothing here but what a person clicks and types."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.browser.conftest import PDF, YEAR, Watched
from tests.system import Json, System

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
OpenAs = Callable[..., Watched]


@pytest.fixture
def newcomer(system: System) -> Json:
    """Somebody in Monza's registry without a case."""
    taken = {str(row["residente_id"]) for row in system.documents("cartelle").find({}, {"residente_id": 1})}
    return next(one for one in system.residents(limit=400) if one["id"] not in taken)


def open_case(page: Page, base_url: str, person: Json) -> str:
    """Search, open, take in charge; the address of the case."""
    page.goto(f"{base_url}/persone/{person['id']}")
    page.get_by_label("Area di bisogno").select_option("famiglia_minori")
    page.get_by_label("Perché si apre").fill("Segnalazione della scuola.")
    page.get_by_role("button", name="Apri il caso").click()
    expect(page.get_by_text("Caso aperto.")).to_be_visible()
    page.get_by_role("button", name="Prendi in carico", exact=True).first.click()
    expect(page.get_by_text("Il caso è in carico a te.")).to_be_visible()
    return re.sub(r"(/casi/[0-9a-f-]+).*", r"\1", page.url)


def say_why(page: Page, why: str = "Richiesta di chi coordina") -> None:
    """A case that is not one's own asks why, once a day."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Perché apri questo caso?")
    page.get_by_label(why).check()
    page.get_by_role("button", name="Apri il caso").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "solo-html"])
def test_from_login_to_a_payment(open_as: OpenAs, base_url: str, newcomer: Json, javascript: bool) -> None:
    page = open_as(javascript=javascript).page
    page.goto(f"{base_url}/")
    page.get_by_role("button", name="Entra come Giulia Bianchi").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Giulia")
    page.goto(f"{base_url}/persone")
    page.locator("#testo").fill(newcomer["cognome"][:4])
    if not javascript:
        page.get_by_role("button", name="Cerca", exact=True).last.click()
    expect(page.get_by_role("status").first).to_contain_text(re.compile("person[ae] trovat[ae]"))
    case = open_case(page, base_url, newcomer)

    page.goto(f"{case}/isee")
    page.get_by_label("Protocollo della DSU").fill("1234")
    page.get_by_role("button", name="Registra l’ISEE").click()
    expect(page.get_by_role("alert")).to_contain_text("Non è stato registrato nulla")
    page.get_by_label("Protocollo della DSU").fill(f"INPS-ISEE-{YEAR}-01234567A-00")
    page.get_by_label("Presentata il").fill(f"{YEAR}-02-03")
    page.get_by_role("textbox", name="ISE", exact=True).fill("15.800,00")
    page.get_by_label("Scala di equivalenza").fill("2,46")
    page.get_by_role("textbox", name="ISEE", exact=True).fill("6.422,76")
    page.get_by_role("button", name="Registra l’ISEE").click()
    expect(page.get_by_text("ISEE registrato.")).to_be_visible()

    page.goto(f"{case}/interventi/nuovo")
    page.get_by_role("link", name="Famiglia e minori").click()
    page.locator(".elenco-scelte a", has_text="integrazione del reddito").first.click()
    page.locator(".elenco-scelte a", has_text="integrazione del reddito").first.click()
    page.get_by_label("Importo").fill("320,00")
    page.get_by_label("Quota del Comune").fill("320,00")
    page.get_by_label("Dal", exact=True).fill(f"{YEAR}-01-01")
    page.get_by_label("Perché serve").fill("Tre mesi di affitto arretrato.")
    page.get_by_role("button", name="Proponi", exact=True).click()
    expect(page.get_by_text("Intervento proposto.")).to_be_visible()
    foglio = re.sub(r".*/interventi/([0-9a-f-]+).*", r"\1", page.url)

    coordinator = open_as("anna.ferrari", javascript=javascript).page
    coordinator.goto(f"{base_url}/interventi/{foglio}")  # from the list: the address does not name the case
    say_why(coordinator, "Intervento da approvare")
    expect(coordinator).to_have_url(re.compile(f"/interventi/{foglio}"))
    coordinator.get_by_role("button", name="Approva", exact=True).click()
    expect(coordinator.get_by_text("Intervento approvato.")).to_be_visible()

    office = open_as("paolo.neri", javascript=javascript).page
    office.goto(f"{base_url}/interventi/{foglio}")
    office.get_by_role("button", name="Proponi il pagamento").click()
    expect(office.get_by_text("Pagamento proposto.")).to_be_visible()
    expect(office.get_by_role("button", name=re.compile("Liquida"))).to_have_count(0)
    accounts = open_as("carla.russo", javascript=javascript).page
    accounts.goto(f"{base_url}/interventi/{foglio}")
    accounts.get_by_role("button", name=re.compile("Liquida")).click()
    expect(accounts.get_by_text("Pagamento liquidato.")).to_be_visible()


def test_a_private_entry_leaves_no_trace_for_a_colleague(
    open_as: OpenAs, base_url: str, newcomer: Json
) -> None:
    giulia = open_as("giulia.bianchi").page
    case = open_case(giulia, base_url, newcomer)
    for text, private in (("Visita alla scuola.", False), ("Sospetto da verificare.", True)):
        giulia.goto(f"{case}/diario")
        giulia.get_by_label("Che cosa è successo").fill(text)
        if private:
            giulia.get_by_label("Privata").check()
        giulia.get_by_role("button", name="Registra", exact=True).click()
        expect(giulia.get_by_text("Voce di diario registrata.")).to_be_visible()
    expect(giulia.get_by_text("2 voci")).to_be_visible()
    marco = open_as("marco.verdi").page
    marco.goto(case)
    say_why(marco)
    for path in ("/diario", "", "/accessi", "/stampa"):
        marco.goto(f"{case}{path}")
        assert "Sospetto" not in marco.content()
        assert "rivata</span>" not in marco.content()
    marco.goto(f"{case}/diario")
    expect(marco.get_by_text("1 voce", exact=True)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["con-avanzamento", "solo-html"])
def test_a_document_goes_up_and_comes_back_whole(
    open_as: OpenAs, base_url: str, newcomer: Json, javascript: bool
) -> None:
    page = open_as("giulia.bianchi", javascript=javascript).page
    case = open_case(page, base_url, newcomer)
    page.goto(f"{case}/documenti")
    content = PDF + b"%" + b"x" * (5 * 1024 * 1024)
    page.locator("#file").set_input_files(
        {"name": "perizia.pdf", "mimeType": "application/pdf", "buffer": content}
    )
    page.get_by_label("Descrizione").fill("Perizia")
    page.get_by_role("button", name="Carica", exact=True).click()
    expect(page.get_by_text("Documento caricato.")).to_be_visible(timeout=30_000)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Perizia").click()
    assert waiting.value.path().read_bytes() == content


def test_the_case_is_printed_while_one_does_something_else(
    open_as: OpenAs, base_url: str, newcomer: Json
) -> None:
    page = open_as("giulia.bianchi").page
    case = open_case(page, base_url, newcomer)
    page.goto(f"{case}/stampa")
    page.get_by_role("button", name="Prepara il PDF").click()
    expect(page.get_by_role("link", name="Scarica il PDF")).to_be_visible(timeout=60_000)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Scarica il PDF").click()
    assert waiting.value.path().read_bytes().startswith(b"%PDF")


def test_logout_ends_it(open_as: OpenAs, base_url: str) -> None:
    page = open_as("giulia.bianchi").page
    page.goto(f"{base_url}/")
    page.locator(".tendina summary").last.click()
    page.get_by_role("button", name="Esci", exact=True).click()
    expect(page.get_by_text("Sei uscito.")).to_be_visible()
    page.goto(f"{base_url}/casi")
    expect(page.get_by_role("heading", level=1)).to_have_text("Entra")
