"""A person may have more than one case: the one that is open leads on."""

from collections.abc import Callable
from datetime import timedelta

import web_world as w

from contracts.cartella import CartelleOut, StatoCartella
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]


def test_of_several_cases_of_a_person_the_search_leads_to_the_newest_open_one(
    browser: SignIn, services: FakeServices
) -> None:
    newest = w.CARTELLA.model_copy(update={"aperta_il": w.CARTELLA.aperta_il + timedelta(days=2)})
    closed = newest.model_copy(
        update={"id": w.known("chiuso"), "numero": "F704-2026-000777", "stato": StatoCartella.CHIUSA}
    )
    old = w.CARTELLA.model_copy(update={"id": w.known("vecchio"), "numero": "F704-2026-000778"})
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(closed, newest, old), totale=3))

    html = browser("giulia.bianchi").get("/persone?testo=ros", headers={"HX-Request": "true"}).text

    assert f'<a href="/casi/{newest.id}">caso {newest.numero}</a>' in html
    assert f"caso {closed.numero}" not in html
