"""Child processes: started in a group of their own, remembered by pid and start time, stopped in good order.

The start time in the pid file tells our process from a stranger that was given the same number later; the variable
SISO_STACK, inherited by every descendant, finds what a crashed run left behind.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sisolocal.errors import StartFailed
from sisolocal.layout import Layout

MARKER = "SISO_STACK"
LOG_LIMIT = 20_000_000
# What a child inherits from the caller; everything else (secrets, PG*, PYTHON*) stays out.
INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "HOME", "USER", "TMPDIR", "SSL_CERT_FILE")


@dataclass
class Spec:
    """How to start one process. Times in seconds."""

    name: str
    argv: list[str]
    env: dict[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_timeout: float = 10.0


def stat_fields(pid: int) -> list[str] | None:
    """The fields of /proc/<pid>/stat after the command name, or None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def start_time(pid: int) -> str | None:
    """Clock ticks since boot at which the process started; None when it is gone or a zombie."""
    fields = stat_fields(pid)
    return None if fields is None or fields[0] in "ZX" else fields[19]


class Child:
    """One process of a stack, whether this run started it or an earlier one did."""

    def __init__(self, layout: Layout, spec: Spec) -> None:
        self.layout = layout
        self.spec = spec
        self.log = layout.log(spec.name)
        self._pid_file = layout.pid(spec.name)
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid while the process lives, else None."""
        if self._popen is not None:
            return self._popen.pid if self._popen.poll() is None else None
        return recorded_pid(self._pid_file)

    def start(self) -> None:
        """Start the process. Its output goes to the log of the stack."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        env = {key: os.environ[key] for key in INHERITED if key in os.environ}
        env |= self.spec.env | {MARKER: str(self.layout.base)}
        with self.log.open("ab") as log:
            try:
                self._popen = subprocess.Popen(
                    self.spec.argv, env=env, cwd=self.spec.cwd, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=subprocess.STDOUT, start_new_session=True,
                )  # fmt: skip
            except OSError as error:
                log.write(f"{error}\n".encode())
                raise StartFailed(self.spec.name, "non si avvia", self.log) from error
        self._pid_file.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file.write_text(f"{self._popen.pid} {start_time(self._popen.pid)}")

    def exit_code(self) -> int | None:
        """The exit code of a process this run started, None while it lives or when another run started it."""
        return self._popen.poll() if self._popen is not None else None

    def stop(self) -> None:
        """Ask the process to stop, wait, then kill its whole group. Safe to call when it is gone."""
        pid = self.pid
        if pid is not None:
            with suppress(ProcessLookupError):
                os.kill(pid, self.spec.stop_signal)
            self._wait_gone(pid, self.spec.stop_timeout)
        if self._popen is not None or pid is not None:
            self._kill_group(pid or (self._popen.pid if self._popen else 0))
        self._pid_file.unlink(missing_ok=True)

    def _wait_gone(self, pid: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._popen is not None and self._popen.poll() is not None:
                return
            if start_time(pid) is None:
                return
            time.sleep(0.05)

    def _kill_group(self, pid: int) -> None:
        if pid <= 1:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
        if self._popen is not None:
            with suppress(subprocess.TimeoutExpired):
                self._popen.wait(5)


def recorded_pid(pid_file: Path) -> int | None:
    """The pid in the file if that very process still lives (same start time), else None."""
    try:
        pid, started = pid_file.read_text().split()
    except (OSError, ValueError):
        return None
    return int(pid) if pid.isdigit() and started != "None" and start_time(int(pid)) == started else None


def leftovers(layout: Layout) -> list[int]:
    """Processes an earlier run of this stack left behind: recorded, marked, or working in its data folders."""
    found = {pid for file in (layout.base / "run").glob("*.pid") if (pid := recorded_pid(file)) is not None}
    marker = f"{MARKER}={layout.base}".encode()
    data = f"{layout.base}/data/"
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with suppress(OSError):
            cwd = f"{(entry / 'cwd').readlink()}/"
            if marker in (entry / "environ").read_bytes().split(bytes(1)) or cwd.startswith(data):
                found.add(int(entry.name))
    return sorted(found - _myself())


def working_in(folder: Path) -> list[int]:
    """Processes whose working directory is `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and (entry / "cwd").readlink() == folder:
                found.append(int(entry.name))
    return found


def sweep(layout: Layout, patience: float = 15.0) -> int:
    """Stop every leftover of this stack: SIGTERM, SIGKILL after `patience` seconds. Returns how many there were."""
    pids = leftovers(layout)
    # to PostgreSQL SIGTERM means «wait for the clients», SIGINT «send them away»
    impatient = set(working_in(layout.data("postgres") / "cluster"))
    for number, wait in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + wait
        remaining = [pid for pid in leftovers(layout) if start_time(pid)]
        for pid in remaining:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGINT if number == signal.SIGTERM and pid in impatient else number)
        while remaining and time.monotonic() < deadline:
            time.sleep(0.1)
            remaining = [pid for pid in remaining if start_time(pid)]
        if not remaining:
            break
    for file in (layout.base / "run").glob("*.pid"):
        if recorded_pid(file) is None:
            file.unlink(missing_ok=True)
    return len(pids)


def _myself() -> set[int]:
    """This process and its ancestors: never to be swept."""
    mine, pid = set(), os.getpid()
    while pid > 1:
        mine.add(pid)
        fields = stat_fields(pid)
        pid = int(fields[1]) if fields else 0
    return mine
