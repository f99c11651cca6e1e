"""When what decides is broken, forged or away, nothing comes back: every method of every service, every door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.system import Json, Person, System

from chassis import mandate
from contracts.mandato import AZIONI, SEZIONI, Extent, Mandato
from contracts.rpc import RPC

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SERVICES = tuple(RPC)
IMPERSONAL = {("anagrafe", "list_enti"), ("erogazioni", "list_catalogo")}
"""Any verified mandate opens these: comuni and the catalogue hold nobody."""
METHODS = [(service, method) for service, methods in RPC.items() for method in methods]


def make_mandato(**changes: Any) -> Mandato:
    """Somebody who reaches everything of the whole ente."""
    wide = {f"{sezione}:{azione}": Extent.ENTE for sezione in SEZIONI for azione in AZIONI}
    values = {"operatore_id": uuid4(), "incarico_id": uuid4(), "ruolo": "coordinatore", "ente": "F704",
              "settore": "minori", "estensioni": wide, "motivo": "Matrice"} | changes  # fmt: skip
    return Mandato.model_validate(values)


def forgeries(system: System) -> Iterator[tuple[str, str]]:
    """Mandates that open nothing, by what is wrong with them."""
    key = mandate.load_private_key(system.supervisor.infra.keys["private"])
    genuine = mandate.sign(make_mandato(), SERVICES, key, timedelta(minutes=1))
    claims = jwt.decode(genuine, options={"verify_signature": False})
    inner = claims["mandato"]
    yield "expired", jwt.encode(claims | {"exp": claims["iat"] - 60}, key, "EdDSA")
    yield "of another key", jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA")
    yield "for somebody else", mandate.sign(make_mandato(), ("altrove",), key)
    yield (
        "without an ente",
        jwt.encode(claims | {"mandato": {k: v for k, v in inner.items() if k != "ente"}}, key, "EdDSA"),
    )
    header, _, signature = genuine.split(".")
    _, wider, _ = jwt.encode(claims | {"mandato": inner | {"ente": "B212"}}, key, "EdDSA").split(".")
    yield "claims changed under the signature", f"{header}.{wider}.{signature}"


def test_no_method_of_any_service_answers_a_forged_expired_or_foreign_mandate(system: System) -> None:
    wrong = []
    for what, token in forgeries(system):
        for service, method in METHODS:
            reply = system.rpc(service, method, question(service, method), token)
            if reply["result"] is not None or reply["error"]["exc_type"] != "Forbidden":
                wrong.append((service, method, what, reply))

    assert wrong == []


def test_no_method_answers_a_mandate_that_holds_no_scope(system: System) -> None:
    key = mandate.load_private_key(system.supervisor.infra.keys["private"])
    token = mandate.sign(make_mandato(estensioni={}), SERVICES, key)

    replies = {
        (s, m): system.rpc(s, m, question(s, m), token) for s, m in METHODS if (s, m) not in IMPERSONAL
    }

    assert {name: reply for name, reply in replies.items() if reply["result"] is not None} == {}


@pytest.mark.parametrize("tipo", ["operatore", "cittadino", "client"])
def test_only_the_house_itself_asks_who_lives_with_whom(system: System, tipo: str) -> None:
    key = mandate.load_private_key(system.supervisor.infra.keys["private"])
    token = mandate.sign(make_mandato(tipo=tipo), SERVICES, key)

    reply = system.rpc("anagrafe", "list_conviventi", {"codice_fiscale": "RSSMRA80A01F205X"}, token)

    assert (reply["result"], reply["error"]["exc_type"]) == (None, "Forbidden")


def test_without_the_gateway_s_own_store_no_door_says_anything(
    system: System, fresh: Callable[..., Json]
) -> None:
    giulia = system.sign_in("giulia.bianchi")
    case = giulia.open_case(fresh("F704")["id"])

    with system.database_closed("gateway"):
        paths = doors_of(case)
        with ThreadPoolExecutor(len(paths)) as pool:  # each waits for the store as long as it may
            replies = dict(
                zip(
                    paths,
                    pool.map(lambda path: giulia.http.get(f"{system.base_url}{path}"), paths),
                    strict=True,
                )
            )

    told = {
        path: reply.text
        for path, reply in replies.items()
        if case["numero"] in reply.text or reply.status_code < 500
    }
    assert told == {}
    assert waits_for(giulia, case)


def doors_of(case: Json) -> tuple[str, ...]:
    url = f"/cartelle/{case['id']}"
    return (
        "/api/v1/cartelle",
        f"/api/v1{url}",
        f"/api/v1{url}/diario",
        "/casi",
        f"/casi/{case['id']}",
        "/api/v1/avvisi",
    )


def waits_for(giulia: Person, case: Json) -> bool:
    """The store is back, and with it the case."""
    from tests.system import eventually

    return bool(eventually(lambda: giulia.get(f"/cartelle/{case['id']}")["numero"] == case["numero"]))


def question(service: str, method: str) -> Json:
    """A request that is well formed: that it is refused is the mandate's doing."""
    schema = RPC[service][method][0].model_json_schema()
    return {name: _value(schema, schema["properties"][name]) for name in schema.get("required", [])}


def _value(schema: Json, field: Json) -> Any:
    if "$ref" in field:
        return _value(schema, schema["$defs"][field["$ref"].rpartition("/")[2]])
    if "enum" in field:
        return field["enum"][0]
    if "anyOf" in field:
        return _value(schema, field["anyOf"][0])
    if field.get("pattern"):
        return "F704" if "A-Z" in field["pattern"] else "1.00" if "d" in field["pattern"] else "2026-11"
    formats = {"uuid": str(uuid4()), "date": "2026-11-23", "date-time": "2026-11-23T12:00:00Z"}
    kinds = {"integer": 1, "boolean": True, "array": [], "object": {}, "number": 1}
    if field.get("type") == "array":
        return [_value(schema, field.get("items", {}))] if field.get("items") else ["diario"]
    return formats.get(field.get("format", "")) or kinds.get(field.get("type", ""), "prova")
