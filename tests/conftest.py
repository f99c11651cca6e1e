"""Fixtures of the tests that cross services."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.system import System, start_system


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
