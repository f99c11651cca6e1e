"""documenti on real PostgreSQL and S3."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import urllib3
from services.documenti.tests.factories import CARTELLA, GIULIA

from chassis.cartelle import record_cartella
from chassis.sql import SqlDatabase
from contracts.cartella import Area, CartellaPresaInCaricoV1, StatoCartella
from contracts.events import Envelope
from documenti.adapters.store import S3Store
from documenti.models import cartelle_note
from documenti.settings import Settings

HTTP = urllib3.PoolManager(timeout=10, retries=False)


@pytest.fixture(scope="session")
def database_url(pg_database: Callable[..., Any]) -> str:
    return str(pg_database("documenti").app)


@pytest.fixture
def settings(database_url: str, s3_bucket: Any) -> Settings:
    return Settings(
        database_url=database_url,
        s3_endpoint=s3_bucket.endpoint,
        s3_access_key=s3_bucket.access_key,
        s3_secret_key=s3_bucket.secret_key,
        s3_bucket=s3_bucket.bucket,
    )


@pytest.fixture
def db(settings: Settings) -> Iterator[SqlDatabase]:
    """The service's database, with no rows, and one case of Giulia's in the settore minori of Monza."""
    with psycopg.connect(settings.database_url.replace("+psycopg2", "")) as connection:
        for table in ("documenti", "stampe", "cartelle_note", "outbox", "inbox"):
            connection.execute(f"DELETE FROM {table}")  # type: ignore[call-overload]
    database = SqlDatabase(settings)
    know_cartella(database)
    yield database
    database.close()


@pytest.fixture
def store(settings: Settings) -> S3Store:
    return S3Store(settings)


def make_fatto(**changes: Any) -> CartellaPresaInCaricoV1:
    values: dict[str, Any] = {
        "cartella_id": CARTELLA, "numero": "2026/000012", "residente_id": uuid4(), "ente": "F704", "settore": "minori",
        "area": Area.FAMIGLIA_MINORI, "stato": StatoCartella.IN_CARICO, "responsabile_id": GIULIA, "team": (GIULIA,),
        "comune_residenza": "F704", "sesso": "F", "data": date(2026, 11, 23),
    }  # fmt: skip
    return CartellaPresaInCaricoV1(**{**values, **changes})


def know_cartella(db: SqlDatabase, sequence: int = 1, **changes: Any) -> None:
    """As if cartella's event had arrived."""
    event = make_fatto(**changes)
    envelope = Envelope(
        id=uuid4(), source="cartella", type=event.type, subject=event.subject, sequence=sequence, data={}
    )
    with db.transaction(envelope) as tx:
        record_cartella(cartelle_note, event, tx)


def put(url: str, data: bytes) -> None:
    """As the gateway does: the bytes go straight to the store."""
    answer = HTTP.request("PUT", url, body=data)
    assert answer.status == 200, answer.data


def fetch(url: str) -> urllib3.BaseHTTPResponse:
    return HTTP.request("GET", url)


def outbox(db: SqlDatabase, subject: UUID | None = None) -> list[str]:
    """Types emitted, oldest first."""
    from sqlalchemy import text

    with db.read() as session:
        rows = session.execute(text("SELECT type, subject FROM outbox ORDER BY seq"))
        return [row.type for row in rows if subject is None or row.subject == str(subject)]
