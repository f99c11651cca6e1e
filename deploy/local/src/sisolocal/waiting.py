"""Waiting for what comes true by itself: an event that travels, a process that starts."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
INTERVAL = 0.05  # seconds


def eventually(
    holds: Callable[[], T | None],
    seconds: float = 20,
    why: str = "",
    *,
    not_yet: tuple[type[Exception], ...] = (),
) -> T:
    """The first true value of `holds()`. Raises AssertionError, with `why`, when none comes in time.

    Exceptions of the classes in `not_yet` count as "not yet"; any other leaves at once.
    """
    deadline, last = time.monotonic() + seconds, ""
    while True:
        try:
            if value := holds():
                return value
            last = ""
        except not_yet as error:
            last = f"{type(error).__name__}: {error}"
        if time.monotonic() >= deadline:
            raise AssertionError(f"did not come to hold in {seconds:g} s: {why} {last}".rstrip(": "))
        time.sleep(INTERVAL)
