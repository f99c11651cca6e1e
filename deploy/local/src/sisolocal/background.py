"""`up`, `down`, `status`, `logs`: the same system without a terminal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from typing import Any

from sisolocal.demo import Stopped, interruptible
from sisolocal.errors import AlreadyRunning, PortTaken, SisoError, StartFailed
from sisolocal.infra import Infra, locked
from sisolocal.layout import Layout
from sisolocal.ports import is_free
from sisolocal.process import start_time
from sisolocal.show import CONSOLE, following, say, status_table
from sisolocal.supervisor import Supervisor, read_state

UP_TIMEOUT = 180.0


def supervise(layout: Layout, port: int | None) -> int:
    """Run the stack until SIGTERM: what `up` starts behind the scenes."""
    with locked(layout):
        supervisor = Supervisor(layout, port)
        try:
            with interruptible(), following(supervisor):
                supervisor.start()
                threading.Event().wait()
        except Stopped:
            pass
        finally:
            if supervisor.phase != "fermo":
                supervisor.stop()
    return 0


def up(layout: Layout, port: int | None) -> dict[str, Any]:
    """Start the stack in the background; its state once ready. Raises StartFailed with the supervisor's last lines."""
    holder = holder_pid(layout)
    if holder is not None:
        raise AlreadyRunning(layout.name, holder)
    if port is not None and not is_free(port):
        raise PortTaken(port, "--porta")
    layout.make()
    layout.state_file.unlink(missing_ok=True)
    argv = [sys.executable, "-m", "sisolocal", "supervise", "--name", layout.name]
    argv += ["--porta", str(port)] if port is not None else []
    log = layout.log("supervisor")
    log.unlink(missing_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd=layout.root,
        )
    deadline = time.monotonic() + UP_TIMEOUT
    while time.monotonic() < deadline:
        state = read_state(layout)
        if state.get("phase") == "pronto" and state.get("pid") == process.pid:
            return state
        if process.poll() is not None:
            raise StartFailed("siso", "non è riuscito ad avviare il sistema", log)
        time.sleep(0.2)
    process.terminate()
    raise StartFailed("siso", f"non è pronto dopo {UP_TIMEOUT:.0f} secondi", log)


def holder_pid(layout: Layout) -> int | None:
    """The process that holds the stack, if any does."""
    with suppress(AlreadyRunning):
        with locked(layout):
            return None
    text = (layout.base / "lock").read_text().strip()
    return int(text) if text.isdigit() else None


def down(layout: Layout, erase: bool = False) -> None:
    """Stop the stack and whatever is left of it; with `erase`, throw its data away."""
    holder = holder_pid(layout)
    if holder is not None:
        os.kill(holder, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while start_time(holder) is not None and time.monotonic() < deadline:
            time.sleep(0.1)
    if not layout.base.exists():
        return
    with locked(layout, wait=True):
        infra = Infra(layout)
        infra.stop()
        if erase:
            infra.erase()


def show_status(layout: Layout) -> bool:
    """Print what runs; True when the stack is up and everything in it is ready."""
    state = read_state(layout)
    holder = holder_pid(layout) if layout.base.exists() else None
    if not state or holder is None:
        infra = [store.name for store in Infra(layout).stores if store.pid] if layout.base.exists() else []
        say(f"Lo stack «{layout.name}» è fermo." if not infra else f"Attivi: {', '.join(infra)}")
        return False
    processes = dict(state["processes"])
    rows = [(name, one["state"], one["pid"], one["restarts"]) for name, one in processes.items()]
    CONSOLE.print(status_table(str(state["phase"]), rows))
    for what, address in dict(state["addresses"]).items():
        CONSOLE.print(f"  {what}: {address}")
    return state["phase"] == "pronto" and all(row[1] == "pronto" for row in rows)


def show_logs(layout: Layout, processes: list[str], lines: int, follow: bool) -> None:
    """Print the last lines of the logs (all of them, or those named) and go on with `follow`."""
    folder = layout.base / "log"
    files = sorted(folder.glob("*.log"))
    known = {file.stem: file for file in files}
    unknown = [name for name in processes if name not in known]
    if unknown:
        raise SisoError(f"Nessun registro di {', '.join(unknown)}. Ci sono: {', '.join(known) or 'nessuno'}.")
    chosen = [known[name] for name in processes] or files
    streams = [(file.stem, file.open("r", encoding="utf-8", errors="replace")) for file in chosen]
    for name, stream in streams:
        for line in deque(stream, maxlen=lines):
            sys.stdout.write(f"{name:<20} {line.rstrip()}\n")
    while follow:
        for name, stream in streams:
            for line in stream:
                sys.stdout.write(f"{name:<20} {line.rstrip()}\n")
        sys.stdout.flush()
        time.sleep(0.3)
