"""The login page: which doors it offers to whom, and where they lead."""

from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi import FastAPI
from lxml import html
from starlette.testclient import TestClient

from gateway.app import create_app
from gateway.settings import Settings
from gateway.testing import FakeServices


def doors(page: Any) -> list[tuple[str, dict[str, str]]]:
    """Path and query of every door."""
    links = [urlsplit(unescape(one)) for one in html.fromstring(page.text).xpath("//main//a/@href")]
    return [
        (one.path, {name: values[0] for name, values in parse_qs(one.query).items()})
        for one in links
        if one.path.endswith("/login")
    ]


def test_every_provider_of_every_scheme_is_a_plain_link(site: TestClient) -> None:
    found = doors(site.get("/accedi"))

    assert sorted(path for path, _ in found) == ["/cie/login", "/cie/login", "/spid/login", "/spid/login"]
    assert {query["area"] for _, query in found} == {"operatore"}


@pytest.mark.parametrize(
    ("address", "area", "ritorno"),
    [
        ("/accedi?area=cittadino", "cittadino", None),
        ("/accedi?ritorno=/cittadino/letture", "cittadino", "/cittadino/letture"),
        ("/accedi?ritorno=/casi", "operatore", "/casi"),
        ("/accedi?ritorno=//altrove.example/", "operatore", None),
        ("/accedi?area=qualcosa", "operatore", None),
    ],
)
def test_doors_carry_the_area_and_the_page_to_come_back_to(
    site: TestClient, address: str, area: str, ritorno: str | None
) -> None:
    queries = [query for _, query in doors(site.get(address))]

    assert {query["area"] for query in queries} == {area}
    assert {query.get("ritorno") for query in queries} == {ritorno}


@pytest.mark.parametrize(("asked", "carried"), [("3", "3"), ("1", None), ("9", None), ("<b>", None)])
def test_only_a_higher_level_can_be_asked_for(site: TestClient, asked: str, carried: str | None) -> None:
    page = site.get("/accedi", params={"livello": asked})

    assert {query.get("livello") for _, query in doors(page)} == {carried}
    assert ("serve un accesso di livello" in page.text) is (carried is not None)


def test_citizens_are_not_offered_the_operators_of_the_demo(site: TestClient) -> None:
    assert "Entra come Giulia Bianchi" in site.get("/accedi").text
    assert "Entra come Giulia Bianchi" not in site.get("/accedi?area=cittadino").text


def test_who_has_several_incarichi_is_offered_once_and_chooses_after(site: TestClient) -> None:
    page = site.get("/accedi").text

    assert page.count('aria-label="Entra come Chiara Monti"') == 1
    assert "ha anche 1 altro incarico, si sceglie dopo" in page


def test_two_settori_of_the_comune_are_there_to_lend_a_case_to_each_other(site: TestClient) -> None:
    page = site.get("/accedi").text

    assert "Rosa Marino</strong> · Assistente sociale, area Adulti" in page


@pytest.mark.parametrize("area", ["cittadino", "operatore"])
def test_who_cannot_get_in_is_told_whom_to_ask_and_not_sent_to_a_help_that_asks_to_sign_in(
    site: TestClient, area: str
) -> None:
    page = site.get(f"/accedi?area={area}").text

    assert "Se non riesci a entrare" in page
    assert 'href="/aiuto"' not in page


@pytest.fixture
def bare(settings: Settings, services: FakeServices) -> Iterator[TestClient]:
    """Neither SPID nor CIE nor test identities."""
    app: FastAPI = create_app(settings.model_copy(update={"dev_login": False}), rpc=services)
    with TestClient(app, follow_redirects=False) as client:
        yield client


def test_where_no_door_is_set_up_the_page_says_so(bare: TestClient) -> None:
    page = bare.get("/accedi")

    assert page.status_code == 200
    assert "Non è configurato nessun accesso" in page.text
    assert doors(page) == []


def test_without_the_dev_login_nobody_enters_by_choosing_a_name(bare: TestClient) -> None:
    assert bare.post("/accedi", data={"identita": "giulia.bianchi"}).status_code == 404
    assert "Giulia" not in bare.get("/accedi").text
