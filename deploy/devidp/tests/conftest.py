from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from deploy.devidp.tests.sp import authn_request, by_post, decoded, sp_metadata
from starlette.testclient import TestClient

from devidp.app import create_app
from devidp.keys import KeyPair, make_keys
from devidp.settings import Settings
from devidp.xml import POST, parse

BASE = "http://127.0.0.1:9"
PEOPLE = [
    {"codice_fiscale": "BNCGLI88D52F704H", "nome": "Giulia", "cognome": "Bianchi", "gruppo": "Operatori"},
    {"codice_fiscale": "CLMCRS09E23E507U", "nome": "Christian", "cognome": "Colombo", "gruppo": "Cittadini"},
]
FIELD = re.compile(r'name="(\w+)" value="([^"]*)"')


@pytest.fixture(scope="session")
def sp_keys() -> KeyPair:
    return make_keys()


@pytest.fixture(scope="session")
def stranger_keys() -> KeyPair:
    return make_keys()


@dataclass
class Walk:
    """A browser at the identity provider `entity`, sent by the service provider."""

    client: TestClient
    sp_keys: KeyPair
    entity: str
    metadata_file: Path

    def arrive(self, level: int = 2, keys: KeyPair | None = None, **changes: str | None) -> Any:
        form = by_post(authn_request(self.entity, level, **changes), keys or self.sp_keys)
        return self.client.post(f"{self.entity}/sso", data=form)

    def sign_in(self, page: Any, **values: str) -> Any:
        form = {
            "richiesta": fields(page)["richiesta"],
            "persona": "BNCGLI88D52F704H",
            "livello": "2",
        } | values
        return self.client.post(f"{self.entity}/accesso", data=form)

    def consent(self, page: Any, **values: str) -> Any:
        return self.client.post(
            f"{self.entity}/consenso", data={"richiesta": fields(page)["richiesta"]} | values
        )

    def answer(self, **values: str) -> Any:
        """The root of the SAMLResponse after a whole sign-in."""
        return response_of(self.consent(self.sign_in(self.arrive(), **values)))


def fields(page: Any) -> dict[str, str]:
    """Names and values of the inputs of a page."""
    return {name: unescape(value) for name, value in FIELD.findall(page.text)}


def response_of(page: Any) -> Any:
    assert page.status_code == 200, page.text
    return parse(decoded(fields(page)["SAMLResponse"]))


def make_walk(
    folder: Path, sp_keys: KeyPair, provider: str = "acero", slo: tuple[str, ...] = (POST,)
) -> Walk:
    (folder / "people.json").write_text(json.dumps(PEOPLE))
    (folder / "sp.xml").write_bytes(sp_metadata(sp_keys, slo))
    settings = Settings(BASE, folder / "keys", folder / "people.json", (str(folder / "sp.xml"),))
    client = TestClient(create_app(settings), base_url=BASE, follow_redirects=False)
    return Walk(client, sp_keys, f"{BASE}/{provider}", folder / "sp.xml")


@pytest.fixture
def walk(tmp_path: Path, sp_keys: KeyPair) -> Walk:
    return make_walk(tmp_path, sp_keys)


@pytest.fixture
def cie(tmp_path: Path, sp_keys: KeyPair) -> Walk:
    return make_walk(tmp_path, sp_keys, "cie")
