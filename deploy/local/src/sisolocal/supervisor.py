"""The whole system of one stack: started in order, watched, brought back when something dies, stopped in order.

Every change is written to `.siso/<name>/state.json`, which is all that `status`, `logs` and the tests read.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from sisolocal import environment, spid
from sisolocal.errors import PortTaken, SisoError
from sisolocal.infra import Infra
from sisolocal.layout import Layout
from sisolocal.parallel import run_all
from sisolocal.ports import is_free
from sisolocal.preparation import Preparation
from sisolocal.process import Child, sweep
from sisolocal.roles import GATEWAY, RoleProcess, processes
from sisolocal.stores.base import Store

LONGEST_PAUSE = 15.0
STEADY_AFTER = 60.0


class Part(Protocol):
    """A store or a role process, as the supervisor sees it."""

    name: str

    @property
    def child(self) -> Child: ...
    @property
    def pid(self) -> int | None: ...
    def start(self) -> None: ...


@dataclass
class Entry:
    """What the state file says of one process."""

    state: str = "in attesa"
    pid: int | None = None
    restarts: int = 0


class Supervisor:
    """Runs one stack until told to stop. `name` is its folder; `port` the gateway's, when asked for."""

    def __init__(self, layout: Layout, port: int | None = None, durable: bool = True) -> None:
        self.layout = layout
        self.infra = Infra(layout, durable)
        self.stopping = threading.Event()
        self.entries: dict[str, Entry] = {}
        self.phase = "avvio"
        self.on_change: Callable[[], None] = lambda: None
        self._asked_port = port
        self._lock = threading.Lock()
        self._watchers: list[threading.Thread] = []
        self.preparation = Preparation(self.infra)
        self.roles: list[RoleProcess] = []

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.infra.ports['gateway']}"

    @property
    def parts(self) -> list[Part]:
        """Stores first, then the role processes, in the order of starting."""
        return [*self.infra.stores, *self.roles]

    def start(self) -> None:
        """Everything up and ready. Raises SisoError (what was started is then stopped)."""
        self.layout.require_space(500)
        sweep(self.layout)
        if self._asked_port is not None:
            if not is_free(self._asked_port):
                raise PortTaken(self._asked_port, "--porta")
            self.infra.ports.fix("gateway", self._asked_port)
        self.infra.ports.ensure_free(["gateway", "metrics_gateway", spid.IDP])
        self.roles = list(processes(self.infra))
        self.infra.ports.ensure_free([f"health_{role.name}" for role in self.roles])
        self.roles = list(processes(self.infra))
        environment.write(self.infra, self.environment())
        spid.prepare(self.infra)
        for part in self.parts:
            self.entries[part.name] = Entry()
        try:
            self._start_in_order()
        except BaseException as error:
            self._set_phase("errore" if isinstance(error, SisoError) else "arresto")
            self.stop()
            raise

    def environment(self) -> dict[str, str]:
        """Everything there is to know of this stack, secrets included."""
        return environment.full(self.infra)

    def _start_in_order(self) -> None:
        self._set_phase("archivi")
        self.infra.start(self._progress)
        self._set_phase("preparazione")
        self.preparation.run(self._progress)
        self._heal_broker()
        self._set_phase("servizi")
        run_all({role.name: role.start for role in self.roles}, self._stop_roles, self._progress)
        self.preparation.settle()
        self._set_phase("pronto")
        self._watch()

    # Watching

    def _watch(self) -> None:
        for part in self.parts:
            restart = partial(self._restart_store, part) if isinstance(part, Store) else part.start
            thread = threading.Thread(target=self._guard, args=(part.name, part.child, restart), daemon=True)
            self._watchers.append(thread)
            thread.start()

    def _guard(self, name: str, child: Child, restart: Callable[[], None]) -> None:
        """Bring one process back whenever it dies, waiting longer each time it does so quickly."""
        pause, began = 0.5, time.monotonic()
        while not self.stopping.wait(0.25):
            if child.pid is not None:
                continue
            if time.monotonic() - began > STEADY_AFTER:
                pause = 0.5
            self.entries[name].restarts += 1
            self._progress(name, "riavvio")
            if self.stopping.wait(pause):
                return
            pause, began = min(pause * 2, LONGEST_PAUSE), time.monotonic()
            try:
                restart()
            except (SisoError, OSError):
                self._progress(name, "errore")
            else:
                self._progress(name, "pronto")

    def _restart_store(self, store: Store) -> None:
        store.start()
        if store is self.infra.rabbitmq:
            self._heal_broker()

    def _heal_broker(self) -> None:
        """Declare again the queues a kill broke, and replay into them what they had lost."""
        if self.infra.rabbitmq.heal():
            self.preparation.declare()
            self.preparation.replay()

    # Stopping

    def stop(self) -> None:
        """Gateway, services, relay, stores: whoever asks stops before whoever answers."""
        self.stopping.set()
        self._set_phase("arresto")
        for thread in self._watchers:
            thread.join(20)
        self._stop_roles()
        self.infra.stop()
        for entry in self.entries.values():
            entry.state, entry.pid = "fermo", None
        self._set_phase("fermo")

    def _stop_roles(self) -> None:
        gateway = [role for role in self.roles if role.name == GATEWAY]
        others = [role for role in self.roles if role.name != GATEWAY]
        for group in (gateway, others):
            threads = [threading.Thread(target=role.child.stop) for role in group]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    # State

    def _progress(self, name: str, state: str) -> None:
        with self._lock:
            entry = self.entries.setdefault(name, Entry())
            entry.state = state
            for part in self.parts:
                if part.name == name:
                    entry.pid = part.pid
        self._write()

    def _set_phase(self, phase: str) -> None:
        self.phase = phase
        self._write()

    def _write(self) -> None:
        """Replace the state file in one move."""
        with self._lock:
            state = {
                "pid": os.getpid(),
                "phase": self.phase,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "addresses": self.addresses(),
                "processes": {name: asdict(entry) for name, entry in self.entries.items()},
            }
            partial = self.layout.state_file.with_suffix(".part")
            partial.write_text(json.dumps(state, indent=1, ensure_ascii=False))
            partial.replace(self.layout.state_file)
        with suppress(Exception):
            self.on_change()

    def addresses(self) -> dict[str, str]:
        """What a person may open."""
        return {
            "applicazione": self.base_url, "posta": self.infra.mail.mailbox_url, "identità": spid.idp_url(self.infra),
        }  # fmt: skip


def read_state(layout: Layout) -> dict[str, Any]:
    """The state file, empty when there is none."""
    try:
        return dict(json.loads(layout.state_file.read_text()))
    except (OSError, ValueError):
        return {}
