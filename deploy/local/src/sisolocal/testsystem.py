"""The whole system for e2e and fault tests: started once, watched by its supervisor, killable piece by piece."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sisolocal import background, city, environment
from sisolocal.errors import SisoError, tail
from sisolocal.layout import Layout
from sisolocal.process import recorded_pid
from sisolocal.roles import answers_ready, role_names
from sisolocal.supervisor import read_state


@dataclass(frozen=True)
class System:
    """A running stack seen from outside. Names of processes: `gateway`, `relay`, `anagrafe-rpc`, `rabbitmq`, …"""

    layout: Layout
    env: dict[str, str]

    @property
    def base_url(self) -> str:
        return self.env["SISO_BASE_URL"]

    @property
    def mailbox_url(self) -> str:
        return self.env["SISO_MAILBOX_URL"]

    def load_city(self, residenti: int = 2000) -> None:
        """Load the demo city unless this stack has one."""
        city.load(self.layout, self.env, residenti)

    def tool_environment(self) -> dict[str, str]:
        """The environment for `sisodemo`, `chassis job …` and the like."""
        return city.tool_environment(self.layout, self.env)

    def pid(self, process: str) -> int | None:
        return recorded_pid(self.layout.pid(process))

    def kill(self, process: str) -> None:
        """kill -9; the supervisor brings it back."""
        pid = self.pid(process)
        if pid is None:
            raise SisoError(f"{process} is not running")
        os.kill(pid, signal.SIGKILL)

    def log(self, process: str, lines: int = 40) -> str:
        """The last lines of a process's log."""
        return tail(self.layout.log(process), lines)

    def restarts(self, process: str) -> int:
        """How often the supervisor has brought the process back."""
        return int(dict(read_state(self.layout)["processes"])[process]["restarts"])

    def ready(self) -> bool:
        """True when every role says that it is ready."""
        ports: dict[str, int] = json.loads((self.layout.base / "ports.json").read_text())
        return all(
            answers_ready(ports[name if name == "gateway" else f"health_{name}"]) for name in role_names()
        )

    def wait_ready(self, timeout: float = 60) -> None:
        """Wait until everything is ready again."""
        self.wait(self.ready, timeout, "the system is not ready again")

    @staticmethod
    def wait(condition: Callable[[], Any], timeout: float, complaint: str) -> None:
        """Poll until the condition holds. Raises SisoError with the complaint when time is up."""
        deadline = time.monotonic() + timeout
        while not condition():
            if time.monotonic() > deadline:
                raise SisoError(f"{complaint} after {timeout:.0f} s")
            time.sleep(0.2)


def start_system(name: str) -> System:
    """A fresh system under `.siso/<name>`: what an earlier run left is stopped and thrown away."""
    layout = Layout.of(name)
    background.down(layout, erase=True)
    background.up(layout, None, "test")
    return attach(name)


def attach(name: str) -> System:
    """A system that runs already."""
    layout = Layout.of(name)
    return System(layout, environment.read(str(layout.env_file)))


def stop_system(system: System) -> None:
    background.down(system.layout)
