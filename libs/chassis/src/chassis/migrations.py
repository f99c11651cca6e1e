"""Migrations of a service: Alembic for PostgreSQL, numbered `upgrade(db)` modules for MongoDB. A job, never at start.

Each runs as the service's migrator, who owns the tables; the service's own role gets DML on what is made (a
migration may take some of it back with REVOKE).
"""

import importlib
import importlib.util
import pkgutil
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from chassis.settings import ServiceSettings

CREATE_OUTBOX = """
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    type text NOT NULL,
    subject text NOT NULL,
    sequence bigint NOT NULL DEFAULT 0,
    envelope jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    attempts int NOT NULL DEFAULT 0,
    last_error text
);
CREATE INDEX outbox_waiting ON outbox (seq) WHERE published_at IS NULL;
CREATE FUNCTION notify_outbox() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$;
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_outbox();
CREATE TABLE inbox (
    consumer text NOT NULL,
    event_id uuid NOT NULL,
    type text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
"""

PIN_FUNCTIONS = """
DO $$ DECLARE found regprocedure; BEGIN
    FOR found IN SELECT oid FROM pg_proc
                  WHERE pronamespace = 'public'::regnamespace AND proowner = current_user::regrole
                    AND prokind = 'f' AND NOT coalesce(proconfig, '{}') @> '{"search_path=public, pg_temp"}'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = public, pg_temp', found);
    END LOOP;
END $$
"""
"""Functions guard tables. One that looks for its tables where the caller says believes a temporary table of the same
name: each looks in `public` first, whichever migration made it."""


def create_outbox(op: Any) -> None:
    """Tables outbox and inbox, for the first migration of a service (`op`: alembic's)."""
    op.execute(CREATE_OUTBOX)


def migrate(service: str, settings: ServiceSettings) -> str:
    """Brings the service's store to the newest version; the name of that version."""
    if settings.mongo_url:
        return _migrate_mongo(service, settings)
    return _migrate_sql(service, settings)


def versions_of(service: str) -> Path:
    """Folder of a service's migrations."""
    spec = importlib.util.find_spec(service)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "migrations" / "versions"


def _migrate_sql(service: str, settings: ServiceSettings) -> str:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic_env"))
    config.set_main_option("version_locations", str(versions_of(service)))
    config.set_main_option("path_separator", "os")
    engine = create_engine(settings.migration_url)
    app_role = make_url(settings.database_url).username
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        if app_role:
            _grant_future_tables(connection, app_role)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.execute(text(PIN_FUNCTIONS))
    engine.dispose()
    return str(ScriptDirectory.from_config(config).get_current_head())


def _grant_future_tables(connection: Any, role: str) -> None:
    quoted = connection.dialect.identifier_preparer.quote(role)
    for statement in (
        f"GRANT USAGE ON SCHEMA public TO {quoted}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {quoted}",
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {quoted}",
    ):
        connection.execute(text(statement))


def _migrate_mongo(service: str, settings: ServiceSettings) -> str:
    from pymongo import MongoClient

    from chassis.mongo import CODEC

    client: MongoClient[dict[str, Any]] = MongoClient(settings.migration_url or settings.mongo_url)
    db = client.get_default_database().with_options(codec_options=CODEC)
    done = {row["_id"] for row in db.migrations.find()}
    db.outbox.create_index([("published_at", 1), ("created_at", 1)])
    names = sorted(module.name for module in pkgutil.iter_modules([str(versions_of(service))]))
    for name in names:
        if name not in done:
            importlib.import_module(f"{service}.migrations.versions.{name}").upgrade(db)
            db.migrations.insert_one({"_id": name})
    client.close()
    return names[-1] if names else ""
