"""A gateway on a real database, with services that are not there: each test says what they answer."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from chassis.sql import SqlDatabase
from gateway.app import create_app
from gateway.seed import IDENTITIES, seed_identity, seed_policy
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """These values in the environment and no other name of the house."""
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("GATEWAY_", "SISO_ENV"))}
    for name in kept:
        del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)
        os.environ.update(kept)


@pytest.fixture(scope="session")
def gateway_env(service_env: Callable[[str], dict[str, str]]) -> dict[str, str]:
    # what tests change behind its back holds at once; test_identita.py says what is remembered
    return service_env("gateway") | {"GATEWAY_IDENTITY_SECONDS": "0"}


def read_settings(gateway_env: dict[str, str]) -> Settings:
    with environment(gateway_env):
        return Settings()


def seed_everything(settings: Settings) -> Settings:
    database = SqlDatabase(settings)
    with database.transaction() as tx:
        seed_policy(tx)
        for identity in IDENTITIES:
            seed_identity(tx, identity)
    database.close()
    return settings


@pytest.fixture(scope="session")
def settings(gateway_env: dict[str, str]) -> Settings:
    """Of a gateway whose database holds the starting policy and the test identities."""
    return seed_everything(read_settings(gateway_env))


@pytest.fixture
def own_addresses(pg_database: Callable[..., Any]) -> Any:
    """A database nobody else sees: `app`, `migrator`."""
    return pg_database("gateway", fresh=True)


@pytest.fixture
def own_settings(gateway_env: dict[str, str], own_addresses: Any) -> Settings:
    """As `settings`, on a database of its own: for what would change everybody else's world. A module that wants it
    overrides `settings` with it."""
    return seed_everything(read_settings(gateway_env).model_copy(update={"database_url": own_addresses.app}))


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def app(settings: Settings, services: FakeServices) -> FastAPI:
    return create_app(settings, rpc=services)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Nobody signed in."""
    with TestClient(app, base_url="http://siso.test", follow_redirects=False) as client:
        yield client


@pytest.fixture
def browser(client: TestClient) -> Callable[[str], Browser]:
    """`browser("giulia.bianchi")`: signed in, with the token for changes."""

    def sign_in(identita: str) -> Browser:
        return Browser.sign_in(client, identita)

    return sign_in


@pytest.fixture
def query(settings: Settings) -> Callable[..., list[dict[str, Any]]]:
    """Rows of the gateway's database, as its own role sees them."""
    import psycopg
    from psycopg.rows import dict_row

    def run(statement: str, *values: Any) -> list[dict[str, Any]]:
        with psycopg.connect(settings.dsn, row_factory=dict_row) as connection:
            return list(connection.execute(statement, values).fetchall())  # type: ignore[arg-type]

    return run
