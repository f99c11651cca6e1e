"""One world for the whole run of the matrix."""

from __future__ import annotations

import os

import pytest
from tests.matrix.campaign import Played, play
from tests.system import System

SEED = int(os.environ.get("SISO_MATRICE_SEME", "2026"))


@pytest.fixture(scope="session")
def played(system: System, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A small world with a first picture in it."""
    return play(system, SEED, tmp_path_factory.mktemp("mondo"))
