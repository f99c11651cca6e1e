"""Runs a command of the house again and again: a clock that is itself watched, where there is no CronJob.

Each run is a process of its own: what it leaks dies with it, what hangs is ended after one interval, and two never
overlap. Its exit code is a log line and a metric; a failed run stops nothing.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

import structlog

from chassis.health import HEALTH
from chassis.metrics import SCHEDULED_AT, SCHEDULED_CODE

log = structlog.get_logger()
Run = Callable[[Sequence[str], float], int]
OVERDUE = 124
NOT_STARTED = 126
TURN = 1.0


def every(
    seconds: float,
    words: Sequence[str],
    first_after: float,
    *,
    run: Run | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Runs `chassis <words>` after `first_after` seconds and then each `seconds`, until the process is ended."""
    run, due = run or run_once, clock() + first_after
    command = " ".join(words[:3] if words[0] == "job" else words[:1])
    while True:
        while (left := due - clock()) > 0:
            HEALTH.stamp("every")
            sleep(min(left, TURN))
        due = clock() + seconds
        code = run(words, seconds)
        SCHEDULED_CODE.labels(command).set(code)
        SCHEDULED_AT.labels(command).set_to_current_time()
        (log.error if code else log.info)("scheduled_run", command=command, code=code)


def run_once(words: Sequence[str], limit: float) -> int:
    """Exit code of `chassis <words>`; OVERDUE when it had to be ended after `limit` seconds."""
    try:
        child = subprocess.Popen([sys.executable, "-m", "chassis", *words])
    except OSError as error:  # no memory or no process left for it: the next turn may have better luck
        log.error("scheduled_run_not_started", error=str(error))
        return NOT_STARTED
    deadline = time.monotonic() + limit
    try:
        while time.monotonic() < deadline:
            HEALTH.stamp("every")
            try:
                return child.wait(TURN)
            except subprocess.TimeoutExpired:
                continue
        return OVERDUE
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def end_on_sigterm() -> None:
    """SIGTERM ends this process and the run it is waiting for."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
