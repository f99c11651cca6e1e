"""Every way of spoiling an answer that we know of opens nothing, and all of them look the same from outside."""

import base64
import copy
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from idp import GIULIA, NS, PERSON, FakeIdp, find, make_key, new_id, sign
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from spid_world import Door

Sessions = Callable[[], int]
SECOND = "VRDMRC85P03F205J"
"""An operator that exists: an attack that worked would open his session."""


@pytest.fixture
def refused(door: Door, sessions: Sessions) -> Callable[[httpx.Response], None]:
    """Asserts that an answer is the one page of refusal and that no session came of it."""
    before = sessions()

    def check(answer: httpx.Response) -> None:
        assert answer.status_code == 403
        assert "La risposta arrivata non si può accettare" in answer.text
        assert not any(cookie.startswith("__Host-siso=") for cookie in answer.headers.get_list("set-cookie"))
        assert sessions() == before

    return check


Refused = Callable[[httpx.Response], None]


# Signature wrapping, namespaces kept: the eight of Somorovsky et al. (USENIX Security 2012)


def evil_copy(assertion: Any) -> Any:
    """The assertion of somebody else, unsigned, with an ID of its own."""
    evil = copy.deepcopy(assertion)
    evil.set("ID", new_id())
    for signature in evil.findall("ds:Signature", NS):
        evil.remove(signature)
    for value in evil.iter(f"{{{NS['saml']}}}AttributeValue"):
        if value.text.startswith("TINIT-"):
            value.text = f"TINIT-{SECOND}"
    return evil


def xsw1(root: Any) -> Any:
    """The signed response inside the signature of a forged one."""
    original = copy.deepcopy(root)
    original.remove(find(original, "ds:Signature"))
    _forge(root)
    find(root, "ds:Signature").append(original)
    return None


def xsw2(root: Any) -> Any:
    """The signed response before the signature of a forged one."""
    original = copy.deepcopy(root)
    original.remove(find(original, "ds:Signature"))
    _forge(root)
    find(root, "ds:Signature").addprevious(original)
    return None


def _forge(root: Any) -> None:
    assertion = find(root, "saml:Assertion")
    assertion.getparent().replace(assertion, evil_copy(assertion))
    root.set("ID", new_id())


def xsw3(root: Any) -> Any:
    """A forged assertion before the signed one."""
    assertion = find(root, "saml:Assertion")
    assertion.addprevious(evil_copy(assertion))


def xsw4(root: Any) -> Any:
    """A forged assertion around the signed one."""
    assertion = find(root, "saml:Assertion")
    evil = evil_copy(assertion)
    root.replace(assertion, evil)
    evil.append(assertion)


def xsw5(root: Any) -> Any:
    """The signature in the forged assertion, what it signed elsewhere."""
    assertion = find(root, "saml:Assertion")
    original = copy.deepcopy(assertion)
    original.remove(find(original, "ds:Signature"))
    _turn(assertion)
    root.append(original)


def xsw6(root: Any) -> Any:
    """The signature in the forged assertion, what it signed inside the signature."""
    assertion = find(root, "saml:Assertion")
    original = copy.deepcopy(assertion)
    original.remove(find(original, "ds:Signature"))
    _turn(assertion)
    find(assertion, "ds:Signature").append(original)


def _turn(assertion: Any) -> None:
    assertion.set("ID", new_id())
    for value in assertion.iter(f"{{{NS['saml']}}}AttributeValue"):
        if value.text.startswith("TINIT-"):
            value.text = f"TINIT-{SECOND}"


def xsw7(root: Any) -> Any:
    """A forged assertion in Extensions, with the same ID."""
    assertion = find(root, "saml:Assertion")
    evil = evil_copy(assertion)
    evil.set("ID", assertion.get("ID"))
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(evil)
    assertion.addprevious(extensions)


def xsw8(root: Any) -> Any:
    """The signed assertion in an Object of the forged one's signature."""
    assertion = find(root, "saml:Assertion")
    original = copy.deepcopy(assertion)
    original.remove(find(original, "ds:Signature"))
    _turn(assertion)
    holder = etree.SubElement(find(assertion, "ds:Signature"), f"{{{NS['ds']}}}Object")
    holder.append(original)


@pytest.mark.parametrize("signed_response", [True, False])
@pytest.mark.parametrize("wrap", [xsw1, xsw2, xsw3, xsw4, xsw5, xsw6, xsw7, xsw8])
def test_a_wrapped_signature_opens_nothing(
    door: Door, refused: Refused, wrap: Callable[[Any], Any], signed_response: bool
) -> None:
    only_response = wrap in (xsw1, xsw2)

    refused(door.enter(after=wrap, response=signed_response or only_response))


def test_the_wrapped_ones_would_name_somebody_else(door: Door) -> None:
    asked = door.ask()
    document = door.idp.answer(asked, after=xsw3)

    assert SECOND.encode() in document
    assert GIULIA.encode() in document


# Once, by the browser that left, for the request it left with


def test_an_answer_is_good_once(door: Door, refused: Refused, sessions: Sessions) -> None:
    asked = door.ask()
    document = door.idp.answer(asked)
    cookies = dict(door.client.cookies)
    assert door.post(asked, document).status_code == 303

    before = sessions()
    door.client.cookies.update(cookies)
    assert door.post(asked, document).status_code == 403
    assert sessions() == before


def test_an_assertion_used_for_one_request_is_not_good_for_another(door: Door, sessions: Sessions) -> None:
    assertion_id = new_id()
    assert door.enter(assertion_id=assertion_id).status_code == 303

    before = sessions()
    assert door.enter(assertion_id=assertion_id).status_code == 403
    assert sessions() == before


def test_two_at_once_open_one_session(door: Door, sessions: Sessions) -> None:
    asked = door.ask()
    document = door.idp.answer(asked)
    before = sessions()
    cookies = dict(door.client.cookies)

    def post(_: int) -> int:
        client = httpx.Client(
            transport=door.client._transport, base_url=str(door.client.base_url), cookies=cookies
        )
        data = {"SAMLResponse": base64.b64encode(document).decode(), "RelayState": asked.relay}
        return client.post("/spid/acs", data=data, follow_redirects=False).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(post, range(4)))

    assert statuses == [303, 403, 403, 403]
    assert sessions() == before + 1


def test_the_relay_state_of_another_request_is_refused(door: Door, refused: Refused) -> None:
    first, second = door.ask(), door.ask()

    refused(door.post(first, door.idp.answer(first), RelayState=second.relay))


def test_no_relay_state_is_refused(door: Door, refused: Refused) -> None:
    asked = door.ask()

    refused(door.post(asked, door.idp.answer(asked), RelayState=""))


def test_another_browser_is_refused(door: Door, refused: Refused) -> None:
    asked = door.ask()
    door.client.cookies.clear()

    refused(door.post(asked, door.idp.answer(asked)))


def test_the_cookie_of_another_request_is_refused(door: Door, refused: Refused) -> None:
    first, _ = door.ask(), door.ask()
    names = list(door.client.cookies)
    values = dict(door.client.cookies)
    door.client.cookies.clear()
    door.client.cookies.set(names[0], values[names[1]])

    refused(door.post(first, door.idp.answer(first)))


def test_the_answer_to_a_request_nobody_made_is_refused(door: Door, refused: Refused) -> None:
    asked = door.ask()

    refused(door.post(asked, door.idp.answer(asked, request_id=new_id())))


def test_an_answer_for_cie_is_not_one_for_spid(door: Door, cie_door: Door, refused: Refused) -> None:
    asked = cie_door.ask()

    refused(door.post(asked, door.idp.answer(asked)))


def test_the_answer_of_another_provider_is_refused(door: Door, refused: Refused) -> None:
    asked = door.ask()
    other = FakeIdp("https://altro.prova.example")

    refused(door.post(asked, other.answer(asked)))


def test_a_request_that_waited_too_long_is_refused(door: Door, refused: Refused, spid_settings: Any) -> None:
    import psycopg

    asked = door.ask()
    with psycopg.connect(spid_settings.dsn) as connection:
        connection.execute("UPDATE spid_richieste SET scade_il = now() WHERE id = %s", (asked.id,))

    refused(door.post(asked, door.idp.answer(asked)))


# Signatures


def test_nothing_signed_opens_nothing(door: Door, refused: Refused) -> None:
    refused(door.enter(response=False, assertion=False))


def test_an_unsigned_assertion_in_a_signed_response_is_refused(door: Door, refused: Refused) -> None:
    refused(door.enter(assertion=False))


@pytest.mark.parametrize("with_certificate", [True, False])
def test_somebody_elses_key_is_refused_even_with_its_certificate_inside(
    door: Door, refused: Refused, with_certificate: bool
) -> None:
    refused(door.enter(key=make_key("ladro"), how={"with_certificate": with_certificate}))


def test_a_good_assertion_in_a_response_somebody_else_signed_is_refused(door: Door, refused: Refused) -> None:
    asked = door.ask()
    root = door.idp.sign(door.idp.draft(asked), response=False)

    refused(door.post(asked, etree.tostring(sign(root, make_key("ladro")))))


def test_the_certificate_inside_is_not_looked_at(door: Door) -> None:
    def swap(root: Any) -> None:
        for element in root.iter(f"{{{NS['ds']}}}X509Certificate"):
            element.text = make_key("ladro").der_base64

    assert door.enter(after=swap, response=False).status_code == 303


def test_rsa_with_sha1_is_refused(door: Door, refused: Refused) -> None:
    refused(door.enter(how={"method": SignatureMethod.RSA_SHA1}))


def test_a_sha1_digest_is_refused(door: Door, refused: Refused) -> None:
    refused(door.enter(how={"digest": DigestAlgorithm.SHA1}))


def test_an_hmac_keyed_with_the_public_certificate_is_refused(door: Door, refused: Refused) -> None:
    def fake(root: Any) -> None:
        for signature in root.iter(f"{{{NS['ds']}}}Signature"):
            find(signature, "ds:SignedInfo/ds:SignatureMethod").set(
                "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
            )
            info = etree.tostring(find(signature, "ds:SignedInfo"), method="c14n", exclusive=True)
            secret = door.idp.key.certificate.public_bytes(Encoding.PEM)
            value = hmac.new(secret, info, sha256).digest()
            find(signature, "ds:SignatureValue").text = base64.b64encode(value).decode()

    refused(door.enter(after=fake))


def test_an_empty_reference_is_refused(door: Door, refused: Refused) -> None:
    def blank(root: Any) -> None:
        find(root, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference").set("URI", "")

    refused(door.enter(after=blank, response=False))


def add_transform(algorithm: str, body: str = "") -> Callable[[Any], None]:
    def add(root: Any) -> None:
        transforms = find(root, "saml:Assertion/ds:Signature/ds:SignedInfo/ds:Reference/ds:Transforms")
        one = etree.SubElement(transforms, f"{{{NS['ds']}}}Transform", {"Algorithm": algorithm})
        if body:
            one.append(etree.fromstring(body))

    return add


@pytest.mark.parametrize(
    ("algorithm", "body"),
    [
        (
            "http://www.w3.org/TR/1999/REC-xpath-19991116",
            f'<ds:XPath xmlns:ds="{NS["ds"]}">not(ancestor-or-self::*[local-name()="AttributeStatement"])</ds:XPath>',
        ),
        (
            "http://www.w3.org/TR/1999/REC-xslt-19991116",
            '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"/>',
        ),
        ("http://www.w3.org/2000/09/xmldsig#base64", ""),
    ],
)
def test_any_other_transform_is_refused(door: Door, refused: Refused, algorithm: str, body: str) -> None:
    refused(door.enter(after=add_transform(algorithm, body), response=False))


def test_an_object_inside_a_signature_is_refused(door: Door, refused: Refused) -> None:
    def add(root: Any) -> None:
        etree.SubElement(find(root, "saml:Assertion/ds:Signature"), f"{{{NS['ds']}}}Object").text = "x"

    refused(door.enter(after=add, response=False))


def test_two_references_are_refused(door: Door, refused: Refused) -> None:
    def twice(root: Any) -> None:
        info = find(root, "saml:Assertion/ds:Signature/ds:SignedInfo")
        info.append(copy.deepcopy(find(info, "ds:Reference")))

    refused(door.enter(after=twice, response=False))


def test_one_changed_character_is_refused(door: Door, refused: Refused) -> None:
    def change(root: Any) -> None:
        for value in root.iter(f"{{{NS['saml']}}}AttributeValue"):
            value.text = value.text.replace(GIULIA, SECOND)

    refused(door.enter(after=change, response=False))


def test_the_certificate_of_the_metadata_may_have_ended(spid_app: Any, door: Door, world: Any) -> None:
    """In SAML the metadata is what is trusted; the date in the certificate is shouted about in the log."""
    from gateway.spid.signature import verified

    old = make_key("scaduta", days=-1)
    signed = sign(etree.fromstring(f'<samlp:Response xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="_a">'
                                   "<saml:Issuer>x</saml:Issuer></samlp:Response>"), old)  # fmt: skip

    assert verified(signed, [old.certificate]).get("ID") == "_a"


# The document


ENTITIES = """<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>"""


@pytest.mark.parametrize(
    "prologue",
    [
        "<!DOCTYPE Response>",
        '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">',
        ENTITIES,
    ],
)
def test_a_document_type_is_refused(door: Door, refused: Refused, prologue: str) -> None:
    asked = door.ask()

    refused(door.post(asked, prologue.encode() + door.idp.answer(asked)))


def test_a_document_type_in_another_encoding_is_refused_too(door: Door, refused: Refused) -> None:
    asked = door.ask()
    text = (
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE r [<!ENTITY x "y">]>'
        + door.idp.answer(asked).decode()
    )

    refused(door.post(asked, text.encode("utf-16")))


def test_a_processing_instruction_is_refused(door: Door, refused: Refused) -> None:
    refused(door.enter(after=lambda root: root.append(etree.ProcessingInstruction("x", "y"))))


def test_a_comment_inside_a_value_neither_cuts_nor_changes_it(door: Door, sessions: Sessions) -> None:
    """`TINIT-BNC<!-- -->GLI…` is one value: the signature does not see the comment, and neither do we."""
    before = sessions()

    def comment(root: Any) -> None:
        for value in root.iter(f"{{{NS['saml']}}}AttributeValue"):
            if value.text.startswith("TINIT-"):
                whole = value.text
                value.text = whole[:9]
                value.append(etree.Comment("x"))
                value[0].tail = whole[9:]

    answer = door.enter(after=comment, response=False)

    assert answer.status_code == 303
    assert sessions() == before + 1


def test_a_comment_does_not_make_another_name_of_a_signed_one(door: Door, refused: Refused) -> None:
    def spoil(root: Any) -> None:
        for value in root.iter(f"{{{NS['saml']}}}AttributeValue"):
            if value.text.startswith("TINIT-"):
                value.text = f"TINIT-{SECOND}"
                value.append(etree.Comment("x"))
                value[0].tail = ".cattivo"

    refused(door.enter(before=spoil))


def test_an_element_inside_a_value_is_refused(door: Door, refused: Refused) -> None:
    def add(root: Any) -> None:
        value = next(root.iter(f"{{{NS['saml']}}}AttributeValue"))
        etree.SubElement(value, "x").text = "y"

    refused(door.enter(before=add))


@pytest.mark.parametrize("name", ["fiscalNumber", "name"])
def test_an_attribute_twice_is_refused(door: Door, refused: Refused, name: str) -> None:
    def double(root: Any) -> None:
        one = next(a for a in root.iter(f"{{{NS['saml']}}}Attribute") if a.get("Name") == name)
        other = copy.deepcopy(one)
        other[0].text = f"TINIT-{SECOND}" if name == "fiscalNumber" else "Altra"
        one.addnext(other)

    refused(door.enter(before=double))


def test_two_values_of_one_attribute_are_refused(door: Door, refused: Refused) -> None:
    def double(root: Any) -> None:
        one = next(a for a in root.iter(f"{{{NS['saml']}}}Attribute") if a.get("Name") == "fiscalNumber")
        one.append(copy.deepcopy(one[0]))

    refused(door.enter(before=double))


def test_an_encrypted_assertion_is_refused(door: Door, refused: Refused) -> None:
    def hide(root: Any) -> None:
        assertion = find(root, "saml:Assertion")
        hidden = etree.Element(f"{{{NS['saml']}}}EncryptedAssertion")
        root.replace(assertion, hidden)

    asked = door.ask()
    root = door.idp.draft(asked)
    hide(root)

    refused(door.post(asked, etree.tostring(sign(root, door.idp.key))))


def test_two_assertions_are_refused_even_if_both_are_signed(door: Door, refused: Refused) -> None:
    def double(root: Any) -> None:
        root.append(copy.deepcopy(find(root, "saml:Assertion")))
        root[-1].set("ID", new_id())

    asked = door.ask()
    root = door.idp.draft(asked)
    double(root)
    for place, inner in [(root.index(a), a) for a in root.findall("saml:Assertion", NS)]:
        alone = etree.fromstring(etree.tostring(inner, with_tail=False))
        root.remove(inner)
        root.insert(place, sign(alone, door.idp.key))

    refused(door.post(asked, etree.tostring(sign(root, door.idp.key))))


@pytest.mark.parametrize(
    "posted",
    [
        "",
        "x",
        "!!!!",
        "PHg+",
        base64.b64encode(b"<x/>").decode(),
        base64.b64encode(b"<x").decode(),
        "AAAA" * 10,
        "%00",
    ],
)
def test_what_is_no_answer_at_all_is_refused(door: Door, refused: Refused, posted: str) -> None:
    refused(door.client.post("/spid/acs", data={"SAMLResponse": posted, "RelayState": "x"}))


def test_an_empty_body_is_refused(door: Door, refused: Refused) -> None:
    refused(door.client.post("/spid/acs", headers={"Content-Type": "application/x-www-form-urlencoded"}))


def test_json_is_refused(door: Door, refused: Refused) -> None:
    refused(door.client.post("/spid/acs", json={"SAMLResponse": "x"}))


def test_a_field_twice_is_refused(door: Door, refused: Refused) -> None:
    asked = door.ask()
    text = base64.b64encode(door.idp.answer(asked)).decode()
    fields = [("SAMLResponse", text), ("SAMLResponse", text), ("RelayState", asked.relay)]

    refused(door.client.post("/spid/acs", content=httpx.QueryParams(fields).__str__().encode(),
                             headers={"Content-Type": "application/x-www-form-urlencoded"}))  # fmt: skip


@pytest.mark.parametrize("size", [140_000, 300_000, 3_000_000])
def test_a_large_answer_is_refused(door: Door, refused: Refused, size: int) -> None:
    asked = door.ask()

    refused(
        door.post(asked, door.idp.answer(asked, after=lambda root: setattr(root, "tail", None)) + b" " * size)
    )


@pytest.mark.parametrize("how", [{"name_id": "x" * 5000}, {"session": f' SessionIndex="{"x" * 5000}"'},
                                 {"person": PERSON | {"name": "x" * 5000}}])  # fmt: skip
def test_a_value_too_long_to_be_kept_is_refused(door: Door, refused: Refused, how: dict[str, Any]) -> None:
    refused(door.enter(**how))


@pytest.mark.parametrize(
    "relay", ["\x00", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "é", "x" * 5000]
)
def test_a_strange_relay_state_is_refused(door: Door, refused: Refused, relay: str) -> None:
    asked = door.ask()

    refused(door.post(asked, door.idp.answer(asked), RelayState=relay))


@pytest.mark.parametrize(
    "body", [b"SAMLResponse=%ff%fe&RelayState=%00", b"\xff\xfe", b"&" * 1000, b"=" * 1000, b"%"]
)
def test_a_body_that_is_no_form_is_refused(door: Door, refused: Refused, body: bytes) -> None:
    refused(door.client.post("/spid/acs", content=body,
                             headers={"Content-Type": "application/x-www-form-urlencoded"}))  # fmt: skip


def test_a_body_without_length_is_cut_off(door: Door, refused: Refused) -> None:
    def endless() -> Any:
        for _ in range(400):
            yield b"x" * 1024

    refused(door.client.post("/spid/acs", content=endless(),
                             headers={"Content-Type": "application/x-www-form-urlencoded"}))  # fmt: skip


# Values: what spid-sp-test tries, with the namespaces kept, and a little more


def drop(path: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        element = find(root, path)
        element.getparent().remove(element)

    change.__name__ = f"without {path}"
    return change


def put(path: str, attribute: str, value: str | None) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        element = find(root, path) if path else root
        if value is None:
            del element.attrib[attribute]
        else:
            element.set(attribute, value)

    change.__name__ = f"{path} {attribute}={value}"
    return change


def say(path: str, text: str) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        find(root, path).text = text

    change.__name__ = f"{path}: {text}"
    return change


A = "saml:Assertion"
SC = f"{A}/saml:Subject/saml:SubjectConfirmation"
SCD = f"{SC}/saml:SubjectConfirmationData"
CLASS = f"{A}/saml:AuthnStatement/saml:AuthnContext/saml:AuthnContextClassRef"
PAST, FUTURE = "2018-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
SPOILT = [
    put("", "Version", "1.1"), put("", "IssueInstant", PAST), put("", "IssueInstant", FUTURE),
    put("", "IssueInstant", ""), put("", "IssueInstant", "2018-09-04"), put("", "IssueInstant", None),
    put("", "IssueInstant", "2026-13-40T00:00:00Z"), put("", "Destination", ""), put("", "Destination", None),
    put("", "Destination", "https://altro.example/acs"), say("saml:Issuer", "https://altro.example"),
    say("saml:Issuer", ""), drop("saml:Issuer"), put("saml:Issuer", "Format", "urn:x"), drop("samlp:Status"),
    put("samlp:Status/samlp:StatusCode", "Value", ""), drop("samlp:Status/samlp:StatusCode"),
    put(A, "Version", "1.1"), put(A, "IssueInstant", PAST), put(A, "IssueInstant", FUTURE),
    put(A, "IssueInstant", "x"), say(f"{A}/saml:Issuer", "https://altro.example"), drop(f"{A}/saml:Subject"),
    put(f"{A}/saml:Issuer", "Format", ""), drop(f"{A}/saml:Subject/saml:NameID"),
    say(f"{A}/saml:Subject/saml:NameID", " "), put(f"{A}/saml:Subject/saml:NameID", "Format", "urn:x"),
    put(f"{A}/saml:Subject/saml:NameID", "NameQualifier", ""),
    put(f"{A}/saml:Subject/saml:NameID", "NameQualifier", None), drop(SC), put(SC, "Method", "urn:x"), drop(SCD),
    put(SCD, "Recipient", "https://altro.example/acs"), put(SCD, "Recipient", None), put(SCD, "InResponseTo", "_x"),
    put(SCD, "InResponseTo", None), put(SCD, "NotOnOrAfter", PAST), put(SCD, "NotOnOrAfter", None),
    put(SCD, "NotBefore", FUTURE), drop(f"{A}/saml:Conditions"), put(f"{A}/saml:Conditions", "NotBefore", FUTURE),
    put(f"{A}/saml:Conditions", "NotBefore", None), put(f"{A}/saml:Conditions", "NotOnOrAfter", PAST),
    drop(f"{A}/saml:Conditions/saml:AudienceRestriction"),
    say(f"{A}/saml:Conditions/saml:AudienceRestriction/saml:Audience", "https://altro.example"),
    drop(f"{A}/saml:AuthnStatement"), put(f"{A}/saml:AuthnStatement", "AuthnInstant", PAST),
    put(f"{A}/saml:AuthnStatement", "SessionNotOnOrAfter", PAST), drop(f"{A}/saml:AuthnStatement/saml:AuthnContext"),
    say(CLASS, "https://www.spid.gov.it/SpidL4"), say(CLASS, "urn:oasis:names:tc:SAML:2.0:ac:classes:SpidL2"),
    say(CLASS, ""), drop(f"{A}/saml:AttributeStatement"),
]  # fmt: skip


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_a_signed_answer_that_says_something_else_is_refused(
    door: Door, refused: Refused, spoil: Callable[[Any], None]
) -> None:
    refused(door.enter(before=spoil))


@pytest.mark.parametrize(
    "number",
    ["", "TINIT-", "TINIT-RSSMRA80A01F205", "TINDE-123456789", "VATIT-97735020584", "TINIT-' OR 1=1 --"],
)
def test_a_fiscal_number_that_is_none_of_ours_is_refused(door: Door, refused: Refused, number: str) -> None:
    refused(door.enter(person=PERSON | {"fiscalNumber": number}))


def test_a_condition_nobody_knows_is_not_kept_by_us(door: Door, refused: Refused) -> None:
    def add(root: Any) -> None:
        etree.SubElement(find(root, f"{A}/saml:Conditions"), f"{{{NS['saml']}}}Condition")

    refused(door.enter(before=add))


def test_an_assertion_for_one_use_only_is_fine(door: Door) -> None:
    def add(root: Any) -> None:
        etree.SubElement(find(root, f"{A}/saml:Conditions"), f"{{{NS['saml']}}}OneTimeUse")

    assert door.enter(before=add).status_code == 303


@pytest.mark.parametrize("missing", ["fiscalNumber", "name", "familyName"])
def test_without_who_it_is_nobody_enters(door: Door, refused: Refused, missing: str) -> None:
    refused(door.enter(person={name: value for name, value in PERSON.items() if name != missing}))


def test_each_refusal_is_in_the_log_by_reason_and_without_attributes(door: Door, logged: list[Any]) -> None:
    answer = door.enter(key=make_key("ladro"))

    (line,) = [line for line in logged if line["event"] == "spid_refused"]
    assert (line["reason"], line["level"]) == ("signature.invalid", "warning")
    assert GIULIA not in str(logged)
    assert "Bianchi" not in str(logged)
    assert answer.headers["x-correlation-id"][-12:] in answer.text
