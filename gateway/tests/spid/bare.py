"""The reading of an answer by itself: no gateway, no database."""

import base64
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from idp import Asked, FakeIdp
from lxml import etree

from gateway.spid.checks import Expected, Identita
from gateway.spid.errors import Anomaly, Refused
from gateway.spid.registry import read_metadata
from gateway.spid.response import Answer
from gateway.spid.settings import ATTRIBUTES, Schema

BASE = "https://csi.prova.example"
REQUEST_ID = "_0123456789abcdef0123456789abcdef"


@cache
def schema(name: str = "spid") -> Schema:
    return Schema.model_validate(
        {
            "name": name, "public_url": BASE, "entity_id": f"{BASE}/{name}/metadata", "idp_dir": Path("."),
            "organization": {
                "name": "Comune", "display_name": "Comune", "url": "https://comune.example", "locality": "Monza",
            },
            "contact": {
                "ipa_code": "c_f704", "municipality": "F704", "email": "a@comune.example", "phone": "+39039000000",
            },
            "keys": ({"key_file": "x", "certificate_file": "y"},), "attributes": ATTRIBUTES["spid"],
        }
    )  # fmt: skip


def asked() -> Asked:
    """As if a request with REQUEST_ID had gone out now."""
    xml = etree.tostring(etree.Element("request", ID=REQUEST_ID))
    return Asked(xml, "relay", "", f"{BASE}/spid/acs", f"{BASE}/spid/metadata")


def expected(idp: FakeIdp) -> Expected:
    now = datetime.now(UTC)
    (known,) = read_metadata(idp.metadata())
    return Expected(schema(), known, REQUEST_ID, now.replace(microsecond=0), 2, now)


def verdict(document: bytes, told: Expected) -> Identita | None:
    """The identity, or None for what is refused. Anything else it may raise is a fault of ours."""
    try:
        return Answer(base64.b64encode(document).decode()).read(told)
    except (Refused, Anomaly):
        return None
