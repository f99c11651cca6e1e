"""What arrives: an AuthnRequest or a LogoutRequest, by POST or Redirect, believed only with a good signature."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidInput, SignXMLException
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from devidp.providers import LEVELS, Provider
from devidp.service_providers import Directory, ServiceProvider
from devidp.xml import ENTITY, MESSAGE_LIMIT, NS, TRANSIENT, parse

HASHES: dict[str, type[hashes.SHA256] | type[hashes.SHA384] | type[hashes.SHA512]] = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": hashes.SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512,
}
STRICT = SignatureConfiguration(
    location="./",
    expect_references=1,
    signature_methods=frozenset(
        {SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512}
    ),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}),
)
AGE_LIMIT = timedelta(minutes=5)


class BadRequest(Exception):
    """The message is not as SPID and CIE want it; the text says what is wrong, for who develops the service."""


@dataclass(frozen=True)
class Message:
    """A verified message: `root` is its XML, `sender` the service provider that signed it."""

    root: Any
    sender: ServiceProvider
    relay_state: str

    @property
    def id(self) -> str:
        return str(self.root.get("ID"))


@dataclass(frozen=True)
class AuthnRequest:
    """Who asks, for whom, at which level (1-3), and where the answer goes."""

    id: str
    sender: ServiceProvider
    consumer: str
    level: int
    wanted: tuple[str, ...]
    relay_state: str


def read_message(values: Mapping[str, str], query: str, directory: Directory, root_name: str) -> Message:
    """The message of a request: `values` are its form or query, `query` the raw query of the Redirect binding.

    Raises BadRequest for anything that is not `root_name`, signed by a service provider of the directory.
    """
    packed = values.get("SAMLRequest", "")
    root = _unpack(packed, inflate=bool(query))
    if root.tag != f"{{{NS['samlp']}}}{root_name}":
        raise BadRequest(f"non è un {root_name}")
    issuer = root.findtext("saml:Issuer", "", NS).strip()
    sender = directory.find(issuer)
    if sender is None:
        raise BadRequest(f"nessun metadata conosciuto per «{issuer}»")
    believed = _believed(root, query, sender)
    if believed is None:  # perhaps its keys have changed
        directory.refresh()
        sender = directory.known[issuer]
        believed = _believed(root, query, sender)
    if believed is None:
        raise BadRequest("la firma manca o non è del service provider che dice di averla fatta")
    return Message(believed, sender, values.get("RelayState", ""))


def _unpack(packed: str, inflate: bool) -> Any:
    if not packed or len(packed) > 2 * MESSAGE_LIMIT:
        raise BadRequest("SAMLRequest manca o è troppo lungo")
    try:
        content = base64.b64decode(packed, validate=True)
        if inflate:
            content = zlib.decompressobj(wbits=-15).decompress(content, MESSAGE_LIMIT)
        return parse(content)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise BadRequest(f"SAMLRequest non si legge: {error}") from error


def _believed(root: Any, query: str, sender: ServiceProvider) -> Any:
    """The element that a certificate of the sender vouches for, None when none does."""
    for certificate in sender.certificates:
        if query:
            if _query_signed(query, certificate):
                return root
            continue
        try:
            found = XMLVerifier().verify(root, x509_cert=certificate, expect_config=STRICT)
        except (SignXMLException, InvalidInput, InvalidSignature, ValueError):
            continue
        assert isinstance(found, VerifyResult)  # one reference, so one result
        if found.signed_xml is not None and found.signed_xml.get("ID") == root.get("ID"):
            return found.signed_xml
    return None


def _query_signed(query: str, certificate: str) -> bool:
    """The signature of the Redirect binding stands over the parameters exactly as they were written."""
    raw = dict(part.partition("=")[::2] for part in query.split("&"))
    parsed = {name: found[0] for name, found in parse_qs(query).items()}
    algorithm = HASHES.get(parsed.get("SigAlg", ""))
    key = x509.load_der_x509_certificate(base64.b64decode(certificate)).public_key()
    if algorithm is None or not isinstance(key, rsa.RSAPublicKey):
        return False
    names = [name for name in ("SAMLRequest", "RelayState", "SigAlg") if name in raw]
    text = "&".join(f"{name}={raw[name]}" for name in names)
    try:
        signature = base64.b64decode(parsed.get("Signature", ""), validate=True)
        key.verify(signature, text.encode(), padding.PKCS1v15(), algorithm())
    except (InvalidSignature, binascii.Error):
        return False
    return True


def read_authn_request(message: Message, provider: Provider, now: datetime | None = None) -> AuthnRequest:
    """The AuthnRequest of a verified message. Raises BadRequest with everything that breaks SPID's rules."""
    root, sender, now = message.root, message.sender, now or datetime.now(UTC)
    issuer, policy = root.find("saml:Issuer", NS), root.find("samlp:NameIDPolicy", NS)
    classes = [(one.text or "").strip() for one in root.iterfind(".//saml:AuthnContextClassRef", NS)]
    context = root.find("samlp:RequestedAuthnContext", NS)
    level = LEVELS.index(classes[0]) + 1 if len(classes) == 1 and classes[0] in LEVELS else 0
    consumer = sender.consumers.get(root.get("AssertionConsumerServiceIndex", ""), "")
    if "AssertionConsumerServiceURL" in root.attrib:
        asked = root.get("AssertionConsumerServiceURL")
        consumer = asked if asked in sender.consumers.values() else ""
    checks = {
        "ID manca": bool(root.get("ID")),
        "Version non è 2.0": root.get("Version") == "2.0",
        "IssueInstant non è di adesso": _is_recent(root.get("IssueInstant", ""), now),
        "Destination non è questo indirizzo": root.get("Destination") in (provider.sso, provider.entity_id),
        "Issuer senza Format entity": issuer.get("Format") == ENTITY,
        "Issuer senza il proprio NameQualifier": issuer.get("NameQualifier") == sender.entity_id,
        "NameIDPolicy non è transient": policy is not None and policy.get("Format") == TRANSIENT,
        "IsPassive non è ammesso": root.get("IsPassive") is None,
        "nessun livello SPID chiesto": level > 0,
        "Comparison sconosciuto": context is not None
        and context.get("Comparison", "exact") in ("exact", "minimum", "better", "maximum"),
        "ForceAuthn manca": level == 1 or root.get("ForceAuthn") == "true",
        "AssertionConsumerService sconosciuto": bool(consumer),
        "AttributeConsumingServiceIndex sconosciuto": root.get("AttributeConsumingServiceIndex", "")
        in sender.attributes,
        "RelayState manca": bool(message.relay_state),
    }
    wrong = [complaint for complaint, holds in checks.items() if not holds]
    if wrong:
        raise BadRequest("; ".join(wrong))
    wanted = sender.attributes[root.get("AttributeConsumingServiceIndex")]
    return AuthnRequest(message.id, sender, consumer, level, wanted, message.relay_state)


def _is_recent(text: str, now: datetime) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and abs(now - moment) < AGE_LIMIT
