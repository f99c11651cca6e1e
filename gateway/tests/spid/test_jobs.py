"""The certificate of AgID's profile; the refresh of the providers, which never makes things worse."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from idp import NS, FakeIdp, make_key, sign
from lxml import etree
from spid_world import BASE, CONFIGURATION, environment_of, pin_all

from gateway.jobs import pin_idp, refresh_idp, spid_certificate
from gateway.settings import Settings
from gateway.spid.refresh import NotRefreshed, refresh
from gateway.spid.registry import Idp, Registry
from gateway.spid.settings import Schema, load_configuration

FEDERATION = (
    'federation = { url = "https://registry.prova.example/idps.xml", certificate_file = "agid.pem" }\n'
)
AGID = "federazione"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "spid.toml").write_text(CONFIGURATION.replace("[spid]\n", f"[spid]\n{FEDERATION}"))
    (tmp_path / "agid.pem").write_bytes(make_key(AGID).certificate.public_bytes(Encoding.PEM))
    pin_all(tmp_path / "idp", [FakeIdp("https://mano.prova.example")])
    return tmp_path


@pytest.fixture
def schema(folder: Path) -> Schema:
    return load_configuration(folder / "spid.toml", BASE).schemas[0]


def aggregate(*idps: FakeIdp, signer: str = AGID, extra: str = "") -> bytes:
    inner = b"".join(idp.metadata() for idp in idps)
    root = etree.fromstring(
        f'<md:EntitiesDescriptor xmlns:md="{NS["md"]}" ID="_aggregato" {extra}>'.encode()
        + inner
        + b"</md:EntitiesDescriptor>"
    )
    return bytes(etree.tostring(sign(root, make_key(signer))))


def serving(content: bytes, status: int = 200) -> httpx.Client:
    return httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(status, content=content))
    )


def accept(idps: list[Idp]) -> None:
    pass


ONE, TWO, THREE = (FakeIdp(f"https://{name}.prova.example") for name in ("uno", "due", "tre"))


def known(schema: Schema) -> set[str]:
    return {idp.entity_id for idp in Registry(schema.idp_dir).shuffled()}


def test_signed_by_the_federation_they_are_taken(schema: Schema) -> None:
    refresh(schema, accept, serving(aggregate(ONE, TWO)))

    assert known(schema) == {"https://mano.prova.example", ONE.entity_id, TWO.entity_id}


def test_the_next_file_replaces_the_one_before(schema: Schema) -> None:
    refresh(schema, accept, serving(aggregate(ONE, TWO)))
    refresh(schema, accept, serving(aggregate(TWO, THREE)))

    assert known(schema) == {"https://mano.prova.example", TWO.entity_id, THREE.entity_id}
    assert len(list(schema.idp_dir.glob("federazione-*.xml"))) == 1


def tampered() -> bytes:
    return aggregate(ONE, TWO).replace(b"https://uno.prova", b"https://ladro.prova")


def smuggled() -> bytes:
    """A provider beside the signed root's own content."""
    root = etree.fromstring(aggregate(ONE, TWO))
    root.append(etree.fromstring(FakeIdp("https://ladro.prova.example").metadata()))
    return bytes(etree.tostring(root))


BAD: dict[str, Callable[[], bytes]] = {
    "signed by somebody else": lambda: aggregate(ONE, TWO, signer="ladro"),
    "not signed": lambda: etree.tostring(etree.fromstring(ONE.metadata())),
    "changed": tampered,
    "with one more": smuggled,
    "over": lambda: aggregate(ONE, TWO, extra='validUntil="2020-01-01T00:00:00Z"'),
    "empty": lambda: aggregate(),
    "not XML": lambda: b"<html>Manutenzione",
    "a DTD": lambda: b"<!DOCTYPE x>" + aggregate(ONE, TWO),
    "almost nobody left": lambda: aggregate(THREE),
    "too large": lambda: aggregate(ONE, TWO) + b" " * 9_000_000,
}


@pytest.mark.parametrize("kind", BAD)
def test_anything_wrong_keeps_what_was_there(schema: Schema, kind: str) -> None:
    refresh(schema, accept, serving(aggregate(ONE, TWO)))
    before = known(schema)

    with pytest.raises(NotRefreshed):
        refresh(schema, accept, serving(BAD[kind]()))

    assert known(schema) == before


def test_a_federation_that_does_not_answer_keeps_what_was_there(schema: Schema) -> None:
    with pytest.raises(NotRefreshed):
        refresh(schema, accept, serving(b"", 503))

    assert known(schema) == {"https://mano.prova.example"}


def test_the_job_says_when_the_old_ones_stay(
    settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment_of(
        settings.model_copy(update={"spid_file": folder / "spid.toml"})
    ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("gateway.spid.refresh._fetch", lambda url, client: tampered())

    assert refresh_idp("spid") == 1
    assert "restano i gestori di prima" in capsys.readouterr().err


@pytest.fixture
def cli(settings: Settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    told = environment_of(settings.model_copy(update={"spid_file": folder / "spid.toml", "public_url": BASE}))
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return folder


def test_a_provider_is_pinned_by_hand(cli: Path, schema: Schema, capsys: pytest.CaptureFixture[str]) -> None:
    (cli / "nuovo.xml").write_bytes(ONE.metadata())

    assert pin_idp("spid", str(cli / "nuovo.xml")) == 0

    assert ONE.entity_id in known(schema)
    assert make_key("idp").certificate.fingerprint(SHA256()).hex() in capsys.readouterr().err


def test_what_is_no_provider_is_not_pinned(cli: Path, schema: Schema) -> None:
    (cli / "nuovo.xml").write_bytes(b"<x/>")

    assert pin_idp("spid", str(cli / "nuovo.xml")) == 1
    assert known(schema) == {"https://mano.prova.example"}


def test_the_certificate_has_agids_profile(cli: Path) -> None:
    assert spid_certificate("spid", "--days", "400") == 0

    certificate = x509.load_pem_x509_certificate((cli / "spid.crt").read_bytes())
    subject = {a.oid.dotted_string: a.value for a in certificate.subject}
    assert subject["2.5.4.83"] == f"{BASE}/spid/metadata"
    assert subject["2.5.4.97"] == "PA:IT-c_f704"
    assert subject["2.5.4.10"] == "Comune di Monza"
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert (usage.value.digital_signature, usage.value.content_commitment) == (True, True)
    assert not usage.value.key_encipherment
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    assert {"1.3.76.16.6", "1.3.76.16.4.2.1"} <= {p.policy_identifier.dotted_string for p in policies}
    assert (cli / "spid.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_is_there_is_never_written_over(cli: Path) -> None:
    spid_certificate("spid")
    before = (cli / "spid.key").read_bytes()

    assert spid_certificate("spid") == 1
    assert (cli / "spid.key").read_bytes() == before


def test_openssl_reads_the_certificate(cli: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here")
    spid_certificate("spid")

    shown: Any = subprocess.run(
        ["openssl", "x509", "-in", cli / "spid.crt", "-noout", "-text"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "sha512WithRSAEncryption" in shown.stdout
    assert "(3072 bit)" in shown.stdout
