"""What the gateway prints for who mails of an inbox: the policy in force, not the one it started with."""

import json
from typing import Any

import psycopg
import pytest

from gateway.jobs import caselle
from gateway.settings import Settings


@pytest.fixture
def settings(own_settings: Settings) -> Settings:
    return own_settings


def printed(settings: Settings, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = caselle()
    lines = capsys.readouterr().out.splitlines()
    return code, {name: json.loads(value) for name, value in (line.split("=", 1) for line in lines)}


def test_the_roles_are_those_of_the_policy_in_force(
    settings: Settings,
    gateway_env: dict[str, str],
    own_addresses: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (gateway_env | {"GATEWAY_DATABASE_URL": own_addresses.app}).items():
        monkeypatch.setenv(name, value)
    _, before = printed(settings, capsys)
    with psycopg.connect(own_addresses.migrator) as connection:
        connection.execute("ALTER TABLE politica_regole DISABLE TRIGGER USER")
        connection.execute(
            "UPDATE politica_regole SET estensione = 'propri' WHERE ruolo = 'coordinatore' AND sezione = 'avvisi'"
        )

    code, after = printed(settings, capsys)

    assert code == 0
    assert {*before["NOTIFICHE_INBOX_ROLES"]} - {*after["NOTIFICHE_INBOX_ROLES"]} == {"coordinatore"}
    assert "rpd" in after["NOTIFICHE_SECTION_ROLES"]["registro_accessi:leggi"]


def test_without_a_policy_in_force_nothing_is_printed(
    gateway_env: dict[str, str],
    pg_database: Any,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    empty = pg_database("gateway", fresh=True).app
    for name, value in (gateway_env | {"GATEWAY_DATABASE_URL": empty}).items():
        monkeypatch.setenv(name, value)

    assert printed(settings, capsys) == (1, {})
