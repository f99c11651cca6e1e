"""Role pairs and databases, from the SQL that compose uses too (`deploy/postgres/*.sql`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from sisolocal.layout import repository_root


def _script(name: str, **values: str) -> bytes:
    for value in values.values():
        if not value.replace("_", "").isalnum():
            raise ValueError("only letters, digits and underscores may enter the SQL of the roles")
    script = Path(repository_root(), "deploy", "postgres", name).read_text()
    for key, value in values.items():
        script = script.replace(f"${{{key}}}", value)
    return script.encode()


def create_roles(
    connection: psycopg.Connection[Any], service: str, migrator_password: str, app_password: str
) -> None:
    """Create or correct `<service>_migrator` and `<service>_app`. The connection is an administrator's, autocommit."""
    script = _script(
        "roles.sql", service=service, migrator_password=migrator_password, app_password=app_password
    )
    connection.execute(script)


def create_notaio(connection: psycopg.Connection[Any], password: str) -> None:
    """Create or correct `gateway_notaio`, the keeper of the access log; its database lets it in afterwards."""
    connection.execute(_script("notaio.sql", notaio_password=password))


def create_database(admin_url: str, service: str, database: str) -> None:
    """Create an empty database owned by the migrator of the service, closed to everyone else."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        owner = sql.Identifier(f"{service}_migrator")
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), owner))
    prepare_database(admin_url, service, database)


def prepare_database(admin_url: str, service: str, database: str) -> None:
    """Rights of the roles on a database that exists (a copy does not inherit those of its template)."""
    with psycopg.connect(with_database(admin_url, database), autocommit=True) as connection:
        connection.execute(_script("database.sql", service=service, database=database))


def drop_database(admin_url: str, database: str) -> None:
    """Drop a database, whoever is connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        )


def with_database(url: str, database: str) -> str:
    """The same URL pointing at another database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))
