"""XML signatures and signed query strings: making ours, checking theirs against pinned certificates alone."""

import copy
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import structlog
from cryptography.exceptions import InvalidSignature as BadSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from gateway.spid.errors import Refused
from gateway.spid.keys import SigningKey
from gateway.spid.names import DIGESTS, DS, EC, ENVELOPED, RSA_SHA256, SIGNATURES, ds
from gateway.spid.xml import NCNAME, children, decode, only

METHODS = frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512})
DIGEST_METHODS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
log = structlog.get_logger()


def sign(root: Any, key: SigningKey, after: str) -> bytes:
    """The document with an enveloped signature of its root right after the first child named `after` ("" = first)."""
    placeholder = etree.Element(ds("Signature"), {"Id": "placeholder"}, nsmap={"ds": DS})
    position = 1 + root.index(children(root, after)[0]) if after else 0
    root.insert(position, placeholder)
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256, digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )  # fmt: skip
    signed = signer.sign(
        root, key=key.private_key, cert=[key.certificate], reference_uri=root.get("ID"), id_attribute="ID"
    )
    text: bytes = etree.tostring(signed, encoding="UTF-8", xml_declaration=False)
    return text


def verified(element: Any, certificates: Sequence[Certificate]) -> Any:
    """What the signature inside `element` really signed, parsed from the very bytes that were digested.

    A copy of the element is verified as the root of its own document: nothing around it can be taken for it. KeyInfo
    is thrown away unread. Raises Refused.
    """
    signature = only(element, ds("Signature"), "signature.count")
    _check_shape(signature, element.get("ID"))
    alone = copy.deepcopy(element)
    for key_info in children(only(alone, ds("Signature"), "signature.count"), ds("KeyInfo")):
        key_info.getparent().remove(key_info)
    document = etree.tostring(alone, with_tail=False)
    for certificate in certificates:
        signed = _try(document, certificate)
        if signed is not None:
            if signed.tag != element.tag or signed.get("ID") != element.get("ID"):
                raise Refused("signature.other_element")
            return signed
    raise Refused("signature.invalid", f"{len(certificates)} certificates tried")


def _try(document: bytes, certificate: Certificate) -> Any | None:
    config = SignatureConfiguration(
        location="./", signature_methods=METHODS, digest_algorithms=DIGEST_METHODS, expect_references=1,
        ignore_ambiguous_key_info=True, verification_time=_within(certificate),
    )  # fmt: skip
    try:
        found = XMLVerifier().verify(document, x509_cert=certificate, id_attribute="ID", expect_config=config)
    except (SignXMLException, ValueError, TypeError, KeyError, etree.LxmlError):
        return None
    return found.signed_xml if isinstance(found, VerifyResult) else None


def _within(certificate: Certificate) -> datetime:
    """Now, or the nearest moment the certificate was valid: in SAML the metadata is trusted, not the X.509 dates."""
    now = datetime.now(UTC)
    first, last = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now > last:
        log.error("idp_certificate_expired", serial=f"{certificate.serial_number:x}", until=last.isoformat())
    return min(max(now, first + timedelta(seconds=1)), last - timedelta(seconds=1))


def _check_shape(signature: Any, signed_id: str | None) -> None:
    """One reference, to the element the signature stands in; only the transforms and algorithms of the profile."""
    if not NCNAME.fullmatch(signed_id or ""):
        raise Refused("signature.id")
    info = only(signature, ds("SignedInfo"), "signature.shape")
    if children(signature, ds("Object")):
        raise Refused("signature.object")
    if only(info, ds("CanonicalizationMethod"), "signature.shape").get("Algorithm") != EC:
        raise Refused("signature.canonicalization")
    if only(info, ds("SignatureMethod"), "signature.shape").get("Algorithm") not in SIGNATURES:
        raise Refused("signature.algorithm")
    reference = only(info, ds("Reference"), "signature.reference")
    if reference.get("URI") != f"#{signed_id}":
        raise Refused("signature.reference")
    if only(reference, ds("DigestMethod"), "signature.shape").get("Algorithm") not in DIGESTS:
        raise Refused("signature.digest")
    transforms = only(reference, ds("Transforms"), "signature.transform")
    if [transform.get("Algorithm") for transform in transforms] != [ENVELOPED, EC]:
        raise Refused("signature.transform")
    if any(inner.tag != f"{{{EC}}}InclusiveNamespaces" for transform in transforms for inner in transform):
        raise Refused("signature.transform")


def sign_query(name: str, message: str, relay: str, key: SigningKey) -> str:
    """The query of the Redirect binding: `name` (SAMLRequest or SAMLResponse), RelayState, SigAlg, Signature."""
    pairs = [(name, message), ("RelayState", relay), ("SigAlg", RSA_SHA256)]
    query = "&".join(f"{field}={quote_plus(value)}" for field, value in pairs if value)
    value = key.private_key.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&Signature={quote_plus(b64encode(value).decode())}"


def verify_query(query: str, name: str, certificates: Sequence[Certificate]) -> None:
    """The signature of a received query, over its own characters as they came. Raises Refused."""
    parts: dict[str, str] = {}
    for part in query.split("&"):
        field, _, value = part.partition("=")
        if field in parts:
            raise Refused("query.twice")
        parts[field] = value
    if not {name, "SigAlg", "Signature"} <= parts.keys():
        raise Refused("query.unsigned")
    signed = "&".join(f"{field}={parts[field]}" for field in (name, "RelayState", "SigAlg") if field in parts)
    algorithm = SIGNATURES.get(unquote_plus(parts["SigAlg"]))
    if algorithm is None:
        raise Refused("signature.algorithm")
    given = decode(unquote_plus(parts["Signature"]))
    for certificate in certificates:
        public_key = certificate.public_key()
        if not isinstance(public_key, RSAPublicKey):
            continue
        try:
            public_key.verify(given, signed.encode(), padding.PKCS1v15(), HASHES[algorithm])
        except BadSignature:
            continue
        return
    raise Refused("signature.invalid")
