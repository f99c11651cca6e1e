"""What the tests of SPID and CIE share: a configuration on disk, and a browser that walks the login."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
from idp import Asked, fields_of
from starlette.testclient import TestClient

from gateway.settings import Settings
from gateway.spid.certificate import Pair, make_pair
from gateway.spid.settings import Schema, load_configuration

BASE = "https://csi.prova.example"
CONFIGURATION = """
[organization]
name = "Comune di Monza"
display_name = "Comune di Monza"
url = "https://www.comune.example.it"
locality = "Monza"
[contact]
ipa_code = "c_f704"
municipality = "F704"
email = "sociale@comune.example.it"
phone = "+39039000000"
[log]
key_files = ["spid_log.key"]
[spid]
idp_dir = "idp"
max_pending = 5000
keys = [{ key_file = "spid.key", certificate_file = "spid.crt" }]
[cie]
idp_dir = "idp"
keys = [{ key_file = "cie.key", certificate_file = "cie.crt" }]
"""


def write_world(folder: Path, idps: list[Any], configuration: str = CONFIGURATION, base: str = BASE) -> Path:
    """Everything `GATEWAY_SPID_FILE` needs, in `folder`."""
    file = folder / "spid.toml"
    file.write_text(configuration)
    (folder / "spid_log.key").write_text(sha256(b"prova").hexdigest())
    (folder / "spid_log.key").chmod(0o600)
    pin_all(folder / "idp", idps)
    for schema in load_configuration(file, base).schemas:
        pair, place = pair_of(schema), schema.keys[0]
        place.key_file.write_bytes(pair.key)
        place.key_file.chmod(0o600)
        place.certificate_file.write_bytes(pair.certificate)
    return file


PAIRS: dict[tuple[str, str], Pair] = {}


def pair_of(schema: Schema) -> Pair:
    """Drawing a key takes a second: one for each entity."""
    who = (schema.entity_id, schema.organization.name)
    if who not in PAIRS:
        PAIRS[who] = make_pair(schema, 365)
    return PAIRS[who]


def pin_all(folder: Path, idps: list[Any]) -> None:
    folder.mkdir(exist_ok=True)
    pinned = {}
    for number, idp in enumerate(idps):
        raw = idp.metadata()
        (folder / f"{number}.xml").write_bytes(raw)
        pinned[f"{number}.xml"] = sha256(raw).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(pinned))


@dataclass
class Recorder:
    """In place of a module's logger: what it was told."""

    lines: list[dict[str, Any]] = field(default_factory=list)

    def __getattr__(self, level: str) -> Callable[..., None]:
        return lambda event, **values: self.lines.append({"event": event, "level": level} | values)


@dataclass
class Door:
    """Walks the login: `ask` is the way out, `post` the way back."""

    client: TestClient
    idp: Any
    name: str = "spid"
    asked: list[Any] = field(default_factory=list)

    def ask(self, **query: str) -> Any:
        answer = self.client.get(f"/{self.name}/login", params={"idp": self.idp.entity_id} | query)
        assert answer.status_code == 200, answer.text
        fields = fields_of(answer.text)
        asked = Asked(
            base64.b64decode(fields["SAMLRequest"]), fields["RelayState"], fields["action"],
            f"{BASE}/{self.name}/acs", f"{BASE}/{self.name}/metadata",
        )  # fmt: skip
        self.asked.append(asked)
        return asked

    def post(self, asked: Any, xml: bytes, **changes: str) -> httpx.Response:
        fields = {"SAMLResponse": base64.b64encode(xml).decode(), "RelayState": asked.relay} | changes
        headers = {"Origin": "https://idp.prova.example", "Sec-Fetch-Site": "cross-site"}
        return self.client.post(f"/{self.name}/acs", data=fields, headers=headers)

    def enter(self, level: int = 2, **how: Any) -> httpx.Response:
        asked = self.ask()
        return self.post(asked, self.idp.answer(asked, level=level, **how))


def environment_of(settings: Settings) -> dict[str, str]:
    """What a job of this gateway would find in its environment."""
    return {
        "SISO_ENV": settings.environment.value, "GATEWAY_DATABASE_URL": settings.database_url,
        "GATEWAY_SPID_FILE": str(settings.spid_file), "GATEWAY_PUBLIC_URL": settings.public_url,
        "GATEWAY_HTTPS": "true" if settings.https else "false",
    }  # fmt: skip
