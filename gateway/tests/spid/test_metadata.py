"""Our metadata says what Avviso 29 and CIE want, signed, with every key that signs or will."""

from pathlib import Path
from typing import Any

import pytest
from idp import NS, FakeIdp
from lxml import etree
from spid_world import BASE, CONFIGURATION, write_world
from starlette.testclient import TestClient

from gateway.spid.certificate import make_pair
from gateway.spid.keys import load_signing_keys
from gateway.spid.metadata import build_metadata
from gateway.spid.settings import SpidConfigurationError, load_configuration
from gateway.spid.signature import verified

SPID = {"spid": "https://spid.gov.it/saml-extensions"}
CIE = {"cie": "https://www.cartaidentita.interno.gov.it/saml-extensions"}


def read(site: TestClient, name: str) -> Any:
    answer = site.get(f"/{name}/metadata")
    assert answer.status_code == 200
    return etree.fromstring(answer.content)


@pytest.mark.parametrize("name", ["spid", "cie"])
def test_it_is_signed_with_the_key_it_publishes(site: TestClient, name: str) -> None:
    root = read(site, name)
    provider = site.app.state.spid.providers[name]  # type: ignore[attr-defined]

    assert verified(root, [provider.keys[0].certificate]).get("entityID") == f"{BASE}/{name}/metadata"
    assert root.findtext(".//md:KeyDescriptor//ds:X509Certificate", None, NS) == provider.keys[0].base64


def test_the_contact_of_a_public_body(site: TestClient) -> None:
    contact = read(site, "spid").find("md:ContactPerson", NS)

    assert contact.get("contactType") == "other"
    extensions = contact.find("md:Extensions", NS)
    assert [etree.QName(e).localname for e in extensions] == ["IPACode", "Public"]
    assert extensions.findtext("spid:IPACode", None, SPID) == "c_f704"
    assert contact.findtext("md:Company", None, NS) == "Comune di Monza"
    assert contact.findtext("md:TelephoneNumber", None, NS) == "+39039000000"


def test_the_contact_for_cie_names_the_municipality(site: TestClient) -> None:
    contact = read(site, "cie").find("md:ContactPerson", NS)

    assert contact.get("contactType") == "administrative"
    assert contact.findtext("md:Extensions/cie:Municipality", None, NS | CIE) == "F704"


@pytest.mark.parametrize(("name", "count"), [("spid", 5), ("cie", 4)])
def test_it_asks_for_little(site: TestClient, name: str, count: int) -> None:
    asked = {e.get("Name") for e in read(site, name).iter(f"{{{NS['md']}}}RequestedAttribute")}

    assert len(asked) == count
    assert {"fiscalNumber", "name", "familyName", "dateOfBirth"} <= asked


def test_both_ways_of_logout_and_one_consumer(site: TestClient) -> None:
    root = read(site, "spid")

    assert len(root.findall(".//md:SingleLogoutService", NS)) == 2
    (consumer,) = root.findall(".//md:AssertionConsumerService", NS)
    assert (consumer.get("index"), consumer.get("isDefault")) == ("0", "true")
    assert consumer.get("Location") == f"{BASE}/spid/acs"


def test_during_a_roll_over_two_keys_are_published_and_the_first_signs(tmp_path: Path) -> None:
    double = CONFIGURATION.replace(
        "max_pending = 5000\nkeys = [",
        'max_pending = 5000\nkeys = [{ key_file = "new.key", certificate_file = "new.crt" }, ',
    )
    file = write_world(tmp_path, [FakeIdp()], CONFIGURATION)
    file.write_text(double)
    schema = load_configuration(file, BASE).schemas[0]
    pair = make_pair(schema, 365)
    (tmp_path / "new.key").write_bytes(pair.key)
    (tmp_path / "new.key").chmod(0o600)
    (tmp_path / "new.crt").write_bytes(pair.certificate)

    keys = load_signing_keys(schema)
    root = etree.fromstring(build_metadata(schema, keys))

    assert len(root.findall(".//md:KeyDescriptor", NS)) == 2
    assert verified(root, [keys[0].certificate]) is not None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('phone = "+39039000000"', 'phone = "+39 039 000000"', "phone"),
        ('ipa_code = "c_f704"', 'ipa_code = ""', "ipa_code"),
        ('locality = "Monza"', "", "locality"),
        ("[cie]", '[cie]\nattributes = ["name", "familyName", "fiscalNumber", "email"]', "CIE gives"),
        ("[spid]", '[spid]\nattributes = ["name"]', "missing"),
        ("[spid]", '[spid]\nattributes = ["name", "familyName", "fiscalNumber", "shoeSize"]', "unknown"),
        ("[spid]", "[spid]\nlevels = { operatore = 4 }", "operatore"),
        ("[spid]", "[spid]\nunknown = 1", "unknown"),
        ("[log]", "[nolog]", "log"),
        ("[organization]", "[organization", "GATEWAY_SPID_FILE"),
    ],
)
def test_a_wrong_configuration_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    file = tmp_path / "spid.toml"
    file.write_text(CONFIGURATION.replace(old, new, 1))

    with pytest.raises(SpidConfigurationError, match=said):
        load_configuration(file, BASE)


def test_without_a_public_address_there_is_no_spid(tmp_path: Path) -> None:
    (tmp_path / "spid.toml").write_text(CONFIGURATION)

    with pytest.raises(SpidConfigurationError, match="GATEWAY_PUBLIC_URL"):
        load_configuration(tmp_path / "spid.toml", "")
