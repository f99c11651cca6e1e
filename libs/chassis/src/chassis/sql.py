"""PostgreSQL for a service: one transaction per use case, outbox and inbox inside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from chassis.outbox import Transient, envelope_of
from chassis.settings import ServiceSettings
from contracts.errors import Unavailable
from contracts.events import Envelope, Event

RETRYABLE = ("40001", "40P01", "55P03")
"""serialization_failure, deadlock_detected, lock_not_available"""

INSERT_OUTBOX = (
    "INSERT INTO outbox (id, type, subject, sequence, envelope)"
    " VALUES (%(id)s, %(type)s, %(subject)s, %(sequence)s, %(envelope)s)"
)
INSERT_INBOX = (
    "INSERT INTO inbox (consumer, event_id, type) VALUES (%(consumer)s, %(event_id)s, %(type)s)"
    " ON CONFLICT DO NOTHING"
)


class Transaction:
    """One unit of work. `session` is SQLAlchemy's; `envelope` the incoming one while an event is handled."""

    def __init__(self, connection: Connection, envelope: Envelope | None = None) -> None:
        self.envelope = envelope
        self._connection = connection

    @cached_property
    def session(self) -> Session:
        """Made when first asked for: an event that turns out to be a repetition needs none."""
        return Session(self._connection, expire_on_commit=False)

    def flush(self) -> None:
        """Sends what the session still holds; called once, before the commit."""
        if session := self.__dict__.get("session"):
            session.flush()
            session.close()

    def emit(self, event: Event, *, sequence: int = 0) -> None:
        """Tells the others, if and only if this transaction commits."""
        envelope = envelope_of(event, sequence)
        self._connection.exec_driver_sql(
            INSERT_OUTBOX,
            {
                "id": str(envelope.id),
                "type": envelope.type,
                "subject": envelope.subject,
                "sequence": sequence,
                "envelope": envelope.model_dump_json(),
            },
        )

    def first_time(self, consumer: str) -> bool:
        """Takes the incoming event into the inbox; False when this consumer has had it before."""
        assert self.envelope is not None
        row = {"consumer": consumer, "event_id": str(self.envelope.id), "type": self.envelope.type}
        return self._connection.exec_driver_sql(INSERT_INBOX, row).rowcount == 1


class SqlDatabase:
    """Pool of connections of one service. Built from settings by `resource(SqlDatabase)`."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.engine = create_engine(
            # psycopg 3 would block the whole process under eventlet; psycopg2 is made green by it.
            make_url(settings.database_url).set(drivername="postgresql+psycopg2"),
            # one for each worker: opened when first needed, then kept (an overflow connection is made and thrown away)
            pool_size=max(settings.rpc_workers, settings.event_workers),
            max_overflow=2,
            connect_args={"options": "-c statement_timeout=15000 -c lock_timeout=5000", "connect_timeout": 5},
        )
        # Travels with BEGIN: costs no round trip.
        self._reader = self.engine.execution_options(postgresql_readonly=True)

    @contextmanager
    def transaction(self, envelope: Envelope | None = None) -> Iterator[Transaction]:
        """Commits when the block ends well, rolls back otherwise. Store away: Unavailable; conflict: Transient."""
        with _expected_failures(), self.engine.begin() as connection:
            tx = Transaction(connection, envelope)
            yield tx
            tx.flush()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only transaction."""
        with _expected_failures(), Session(self._reader) as session, session.begin():
            yield session

    def ping(self) -> None:
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _expected_failures() -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        # A connection that died since it was last used is found out by the first statement: nothing was done yet.
        # A COMMIT (no statement) whose connection dies is not: nobody knows whether it took.
        gone = error.connection_invalidated and error.statement is not None
        if gone or _sqlstate(error) in RETRYABLE:
            raise Transient(str(error.orig)) from error
        if isinstance(error, OperationalError | InterfaceError):
            raise Unavailable(
                "archivio.non_disponibile", "L'archivio non risponde: nulla è stato modificato."
            ) from error
        raise


def _sqlstate(error: DBAPIError) -> Any:
    return getattr(error.orig, "pgcode", None) or getattr(error.orig, "sqlstate", None)
