"""Where real people enter, nothing that is only for trying out lets the gateway start."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from idp import FakeIdp
from spid_world import CONFIGURATION, pin_all, write_world

from chassis.settings import Environment
from gateway.app import create_app
from gateway.settings import Settings
from gateway.spid.guard import is_for_tests
from gateway.spid.settings import SpidConfigurationError
from gateway.testing import FakeServices

REAL = "https://cartella.comune.monza.it"
PROVIDER = "https://identity.sieltecloud.it"


def production(settings: Settings, folder: Path, **changes: object) -> Settings:
    told = {
        "environment": Environment.PRODUCTION, "dev_login": False, "https": True, "public_url": REAL,
        "spid_file": folder / "spid.toml",
    }  # fmt: skip
    return settings.model_copy(update=told | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_world(tmp_path, [FakeIdp(PROVIDER)], base=REAL)
    return tmp_path


def start(settings: Settings) -> None:
    create_app(settings, rpc=FakeServices())


def test_a_proper_configuration_starts(settings: Settings, folder: Path) -> None:
    start(production(settings, folder))


@pytest.mark.parametrize(
    "entity_id",
    [
        "http://identity.sieltecloud.it", "https://localhost:8443", "https://127.0.0.1:8443", "https://10.0.0.7/idp",
        "https://demo.spid.gov.it", "https://validator.spid.gov.it", "https://idp.example", "https://idp.prova.test",
        "https://spid-saml-check.comune.monza.it", "https://[::1]/idp",
        "https://preproduzione.idserver.servizicie.interno.gov.it/idp/profile/SAML2/POST/SSO",
    ],
)  # fmt: skip
def test_a_provider_for_tests_stops_the_start(settings: Settings, folder: Path, entity_id: str) -> None:
    pin_all(folder / "idp", [FakeIdp(PROVIDER), FakeIdp(entity_id)])

    with pytest.raises(SpidConfigurationError, match="identity provider for tests"):
        start(production(settings, folder))


def test_the_mark_of_the_dev_provider_stops_the_start_whatever_its_address(
    settings: Settings, folder: Path
) -> None:
    raw = FakeIdp(PROVIDER).metadata(
        '<md:Extensions><d:IdentitaDiProva xmlns:d="urn:siso:dev-idp"/></md:Extensions>'
    )
    (folder / "idp" / "0.xml").write_bytes(raw)
    (folder / "idp" / "manifest.json").write_text(json.dumps({"0.xml": sha256(raw).hexdigest()}))

    with pytest.raises(SpidConfigurationError, match="identity provider for tests"):
        start(production(settings, folder))


def test_a_provider_for_tests_that_comes_later_is_not_taken_either(settings: Settings, folder: Path) -> None:
    app = create_app(production(settings, folder), rpc=FakeServices())
    registry = app.state.spid.providers["spid"].registry
    pin_all(folder / "idp", [FakeIdp(PROVIDER), FakeIdp("http://127.0.0.1:9000/acero")])
    registry._looked -= 1000

    assert [idp.entity_id for idp in registry.shuffled()] == [PROVIDER]


def test_the_demo_may_have_it(settings: Settings, tmp_path: Path) -> None:
    write_world(tmp_path, [FakeIdp("http://127.0.0.1:9000/acero")], base="http://127.0.0.1:8000")

    start(
        settings.model_copy(
            update={"public_url": "http://127.0.0.1:8000", "spid_file": tmp_path / "spid.toml"}
        )
    )


def test_http_stops_the_start(settings: Settings, folder: Path) -> None:
    with pytest.raises(SpidConfigurationError, match="GATEWAY_HTTPS"):
        start(production(settings, folder, https=False))


def test_an_address_for_tests_stops_the_start(settings: Settings, folder: Path) -> None:
    with pytest.raises(SpidConfigurationError, match="GATEWAY_PUBLIC_URL"):
        start(production(settings, folder, public_url="https://csi.example"))


def test_a_certificate_for_another_entity_id_stops_the_start(settings: Settings, folder: Path) -> None:
    with pytest.raises(SpidConfigurationError, match="certificate was made for"):
        start(production(settings, folder, public_url="https://altra.comune.monza.it"))


def test_a_certificate_for_trying_out_stops_the_start(settings: Settings, tmp_path: Path) -> None:
    write_world(
        tmp_path, [FakeIdp(PROVIDER)], CONFIGURATION.replace("Comune di Monza", "Comune di Prova"), REAL
    )

    with pytest.raises(SpidConfigurationError, match="made for tests"):
        start(production(settings, tmp_path))


def test_a_certificate_without_agids_profile_stops_the_start(settings: Settings, folder: Path) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from idp import make_key

    key = make_key("anonima")
    (folder / "spid.key").write_bytes(
        key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (folder / "spid.crt").write_bytes(key.certificate.public_bytes(Encoding.PEM))

    with pytest.raises(SpidConfigurationError, match="no entity_id"):
        start(production(settings, folder))


@pytest.mark.parametrize("name", ["spid.key", "cie.key", "spid_log.key"])
@pytest.mark.parametrize("mode", [0o644, 0o604, 0o620])
def test_a_key_others_can_read_stops_the_start_everywhere(
    settings: Settings, folder: Path, name: str, mode: int
) -> None:
    (folder / name).chmod(mode)

    with pytest.raises(SpidConfigurationError, match=name):
        start(production(settings, folder, environment=Environment.TEST))


@pytest.mark.parametrize("key", ["0" * 64, "changeme", "ab" * 32, ""])
def test_a_log_key_nobody_drew_stops_the_start(settings: Settings, folder: Path, key: str) -> None:
    (folder / "spid_log.key").write_text(key)

    with pytest.raises(SpidConfigurationError, match="spid_log"):
        start(production(settings, folder))


def test_a_key_that_is_not_the_certificates_stops_the_start(settings: Settings, folder: Path) -> None:
    (folder / "spid.crt").write_bytes((folder / "cie.crt").read_bytes())

    with pytest.raises(SpidConfigurationError, match="does not belong"):
        start(production(settings, folder))


def test_metadata_that_nobody_pinned_stops_the_start(settings: Settings, folder: Path) -> None:
    (folder / "idp" / "0.xml").write_bytes(FakeIdp("https://ladro.it").metadata())

    with pytest.raises(SpidConfigurationError, match="not the file that was pinned"):
        start(production(settings, folder))


def test_no_provider_stops_the_start(settings: Settings, folder: Path) -> None:
    (folder / "idp" / "manifest.json").unlink()

    with pytest.raises(SpidConfigurationError, match="manifest"):
        start(production(settings, folder))


@pytest.mark.parametrize(
    ("address", "verdict"),
    [("https://login.id.tim.it/affwebservices/public/saml2sso", False), ("https://posteid.poste.it", False),
     ("https://identity.infocert.it", False), ("urn:provider:x", False),
     ("https://idserver.servizicie.interno.gov.it", False),
     ("https://192.168.1.1", True), ("http://posteid.poste.it", True)],
)  # fmt: skip
def test_what_is_for_tests(address: str, verdict: bool) -> None:
    assert is_for_tests(address) is verdict
