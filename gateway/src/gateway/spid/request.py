"""AuthnRequest: what we ask a provider, and the two ways a browser carries it there."""

import secrets
import zlib
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from gateway.spid.keys import SigningKey
from gateway.spid.names import (
    BINDINGS,
    DS,
    ENTITY_FORMAT,
    LEVEL,
    SAML,
    SAMLP,
    SPID_NS,
    TRANSIENT,
    saml,
    samlp,
)
from gateway.spid.registry import Idp
from gateway.spid.settings import Schema
from gateway.spid.signature import sign, sign_query
from gateway.spid.xml import format_instant


@dataclass(frozen=True)
class Carried:
    """A message on its way through the browser: a form to post, or an address to go to."""

    xml: bytes
    """As sent, with its signature in the POST binding."""
    target: str
    fields: tuple[tuple[str, str], ...] = ()
    """Of the form; empty in the Redirect binding, whose `target` carries everything."""

    @property
    def evidence(self) -> bytes:
        """What left, with its signature: the document, or the address that carries it."""
        return self.xml if self.fields else self.target.encode()


def new_id() -> str:
    """An identifier nobody can guess, in the form XML wants (NCName)."""
    return f"_{secrets.token_hex(20)}"


def build_request(schema: Schema, idp: Idp, request_id: str, issued: datetime, level: int) -> Any:
    """AuthnRequest, unsigned. Indexes rather than addresses: the provider takes ours from the metadata."""
    root = etree.Element(samlp("AuthnRequest"), nsmap={"samlp": SAMLP, "saml": SAML, "ds": DS})
    attributes = {
        "ID": request_id, "Version": "2.0", "IssueInstant": format_instant(issued),
        "Destination": destination(schema, idp), "AssertionConsumerServiceIndex": "0",
        "AttributeConsumingServiceIndex": "0",
    }  # fmt: skip
    if schema.forces_login(level):
        attributes["ForceAuthn"] = "true"
    for name, value in attributes.items():
        root.set(name, value)
    root.append(issuer(schema))
    if schema.purpose:
        extensions = etree.SubElement(root, samlp("Extensions"), nsmap={"spid": SPID_NS})
        etree.SubElement(extensions, f"{{{SPID_NS}}}Purpose").text = schema.purpose
    etree.SubElement(root, samlp("NameIDPolicy"), {"Format": TRANSIENT})
    context = etree.SubElement(root, samlp("RequestedAuthnContext"), {"Comparison": schema.comparison})
    etree.SubElement(context, saml("AuthnContextClassRef")).text = f"{LEVEL}{level}"
    return root


def destination(schema: Schema, idp: Idp) -> str:
    """Where the request goes: the provider's address for the scheme's binding. Raises KeyError when it has none."""
    return idp.sso[BINDINGS[schema.binding]]


def issuer(schema: Schema) -> Any:
    element = etree.Element(saml("Issuer"), {"Format": ENTITY_FORMAT, "NameQualifier": schema.entity_id})
    element.text = schema.entity_id
    return element


def carry(root: Any, name: str, relay: str, binding: str, target: str, key: SigningKey) -> Carried:
    """Signs and packs a message. `name`: SAMLRequest or SAMLResponse; `binding`: post or redirect."""
    if binding == "post":
        xml = sign(root, key, after=saml("Issuer"))
        fields = [(name, b64encode(xml).decode()), ("RelayState", relay)]
        return Carried(xml, target, tuple(field for field in fields if field[1]))
    xml = etree.tostring(root, encoding="UTF-8", xml_declaration=False)
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    message = b64encode(packed.compress(xml) + packed.flush()).decode()
    query = sign_query(name, message, relay, key)
    return Carried(xml, f"{target}{'&' if '?' in target else '?'}{query}")


def now() -> datetime:
    return datetime.now(UTC)
