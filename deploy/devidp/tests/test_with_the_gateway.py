"""The gateway's SPID and CIE against this provider, in one process: what each sends, the other believes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from deploy.devidp.tests.conftest import fields
from starlette.testclient import TestClient

from devidp.app import create_app
from devidp.settings import read_settings
from gateway.spid.checks import Expected, Identita
from gateway.spid.errors import Anomaly, Refused
from gateway.spid.keys import load_signing_keys
from gateway.spid.logout import build_logout_request
from gateway.spid.metadata import build_metadata
from gateway.spid.names import BINDINGS, SUCCESS, samlp
from gateway.spid.registry import Registry
from gateway.spid.request import Carried, build_request, carry, destination, new_id, now
from gateway.spid.response import Answer
from gateway.spid.settings import load_configuration
from gateway.spid.signature import verified, verify_query
from gateway.spid.xml import decode, parse
from sisolocal import spid
from sisolocal.infra import Infra
from sisolocal.layout import Layout

GIULIA = "BNCGLI88D52F704H"


@dataclass
class Pair:
    """One scheme of the gateway as the local stack sets it up, and the provider it sends people to."""

    client: TestClient
    schema: Any
    keys: Any
    idp: Any

    def send(self, root: Any, name: str, binding: str, target: str) -> Any:
        """The page the browser is shown for a message of the gateway."""
        carried: Carried = carry(root, name, "segnaposto", binding, target, self.keys[0])
        if carried.fields:
            return self.client.post(carried.target, data=dict(carried.fields))
        return self.client.get(carried.target)

    def sign_in(self, asked: int = 2, told: int = 2, outcome: str = "") -> Identita:
        """The identity the gateway reads in the answer. Raises Refused or Anomaly as it would."""
        request_id, issued = new_id(), now()
        root = build_request(self.schema, self.idp, request_id, issued, asked)
        page = self.send(root, "SAMLRequest", self.schema.binding, destination(self.schema, self.idp))
        assert page.status_code == 200, page.text
        form = {"richiesta": fields(page)["richiesta"], "persona": GIULIA, "livello": str(told)}
        page = self.client.post(f"{self.idp.entity_id}/accesso", data=form)
        form = {"richiesta": fields(page)["richiesta"]} | ({"esito": outcome} if outcome else {})
        page = self.client.post(f"{self.idp.entity_id}/consenso", data=form)
        answer = Answer(fields(page)["SAMLResponse"])
        expected = Expected(self.schema, self.idp, request_id, issued.replace(microsecond=0), asked, now())
        return answer.read(expected)


@pytest.fixture(scope="module")
def infra(tmp_path_factory: pytest.TempPathFactory) -> Infra:
    prepared = Infra(Layout(tmp_path_factory.mktemp("stack"), "prova"))
    spid.prepare(prepared)
    return prepared


@pytest.fixture(params=["spid", "cie"])
def pair(infra: Infra, request: pytest.FixtureRequest) -> Pair:
    home = spid.folder(infra)
    schemas = {
        one.name: one for one in load_configuration(home / "spid.toml", spid.public_url(infra)).schemas
    }
    schema = schemas[request.param]
    keys = load_signing_keys(schema)
    (home / "sp.xml").write_bytes(build_metadata(schema, keys))
    settings = read_settings(spid.idp_environment(infra) | {"DEVIDP_SP_METADATA": str(home / "sp.xml")})
    client = TestClient(create_app(settings), base_url=settings.base_url, follow_redirects=False)
    return Pair(client, schema, keys, Registry(schema.idp_dir).shuffled()[0])


@pytest.mark.parametrize("level", [1, 2, 3])
def test_gateway_believes_who_signed_in(pair: Pair, level: int) -> None:
    identita = pair.sign_in(level, level)

    assert (identita.codice_fiscale, identita.nome, identita.cognome) == (GIULIA, "Giulia", "Bianchi")
    assert str(identita.data_nascita) == "1988-04-12"
    assert identita.livello == level
    assert bool(identita.session_index) is (level == 1)


@pytest.mark.parametrize(("asked", "told"), [(2, 1), (3, 1), (3, 2)])
def test_gateway_refuses_a_lower_level(pair: Pair, asked: int, told: int) -> None:
    with pytest.raises(Refused):
        pair.sign_in(asked, told)


@pytest.mark.parametrize("number", [19, 20, 21, 22, 23, 25, 30])
def test_gateway_understands_each_refusal(pair: Pair, number: int) -> None:
    with pytest.raises(Anomaly) as anomaly:
        pair.sign_in(outcome=f"nr{number}")

    assert anomaly.value.number == number


@pytest.mark.parametrize("binding", ["post", "redirect"])
def test_gateway_believes_the_answer_to_its_logout(pair: Pair, binding: str) -> None:
    identita, target = pair.sign_in(1, 1), pair.idp.slo[BINDINGS[binding]]
    root = build_logout_request(
        pair.schema, pair.idp, new_id(), target, identita.name_id, identita.session_index
    )
    page = pair.send(root, "SAMLRequest", binding, target)

    if pair.schema.name == "cie":
        assert page.status_code == 200
        assert "SAMLResponse" not in page.text
        return
    if page.status_code == 302:
        verify_query(page.headers["location"].partition("?")[2], "SAMLResponse", pair.idp.certificates)
        return
    answer = verified(parse(decode(fields(page)["SAMLResponse"])), pair.idp.certificates)
    assert answer.get("InResponseTo") == root.get("ID")
    assert answer.get("Destination") == pair.schema.logout_url
    assert [one.get("Value") for one in answer.iter(samlp("StatusCode"))] == [SUCCESS]
