"""The starting data: the same whether loaded once or twice; the others hear of each operator once."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from chassis.mandate import load_public_key, verify
from contracts.mandato import Extent
from gateway.seed.operatori import IDENTITIES
from gateway.seed.politica import rules
from gateway.seed.territori import AMBITI, PROVINCE
from gateway.testing import Browser, FakeServices


def chassis(*words: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("chassis")), *words]
    return subprocess.run(
        command, env=env | {"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def seeded(gateway_env: dict[str, str], pg_database: Callable[..., Any]) -> dict[str, str]:
    urls = pg_database("gateway", fresh=True)
    env = gateway_env | {"GATEWAY_DATABASE_URL": urls.app.replace("postgresql://", "postgresql+psycopg2://")}
    for _ in range(2):
        done = chassis("seed", "gateway", env=env)
        assert done.returncode == 0, done.stderr
    return env | {"dsn": urls.app}


def test_seeding_twice_leaves_one_of_each_and_tells_the_others_once(seeded: dict[str, str]) -> None:
    with psycopg.connect(seeded["dsn"]) as connection:
        operators = connection.execute("SELECT count(*) FROM incarichi").fetchone()
        policy = connection.execute("SELECT count(*) FROM politica_regole").fetchone()
        events = connection.execute("SELECT type, envelope -> 'data' ->> 'email' FROM outbox").fetchall()

    incarichi = sum(len(identity.incarichi) for identity in IDENTITIES)
    assert operators == (incarichi,)
    assert policy == (len(list(rules())),)
    assert len(events) == incarichi
    assert ("gateway.operatore.abilitato.v1", "giulia.bianchi@comune.example") in events


def test_in_production_nobody_is_invented(
    gateway_env: dict[str, str], pg_database: Callable[..., Any]
) -> None:
    urls = pg_database("gateway", fresh=True)
    url = urls.app.replace("postgresql://", "postgresql+psycopg2://")

    done = chassis(
        "seed", "gateway",
        env=gateway_env | {"GATEWAY_DATABASE_URL": url, "SISO_ENV": "production", "GATEWAY_DEV_LOGIN": "false"},
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    with psycopg.connect(urls.app) as connection:
        assert connection.execute("SELECT count(*) FROM operatori").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM politiche").fetchone() == (1,)


def test_the_job_verifies_the_access_log(seeded: dict[str, str]) -> None:
    done = chassis("job", "gateway", "verify_accessi", env=seeded)

    assert done.returncode == 0, done.stderr
    assert '"integro": true' in done.stdout


def test_the_services_accept_the_mandate_and_no_other_audience(
    browser: Callable[[str], Browser], services: FakeServices, gateway_env: dict[str, str]
) -> None:
    from contracts.errors import Forbidden, NotFound

    tokens: list[str] = []
    services.answer("cartella.list_cartelle", NotFound("x.y", "Non c'è."))
    call = services.call

    async def keep(service: str, method: str, request: Any, mandato: str, *rest: Any) -> Any:
        if method != "list_conviventi":  # the gateway's own question
            tokens.append(mandato)
        return await call(service, method, request, mandato, *rest)

    services.call = keep  # type: ignore[method-assign]
    case = uuid4()
    browser("giulia.bianchi").get(f"/api/v1/cartelle/{case}", headers={"X-Motivo": "verifica"})
    key = load_public_key(Path(gateway_env["SISO_MANDATO_PUBLIC_KEY_FILE"]))

    mandato = verify(tokens[0], "cartella", key)

    assert mandato.operatore_id == IDENTITIES[0].operatore_id
    assert mandato.extent("presa_in_carico:leggi") is Extent.SETTORE
    assert mandato.extent("diario:leggi") is Extent.NESSUNO
    assert (mandato.reason_for(case), mandato.reason_for(uuid4())) == ("verifica", "")
    with pytest.raises(Forbidden):
        verify(tokens[0], "erogazioni", key)


def test_the_province_has_its_55_comuni_and_the_ambito_lies_within() -> None:
    assert len(PROVINCE["MB"]) == len(set(PROVINCE["MB"])) == 55
    assert set(AMBITI["monza"]) < set(PROVINCE["MB"])
