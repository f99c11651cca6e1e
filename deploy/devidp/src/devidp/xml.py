"""The few things of XML all messages share: names, a parser that fetches nothing, signatures, bindings."""

from __future__ import annotations

import base64
import secrets
import zlib
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree
from lxml.builder import ElementMaker
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.signer import XMLSigner

from devidp.keys import KeyPair

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
XSI, XS = "http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/2001/XMLSchema"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
SAMLP = ElementMaker(namespace=NS["samlp"], nsmap={"samlp": NS["samlp"], "saml": NS["saml"]})
SAML = ElementMaker(namespace=NS["saml"], nsmap={"saml": NS["saml"]})
TYPED = ElementMaker(namespace=NS["saml"], nsmap={"saml": NS["saml"], "xs": XS, "xsi": XSI})
MD = ElementMaker(namespace=NS["md"], nsmap={"md": NS["md"], "ds": NS["ds"]})
DS = ElementMaker(namespace=NS["ds"], nsmap={"ds": NS["ds"]})
MESSAGE_LIMIT = 200_000  # bytes
PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)


def new_id() -> str:
    return f"_{secrets.token_hex(20)}"


def instant(moment: datetime) -> str:
    """As SAML writes times: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(content: bytes) -> Any:
    """The root element. Raises ValueError for what is no XML, too long, or brings a DTD."""
    if len(content) > MESSAGE_LIMIT:
        raise ValueError("message too long")
    try:
        root = etree.fromstring(content, PARSER)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"no XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a DTD is not allowed")
    return root


def signed(element: Any, keys: KeyPair) -> Any:
    """A signed copy of an element: the signature goes after its Issuer, or first when it has none."""
    issuer = element.find("saml:Issuer", NS)
    element.insert(0 if issuer is None else element.index(issuer) + 1, DS.Signature(Id="placeholder"))
    signer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(
        element, key=keys.private, cert=keys.certificate.decode(), reference_uri=f"#{element.get('ID')}",
        id_attribute="ID",
    )  # fmt: skip


def to_bytes(element: Any) -> bytes:
    """A document of its own."""
    return bytes(etree.tostring(element, xml_declaration=True, encoding="UTF-8"))


def encode(element: Any) -> str:
    """For the POST binding."""
    return base64.b64encode(to_bytes(element)).decode()


def redirect_url(location: str, name: str, element: Any, relay_state: str, keys: KeyPair) -> str:
    """For the Redirect binding: deflated, with the signature in the query. `name`: SAMLResponse or SAMLRequest."""
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(etree.tostring(element)) + packer.flush()
    values = {name: base64.b64encode(packed).decode()}
    values |= {"RelayState": relay_state} if relay_state else {}
    query = urlencode(values | {"SigAlg": RSA_SHA256})
    key = serialization.load_pem_private_key(keys.private, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    joint = "&" if "?" in location else "?"
    return f"{location}{joint}{query}&{urlencode({'Signature': base64.b64encode(signature).decode()})}"
