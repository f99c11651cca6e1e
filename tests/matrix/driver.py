"""Every door asked by everybody, several people at once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Any

import httpx
from tests.matrix import probing, reading
from tests.matrix.asking import Asking, Found
from tests.matrix.loader import Seat
from tests.matrix.oracle import Case, World
from tests.matrix.reading import Resident

THREADS = 5
Job = Any
"""Called with the Asking."""


def run_all(askings: Iterable[tuple[Asking, list[Job]]]) -> Found:
    """Each person does his jobs."""
    total = Found()

    def work(pair: tuple[Asking, list[Job]]) -> Found:
        asking, jobs = pair
        for job in jobs:
            try:
                job(asking)
            except (httpx.HTTPError, KeyError, ValueError, TypeError) as error:
                asking.wrong("an answer in another shape", repr(error))
        return asking.found

    with ThreadPoolExecutor(THREADS) as pool:
        for found in pool.map(work, askings):
            total += found
    return total


def full(
    world: World, seats: dict[str, Seat], random: Random, people: list[Resident], share: float = 1.0
) -> Found:
    """The whole matrix of a world: lists and counts for everybody; of single cases, forms and probes a `share`, never
    none."""

    def some(cases: list[Case]) -> list[Case]:
        return random.sample(cases, min(len(cases), math.ceil(len(cases) * share)))

    every_door = probing.all_doors()
    askings = []
    for seat in seats.values():
        asking = Asking(world, seat)
        hidden = asking.hidden()
        known = [case for case in world.cases if case not in hidden]
        jobs: list[Job] = [partial(reading.reason, case=case) for case in world.cases]
        jobs += [reading.lists, reading.shut, partial(reading.registry, people=people)]
        jobs += [partial(reading.case, case=case) for case in some(world.cases)]
        jobs += [partial(probing.writes, case=case) for case in some(world.cases)]
        asked = random.sample(every_door, math.ceil(len(every_door) * min(2 * share, 1)))
        jobs += [partial(probing.probes, case=case, doors_asked=asked) for case in some(hidden)[:3]]
        jobs += [partial(probing.probes_within, case=case, doors_asked=asked) for case in some(known)[:4]]
        askings.append((asking, jobs))
    return run_all(askings)


def touched(world: World, seats: dict[str, Seat], case: Case) -> Found:
    """After something happened to a case: that case, by everybody."""
    jobs = [partial(reading.reason, case=case), partial(reading.parts, case=case)]
    return run_all((Asking(world, seat), jobs) for seat in seats.values())
