"""Fixtures of the tests that cross services."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.system import Json, System, start_system


@pytest.fixture(scope="session")
def system() -> Iterator[System]:
    """The running system; one for the whole run, stopped at its end."""
    started = start_system()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def base_url(system: System) -> str:
    """Where the gateway answers."""
    return system.base_url


@pytest.fixture(scope="session")
def fresh(system: System) -> Callable[..., Json]:
    """`fresh(ente)`: a resident who has no case yet, as things stand at the call; never the same twice."""
    given: set[str] = set()

    def resident(ente: str = "F704") -> Json:
        cases = system.documents("cartelle").find({}, {"residente_id": 1})
        taken = given | {str(case["residente_id"]) for case in cases}
        found = next(one for one in system.residents("", ente, 1000) if one["id"] not in taken)
        given.add(found["id"])
        return found

    return resident
