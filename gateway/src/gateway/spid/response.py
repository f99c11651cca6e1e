"""From what the browser posted to an identity: parse once, look at the shape, verify, and read only what was signed."""

from typing import Any

from gateway.spid.checks import Expected, Identita, check_envelope, check_status, read_assertion
from gateway.spid.errors import Refused
from gateway.spid.names import ds, saml, samlp
from gateway.spid.signature import verified
from gateway.spid.xml import NCNAME, decode, parse


class Answer:
    """A well-formed Response of the right shape, nothing of it believed yet."""

    def __init__(self, posted: str) -> None:
        """`posted`: the field SAMLResponse. Raises Refused."""
        self.raw = decode(posted)
        self.root = parse(self.raw)
        check_structure(self.root)

    @property
    def id(self) -> str:
        return str(self.root.get("ID", ""))

    @property
    def in_response_to(self) -> str:
        """The request it says it answers; where to look, not a proof."""
        value: str = self.root.get("InResponseTo", "")
        if not NCNAME.fullmatch(value):
            raise Refused("response.in_response_to")
        return value

    def read(self, expected: Expected) -> Identita:
        """Raises Refused, or Anomaly when the provider itself says that it did not log the person in."""
        signed = self.root.find(ds("Signature")) is not None
        envelope = verified(self.root, expected.idp.certificates) if signed else self.root
        check_envelope(envelope, expected)
        check_status(envelope)
        assertions = self.root.findall(saml("Assertion"))
        if len(assertions) != 1:
            raise Refused("assertion.count")
        return read_assertion(verified(assertions[0], expected.idp.certificates), expected)


def check_structure(root: Any) -> None:
    """Nothing that could be two things to two readers. Raises Refused."""
    if root.tag != samlp("Response"):
        raise Refused("structure.root")
    ids: set[str] = set()
    for element in root.iter():
        parent = element.getparent()
        if element.tag in (saml("EncryptedAssertion"), saml("EncryptedID"), saml("EncryptedAttribute")):
            raise Refused("structure.encrypted")
        if element.tag == samlp("Response") and parent is not None:
            raise Refused("structure.nested_response")
        if element.tag == saml("Assertion") and parent is not root:
            raise Refused("structure.assertion_place")
        if element.tag == ds("Signature") and not _may_hold_signature(parent, root):
            raise Refused("structure.signature_place")
        if element.tag == ds("Object"):
            raise Refused("structure.object")
        _note_ids(element, ids)
    if len(root.findall(saml("Assertion"))) > 1:
        raise Refused("structure.assertions")


def _may_hold_signature(parent: Any, root: Any) -> bool:
    return parent is root or (parent is not None and parent.tag == saml("Assertion"))


def _note_ids(element: Any, seen: set[str]) -> None:
    """No value of an ID attribute, however it is spelt, twice in the document."""
    for name, value in element.attrib.items():
        if name.rpartition("}")[2].lower() == "id":
            if value in seen:
                raise Refused("structure.id_twice")
            seen.add(value)
