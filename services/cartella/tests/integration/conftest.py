"""The real store: a migrated database of this run, and a case of its own for each test."""

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from services.cartella.tests.factories import make_mandato, make_open

from cartella.settings import Settings
from cartella.use_cases import presa_in_carico
from chassis.mongo import MongoDatabase
from chassis.outbox import Transient
from contracts.cartella import CartellaOut
from contracts.errors import DomainError
from contracts.mandato import Mandato

T = TypeVar("T")


@pytest.fixture(scope="session")
def database(mongo_database: Callable[..., str]) -> Iterator[MongoDatabase]:
    opened = MongoDatabase(Settings(mongo_url=mongo_database("cartella")))
    yield opened
    opened.close()


@pytest.fixture
def settore() -> str:
    """A settore that only this test works in."""
    return f"settore-{uuid4().hex[:8]}"


@pytest.fixture
def giulia(settore: str) -> Mandato:
    return make_mandato(settore=settore)


@pytest.fixture
def marco(settore: str) -> Mandato:
    """A colleague with the same rights on the same cases."""
    return make_mandato(settore=settore)


@pytest.fixture
def caso(database: MongoDatabase, giulia: Mandato) -> CartellaOut:
    return presa_in_carico.open_cartella(make_open(), giulia, database)


def events_of(database: MongoDatabase, *subjects: UUID) -> list[dict[str, Any]]:
    """Outbox documents about these aggregates, oldest first."""
    wanted = [str(subject) for subject in subjects]
    return list(
        database.db.outbox.find({"subject": {"$in": wanted}}).sort([("created_at", 1), ("sequence", 1)])
    )


def again(work: Callable[[], T]) -> T:
    """Runs a unit of work as the rpc entrypoint does: again after a conflict of writes."""
    while True:
        try:
            return work()
        except Transient:
            continue


def together(*works: Callable[[], Any]) -> list[Any]:
    """Runs all at once in threads; results, or the refusals raised."""
    start = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        start.wait()
        try:
            results[index] = again(work)
        except DomainError as refused:
            results[index] = refused

    threads = [threading.Thread(target=run, args=item) for item in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
