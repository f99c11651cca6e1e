"""Random worlds in the running system: every door, every person, zero disagreements with the oracle."""

from __future__ import annotations

import os
from collections.abc import Iterator
from random import Random

import pytest
from tests.matrix import doors, driver
from tests.matrix.campaign import Played, play
from tests.matrix.loader import environment
from tests.system import System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SEED = int(os.environ.get("SISO_MATRICE_SEME", "2026"))


@pytest.fixture(scope="module")
def played(system: System, tmp_path_factory: pytest.TempPathFactory) -> Played:
    """A small world with a first picture in it."""
    return play(system, SEED, tmp_path_factory.mktemp("mondo"))


def test_every_route_of_the_application_stands_in_the_matrix(system: System) -> None:
    with environment(system.supervisor.environment()):
        from gateway.app import create_app
        from gateway.settings import Settings

        app = create_app(Settings())

    found = set(routes_of(app))

    assert found - doors.known() == set(), (
        "a new route: say in tests/matrix/doors.py what the matrix does with it"
    )
    assert doors.known() - found == set(), "a route that is no more"


def test_nobody_sees_more_or_less_than_the_oracle_says(played: Played) -> None:
    found = driver.full(played.world, played.seats, Random(SEED), played.people, share=0.15)

    assert found.wrong == []
    assert found.asked > 1000


def test_each_change_is_followed_at_once(played: Played) -> None:
    wrong = played.changes(6)

    assert wrong == []


def routes_of(app: object) -> Iterator[str]:
    """`METHOD path` of every route, those of included routers too; files served as they are apart."""
    for route in app.routes:  # type: ignore[attr-defined]
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if hasattr(route, "dependant"):
            yield from (f"{method} {route.path}" for method in route.methods)
        elif inner is not None:
            yield from routes_of(inner)
