"""Every RPC of every service, asked without the gateway under mandates genuinely signed: the oracle agrees."""

from __future__ import annotations

import pytest
from tests.matrix import corners, rpc_rows, rpc_run
from tests.matrix.campaign import Played
from tests.matrix.conftest import SEED
from tests.matrix.rpc_run import Heard
from tests.system import System

from contracts.rpc import RPC

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def heard(system: System, played: Played) -> Heard:
    """Everybody has asked everything, in a world where every rule bites."""
    corners.make(played)
    return rpc_run.run(system, played.cast, played.world, SEED)


def test_every_rpc_of_the_services_stands_in_the_matrix() -> None:
    named = {f"{service}.{method}" for service, methods in RPC.items() for method in methods}

    assert named - rpc_rows.ROWS.keys() == set(), (
        "a new RPC: say in tests/matrix/rpc_rows.py what it is asked"
    )
    assert rpc_rows.ROWS.keys() - named == set(), "an RPC that is no more"


@pytest.mark.parametrize("kind", rpc_run.KINDS)
def test_no_rpc_tells_more_or_less_than_the_oracle_says(heard: Heard, kind: str) -> None:
    wrong = heard.wrong[kind]

    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(one[:600] for one in wrong[:30])
    assert heard.asked[kind] > 200


def test_what_was_refused_has_changed_nothing(heard: Heard) -> None:
    assert heard.after == heard.before
