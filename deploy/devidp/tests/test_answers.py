"""What a service provider receives: the shapes of SPID and CIE, and signatures that others can verify."""

from __future__ import annotations

import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from deploy.devidp.tests.conftest import fields, make_walk, response_of
from deploy.devidp.tests.sp import ACS, SP, by_post, logout_request
from signxml.verifier import XMLVerifier

from devidp.keys import ensure_keys
from devidp.responses import ERRORS
from devidp.xml import ENTITY, NS, TRANSIENT, parse, to_bytes

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


@pytest.fixture
def certificate(tmp_path, walk):
    return ensure_keys(tmp_path / "keys").certificate.decode()


def test_response_and_assertion_are_both_signed_by_the_published_certificate(walk, certificate):
    response = walk.answer()

    whole = XMLVerifier().verify(response, x509_cert=certificate).signed_xml
    assertion = parse(to_bytes(response.find("saml:Assertion", NS)))
    part = XMLVerifier().verify(assertion, x509_cert=certificate).signed_xml
    assert (whole.get("ID"), part.get("ID")) == (response.get("ID"), assertion.get("ID"))


def test_signatures_are_rsa_sha256_over_exclusive_canonical_xml(walk):
    response = walk.answer()

    assert set(response.xpath("//ds:SignatureMethod/@Algorithm", namespaces=NS)) == {RSA_SHA256}
    assert set(response.xpath("//ds:CanonicalizationMethod/@Algorithm", namespaces=NS)) == {EXCLUSIVE}
    assert len(response.findall(".//ds:Signature", NS)) == 2


def test_signature_stands_right_after_the_issuer(walk):
    response = walk.answer()

    for signed in (response, response.find("saml:Assertion", NS)):
        assert [child.tag.rpartition("}")[2] for child in signed][:2] == ["Issuer", "Signature"]


@pytest.mark.skipif(not shutil.which("xmlsec1"), reason="xmlsec1 is not installed")
@pytest.mark.parametrize("name", ["Response", "Assertion"])
def test_xmlsec1_verifies_it_too(walk, tmp_path, certificate, name):
    (tmp_path / "answer.xml").write_bytes(to_bytes(walk.answer()))
    space = NS["samlp" if name == "Response" else "saml"]
    steps = ["Response", name] if name == "Assertion" else [name]
    path = "".join(f"/*[local-name()='{step}']" for step in [*steps, "Signature"])
    argv = [
        "xmlsec1", "--verify", "--pubkey-cert-pem", str(tmp_path / "keys" / "idp.crt"),
        "--id-attr:ID", f"{space}:{name}",
        "--node-xpath", path, str(tmp_path / "answer.xml"),
    ]  # fmt: skip
    done = subprocess.run(argv, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_answer_goes_to_whom_it_is_for_and_ends_soon(walk):
    response = walk.answer()
    data = response.find(".//saml:SubjectConfirmationData", NS)
    conditions = response.find(".//saml:Conditions", NS)
    issued = datetime.fromisoformat(response.get("IssueInstant"))

    assert response.get("Destination") == data.get("Recipient") == ACS
    assert response.get("InResponseTo") == data.get("InResponseTo")
    assert conditions.findtext(".//saml:Audience", None, NS) == SP
    assert datetime.fromisoformat(conditions.get("NotOnOrAfter")) - issued == timedelta(minutes=5)
    assert conditions.get("NotOnOrAfter") == data.get("NotOnOrAfter")


def test_name_id_is_transient_qualified_and_never_the_same(walk):
    names = [walk.answer().find(".//saml:NameID", NS) for _ in range(2)]

    assert {(one.get("Format"), one.get("NameQualifier")) for one in names} == {(TRANSIENT, walk.entity)}
    assert names[0].text != names[1].text


def test_attributes_are_those_asked_for_without_name_format(walk):
    found = walk.answer().findall(".//saml:Attribute", NS)

    assert {one.get("Name"): one.findtext("saml:AttributeValue", None, NS) for one in found} == {
        "fiscalNumber": "TINIT-BNCGLI88D52F704H",
        "name": "Giulia",
        "familyName": "Bianchi",
        "dateOfBirth": "1988-04-12",
    }
    assert all("NameFormat" not in one.attrib for one in found)


@pytest.mark.parametrize(("level", "sessions"), [("1", 1), ("2", 0), ("3", 0)])
def test_level_is_the_chosen_one_and_only_the_first_has_a_session_index(walk, level, sessions):
    response = walk.answer(livello=level)

    assert response.findtext(".//saml:AuthnContextClassRef", None, NS).endswith(f"SpidL{level}")
    assert len(response.xpath("//saml:AuthnStatement/@SessionIndex", namespaces=NS)) == sessions


def test_spids_response_says_its_issuer_is_an_entity_and_cies_does_not(walk, cie):
    assert walk.answer().find("saml:Issuer", NS).get("Format") == ENTITY
    assert "Format" not in cie.answer().find("saml:Issuer", NS).attrib
    assert cie.answer().find("saml:Assertion/saml:Issuer", NS).get("Format") == ENTITY


@pytest.mark.parametrize("code", ERRORS)
def test_error_button_answers_with_that_error_and_no_assertion(walk, code):
    response = response_of(walk.sign_in(walk.arrive(), esito=code))

    assert response.findtext(".//samlp:StatusMessage", None, NS) == f"ErrorCode {code}"
    statuses = response.xpath("//samlp:StatusCode/@Value", namespaces=NS)
    assert [one.rpartition(":")[2] for one in statuses] == ["Responder", "AuthnFailed"]
    assert response.find("saml:Assertion", NS) is None


@pytest.mark.parametrize("code", ["nr22", "nr25"])
def test_consent_can_be_refused(walk, code):
    response = response_of(walk.consent(walk.sign_in(walk.arrive()), esito=code))

    assert response.findtext(".//samlp:StatusMessage", None, NS) == f"ErrorCode {code}"


def test_relay_state_comes_back_as_it_was(walk):
    page = walk.consent(walk.sign_in(walk.arrive()))

    assert fields(page)["RelayState"] == "segnaposto"


@pytest.mark.parametrize("provider", ["acero", "betulla", "cie"])
def test_metadata_is_signed_and_names_both_doors(walk, certificate, provider):
    root = parse(walk.client.get(f"/{provider}/metadata").content)

    signed = XMLVerifier().verify(root, x509_cert=certificate).signed_xml
    assert signed.get("entityID").endswith(f"/{provider}")
    assert len(signed.findall(".//md:SingleSignOnService", NS)) == 2
    assert len(signed.findall(".//md:SingleLogoutService", NS)) == 2


def test_metadata_says_by_itself_that_it_is_for_tests(walk):
    root = parse(walk.client.get("/acero/metadata").content)

    assert root.find("md:Extensions/{urn:siso:dev-idp}IdentitaDiProva", NS) is not None


def test_somebody_typed_in_by_hand_may_enter_too(walk):
    answer = walk.answer(codice_fiscale="clmtrs74r69f205c", nome="Teresa", cognome="Colombo")

    assert "TINIT-CLMTRS74R69F205C" in answer.xpath("//saml:AttributeValue/text()", namespaces=NS)


def test_no_answer_is_kept_by_the_browser(walk, tmp_path: Path):
    page = walk.consent(walk.sign_in(walk.arrive()))

    assert page.headers["cache-control"] == "no-store"
    assert f"form-action 'self' {ACS.removesuffix('/spid/acs')}" in page.headers["content-security-policy"]


@pytest.mark.parametrize("provider", ["acero", "cie"])
def test_everything_sent_is_valid_by_the_schemas_of_saml(tmp_path, sp_keys, provider):
    validate = pytest.importorskip("saml2.xml.schema").validate
    walk = make_walk(tmp_path, sp_keys, provider)
    refused = response_of(walk.sign_in(walk.arrive(), esito="nr22"))
    sent = [walk.answer(), refused, parse(walk.client.get(f"/{provider}/metadata").content)]
    if provider != "cie":
        form = by_post(logout_request(walk.entity), sp_keys)
        sent.append(response_of(walk.client.post(f"{walk.entity}/slo", data=form)))

    for message in sent:
        validate(to_bytes(message).decode().removeprefix("<?xml version='1.0' encoding='UTF-8'?>\n"))
