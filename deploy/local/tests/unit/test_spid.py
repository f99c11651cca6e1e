"""Login with SPID and CIE in a local stack: what is written at the start fits the gateway and the test provider."""

from __future__ import annotations

import json
import stat
from hashlib import sha256

import pytest

from sisolocal import environment, identita, spid
from sisolocal.infra import Infra
from sisolocal.layout import Layout
from sisolocal.roles import processes


@pytest.fixture
def infra(tmp_path):
    prepared = Infra(Layout(tmp_path, "prova"))
    spid.prepare(prepared)
    return prepared


def test_every_provider_is_pinned_in_the_folder_of_its_scheme(infra):
    for scheme, names in (("spid", {"acero.xml", "betulla.xml"}), ("cie", {"cie.xml"})):
        folder = spid.folder(infra) / "gestori" / scheme
        pinned = json.loads((folder / "manifest.json").read_text())
        assert set(pinned) == names == {file.name for file in folder.glob("*.xml")}
        assert all(
            sha256((folder / name).read_bytes()).hexdigest() == digest for name, digest in pinned.items()
        )


def test_no_secret_of_it_can_be_read_by_others(infra):
    secrets = [spid.folder(infra) / name for name in ("spid.key", "cie.key", "spid_log.key", "idp/idp.key")]

    assert [file.name for file in secrets if stat.S_IMODE(file.stat().st_mode) != 0o600] == []


def test_keys_stay_while_the_address_does(infra):
    key = (spid.folder(infra) / "spid.key").read_bytes()
    spid.prepare(infra)

    assert (spid.folder(infra) / "spid.key").read_bytes() == key


def test_another_port_of_the_provider_changes_its_metadata(infra):
    infra.ports.fix(spid.IDP, 12345)
    spid.prepare(infra)

    assert "http://127.0.0.1:12345/acero" in (spid.folder(infra) / "gestori/spid/acero.xml").read_text()


def test_another_port_of_the_gateway_needs_other_certificates(infra):
    certificate = (spid.folder(infra) / "spid.crt").read_bytes()
    infra.ports.fix("gateway", 12346)
    spid.prepare(infra)

    assert (spid.folder(infra) / "spid.crt").read_bytes() != certificate


def test_gateway_accepts_what_it_is_given(infra):
    from gateway.spid.keys import load_signing_keys
    from gateway.spid.registry import Registry
    from gateway.spid.settings import load_configuration

    schemas = load_configuration(spid.folder(infra) / "spid.toml", spid.public_url(infra)).schemas

    assert [schema.name for schema in schemas] == ["spid", "cie"]
    for schema in schemas:
        assert load_signing_keys(schema)
        assert all(idp.is_dev for idp in Registry(schema.idp_dir).shuffled())


def test_test_provider_knows_nothing_of_the_house(infra):
    env = next(role.child.spec.env for role in processes(infra) if role.name == spid.IDP)

    assert env == spid.idp_environment(infra)
    assert not [name for name in env if name.startswith(("SISO_MANDATO", "GATEWAY", "ANAGRAFE"))]


def test_gateway_is_told_where_its_configuration_is(infra):
    env = environment.of(infra, "gateway")

    assert env["GATEWAY_SPID_FILE"] == str(spid.folder(infra) / "spid.toml")
    assert env["GATEWAY_PUBLIC_URL"] == spid.public_url(infra)


def test_list_holds_the_operators_and_somebody_nobody_knows(infra):
    rows = json.loads(identita.file(infra.layout).read_text())

    assert {row["gruppo"] for row in rows} == {identita.OPERATORI, identita.ALTRI}
    assert len({row["codice_fiscale"] for row in rows}) == len(rows)


def test_citizens_stay_when_the_list_is_written_again(infra):
    citizen = {"codice_fiscale": "X", "nome": "A", "cognome": "B", "gruppo": identita.CITTADINI, "nota": ""}
    identita.write(infra.layout, [citizen])
    spid.prepare(infra)

    assert citizen in json.loads(identita.file(infra.layout).read_text())
