"""The page and the API route of a command ask the services with the same rights: they get one and the same answer."""

import ast
import inspect
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterator
from types import FunctionType, ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI

from contracts.errors import NotFound
from contracts.notifiche import SEZIONI_AVVISI
from contracts.rpc import RPC
from gateway.auth import Authorize
from gateway.testing import Browser, FakeServices
from gateway.tests.integration.test_authorization import doors
from gateway.tests.integration.test_emergenze import PERSON
from gateway.web import interventi, pagamenti
from gateway.web.caso import HEAD_SCOPES

METHODS = {method: f"{service}.{method}" for service, methods in RPC.items() for method in methods}
READING = ("get_", "list_", "search_", "explain_", "preview_", "export_", "run_")
HEADING = "presa_in_carico:leggi"
AROUND = {*HEAD_SCOPES, *SEZIONI_AVVISI, *interventi.SECTION, *pagamenti.SECTION, "avvisi:leggi"}
"""What a page shows around the thing itself, where the role may, and for its buttons."""
PLACING = {
    f"cartella.{method}"
    for method in ("open_cartella", "assign_cartella", "reopen_cartella", "set_riservatezza")
}
"""They look at whether the caller sees the case beside which this one would stand."""
BY_THE_PAGE = {
    "cartella.add_voce_diario": {"diario:leggi"},
    "cartella.annul_voce_diario": {"secondo_livello:scrivi"},
    "cartella.add_isee": {"isee:leggi"},
    "cartella.propose_condivisione": {"condivisioni:leggi"},
    "cartella.decide_condivisione": {"condivisioni:leggi"},
    "cartella.revoke_condivisione": {"condivisioni:leggi"},
    "erogazioni.propose_foglio": {"fogli:leggi", "condivisioni:leggi"},
    "erogazioni.decide_foglio": {"fogli:leggi"},
    "erogazioni.propose_erogazione": {"fogli:leggi", "liquidazioni:leggi"},
    "erogazioni.liquidate_erogazione": {"liquidazioni:leggi"},
    "erogazioni.annul_erogazione": {"liquidazioni:leggi"},
    "erogazioni.generate_flusso": {"siuss:leggi"},
    "notifiche.confirm_avviso": {"avvisi:leggi"},
    "notifiche.mark_avviso_letto": {"avvisi:leggi"},
    "anagrafe.set_vincolo": {"riservatezza:leggi", "anagrafe:leggi"},
    "anagrafe.revoke_vincolo": {"riservatezza:leggi", "anagrafe:leggi"},
    "anagrafe.confirm_caricamento": {"caricamenti:leggi"},
}
"""With which the page of a command reads what it shows again; the command itself never looks at them."""


def calls(function: Any, seen: set[Any]) -> Iterator[str]:
    """The RPCs that a route names, itself or in what it calls."""
    if not inspect.isfunction(function) or function in seen or not function.__module__.startswith("gateway."):
        return
    seen.add(function)
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(function)))):
        if isinstance(node, ast.Constant) and node.value in METHODS:
            yield METHODS[node.value]
        yield from calls(_named(function, node), seen)


def _named(function: FunctionType, node: ast.AST) -> Any:
    if isinstance(node, ast.Name):
        return function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module = function.__globals__.get(node.value.id)
        return getattr(module, node.attr, None) if isinstance(module, ModuleType) else None
    return None


def commands(app: FastAPI) -> dict[str, list[tuple[str, Authorize]]]:
    """Each RPC that changes something, with the routes that ask it."""
    found: dict[str, list[tuple[str, Authorize]]] = defaultdict(list)
    for method, path, route, rule in doors(app):
        if method != "GET" and rule is not None:
            for rpc in sorted(set(calls(route.endpoint, set()))):
                if not rpc.partition(".")[2].startswith(READING):
                    found[rpc].append((path, rule))
    return found


def asked_by_page(rpc: str, rule: Authorize) -> set[str]:
    """What the page of a command asks for the sake of the command."""
    shown = BY_THE_PAGE.get(rpc, set()) | (set() if rpc in PLACING else {HEADING})
    return (set(rule.scopes) | (set(rule.optional) - AROUND) | (set(rule.optional) & {HEADING})) - shown


def test_what_a_page_may_ask_a_service_for_its_api_route_may_too(app: FastAPI) -> None:
    missing = []
    for rpc, routes in commands(app).items():
        pages = [(path, rule) for path, rule in routes if not path.startswith("/api/")]
        for path, rule in routes:
            if path.startswith("/api/") and pages:
                wanted = set.intersection(*(asked_by_page(rpc, page) for _, page in pages))
                if lacking := wanted - {*rule.scopes, *rule.optional}:
                    missing.append((rpc, path, sorted(lacking)))

    assert missing == []


def test_every_command_of_a_case_has_a_page_and_an_api_route(app: FastAPI) -> None:
    sides = {rpc: {path.startswith("/api/") for path, _ in routes} for rpc, routes in commands(app).items()}
    of_cases = {
        rpc: side for rpc, side in sides.items() if rpc.startswith(("cartella.", "documenti.", "erogazioni."))
    }

    assert {rpc for rpc, side in of_cases.items() if len(side) < 2} == set()
    assert of_cases.keys() >= PLACING


CASE = f"/api/v1/cartelle/{UUID(int=5)}"
FAR = {"version": 1, "motivo": "Prova"}
LOOKED_AT: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "cartella.open_cartella": (
        "POST", "/api/v1/cartelle",
        {"json": {"residente_id": str(PERSON.id), "area": "famiglia_minori", "motivo": "Prova"}}, HEADING,
    ),
    "cartella.reopen_cartella": ("POST", f"{CASE}/riapertura", {"json": FAR}, HEADING),
    "cartella.assign_cartella": (
        "POST", f"{CASE}/assegnazione", {"json": FAR | {"settore": "adulti"}}, HEADING,
    ),
    "cartella.set_riservatezza": (
        "POST", f"{CASE}/riservatezza", {"json": FAR | {"settore_riservato": "minori"}}, HEADING,
    ),
    "documenti.begin_upload": (
        "POST", f"{CASE}/documenti",
        {"content": b"nuovo", "headers": {"X-Nome-File": "a.txt", "X-Sostituisce": str(uuid4())}}, "documenti:leggi",
    ),
    "cartella.rectify_voce_diario": (
        "PUT", f"{CASE}/diario/{UUID(int=6)}",
        {"json": FAR | {"tipo": "nota", "quando": "2026-11-23T12:00:00Z", "testo": "Prova"}}, "diario:leggi",
    ),
    "cartella.annul_voce_diario": (
        "POST", f"{CASE}/diario/{UUID(int=6)}/annullamento", {"json": FAR}, "diario:leggi",
    ),
}  # fmt: skip


@pytest.mark.parametrize("rpc", LOOKED_AT)
def test_a_command_of_the_api_carries_the_reading_its_use_case_looks_at(
    browser: Callable[[str], Browser], services: FakeServices, rpc: str
) -> None:
    services.answer("anagrafe.get_residente", PERSON)
    services.answer(rpc, NotFound("prova.non_trovato", "Non c'è."))
    method, path, sent, scope = LOOKED_AT[rpc]

    answer = browser("anna.ferrari").request(method, path, **sent)

    assert answer.json()["code"] == "prova.non_trovato", answer.text
    assert scope in services.calls[-1].mandato["estensioni"]
