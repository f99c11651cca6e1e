"""An identity provider for tests: honest answers, and every way of spoiling them."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
}
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
GIULIA = "BNCGLI88D52F704H"

RESPONSE = """<samlp:Response xmlns:samlp="{samlp}" xmlns:saml="{saml}" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="{response_id}" Version="2.0" IssueInstant="{now}"
 InResponseTo="{request_id}" Destination="{acs}"><saml:Issuer Format="{entity}">{issuer}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status><saml:Assertion ID="{assertion_id}" Version="2.0"
 IssueInstant="{now}"><saml:Issuer Format="{entity}">{issuer}</saml:Issuer><saml:Subject>
<saml:NameID Format="{transient}" NameQualifier="{issuer}">{name_id}</saml:NameID>
<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">
<saml:SubjectConfirmationData Recipient="{acs}" InResponseTo="{request_id}" NotOnOrAfter="{until}"/>
</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{now}" NotOnOrAfter="{until}">
<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{now}"{session}><saml:AuthnContext>
<saml:AuthnContextClassRef>{level}</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>
<saml:AttributeStatement>{attributes}</saml:AttributeStatement></saml:Assertion></samlp:Response>"""
VALUE = '<saml:AttributeValue xsi:type="xs:string">{}</saml:AttributeValue>'
ATTRIBUTE = f'<saml:Attribute Name="{{}}">{VALUE}</saml:Attribute>'
PERSON = {
    "spidCode": "PROV0123456789", "name": "Giulia", "familyName": "Bianchi", "dateOfBirth": "1988-04-12",
    "fiscalNumber": f"TINIT-{GIULIA}",
}  # fmt: skip


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    return f"_{uuid4().hex}"


@dataclass(frozen=True)
class Key:
    private: rsa.RSAPrivateKey
    certificate: x509.Certificate

    @property
    def der_base64(self) -> str:
        return base64.b64encode(self.certificate.public_bytes(Encoding.DER)).decode()


@cache
def make_key(name: str, days: int = 30) -> Key:
    """A key pair; the certificate ended yesterday when `days` is negative."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now + timedelta(days=days))
        .sign(private, SHA256())
    )
    return Key(private, certificate)


@dataclass(frozen=True)
class Asked:
    """What the browser carried from the gateway: the request, and what must come back."""

    xml: bytes
    relay: str
    action: str
    acs: str
    audience: str

    @property
    def root(self) -> Any:
        return etree.fromstring(self.xml)

    @property
    def id(self) -> str:
        return str(self.root.get("ID"))


Change = Callable[[Any], Any]


def find(root: Any, path: str) -> Any:
    found = root.find(path, NS)
    assert found is not None, path
    return found


def changed(change: Change | None, root: Any) -> Any:
    """The tree after `change`, which may spoil it in place or give another."""
    other = change(root) if change else None
    return root if other is None else other


class LooseSigner(XMLSigner):
    """Signs with what nobody should sign with."""

    def check_deprecated_methods(self) -> None:
        pass


def sign(
    element: Any, key: Key, *, method: SignatureMethod = SignatureMethod.RSA_SHA256,
    digest: DigestAlgorithm = DigestAlgorithm.SHA256, reference: str | None = None, with_certificate: bool = True,
) -> Any:  # fmt: skip
    """The element with a signature after its Issuer, or first where there is none."""
    issuer = element.find("saml:Issuer", NS)
    place = 0 if issuer is None else element.index(issuer) + 1
    element.insert(
        place, etree.Element(f"{{{NS['ds']}}}Signature", {"Id": "placeholder"}, nsmap={"ds": NS["ds"]})
    )
    signer = LooseSigner(
        signature_algorithm=method, digest_algorithm=digest,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )  # fmt: skip
    signed = signer.sign(
        element, key=key.private, cert=[key.certificate],
        reference_uri=element.get("ID") if reference is None else reference, id_attribute="ID",
    )  # fmt: skip
    if not with_certificate:
        for info in signed.findall("ds:Signature/ds:KeyInfo", NS):
            info.getparent().remove(info)
    return signed


@dataclass
class FakeIdp:
    """`entity_id` and the keys its metadata publishes; the first signs."""

    entity_id: str = "https://idp.prova.example"
    keys: list[Key] = field(default_factory=lambda: [make_key("idp")])
    name: str = "Gestore di prova"

    @property
    def key(self) -> Key:
        return self.keys[0]

    def metadata(self, extra: str = "") -> bytes:
        described = "".join(
            f'<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{key.der_base64}'
            "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
            for key in self.keys
        )
        places = "".join(
            f'<md:{tag} Binding="{binding}" Location="{self.entity_id}/{path}"/>'
            for tag, path in (("SingleLogoutService", "slo"), ("SingleSignOnService", "sso"))
            for binding in (POST, REDIRECT)
        )
        return (
            f'<md:EntityDescriptor xmlns:md="{NS["md"]}" xmlns:ds="{NS["ds"]}" entityID="{self.entity_id}" '
            f'ID="{new_id()}">{extra}<md:IDPSSODescriptor protocolSupportEnumeration="{NS["samlp"]}" '
            f'WantAuthnRequestsSigned="true">{described}{places}</md:IDPSSODescriptor><md:Organization>'
            f'<md:OrganizationName xml:lang="it">{self.name}</md:OrganizationName><md:OrganizationDisplayName '
            f'xml:lang="it">{self.name}</md:OrganizationDisplayName><md:OrganizationURL xml:lang="it">'
            f"{self.entity_id}</md:OrganizationURL></md:Organization></md:EntityDescriptor>"
        ).encode()

    def draft(
        self, asked: Asked, level: int = 2, person: dict[str, str] | None = None, **changes: str
    ) -> Any:
        """An unsigned Response to a request."""
        now = datetime.now(UTC)
        values = {
            **NS, "entity": ENTITY, "transient": TRANSIENT, "status": SUCCESS, "response_id": new_id(),
            "assertion_id": new_id(), "request_id": asked.id, "acs": asked.acs, "audience": asked.audience,
            "issuer": self.entity_id, "now": stamp(now), "until": stamp(now + timedelta(minutes=5)),
            "name_id": new_id(), "level": f"https://www.spid.gov.it/SpidL{level}", "session": "",
            "attributes": "".join(ATTRIBUTE.format(*pair) for pair in (person or PERSON).items()),
        }  # fmt: skip
        return etree.fromstring(RESPONSE.format(**(values | changes)))

    def sign(
        self, root: Any, key: Key | None = None, response: bool = True, assertion: bool = True, **how: Any
    ) -> Any:
        key = key or self.key
        if assertion:
            inner = root.find("saml:Assertion", NS)
            place = root.index(inner)
            alone = etree.fromstring(etree.tostring(inner, with_tail=False))
            root.remove(inner)
            root.insert(place, sign(alone, key, **how))
        return sign(root, key, **how) if response else root

    def answer(
        self, asked: Asked, before: Change | None = None, after: Change | None = None, key: Key | None = None,
        level: int = 2, person: dict[str, str] | None = None, response: bool = True, assertion: bool = True,
        how: dict[str, Any] | None = None, **changes: str,
    ) -> bytes:  # fmt: skip
        """The document sent back. `before` and `after` the signing a function may spoil the tree (or give another)."""
        root = changed(before, self.draft(asked, level, person, **changes))
        root = self.sign(root, key, response, assertion, **(how or {}))
        return bytes(etree.tostring(changed(after, root)))

    def error(self, asked: Asked, number: int, signed: bool = False) -> bytes:
        """The answer of a login that did not happen."""
        root = self.draft(asked, status="urn:oasis:names:tc:SAML:2.0:status:Responder")
        root.remove(root.find("saml:Assertion", NS))
        status = find(root, "samlp:Status")
        etree.SubElement(
            status[0],
            f"{{{NS['samlp']}}}StatusCode",
            {"Value": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"},
        )
        etree.SubElement(status, f"{{{NS['samlp']}}}StatusMessage").text = f"ErrorCode nr{number:02}"
        return bytes(etree.tostring(sign(root, self.key) if signed else root))


def fields_of(html: str) -> dict[str, str]:
    """Hidden fields of the one form of a page, and its `action`."""
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', html))
    (action,) = re.findall(r'<form method="post" action="([^"]*)"', html)
    return {"action": action} | {name: value.replace("&#43;", "+") for name, value in found.items()}
