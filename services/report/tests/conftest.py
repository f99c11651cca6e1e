"""Facts in PostgreSQL, snapshots in S3, questions as a director asks them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from chassis.sql import SqlDatabase
from contracts.consumers import handler_of
from contracts.events import Envelope, Event
from contracts.mandato import Mandato
from contracts.report import CrosstabOut, RunCrosstab
from report import use_cases
from report.adapters.cube import Engine
from report.adapters.snapshots import SnapshotCache, SnapshotStore
from report.service import ReportService
from report.settings import Settings

KEY = "k" * 40


class Desk:
    """The service without broker: events in, snapshots, crosstabs."""

    def __init__(self, db: SqlDatabase, settings: Settings) -> None:
        self.db, self.settings = db, settings
        self.store, self.cache = SnapshotStore(settings), SnapshotCache(settings)
        self.service = ReportService()
        self.service.db, self.service.settings = db, settings

    def deliver(self, event: Event, sequence: int = 1) -> None:
        envelope = Envelope(
            id=uuid4(),
            source=event.source,
            type=event.type,
            subject=event.subject,
            sequence=sequence,
            time=datetime.now(UTC),
            data=event.model_dump(mode="json"),
        )
        handler = getattr(self.service, handler_of(type(event)))
        handler(envelope.model_dump(mode="json"))

    def write(self) -> int:
        return use_cases.write_snapshots(self.db, self.store, here)

    def ask(self, mandato: Mandato, **request: Any) -> CrosstabOut:
        return use_cases.run_crosstab(
            RunCrosstab(**request),
            mandato,
            self.db,
            self.store,
            self.cache,
            Engine(self.settings),
            self.settings.soglia,
            here,
        )

    def execute(self, statement: str, **values: Any) -> list[Any]:
        with self.db.transaction() as tx:
            result: Any = tx.session.execute(text(statement), values)
            return list(result) if result.returns_rows else []


def here(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


@pytest.fixture(scope="session")
def _database(pg_database: Callable[..., Any]) -> Iterator[SqlDatabase]:
    urls = pg_database("report", fresh=True)
    url = urls.app.replace("postgresql://", "postgresql+psycopg2://")
    db = SqlDatabase(Settings(database_url=url, pseudonym_key=KEY))
    yield db
    db.close()


@pytest.fixture
def desk(_database: SqlDatabase, s3_bucket: Any, tmp_path: Path) -> Desk:
    with _database.transaction() as tx:
        for table in ("fatti_cartelle", "partizioni", "outbox", "inbox"):
            tx.session.execute(text(f"DELETE FROM {table}"))
    settings = Settings(
        pseudonym_key=KEY,
        s3_endpoint=s3_bucket.endpoint,
        s3_access_key=s3_bucket.access_key,
        s3_secret_key=s3_bucket.secret_key,
        s3_bucket=s3_bucket.bucket,
        s3_secure=False,
        cache_dir=tmp_path / "cache",
    )
    return Desk(_database, settings)
