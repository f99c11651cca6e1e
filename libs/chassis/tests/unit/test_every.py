"""The clock of scheduled commands: on time, never two at once, and no failure stops it."""

from collections.abc import Sequence

import pytest
from prometheus_client import REGISTRY

from chassis.every import OVERDUE, every, run_once


class Enough(Exception):
    """Ends the endless."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def started_at(codes: Sequence[int], takes: float = 10.0) -> list[float]:
    """When each run of an hourly command began, first after a minute, ending with these codes."""
    clock, starts = Clock(), list[float]()

    def run(_words: Sequence[str], _limit: float) -> int:
        if len(starts) == len(codes):
            raise Enough
        starts.append(clock.now)
        clock.now += takes
        return codes[len(starts) - 1]

    with pytest.raises(Enough):
        every(3600, ["reconcile", "toy"], 60, run=run, sleep=clock.sleep, clock=clock)
    return starts


def test_runs_start_one_interval_apart_however_long_each_takes() -> None:
    assert started_at([0, 0, 0]) == [60, 3660, 7260]


def test_a_run_that_takes_longer_than_the_interval_delays_the_next() -> None:
    assert started_at([0, 0], takes=5000) == [60, 5060]


def test_a_failed_run_is_told_and_does_not_stop_the_next() -> None:
    assert len(started_at([0, 1])) == 2

    assert REGISTRY.get_sample_value("siso_scheduled_exit_code", {"command": "reconcile"}) == 1


def test_a_run_is_a_chassis_command_with_its_exit_code() -> None:
    assert run_once(["no-such-command"], 60) == 2


def test_a_run_that_hangs_is_ended() -> None:
    assert run_once(["every", "--seconds", "3600", "--", "check"], 2) == OVERDUE
