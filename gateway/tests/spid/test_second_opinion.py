"""pysaml2, another implementation of SAML on another XML signature library, judges the same answers as we do.

It is asked about signatures, structure and time; AgID's own rules, which it does not know, are then applied to the
assertion it verified. What the two may disagree about is written here, with the reason.
"""

import base64
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bare import BASE, REQUEST_ID, asked, expected, verdict
from idp import NS, PERSON, FakeIdp, make_key, new_id, sign
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from test_attacks import SPOILT, add_transform, xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8

from gateway.spid.checks import check_envelope, check_status, read_assertion
from gateway.spid.errors import Anomaly, Refused

XMLSEC = shutil.which("xmlsec1")
IDP = FakeIdp()
GIULIA = "BNCGLI88D52F704H"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """pysaml2 as a service provider with its strictest options."""
    if XMLSEC is None:
        pytest.skip("xmlsec1 is not here: no second opinion")
    from saml2.client import Saml2Client
    from saml2.config import SPConfig

    folder: Path = tmp_path_factory.mktemp("pysaml2")
    (folder / "idp.xml").write_bytes(IDP.metadata())
    config = SPConfig().load(
        {
            "entityid": f"{BASE}/spid/metadata", "xmlsec_binary": XMLSEC, "accepted_time_diff": 60,
            "metadata": {"local": [str(folder / "idp.xml")]},
            "service": {
                "sp": {
                    "endpoints": {
                        "assertion_consumer_service": [
                            (f"{BASE}/spid/acs", "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST")
                        ]
                    },
                    "want_assertions_signed": True, "want_response_signed": False, "allow_unsolicited": False,
                    "allow_unknown_attributes": True,
                }
            },
        }
    )  # fmt: skip
    return Saml2Client(config)


def opinion(client: Any, document: bytes) -> str | None:
    """The codice fiscale pysaml2 and AgID's rules let in, or None."""
    try:
        answer = client.parse_authn_request_response(
            base64.b64encode(document).decode(), "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            outstanding={REQUEST_ID: "/"},
        )  # fmt: skip
    except Exception:
        return None
    if answer is None or answer.assertion is None:
        return None
    try:
        root, told = etree.fromstring(document), expected(IDP)
        check_envelope(root, told)
        check_status(root)
        verified = etree.fromstring(str(answer.assertion).encode())
        return read_assertion(verified, told).codice_fiscale
    except (Refused, Anomaly):
        return None


def ours(document: bytes) -> str | None:
    found = verdict(document, expected(IDP))
    return found.codice_fiscale if found else None


def comment(root: Any) -> None:
    for value in root.iter(f"{{{NS['saml']}}}AttributeValue"):
        if value.text.startswith("TINIT-"):
            whole = value.text
            value.text = whole[:9]
            value.append(etree.Comment("x"))
            value[0].tail = whole[9:]


def of(**how: Any) -> Callable[[], bytes]:
    return lambda: IDP.answer(asked(), **how)


GOOD = {
    "both signed": of(),
    "the assertion alone": of(response=False),
    "level 3": of(level=3),
    "sha512": of(how={"method": SignatureMethod.RSA_SHA512, "digest": DigestAlgorithm.SHA512}),
    "sha384": of(how={"method": SignatureMethod.RSA_SHA384, "digest": DigestAlgorithm.SHA384}),
    "without certificates": of(how={"with_certificate": False}),
    "a session index": of(session=' SessionIndex="_x"'),
    "blanks around the name": of(name_id=f"\n   {new_id()}\n  "),
    "less told": of(person={name: PERSON[name] for name in ("name", "familyName", "fiscalNumber")}),
}
BAD = {
    "nothing signed": of(response=False, assertion=False),
    "the response alone": of(assertion=False),
    "another key": of(key=make_key("ladro")),
    "another key and no certificate": of(key=make_key("ladro"), how={"with_certificate": False}),
    "another request": of(request_id=new_id()),
    "level 1": of(level=1),
    "for somebody else": of(audience="https://altro.example"),
    "another issuer": of(issuer="https://altro.example"),
    "over": of(until="2020-01-01T00:00:00Z"),
    "an empty fiscal number": of(person=PERSON | {"fiscalNumber": ""}),
    "xpath": of(response=False, after=add_transform("http://www.w3.org/TR/1999/REC-xpath-19991116")),
    "a document type": lambda: b"<!DOCTYPE x [<!ENTITY y 'z'>]>" + IDP.answer(asked()),
    "an error": lambda: IDP.error(asked(), 25),
    "a signed error": lambda: IDP.error(asked(), 25, signed=True),
    "not XML": lambda: b"<x",
    "empty": lambda: b"",
}
WRAPPED = {
    f"xsw{number}": wrap for number, wrap in enumerate((xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8), 1)
}
BAD |= {
    f"{name}, response {'signed' if signed else 'not signed'}": of(
        after=wrap, response=signed or wrap in (xsw1, xsw2)
    )
    for name, wrap in WRAPPED.items()
    for signed in (True, False)
}
BAD |= {f"signed: {spoil.__name__}": of(before=spoil) for spoil in SPOILT}
STRICTER = {
    "rsa-sha1": of(how={"method": SignatureMethod.RSA_SHA1}),
    "sha1 digest": of(how={"digest": DigestAlgorithm.SHA1}),
}
"""pysaml2 has no option that forbids SHA-1 on what it receives."""


@pytest.mark.parametrize("name", GOOD)
def test_both_let_in_what_is_good(other: Any, name: str) -> None:
    document = GOOD[name]()

    assert (ours(document), opinion(other, document)) == (GIULIA, GIULIA)


@pytest.mark.parametrize("name", BAD)
def test_both_refuse_what_is_not(other: Any, name: str) -> None:
    document = BAD[name]()

    assert (ours(document), opinion(other, document)) == (None, None)


@pytest.mark.parametrize("name", STRICTER)
def test_sha1_is_where_we_are_stricter(other: Any, name: str) -> None:
    document = STRICTER[name]()

    assert (ours(document), opinion(other, document)) == (None, GIULIA)


def test_a_comment_inside_a_value_is_read_the_same(other: Any) -> None:
    document = IDP.answer(asked(), after=comment, response=False)

    assert (ours(document), opinion(other, document)) == (GIULIA, GIULIA)


def test_two_attributes_of_one_name_are_refused_by_both(other: Any) -> None:
    """pysaml2 reads them; AgID's rules, as we apply them, do not choose."""

    def double(root: Any) -> None:
        statement = root.find(".//saml:AttributeStatement", NS)
        statement.append(etree.fromstring(etree.tostring(statement[0])))

    document = IDP.answer(asked(), before=double)

    assert (ours(document), opinion(other, document)) == (None, None)


def test_a_good_assertion_in_a_response_of_a_thief(other: Any) -> None:
    root = IDP.sign(IDP.draft(asked()), response=False)
    document = etree.tostring(sign(root, make_key("ladro")))

    assert (ours(document), opinion(other, document)) == (None, None)
