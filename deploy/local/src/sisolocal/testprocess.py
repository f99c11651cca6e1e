"""Processes a test starts: a role of a service, or a chassis command run to its end."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sisolocal.errors import SisoError, tail
from sisolocal.roles import program


@dataclass
class RunningService:
    """A service process started by a test."""

    process: subprocess.Popen[bytes]
    health_url: str
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> None:
        """SIGTERM, then SIGKILL after ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")


def wait_until_ready(running: RunningService, timeout: float = 60) -> None:
    """Poll `/health/ready`. Raises SisoError with the last log lines when the process dies or time is up."""
    deadline = time.monotonic() + timeout
    while True:
        with suppress(OSError), urllib.request.urlopen(running.health_url, timeout=3) as answer:
            if answer.status == 200:
                return
        if running.process.poll() is not None:
            raise SisoError(f"exit {running.process.returncode}\n{tail(running.log, 40)}")
        if time.monotonic() > deadline:
            running.kill()
            raise SisoError(f"not ready after {timeout:.0f} s\n{tail(running.log, 40)}")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def child_environment(env: dict[str, str]) -> dict[str, str]:
    """The given names plus what any process needs."""
    return {key: os.environ[key] for key in ("PATH", "HOME", "LANG", "TZ") if key in os.environ} | env


def chassis(*words: str, env: dict[str, str]) -> str:
    """Run a chassis command to its end. Raises SisoError with its output when it fails."""
    done = subprocess.run(
        [program("chassis"), *words],
        env=child_environment(env),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        raise SisoError(f"chassis {' '.join(words)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout
