"""MongoDB for a service whose aggregates are documents: the same promises as `chassis.sql`.

Needs a replica set (transactions). Outbox and inbox are collections written in the transaction of the change.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bson.binary import UuidRepresentation
from bson.codec_options import CodecOptions
from pymongo import MongoClient, WriteConcern
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConnectionFailure, DuplicateKeyError, OperationFailure
from pymongo.read_concern import ReadConcern

from chassis.outbox import Transient, envelope_of
from chassis.settings import ServiceSettings
from contracts.errors import Unavailable
from contracts.events import Envelope, Event

CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    tz_aware=True, tzinfo=UTC, uuid_representation=UuidRepresentation.STANDARD
)
WRITE_CONFLICT = 112


class Transaction:
    """One unit of work. Pass `session=tx.session` to each operation on `tx.db`."""

    def __init__(
        self, db: Database[dict[str, Any]], session: ClientSession, envelope: Envelope | None
    ) -> None:
        self.db = db
        self.session = session
        self.envelope = envelope

    def emit(self, event: Event, *, sequence: int = 0) -> None:
        """Tells the others, if and only if this transaction commits."""
        envelope = envelope_of(event, sequence)
        self.db.outbox.insert_one(
            {
                "_id": envelope.id,
                "type": envelope.type,
                "subject": envelope.subject,
                "sequence": sequence,
                "envelope": envelope.model_dump_json(),
                "created_at": datetime.now(UTC),
                "published_at": None,
                "attempts": 0,
            },
            session=self.session,
        )

    def first_time(self, consumer: str) -> bool:
        """Takes the incoming event into the inbox; False when this consumer has had it before."""
        assert self.envelope is not None
        key = {"consumer": consumer, "event_id": self.envelope.id}
        # Looked up first: a duplicate key inside a transaction would abort it.
        if self.db.inbox.find_one({"_id": key}, session=self.session):
            return False
        row = {"_id": key, "type": self.envelope.type, "received_at": datetime.now(UTC)}
        self.db.inbox.insert_one(row, session=self.session)
        return True


class MongoDatabase:
    """Client of one service's database. Built from settings by `resource(MongoDatabase)`."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.client: MongoClient[dict[str, Any]] = MongoClient(
            settings.mongo_url, serverSelectionTimeoutMS=5000, connect=False
        )
        self.db = self.client.get_default_database().with_options(codec_options=CODEC)

    @contextmanager
    def transaction(self, envelope: Envelope | None = None) -> Iterator[Transaction]:
        """Commits when the block ends well, rolls back otherwise. Store away: Unavailable; conflict: Transient."""
        with (
            _expected_failures(),
            self.client.start_session() as session,
            session.start_transaction(ReadConcern("snapshot"), WriteConcern("majority", j=True)),
        ):
            yield Transaction(self.db, session, envelope)

    @contextmanager
    def read(self) -> Iterator[Database[dict[str, Any]]]:
        """The database for reads outside a transaction."""
        with _expected_failures():
            yield self.db

    def ping(self) -> None:
        self.db.command("ping")

    def close(self) -> None:
        self.client.close()


@contextmanager
def _expected_failures() -> Iterator[None]:
    try:
        yield
    except DuplicateKeyError as error:
        # Two units of work made the same thing at once: run again, the second sees the first.
        raise Transient(str(error)) from error
    except OperationFailure as error:
        if error.code == WRITE_CONFLICT or error.has_error_label("TransientTransactionError"):
            raise Transient(str(error)) from error
        raise
    except ConnectionFailure as error:
        raise Unavailable(
            "archivio.non_disponibile", "L'archivio non risponde: nulla è stato modificato."
        ) from error
