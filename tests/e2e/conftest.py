"""People, residents without a case, and two cases full of things that are not everybody's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.e2e.scene import Scene, make_scene
from tests.system import Json, Person, System

SignIn = Callable[[str], Person]


@pytest.fixture(scope="session")
def sign_in(system: System) -> SignIn:
    """A test identity, signed in once a run."""
    people: dict[str, Person] = {}

    def person(identity: str) -> Person:
        if identity not in people:
            people[identity] = system.sign_in(identity)
        return people[identity]

    return person


@pytest.fixture
def giulia(sign_in: SignIn) -> Person:
    """Social worker of Monza, settore minori."""
    return sign_in("giulia.bianchi")


@pytest.fixture(scope="session")
def scene(system: System, sign_in: SignIn, fresh: Callable[..., Json]) -> Scene:
    return make_scene(system, sign_in, fresh)
