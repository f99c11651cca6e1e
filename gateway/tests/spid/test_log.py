"""The SPID log: request and answer of every login, sealed, kept for 24 months, read with a reason."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from idp import GIULIA
from spid_world import BASE, Door, environment_of

from gateway.jobs import purge_spid, read_spid_log
from gateway.settings import Settings

Query = Callable[..., list[dict[str, Any]]]
TODAY = datetime.now(UTC).date().isoformat()
REASON = "richiesta 12/2026 della Procura"


@pytest.fixture
def cli(spid_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The jobs find their settings in the environment."""
    for name, value in environment_of(spid_settings).items():
        monkeypatch.setenv(name, value)


def read(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, str]]:
    capsys.readouterr()
    assert read_spid_log("--dal", TODAY, "--al", TODAY, "--motivo", REASON, *words) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_login_is_there_with_request_and_answer(
    door: Door, cli: None, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = door.ask()
    document = door.idp.answer(asked)
    door.post(asked, document)

    (row,) = read(capsys, "--richiesta", asked.id)

    assert row["esito"] == "accesso"
    assert row["richiesta"].encode() == asked.xml
    assert row["risposta"].encode() == document
    assert (row["codice_fiscale"], row["idp"], row["schema"]) == (GIULIA, door.idp.entity_id, "spid")


def test_nothing_of_it_is_readable_in_the_database(door: Door, query: Query) -> None:
    asked = door.ask()
    door.post(asked, door.idp.answer(asked))

    (row,) = query("SELECT * FROM spid_registro WHERE richiesta_id = %s", asked.id)

    stored = " ".join(str(bytes(v) if isinstance(v, memoryview | bytes) else v) for v in row.values())
    for secret in (GIULIA, "Bianchi", "SAML", "testclient"):
        assert secret not in stored


def test_it_is_found_by_codice_fiscale(door: Door, cli: None, capsys: pytest.CaptureFixture[str]) -> None:
    door.enter()

    assert {row["codice_fiscale"] for row in read(capsys, "--codice-fiscale", GIULIA.lower())} == {GIULIA}
    assert read(capsys, "--codice-fiscale", "RSSMRA80A01F205Z") == []


def test_a_refused_answer_is_there_too(door: Door, query: Query) -> None:
    asked = door.ask()
    door.post(asked, door.idp.answer(asked, level=1))

    (row,) = query("SELECT esito FROM spid_registro WHERE richiesta_id = %s", asked.id)
    assert row["esito"] == "rifiutata authn.level"


def test_what_did_not_come_from_the_right_browser_is_not(door: Door, query: Query) -> None:
    asked = door.ask()
    door.client.cookies.clear()
    door.post(asked, door.idp.answer(asked))

    assert query("SELECT esito FROM spid_registro WHERE richiesta_id = %s", asked.id) == []


def test_reading_leaves_a_trace(
    door: Door, cli: None, capsys: pytest.CaptureFixture[str], query: Query
) -> None:
    asked = door.ask()
    door.post(asked, door.idp.answer(asked))
    before = len(query("SELECT 1 FROM spid_consultazioni"))

    assert len(read(capsys, "--richiesta", asked.id)) == 1

    rows = query("SELECT motivo FROM spid_consultazioni ORDER BY quando")
    assert len(rows) == before + 1
    assert rows[-1]["motivo"] == REASON


@pytest.mark.parametrize("reason", ["", "boh"])
def test_without_a_reason_nobody_reads(cli: None, reason: str) -> None:
    with pytest.raises(SystemExit):
        read_spid_log("--dal", TODAY, "--al", TODAY, "--motivo", reason)


def test_a_row_exchanged_for_another_does_not_hold(
    door: Door, cli: None, capsys: pytest.CaptureFixture[str], spid_settings: Settings
) -> None:
    from gateway.spid.keys import load_log_key
    from gateway.spid.log import unseal
    from gateway.spid.settings import load_configuration

    door.enter()
    door.enter()
    assert spid_settings.spid_file
    keys = [load_log_key(file) for file in load_configuration(spid_settings.spid_file, BASE).log.key_files]
    with psycopg.connect(spid_settings.dsn) as connection:
        rows = connection.execute(
            "SELECT id, chiave, contenuto FROM spid_registro WHERE chiave = %s LIMIT 2", (keys[0].id,)
        ).fetchall()

    assert unseal(keys, rows[0][1], rows[0][0], rows[0][2])
    with pytest.raises(ValueError, match="changed"):
        unseal(keys, rows[0][1], rows[1][0], rows[0][2])
    with pytest.raises(LookupError):
        unseal([], rows[0][1], rows[0][0], rows[0][2])


@pytest.mark.parametrize(
    "statement",
    ["UPDATE spid_registro SET esito = 'x'", "DELETE FROM spid_registro", "TRUNCATE spid_registro",
     "DELETE FROM spid_consultazioni"],
)  # fmt: skip
def test_the_database_itself_keeps_it(door: Door, spid_settings: Settings, statement: str) -> None:
    door.enter()

    with psycopg.connect(spid_settings.dsn) as connection, pytest.raises(psycopg.Error):
        connection.execute(statement)


def test_after_24_months_it_goes(door: Door, cli: None, spid_settings: Settings, query: Query) -> None:
    door.enter()
    insert = (
        "INSERT INTO spid_registro SELECT gen_random_uuid(), now() - interval '{}', schema, idp, 'prova {}', "
        "richiesta_id, risposta_id, asserzione_id, soggetto, chiave, contenuto FROM spid_registro LIMIT 1"
    )
    with psycopg.connect(spid_settings.dsn) as connection:
        for age in ("24 months 1 day", "23 months 29 days"):
            connection.execute(insert.format(age, age))

    assert purge_spid() == 0

    kept = {row["esito"] for row in query("SELECT esito FROM spid_registro WHERE esito LIKE 'prova%%'")}
    assert kept == {"prova 23 months 29 days"}


def test_an_older_key_still_reads(
    door: Door, cli: None, world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A new key in front, the old one behind it: what the old one sealed is found and opened."""
    asked = door.ask()
    door.post(asked, door.idp.answer(asked))
    file, new = world / "spid.toml", world / "spid_log_2.key"
    before = file.read_text()
    new.write_text("0123456789abcdef" * 2 + "fedcba98765432100f1e2d3c4b5a6978")
    new.chmod(0o600)
    try:
        file.write_text(before.replace('key_files = ["', 'key_files = ["spid_log_2.key", "'))
        rows = read(capsys, "--codice-fiscale", GIULIA)
    finally:
        file.write_text(before)

    assert asked.id in {row["richiesta_id"] for row in rows}
