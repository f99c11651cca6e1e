"""Single logout: begun by the provider, begun here; by POST and by Redirect; for sessions nobody knows too."""

import base64
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from idp import ENTITY, GIULIA, NS, SUCCESS, TRANSIENT, FakeIdp, Key, fields_of, make_key, new_id, sign, stamp
from lxml import etree
from spid_world import BASE, Door

from gateway.spid.log import unseal
from gateway.spid.signature import verified

Query = Callable[..., list[dict[str, Any]]]
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def logout_request(idp: FakeIdp, name_id: str, index: str = "", **changes: str) -> Any:
    told = {
        "ID": new_id(), "Version": "2.0", "IssueInstant": stamp(datetime.now(UTC)),
        "Destination": f"{BASE}/spid/logout",
    } | changes  # fmt: skip
    attributes = " ".join(f'{name}="{value}"' for name, value in told.items())
    session = f"<samlp:SessionIndex>{index}</samlp:SessionIndex>" if index else ""
    return etree.fromstring(
        f'<samlp:LogoutRequest xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" {attributes}>'
        f'<saml:Issuer Format="{ENTITY}" NameQualifier="{idp.entity_id}">{idp.entity_id}</saml:Issuer>'
        f'<saml:NameID Format="{TRANSIENT}" NameQualifier="{idp.entity_id}">{name_id}</saml:NameID>{session}'
        "</samlp:LogoutRequest>"
    )


def logout_response(idp: FakeIdp, in_response_to: str, status: str = SUCCESS) -> Any:
    return etree.fromstring(
        f'<samlp:LogoutResponse xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="{new_id()}" Version="2.0" '
        f'IssueInstant="{stamp(datetime.now(UTC))}" Destination="{BASE}/spid/logout" InResponseTo="{in_response_to}">'
        f'<saml:Issuer Format="{ENTITY}">{idp.entity_id}</saml:Issuer><samlp:Status><samlp:StatusCode '
        f'Value="{status}"/></samlp:Status></samlp:LogoutResponse>'
    )


def query_of(name: str, root: Any, key: Key, relay: str = "r") -> str:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = base64.b64encode(packer.compress(etree.tostring(root)) + packer.flush()).decode()
    query = "&".join(
        f"{field}={quote_plus(value)}"
        for field, value in ((name, packed), ("RelayState", relay), ("SigAlg", RSA_SHA256))
    )
    value = key.private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{query}&Signature={quote_plus(base64.b64encode(value).decode())}"


def post(door: Door, name: str, root: Any, relay: str = "r") -> httpx.Response:
    posted = base64.b64encode(etree.tostring(root)).decode()
    return door.client.post("/spid/logout", data={name: posted, "RelayState": relay})


@pytest.fixture
def inside(door: Door) -> tuple[Door, str, str]:
    """Somebody who entered: his door, name id and session index."""
    name_id, index = new_id(), new_id()
    assert door.enter(name_id=name_id, session=f' SessionIndex="{index}"').status_code == 303
    return door, name_id, index


def is_open(query: Query, name_id: str) -> bool:
    (row,) = query("SELECT revocata_il FROM sessioni WHERE name_id = %s", name_id)
    return row["revocata_il"] is None


def test_the_provider_ends_the_session_by_post(inside: tuple[Door, str, str], query: Query) -> None:
    door, name_id, index = inside
    request = sign(logout_request(door.idp, name_id, index), door.idp.key)

    answer = post(door, "SAMLRequest", request)

    assert answer.status_code == 200
    assert not is_open(query, name_id)
    fields = fields_of(answer.text)
    assert fields["action"] == f"{door.idp.entity_id}/slo"
    assert fields["RelayState"] == "r"
    root = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
    certificate = door.client.app.state.spid.providers["spid"].keys[0].certificate  # type: ignore[attr-defined]
    assert verified(root, [certificate]).get("InResponseTo") == request.get("ID")
    assert root.find("samlp:Status/samlp:StatusCode", NS).get("Value") == SUCCESS
    assert door.client.get("/aiuto").status_code == 303


def test_the_provider_ends_the_session_by_redirect(inside: tuple[Door, str, str], query: Query) -> None:
    door, name_id, _ = inside

    answer = door.client.get(
        f"/spid/logout?{query_of('SAMLRequest', logout_request(door.idp, name_id), door.idp.key)}"
    )

    assert answer.status_code == 302
    assert not is_open(query, name_id)
    assert parse_qs(urlsplit(answer.headers["location"]).query)["RelayState"] == ["r"]


def test_a_session_nobody_knows_gets_its_answer_all_the_same(door: Door) -> None:
    answer = post(door, "SAMLRequest", sign(logout_request(door.idp, new_id()), door.idp.key))

    assert answer.status_code == 200
    assert "SAMLResponse" in fields_of(answer.text)


def test_the_logout_of_one_session_leaves_the_others(inside: tuple[Door, str, str], query: Query) -> None:
    door, name_id, _ = inside

    post(door, "SAMLRequest", sign(logout_request(door.idp, name_id, index=new_id()), door.idp.key))

    assert is_open(query, name_id)


def test_another_provider_ends_nobody_elses_session(inside: tuple[Door, str, str], query: Query) -> None:
    door, name_id, _ = inside
    other = FakeIdp("https://altro.prova.example")

    post(door, "SAMLRequest", sign(logout_request(other, name_id), other.key))

    assert is_open(query, name_id)


def unsigned(door: Door, name_id: str) -> httpx.Response:
    return post(door, "SAMLRequest", logout_request(door.idp, name_id))


def thief(door: Door, name_id: str) -> httpx.Response:
    return post(door, "SAMLRequest", sign(logout_request(door.idp, name_id), make_key("ladro")))


def unsigned_query(door: Door, name_id: str) -> httpx.Response:
    query = query_of("SAMLRequest", logout_request(door.idp, name_id), door.idp.key)
    return door.client.get(f"/spid/logout?{query.partition('&Signature=')[0]}")


def thief_query(door: Door, name_id: str) -> httpx.Response:
    query = query_of("SAMLRequest", logout_request(door.idp, name_id), make_key("ladro"))
    return door.client.get(f"/spid/logout?{query}")


def doubled_query(door: Door, name_id: str) -> httpx.Response:
    """A signed request, and before it another."""
    good = query_of("SAMLRequest", logout_request(door.idp, new_id()), door.idp.key)
    evil = query_of("SAMLRequest", logout_request(door.idp, name_id), make_key("ladro"))
    return door.client.get(f"/spid/logout?{evil.partition('&')[0]}&{good}")


def swapped_relay(door: Door, name_id: str) -> httpx.Response:
    query = query_of("SAMLRequest", logout_request(door.idp, name_id), door.idp.key)
    return door.client.get(f"/spid/logout?{query.replace('RelayState=r', 'RelayState=x')}")


def old(door: Door, name_id: str) -> httpx.Response:
    moment = stamp(datetime.now(UTC) - timedelta(hours=1))
    return post(
        door, "SAMLRequest", sign(logout_request(door.idp, name_id, IssueInstant=moment), door.idp.key)
    )


def elsewhere(door: Door, name_id: str) -> httpx.Response:
    root = logout_request(door.idp, name_id, Destination="https://altro.example/logout")
    return post(door, "SAMLRequest", sign(root, door.idp.key))


def over(door: Door, name_id: str) -> httpx.Response:
    moment = stamp(datetime.now(UTC) - timedelta(minutes=1))
    return post(
        door, "SAMLRequest", sign(logout_request(door.idp, name_id, NotOnOrAfter=moment), door.idp.key)
    )


def bomb(door: Door, name_id: str) -> httpx.Response:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(b"<a>" + b" " * 20_000_000) + packer.flush()
    return door.client.get(f"/spid/logout?SAMLRequest={quote_plus(base64.b64encode(packed).decode())}")


def garbage(door: Door, name_id: str) -> httpx.Response:
    return door.client.get("/spid/logout?SAMLRequest=AAAA&SigAlg=x&Signature=AAAA")


@pytest.mark.parametrize(
    "attack",
    [
        unsigned,
        thief,
        unsigned_query,
        thief_query,
        doubled_query,
        swapped_relay,
        old,
        elsewhere,
        over,
        bomb,
        garbage,
    ],
)
def test_a_logout_that_is_not_the_providers_ends_nothing(
    inside: tuple[Door, str, str], query: Query, attack: Callable[[Door, str], httpx.Response]
) -> None:
    door, name_id, _ = inside

    answer = attack(door, name_id)

    assert answer.status_code == 403
    assert is_open(query, name_id)


def csrf_of(door: Door) -> str:
    token: str = door.client.get("/api/v1/sessione").json()["csrf_token"]
    return token


def test_who_leaves_here_leaves_there_too(inside: tuple[Door, str, str], query: Query) -> None:
    door, name_id, index = inside

    answer = door.client.post("/esci", data={"csrf_token": csrf_of(door)})

    assert answer.status_code == 200
    assert not is_open(query, name_id)
    assert "form-action 'self' https://idp.prova.example;" in answer.headers["content-security-policy"]
    fields = fields_of(answer.text)
    root = etree.fromstring(base64.b64decode(fields["SAMLRequest"]))
    assert root.findtext("saml:NameID", None, NS) == name_id
    assert root.findtext("samlp:SessionIndex", None, NS) == index

    confirmed = post(
        door,
        "SAMLResponse",
        sign(logout_response(door.idp, root.get("ID")), door.idp.key),
        fields["RelayState"],
    )
    assert confirmed.status_code == 200
    assert "Sei uscito" in confirmed.text
    assert "non ha confermato" not in confirmed.text


def test_a_provider_that_does_not_confirm_is_told(inside: tuple[Door, str, str]) -> None:
    door, _, _ = inside
    fields = fields_of(door.client.post("/esci", data={"csrf_token": csrf_of(door)}).text)
    request_id = etree.fromstring(base64.b64decode(fields["SAMLRequest"])).get("ID")
    partial = "urn:oasis:names:tc:SAML:2.0:status:Responder"

    answer = post(
        door,
        "SAMLResponse",
        sign(logout_response(door.idp, request_id, partial), door.idp.key),
        fields["RelayState"],
    )

    assert "non ha confermato" in answer.text


def test_a_confirmation_nobody_asked_for_is_refused(door: Door) -> None:
    answer = post(door, "SAMLResponse", sign(logout_response(door.idp, new_id()), door.idp.key))

    assert answer.status_code == 403


def test_above_level_one_our_own_logout_is_all(door: Door) -> None:
    door.enter()

    answer = door.client.post("/esci", data={"csrf_token": csrf_of(door)})

    assert answer.status_code == 303


def test_nobody_comes_to_the_logout_address_by_himself(door: Door) -> None:
    assert door.client.get("/spid/logout").status_code == 404


# --- the SPID log ----------------------------------------------------------------------------------------------------


def logged(door: Door, query: Query, request_id: str) -> list[dict[str, Any]]:
    """Rows of one logout, in clear."""
    keys = door.client.app.state.spid.log_keys  # type: ignore[attr-defined]
    rows = query("SELECT * FROM spid_registro WHERE richiesta_id = %s ORDER BY quando, id", request_id)
    clear = [unseal(keys, row["chiave"], row["id"], bytes(row["contenuto"])) for row in rows]
    for one in clear:
        one |= {name: base64.b64decode(one[name]).decode() for name in ("richiesta", "risposta")}
    return [row | one for row, one in zip(rows, clear, strict=True)]


def test_a_logout_of_the_provider_is_in_the_spid_log_with_our_answer(
    inside: tuple[Door, str, str], query: Query
) -> None:
    door, name_id, index = inside
    request = sign(logout_request(door.idp, name_id, index), door.idp.key)

    answer = fields_of(post(door, "SAMLRequest", request).text)["SAMLResponse"]

    (row,) = logged(door, query, request.get("ID"))
    assert (row["esito"], row["idp"], row["name_id"]) == ("uscita dal gestore", door.idp.entity_id, name_id)
    assert row["richiesta"] == etree.tostring(request).decode()
    assert row["risposta"] == base64.b64decode(answer).decode()
    assert row["risposta_id"] == etree.fromstring(base64.b64decode(answer)).get("ID")


def test_by_redirect_the_log_keeps_what_carries_the_signatures(door: Door, query: Query) -> None:
    root = logout_request(door.idp, new_id())
    asked = query_of("SAMLRequest", root, door.idp.key)

    answer = door.client.get(f"/spid/logout?{asked}")

    (row,) = logged(door, query, root.get("ID"))
    assert (row["richiesta"], row["risposta"]) == (asked, answer.headers["location"])


def test_the_same_logout_sent_again_fills_no_log(door: Door, query: Query) -> None:
    request = sign(logout_request(door.idp, new_id()), door.idp.key)

    answers = [post(door, "SAMLRequest", request).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert len(logged(door, query, request.get("ID"))) == 1


@pytest.mark.parametrize(
    ("status", "esito"),
    [(SUCCESS, "uscita"), ("urn:oasis:names:tc:SAML:2.0:status:Responder", "uscita non confermata")],
)
def test_a_logout_begun_here_is_in_the_log_when_it_leaves_and_with_its_answer(
    inside: tuple[Door, str, str], query: Query, status: str, esito: str
) -> None:
    door, name_id, _ = inside
    fields = fields_of(door.client.post("/esci", data={"csrf_token": csrf_of(door)}).text)
    sent = base64.b64decode(fields["SAMLRequest"]).decode()
    request_id = etree.fromstring(sent).get("ID")
    answer = sign(logout_response(door.idp, request_id, status), door.idp.key)
    post(door, "SAMLResponse", answer, fields["RelayState"])

    gone, over = logged(door, query, request_id)

    assert (gone["esito"], gone["codice_fiscale"], gone["name_id"]) == ("uscita chiesta", GIULIA, name_id)
    assert (gone["richiesta"], gone["risposta"]) == (sent, "")
    assert (over["esito"], over["richiesta"]) == (esito, sent)
    assert (over["risposta"], over["risposta_id"]) == (etree.tostring(answer).decode(), answer.get("ID"))


def test_a_logout_nobody_signed_is_not_in_the_log(door: Door, query: Query) -> None:
    request = logout_request(door.idp, new_id())

    post(door, "SAMLRequest", request)

    assert logged(door, query, request.get("ID")) == []
