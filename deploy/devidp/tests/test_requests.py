"""What arrives is believed only when a known service provider signed it, as SPID's rules ask."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from deploy.devidp.tests.conftest import fields, make_walk, response_of
from deploy.devidp.tests.sp import (
    REDIRECT,
    SLO,
    authn_request,
    by_post,
    by_redirect,
    logout_request,
    sp_metadata,
)  # fmt: skip

from devidp.responses import ERRORS
from devidp.xml import NS, encode, instant


def test_signed_request_by_post_shows_the_people(walk):
    page = walk.arrive()

    assert page.status_code == 200
    assert "Comune di Prova" in page.text
    assert "Giulia Bianchi" in page.text


def test_signed_request_by_redirect_does_too(walk):
    url = by_redirect(f"{walk.entity}/sso", authn_request(walk.entity), walk.sp_keys)

    assert walk.client.get(url).status_code == 200


def test_redirect_whose_relay_state_was_changed_is_refused(walk):
    url = by_redirect(f"{walk.entity}/sso", authn_request(walk.entity), walk.sp_keys)

    refused = walk.client.get(url.replace("segnaposto", "altro"))
    assert refused.status_code == 400
    assert "firma" in refused.text


def test_unsigned_request_is_refused(walk):
    form = {"SAMLRequest": encode(authn_request(walk.entity)), "RelayState": "x"}

    assert walk.client.post(f"{walk.entity}/sso", data=form).status_code == 400


def test_request_signed_by_a_stranger_is_refused(walk, stranger_keys):
    assert walk.arrive(keys=stranger_keys).status_code == 400


def test_request_changed_after_signing_is_refused(walk):
    form = by_post(authn_request(walk.entity, 2), walk.sp_keys)
    changed = base64.b64decode(form["SAMLRequest"]).replace(b"SpidL2", b"SpidL1")
    form["SAMLRequest"] = base64.b64encode(changed).decode()

    assert walk.client.post(f"{walk.entity}/sso", data=form).status_code == 400


def test_service_provider_whose_keys_changed_is_read_again(walk, stranger_keys):
    assert walk.arrive().status_code == 200
    walk.metadata_file.write_bytes(sp_metadata(stranger_keys))

    assert walk.arrive(keys=stranger_keys).status_code == 200


def test_unknown_service_provider_is_refused(walk):
    request = authn_request(walk.entity)
    request.find("saml:Issuer", NS).text = "https://altri.example"

    refused = walk.client.post(f"{walk.entity}/sso", data=by_post(request, walk.sp_keys))
    assert refused.status_code == 400
    assert "altri.example" in refused.text


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"ForceAuthn": None}, "ForceAuthn"),
        ({"Destination": "http://127.0.0.1:9/betulla/sso"}, "Destination"),
        ({"AssertionConsumerServiceIndex": "7"}, "AssertionConsumerService"),
        ({"AttributeConsumingServiceIndex": "7"}, "AttributeConsumingServiceIndex"),
        ({"IsPassive": "true"}, "IsPassive"),
        ({"Version": "1.1"}, "Version"),
        ({"IssueInstant": instant(datetime.now(UTC) - timedelta(days=1))}, "IssueInstant"),
        ({"IssueInstant": "ieri"}, "IssueInstant"),
    ],
)
def test_request_that_breaks_a_rule_is_refused_and_told_which(walk, changes, complaint):
    refused = walk.arrive(**changes)

    assert refused.status_code == 400
    assert complaint in refused.text


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "&&&",
        "bm8=",
        "PCFET0NUWVBFIGEgWzwhRU5USVRZIGIgImMiPl0+PGE+JmI7PC9hPg==",
        "PGE+" * 100_000,
        "x" * 2_000_000,
    ],
)
@pytest.mark.parametrize("door", ["sso", "slo"])
def test_rubbish_gets_one_plain_page(walk, sent, door):
    refused = walk.client.post(f"{walk.entity}/{door}", data={"SAMLRequest": sent})

    assert refused.status_code == 400
    assert "Richiesta non valida" in refused.text


def test_an_answered_request_cannot_be_answered_again(walk):
    consent_page = walk.sign_in(walk.arrive())
    assert walk.consent(consent_page).status_code == 200

    assert walk.consent(consent_page).status_code == 400


def test_consent_before_the_person_is_chosen_is_refused(walk):
    assert walk.consent(walk.arrive()).status_code == 400


@pytest.mark.parametrize("chosen", [{"persona": ""}, {"persona": "x"}, {"codice_fiscale": "BNC"}])
def test_nobody_chosen_shows_the_form_again(walk, chosen):
    again = walk.sign_in(walk.arrive(), **chosen)

    assert again.status_code == 422
    assert 'role="alert"' in again.text
    assert fields(again)["richiesta"]


def test_the_form_offers_every_error(walk):
    page = walk.arrive().text

    assert [code for code in ERRORS if f'value="{code}"' not in page] == []


def test_unknown_provider_is_one_plain_page(walk):
    assert walk.client.get("/ignoto/metadata").status_code == 400


def test_logout_request_is_answered_to_its_sender(walk):
    request = logout_request(walk.entity)
    page = walk.client.post(f"{walk.entity}/slo", data=by_post(request, walk.sp_keys))
    answer = response_of(page)

    assert answer.tag.endswith("LogoutResponse")
    assert answer.get("InResponseTo") == request.get("ID")
    assert answer.get("Destination") == SLO
    assert answer.find("ds:Signature", NS) is not None


def test_logout_is_answered_by_redirect_where_post_is_not_offered(tmp_path, sp_keys):
    walk = make_walk(tmp_path, sp_keys, slo=(REDIRECT,))
    answer = walk.client.get(by_redirect(f"{walk.entity}/slo", logout_request(walk.entity), sp_keys))

    assert answer.status_code == 302
    assert answer.headers["location"].startswith(f"{SLO}?SAMLResponse=")
    assert "&Signature=" in answer.headers["location"]


def test_cie_ends_a_logout_with_a_page_of_its_own(cie):
    page = cie.client.post(f"{cie.entity}/slo", data=by_post(logout_request(cie.entity), cie.sp_keys))

    assert page.status_code == 200
    assert "SAMLResponse" not in page.text


def test_logout_request_of_a_stranger_is_refused(walk, stranger_keys):
    form = by_post(logout_request(walk.entity), stranger_keys)

    assert walk.client.post(f"{walk.entity}/slo", data=form).status_code == 400


def test_a_foreign_name_that_points_at_the_loopback_is_refused(walk):
    assert walk.client.get("/", headers={"Host": "idp.altri.example"}).status_code == 400
