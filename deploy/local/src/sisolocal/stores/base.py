"""What every store shares: start, wait until it is proved ready, stop."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable

from sisolocal.credentials import Credentials
from sisolocal.errors import StartFailed
from sisolocal.layout import Layout
from sisolocal.ports import Ports
from sisolocal.process import Child, Spec, recorded_pid


class NotReady(Exception):
    """The store does not answer as it must, yet."""


class Store(ABC):
    """One server process and the proof that it works. `durable` False trades safety for speed (tests only)."""

    name: str
    port_names: tuple[str, ...]
    start_timeout = 60.0

    def __init__(self, layout: Layout, ports: Ports, credentials: Credentials, durable: bool = True) -> None:
        self.layout = layout
        self.ports = ports
        self.credentials = credentials
        self.durable = durable
        self._child: Child | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Write configuration files and create what must exist before the process starts. Idempotent."""

    @abstractmethod
    def spec(self) -> Spec:
        """How to start the process."""

    @abstractmethod
    def probe(self) -> None:
        """Raise NotReady (or the client's own error) unless the store does its real work."""

    def provision(self) -> None:  # noqa: B027 - most stores need nothing
        """Create users, databases, buckets once the store is ready. Idempotent."""

    @property
    def child(self) -> Child:
        if self._child is None:
            self._child = Child(self.layout, self.spec())
        return self._child

    @property
    def pid(self) -> int | None:
        """The pid of the server while it lives, whoever started it."""
        return self._child.pid if self._child is not None else recorded_pid(self.layout.pid(self.name))

    def start(self) -> None:
        """Start and wait until ready and provisioned; leaves a store that already works as it is."""
        self.prepare()
        if self.child.pid is None:
            self.child.start()
        self.wait_ready()
        self.provision()

    def wait_ready(self, probe: Callable[[], None] | None = None) -> None:
        """Poll the probe until it holds. Raises StartFailed when the process dies or time is up."""
        deadline = time.monotonic() + self.start_timeout
        while True:
            try:
                (probe or self.probe)()
                return
            except Exception as error:
                if self.child.pid is None:
                    raise StartFailed(self.name, "si è fermato all'avvio", self.child.log) from error
                if time.monotonic() > deadline:
                    reason = f"non è pronto dopo {self.start_timeout:.0f} secondi ({error})"
                    raise StartFailed(self.name, reason, self.child.log) from error
                time.sleep(0.1)

    def works(self) -> bool:
        """True when the process lives and the probe holds."""
        if self.pid is None:
            return False
        try:
            self.probe()
        except Exception:
            return False
        return True

    def stop(self) -> None:
        if self.pid is not None or self._child is not None:
            self.child.stop()
