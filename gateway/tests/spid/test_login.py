"""In by SPID and CIE: what goes out, what a good answer opens."""

from collections.abc import Callable
from typing import Any

import pytest
from idp import GIULIA, NS, PERSON, FakeIdp, find, new_id
from lxml import etree
from spid_world import BASE, Door
from starlette.testclient import TestClient

from contracts.errors import NotFound
from gateway.testing import FakeServices

Query = Callable[..., list[dict[str, Any]]]


def test_a_good_answer_opens_a_session_of_the_operator(door: Door, query: Query) -> None:
    answer = door.enter()

    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    cookie = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("__Host-siso="))
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    (row,) = query("SELECT * FROM sessioni ORDER BY creata_il DESC LIMIT 1")
    assert (row["schema"], row["livello"], row["idp"]) == ("spid", 2, door.idp.entity_id)


def test_the_session_opens_the_pages(door: Door, spid_app: Any) -> None:
    services: FakeServices = spid_app.state.gateway.rpc
    for method in ("anagrafe.list_enti", "notifiche.list_avvisi"):
        services.answer(method, NotFound("prova.assente", "Non c'è."))
    door.enter()

    assert door.client.get("/aiuto").status_code == 200


def test_after_the_login_one_is_where_one_wanted_to_go(door: Door) -> None:
    asked = door.ask(ritorno="/casi?stato=aperto")

    answer = door.post(asked, door.idp.answer(asked))

    assert answer.headers["location"] == "/casi?stato=aperto"


def test_a_foreign_return_address_is_not_followed(door: Door) -> None:
    asked = door.ask(ritorno="https://cattivo.example/")

    assert door.post(asked, door.idp.answer(asked)).headers["location"] == "/"


def test_a_signed_assertion_in_an_unsigned_response_is_enough(door: Door) -> None:
    assert door.enter(response=False).status_code == 303


def test_who_is_not_in_the_registry_of_operators_is_told_so(door: Door, sessions: Callable[[], int]) -> None:
    before = sessions()

    answer = door.enter(person=PERSON | {"fiscalNumber": "TINIT-RSSMRA80A01F205X"})

    assert answer.status_code == 403
    assert sessions() == before


def test_a_citizen_enters_his_own_pages(door: Door) -> None:
    asked = door.ask(area="cittadino")

    answer = door.post(
        asked, door.idp.answer(asked, person=PERSON | {"fiscalNumber": "TINIT-RSSMRA80A01F205X"})
    )

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/cittadino")


def test_cie_opens_a_session_too_without_the_format_of_the_issuer(cie_door: Door) -> None:
    def strip(root: Any) -> None:
        for issuer in root.iter(f"{{{NS['saml']}}}Issuer"):
            del issuer.attrib["Format"]

    person = {name: PERSON[name] for name in ("name", "familyName", "dateOfBirth", "fiscalNumber")}

    assert cie_door.enter(before=strip, person=person).status_code == 303


def test_spid_asks_the_format_of_the_issuer(door: Door) -> None:
    def strip(root: Any) -> None:
        del find(root, "saml:Assertion/saml:Issuer").attrib["Format"]

    assert door.enter(before=strip).status_code == 403


def test_two_windows_do_not_hinder_one_another(door: Door) -> None:
    first, second = door.ask(), door.ask()

    assert door.post(second, door.idp.answer(second)).status_code == 303
    assert door.post(first, door.idp.answer(first)).status_code == 303


@pytest.mark.parametrize(("level", "status"), [(1, 403), (2, 303), (3, 303)])
def test_the_level_asked_or_a_higher_one_is_accepted(door: Door, level: int, status: int) -> None:
    assert door.enter(level=level).status_code == status


def test_a_higher_level_can_be_asked_for(door: Door) -> None:
    asked = door.ask(livello="3")

    assert find(asked.root, ".//saml:AuthnContextClassRef").text == "https://www.spid.gov.it/SpidL3"
    assert door.post(asked, door.idp.answer(asked, level=2)).status_code == 403


def test_a_lower_level_cannot(door: Door) -> None:
    asked = door.ask(livello="1")

    assert find(asked.root, ".//saml:AuthnContextClassRef").text == "https://www.spid.gov.it/SpidL2"


def test_the_request_is_as_agid_wants_it(door: Door) -> None:
    root = door.ask().root

    assert root.get("ForceAuthn") == "true"
    assert root.get("Destination") == f"{door.idp.entity_id}/sso"
    assert root.get("AssertionConsumerServiceIndex") == root.get("AttributeConsumingServiceIndex") == "0"
    assert not {"IsPassive", "AssertionConsumerServiceURL", "ProtocolBinding"} & set(root.attrib)
    issuer = find(root, "saml:Issuer")
    assert issuer.get("NameQualifier") == issuer.text == f"{BASE}/spid/metadata"
    assert [etree.QName(child).localname for child in root] == [
        "Issuer", "Signature", "NameIDPolicy", "RequestedAuthnContext",
    ]  # fmt: skip


def test_relay_state_says_nothing(door: Door) -> None:
    asked = door.ask(ritorno="/casi")

    assert "http" not in asked.relay
    assert "casi" not in asked.relay


def test_the_form_may_go_to_that_provider_and_nowhere_else(door: Door) -> None:
    answer = door.client.get("/spid/login", params={"idp": door.idp.entity_id})

    policy = answer.headers.get_list("content-security-policy")
    assert len(policy) == 1
    assert "form-action 'self' https://idp.prova.example;" in policy[0]
    assert "script-src 'self'" in policy[0]
    assert "<button" in answer.text


def test_other_pages_keep_their_policy(site: TestClient) -> None:
    assert "form-action 'self';" in site.get("/accessibilita").headers["content-security-policy"]


def test_the_cookie_of_a_login_under_way_comes_back_from_another_site(door: Door) -> None:
    answer = door.client.get("/spid/login", params={"idp": door.idp.entity_id})

    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-siso-accesso-")
    assert {"HttpOnly", "Secure", "SameSite=none", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))


def test_the_redirect_binding_signs_the_query(
    spid_app: Any, site: TestClient, idp: FakeIdp, retouch: Callable[..., None]
) -> None:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    retouch("spid", binding="redirect")
    provider = spid_app.state.spid.providers["spid"]

    answer = site.get("/spid/login", params={"idp": idp.entity_id})

    assert answer.status_code == 302
    target, _, query = answer.headers["location"].partition("?")
    assert target == f"{idp.entity_id}/sso"
    signed, _, signature = query.partition("&Signature=")
    assert [part.partition("=")[0] for part in signed.split("&")] == ["SAMLRequest", "RelayState", "SigAlg"]
    import base64
    from urllib.parse import unquote_plus

    public_key = provider.keys[0].certificate.public_key()
    public_key.verify(
        base64.b64decode(unquote_plus(signature)), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


@pytest.mark.parametrize(
    "query", ["", "idp=https://cattivo.example", "idp=%00", "idp=%ff", "idp=" + "x" * 5000, "idp[]=1"]
)
def test_an_unknown_provider_is_not_a_page(site: TestClient, query: str) -> None:
    assert site.get(f"/spid/login?{query}").status_code == 404


@pytest.mark.parametrize(
    "query", ["ritorno=%00", "ritorno=/%0d%0aX:y", "area=%ff", "livello=9", "livello=-1", "livello=%D9%A3"]
)
def test_a_strange_wish_is_not_followed(door: Door, query: str) -> None:
    answer = door.client.get(f"/spid/login?idp={door.idp.entity_id}&{query}")

    assert answer.status_code == 200
    assert 'name="SAMLRequest"' in answer.text


def test_without_configuration_there_is_no_such_door(client: TestClient) -> None:
    for path in ("/spid/metadata", "/spid/login", "/cie/metadata", "/spid/logout"):
        assert client.get(path).status_code == 404
    assert client.post("/spid/acs", data={"SAMLResponse": "x"}).status_code == 404


def test_a_third_login_under_way_waits_where_two_are_allowed(
    site: TestClient, idp: FakeIdp, query: Query, retouch: Callable[..., None]
) -> None:
    mine = "schema = 'cie' AND indirizzo = 'testclient' AND scade_il > now()"
    count = query(f"SELECT count(*) AS n FROM spid_richieste WHERE {mine}")[0]["n"]
    retouch("cie", max_pending=count + 2)

    answers = [site.get("/cie/login", params={"idp": idp.entity_id}).status_code for _ in range(3)]

    assert answers == [200, 200, 429]


def test_purpose_is_sent_when_configured(door: Door, retouch: Callable[..., None]) -> None:
    retouch("spid", purpose="PF")

    root = door.ask().root

    assert root.findtext(".//{https://spid.gov.it/saml-extensions}Purpose") == "PF"
    assert [etree.QName(child).localname for child in root][:3] == ["Issuer", "Signature", "Extensions"]


def test_an_idp_key_that_was_added_is_accepted_as_well_as_the_old_one(
    spid_app: Any, site: TestClient, world: Any, door: Door
) -> None:
    from idp import make_key
    from spid_world import pin_all

    registry = spid_app.state.spid.providers["spid"].registry
    rolled = FakeIdp(keys=[make_key("idp-nuova"), make_key("idp")])
    other = FakeIdp("https://altro.prova.example", name="Altro gestore")
    try:
        pin_all(world / "idp", [rolled, other])
        registry._looked -= 1000
        assert door.enter().status_code == 303
        assert door.enter(key=make_key("idp-nuova")).status_code == 303
    finally:
        pin_all(world / "idp", [FakeIdp(), other])


def test_a_manifest_that_does_not_hold_keeps_the_old_providers(
    spid_app: Any, site: TestClient, world: Any, door: Door
) -> None:
    from spid_world import pin_all

    registry = spid_app.state.spid.providers["spid"].registry
    file = world / "idp" / "0.xml"
    good = file.read_bytes()
    try:
        file.write_bytes(good.replace(b"prova.example/sso", b"cattivo.example/sso"))
        (world / "idp" / "manifest.json").touch()
        registry._looked -= 1000
        registry._stamp = 0

        assert door.ask().action == f"{door.idp.entity_id}/sso"
    finally:
        pin_all(world / "idp", [FakeIdp(), FakeIdp("https://altro.prova.example", name="Altro gestore")])


def test_the_providers_come_in_no_fixed_order(spid_app: Any) -> None:
    from gateway.spid.service import entries

    orders = {
        tuple(idp.entity_id for idp in idps)
        for _ in range(60)
        for name, idps in entries(spid_app.state.spid)
        if name == "spid"
    }

    assert len(orders) == 2


def test_the_codice_fiscale_may_be_changed_for_omocodia(door: Door) -> None:
    from gateway.spid.checks import codice_fiscale

    assert codice_fiscale("TINIT-RSSMRA80A0MF20RA") == "RSSMRA80A0MF20RA"
    assert codice_fiscale(f"tinit-{GIULIA.lower()}") == GIULIA


def test_session_index_and_name_id_are_kept_for_the_logout(door: Door, query: Query) -> None:
    name_id, index = new_id(), new_id()

    door.enter(name_id=f"\n  {name_id}\n", session=f' SessionIndex="{index}"')

    (row,) = query("SELECT * FROM sessioni WHERE name_id = %s", name_id)
    assert row["session_index"] == index
