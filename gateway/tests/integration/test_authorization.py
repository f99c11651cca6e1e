"""Every route says what it asks; every role reaches what the policy says and nothing more."""

from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from contracts.errors import NotFound
from contracts.rpc import RPC
from gateway.auth import Authorize
from gateway.logged import LoggedRoute, authorization_of
from gateway.routes import routes
from gateway.seed.operatori import IDENTITIES
from gateway.seed.politica import RULES, rules
from gateway.testing import Browser, FakeServices

PUBLIC = {
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/api/v1/dev/identita"),
    ("POST", "/api/v1/dev/login"),
    ("GET", "/accedi"),
    ("GET", "/accessibilita"),
    ("POST", "/accedi"),
    ("POST", "/api/v1/oauth/token"),
    ("GET", "/spid/metadata"),
    ("GET", "/spid/login"),
    ("POST", "/spid/acs"),
    ("GET", "/spid/logout"),
    ("POST", "/spid/logout"),
    ("GET", "/cie/metadata"),
    ("GET", "/cie/login"),
    ("POST", "/cie/acs"),
    ("GET", "/cie/logout"),
    ("POST", "/cie/logout"),
}
"""Routes without a session. A new one stands here on purpose or not at all."""

SIGNED_IN_IS_ENOUGH = {
    ("GET", "/api/v1/enti"),
    ("GET", "/api/v1/catalogo"),
    ("GET", "/api/v1/sessione"),
    ("DELETE", "/api/v1/sessione"),
    ("GET", "/api/v1/sessioni"),
    ("POST", "/api/v1/cartelle/{cartella_id}/motivo"),
    ("DELETE", "/api/v1/sessioni/{session_id}"),
    ("DELETE", "/api/v1/sessioni"),
    ("GET", "/api/v1/sessione/incarichi"),
    ("PUT", "/api/v1/sessione/incarico"),
    ("GET", "/api/v1/deleghe"),
    ("POST", "/api/v1/deleghe"),
    ("POST", "/api/v1/deleghe/{delega_id}/revoca"),
}
"""API routes that need a session and no scope: no personal data but one's own."""


class Api:
    """The API's own routes, as `doors` wants them."""

    routes = routes


api = Api()


def api_routes(router: Any) -> Iterator[APIRoute]:
    """Every route of a router, those of included routers too."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif inner := getattr(route, "original_router", None) or getattr(route, "router", None):
            yield from api_routes(inner)


def doors(router: Any) -> Iterator[tuple[str, str, APIRoute, Authorize | None]]:
    for route in api_routes(router):
        for method in route.methods:
            yield method, route.path, route, authorization_of(route.dependant)


def test_the_walk_over_the_routes_finds_them(app: FastAPI) -> None:
    described = {(m.upper(), path) for path, methods in app.openapi()["paths"].items() for m in methods}

    assert {(method, path) for method, path, _, _ in doors(api)} == described
    assert described <= {(method, path) for method, path, _, _ in doors(app)}


def test_every_route_declares_what_it_asks(app: FastAPI) -> None:
    silent = {(method, path) for method, path, _, rule in doors(app) if rule is None}

    assert silent <= PUBLIC


def test_every_api_route_declares_a_scope_or_is_listed(app: FastAPI) -> None:
    without = {
        (method, path)
        for method, path, _, rule in doors(app)
        if path.startswith("/api/") and rule is not None and not rule.scopes
    }

    assert without <= SIGNED_IN_IS_ENOUGH


def test_every_route_that_asks_something_is_logged(app: FastAPI) -> None:
    assert [path for _, path, route, rule in doors(app) if rule and not isinstance(route, LoggedRoute)] == []


def test_the_openapi_document_names_the_scope_of_each_route(app: FastAPI) -> None:
    described = app.openapi()["paths"]

    assert described["/api/v1/cartelle/{cartella_id}/diario"]["post"]["x-scopi"] == ["diario:scrivi"]
    unnamed = [
        path for path, methods in described.items() for one in methods.values() if not one.get("x-scopi")
    ]
    assert {path for _, path in SIGNED_IN_IS_ENOUGH | PUBLIC} >= set(unnamed)


def test_no_dependency_of_a_route_takes_a_thread() -> None:
    plain = [
        (path, dependency.call)
        for _, path, route, _ in doors(api)
        for dependency in route.dependant.dependencies
        if not iscoroutinefunction(dependency.call)
        and not iscoroutinefunction(type(dependency.call).__call__)
    ]

    assert plain == []


def test_every_scope_a_route_asks_for_belongs_to_some_role(app: FastAPI) -> None:
    known = {f"{sezione}:{azione}" for _, sezione, azione, _ in rules()}

    asked = {scope for _, _, _, rule in doors(app) if rule for scope in rule.scopes}

    assert asked <= known


MATRIX = [
    (identity.identita, identity.ruolo, method, path, rule)
    for identity in IDENTITIES
    for method, path, _, rule in doors(api)
    if rule is not None and rule.scopes
]


def allowed(ruolo: str, rule: Authorize) -> bool:
    """The policy read a second time, from its source: the oracle of the matrix."""
    reached = {f"{s}:{a}" for r, s, a, extent in rules() if r == ruolo and extent != "nessuno"}
    return "operatore" in rule.tipi and set(rule.scopes) <= reached


def test_role_by_route_the_gateway_lets_through_exactly_what_the_policy_says(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    for service, methods in RPC.items():
        for method in methods.keys() - {
            "list_conviventi"
        }:  # asked by the gateway itself, at the first request
            services.answer(f"{service}.{method}", NotFound("prova.non_trovato", "Non c'è."))
    people = {identity.identita: browser(identity.identita) for identity in IDENTITIES}

    wrong = []
    for identita, ruolo, method, path, rule in MATRIX:
        address = path
        for name in ("cartella_id", "residente_id", "voce_id", "foglio_id", "erogazione_id", "documento_id",
                     "stampa_id", "avviso_id", "caricamento_id", "flusso_id"):  # fmt: skip
            address = address.replace(f"{{{name}}}", str(uuid4()))
        if address.endswith("/flusso"):
            continue  # a stream without end; its own test
        services.calls.clear()
        answer = people[identita].request(method, address, json={} if method != "GET" else None)
        refused = answer.status_code == 403
        if refused is allowed(ruolo, rule) or (refused and services.calls):
            wrong.append((identita, method, path, answer.status_code))

    assert wrong == []
    assert len(MATRIX) > 400


def test_a_mandate_carries_only_what_the_route_declared(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    services.answer("cartella.list_voci_diario", NotFound("x.y", "Non c'è."))

    browser("giulia.bianchi").get(f"/api/v1/cartelle/{uuid4()}/diario")

    (call,) = services.calls
    assert call.mandato["estensioni"] == {"diario:leggi": "settore", "secondo_livello:leggi": "settore"}
    assert call.claims["aud"] == ["cartella"]
    assert call.claims["exp"] - call.claims["iat"] == 60
    assert "enti_provincia" not in call.mandato


def test_the_analyst_of_the_province_reaches_its_55_comuni(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    services.answer("report.run_crosstab", NotFound("x.y", "Non c'è."))

    browser("luca.moretti").get("/api/v1/report/crosstab")

    (call,) = services.calls
    assert call.mandato["estensioni"] == {"report:leggi": "provincia"}
    assert len(call.mandato["enti_provincia"]) == 55
    assert call.mandato["ente"] == "F704"


@pytest.mark.parametrize("ruolo", ["amministratore_sistema", "rpd", "dirigente", "analista", "cittadino"])
def test_roles_without_cases_have_no_scope_of_a_case(ruolo: str) -> None:
    case_sections = {
        "presa_in_carico",
        "diario",
        "isee",
        "documenti",
        "stampe",
        "fogli",
        "liquidazioni",
        "anagrafe",
    }

    assert not {s for r, s, _, _ in rules() if r == ruolo} & case_sections


def test_every_role_of_the_house_is_in_the_policy() -> None:
    assert {identity.ruolo for identity in IDENTITIES} <= set(RULES)
