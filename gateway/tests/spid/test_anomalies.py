"""What a person reads when the provider did not log him in."""

from collections.abc import Callable
from typing import Any

import pytest
from spid_world import Door

Query = Callable[..., list[dict[str, Any]]]

TOLD = {
    19: (403, "Troppi tentativi con credenziali sbagliate"),
    20: (403, "Serve un livello di sicurezza più alto"),
    21: (401, "È passato troppo tempo"),
    22: (403, "Non hai dato il consenso"),
    23: (403, "La tua identità è sospesa o revocata"),
    25: (401, "Hai annullato l’accesso"),
    30: (403, "Questa identità non è del tipo richiesto"),
}


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("number", TOLD)
def test_each_anomaly_has_its_own_page(door: Door, number: int, signed: bool) -> None:
    asked = door.ask()

    answer = door.post(asked, door.idp.error(asked, number, signed))

    status, title = TOLD[number]
    assert answer.status_code == status
    assert f"<h1>{title}</h1>" in answer.text
    assert answer.headers["x-correlation-id"][-12:] in answer.text
    assert 'href="/accedi?area=operatore"' in answer.text


@pytest.mark.parametrize("number", [8, 11, 18])
def test_an_anomaly_that_is_our_fault_is_shouted_about(door: Door, number: int, logged: list[Any]) -> None:
    asked = door.ask()

    answer = door.post(asked, door.idp.error(asked, number))

    assert answer.status_code == 500
    assert "problema nostro" in answer.text
    assert [line["level"] for line in logged if line["event"] == "spid_request_refused"] == ["error"]


@pytest.mark.parametrize("number", [0, 1, 24, 99])
def test_an_anomaly_nobody_knows_has_a_plain_page(door: Door, number: int) -> None:
    asked = door.ask()

    answer = door.post(asked, door.idp.error(asked, number))

    assert answer.status_code == 403
    assert "non ha completato l’accesso" in answer.text


def test_who_begins_again_is_where_he_was(door: Door) -> None:
    asked = door.ask(area="cittadino", ritorno="/cittadino/accessi")

    answer = door.post(asked, door.idp.error(asked, 21))

    assert 'href="/accedi?area=cittadino&amp;ritorno=%2Fcittadino%2Faccessi"' in answer.text


def test_an_anomaly_from_another_browser_is_only_refused(door: Door) -> None:
    asked = door.ask()
    door.client.cookies.clear()

    answer = door.post(asked, door.idp.error(asked, 25))

    assert "La risposta arrivata non si può accettare" in answer.text


def test_after_an_anomaly_the_request_is_over(door: Door) -> None:
    asked = door.ask()
    door.post(asked, door.idp.error(asked, 25))

    assert door.post(asked, door.idp.answer(asked)).status_code == 403


def test_an_anomaly_is_in_the_spid_log(door: Door, query: Query) -> None:
    asked = door.ask()

    door.post(asked, door.idp.error(asked, 22))

    (row,) = query("SELECT esito, soggetto FROM spid_registro WHERE richiesta_id = %s", asked.id)
    assert row == {"esito": "anomalia nr22", "soggetto": None}


def test_an_error_that_claims_success_is_refused(door: Door) -> None:
    """Status Success without an assertion."""
    from idp import NS
    from lxml import etree

    asked = door.ask()
    root = door.idp.draft(asked)
    root.remove(root.find("saml:Assertion", NS))

    assert door.post(asked, etree.tostring(root)).status_code == 403
