"""Persons under protection: who finds the pages, what is sent to the registry, what is shown where."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
import web_world as w

from contracts.anagrafe import SetVincolo, TipoVincolo, VincoliOut
from contracts.errors import Conflict, Invalid
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
PAGE = f"/persone/{w.LUCA}/protezione"


def scopes(services: FakeServices, method: str) -> set[str]:
    """What the mandate of the last such question carried."""
    return set(last(services, method).mandato["estensioni"])


def last(services: FakeServices, method: str) -> Any:
    return next(call for call in reversed(services.calls) if call.method == method)


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "tipo": "indirizzo_protetto", "dal": "2026-11-02", "atto": "Decreto n. 12/2026",
        "motivo": "Centro antiviolenza", "idempotency_key": str(uuid4()), **changes,
    }  # fmt: skip


def test_the_page_shows_the_protections_and_asks_the_registry_for_what_they_hide(
    browser: SignIn, services: FakeServices
) -> None:
    page = browser("anna.ferrari").get(PAGE)

    assert page.status_code == 200
    assert "Decreto n. 12/2026" in page.text
    assert "Via Lecco" in page.text
    assert "riservatezza:leggi" in scopes(services, "get_residente")


def test_everywhere_else_the_registry_is_asked_without_it(browser: SignIn, services: FakeServices) -> None:
    anna = browser("anna.ferrari")
    anna.get(f"/persone/{w.LUCA}")

    for method in ("get_residente", "list_variazioni"):
        assert "riservatezza:leggi" not in scopes(services, method)
    assert PAGE in anna.get(f"/persone/{w.LUCA}").text


@pytest.mark.parametrize("tail", ["", "/variazioni"])
def test_the_api_shows_what_is_protected_by_no_ordinary_reading(
    browser: SignIn, services: FakeServices, tail: str
) -> None:
    assert browser("anna.ferrari").get(f"/api/v1/residenti/{w.LUCA}{tail}").status_code == 200

    for call in services.calls:
        assert "riservatezza:leggi" not in call.mandato["estensioni"]


def test_the_api_has_one_door_for_what_is_protected(browser: SignIn, services: FakeServices) -> None:
    path = f"/api/v1/residenti/{w.LUCA}/protezione"

    answer = browser("anna.ferrari").get(path)

    assert answer.status_code == 200
    assert "Via Lecco" in answer.text
    assert "riservatezza:leggi" in scopes(services, "get_residente")
    assert browser("giulia.bianchi").get(path).status_code == 403


def test_the_list_leads_to_each_person(browser: SignIn, services: FakeServices) -> None:
    page = browser("anna.ferrari").get("/protezioni")

    assert f'href="{PAGE}"' in page.text
    assert last(services, "list_vincoli").request.solo_in_vigore


@pytest.mark.parametrize("who", ["giulia.bianchi", "paolo.neri", "laura.conti"])
def test_others_have_neither_page_nor_link(browser: SignIn, who: str) -> None:
    one = browser(who)

    for path in ("/protezioni", PAGE):
        assert one.get(path).status_code == 403
    assert one.post(PAGE, data=typed()).status_code == 403
    assert "/protezioni" not in one.get("/").text


def test_a_protection_is_laid_with_its_dates_and_act(browser: SignIn, services: FakeServices) -> None:
    services.answer("anagrafe.set_vincolo", w.VINCOLO)

    answer = browser("anna.ferrari").post(PAGE, data=typed(al="2027-11-02"))

    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (303, PAGE)
    command: SetVincolo = last(services, "set_vincolo").request
    assert (command.residente_id, command.tipo) == (w.LUCA, TipoVincolo.INDIRIZZO_PROTETTO)
    assert (command.dal, command.al, command.atto) == (
        date(2026, 11, 2),
        date(2027, 11, 2),
        "Decreto n. 12/2026",
    )


def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    browser: SignIn, services: FakeServices
) -> None:
    services.answer(
        "anagrafe.set_vincolo", Invalid("vincolo.date", "Controlla le date.", {"al": "La fine viene prima."})
    )

    refused = browser("anna.ferrari").post(
        PAGE, data=typed(al="2026-01-01", motivo="Testo lungo da non perdere")
    )

    assert refused.status_code == 422
    assert "La fine viene prima." in refused.text
    assert "Testo lungo da non perdere" in refused.text


def test_a_second_one_of_the_same_kind_is_refused_in_words(browser: SignIn, services: FakeServices) -> None:
    services.answer(
        "anagrafe.set_vincolo", Conflict("vincolo.gia_presente", "La persona è già sotto questa protezione.")
    )

    assert "già sotto questa protezione" in browser("anna.ferrari").post(PAGE, data=typed()).text


def test_taking_one_away_asks_why(browser: SignIn, services: FakeServices) -> None:
    services.answer("anagrafe.revoke_vincolo", w.VINCOLO)
    anna, address = browser("anna.ferrari"), f"{PAGE}/{w.VINCOLO.id}/revoca"

    assert address in anna.get(f"{PAGE}?togli={w.VINCOLO.id}").text
    empty = anna.post(address, data={"version": "1"})
    assert (empty.status_code, address in empty.text) == (422, True)
    answer = anna.post(address, data={"version": "1", "motivo": "Il pericolo è cessato"})

    assert answer.status_code == 303
    command = last(services, "revoke_vincolo").request
    assert (command.vincolo_id, command.version, command.motivo) == (w.VINCOLO.id, 1, "Il pericolo è cessato")


def test_a_protection_is_taken_away_under_the_name_of_its_own_person_alone(
    browser: SignIn, services: FakeServices
) -> None:
    services.answer("anagrafe.revoke_vincolo", w.VINCOLO)
    services.answer(
        "anagrafe.list_vincoli",
        lambda asked: VincoliOut(vincoli=(w.VINCOLO,) if asked.residente_id == w.LUCA else (), totale=1),
    )
    address = f"/persone/{w.MARIA}/protezione/{w.VINCOLO.id}/revoca"

    answer = browser("anna.ferrari").post(address, data={"version": "1", "motivo": "Il pericolo è cessato"})

    assert answer.status_code == 404
    assert not [call for call in services.calls if call.method == "revoke_vincolo"]
