"""Ports of one stack: free ones on the loopback, picked once and remembered.

They come from 20000-31999, below the range the kernel hands to outgoing connections, so that a remembered port is
still ours the next time. Where a remembered port has been taken by a stranger meanwhile, another is picked.
"""

from __future__ import annotations

import json
import random
import socket
import threading
import time

from sisolocal.layout import Layout, write_private

FIRST, LAST = 20000, 31999
# A process killed a moment ago is a zombie to /proc while its threads still hold the listening sockets.
PATIENCE = 5.0  # seconds


def is_free(port: int) -> bool:
    """True when nobody listens on the port of 127.0.0.1 (connections winding down do not count)."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def comes_free(port: int, deadline: float) -> bool:
    """True as soon as the port is free; False when it still is not at `deadline` (of the monotonic clock)."""
    while not is_free(port):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


class Ports:
    """The port of each listener by name; new names get a free port."""

    def __init__(self, layout: Layout) -> None:
        self._file = layout.base / "ports.json"
        self._ports: dict[str, int] = {}
        if self._file.exists():
            self._ports = json.loads(self._file.read_text())
        self._random = random.SystemRandom()
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> int:
        with self._lock:
            if name not in self._ports:
                self._ports[name] = self._pick()
                self._save()
            return self._ports[name]

    def fix(self, name: str, port: int) -> None:
        """Use this very port for `name` (the caller has checked that it is free)."""
        if self._ports.get(name) != port:
            self._ports[name] = port
            self._save()

    def ensure_free(self, names: list[str]) -> list[str]:
        """Give another port to each of `names` whose remembered port stays taken; answers the names changed."""
        deadline = time.monotonic() + PATIENCE
        changed = [
            name for name in names if name in self._ports and not comes_free(self._ports[name], deadline)
        ]
        for name in changed:
            self._ports[name] = self._pick()
        if changed:
            self._save()
        return changed

    def _pick(self) -> int:
        for _ in range(2000):
            port = self._random.randint(FIRST, LAST)
            if port not in self._ports.values() and is_free(port):
                return port
        raise OSError("no free port on the loopback")

    def _save(self) -> None:
        write_private(self._file, json.dumps(self._ports, indent=1, sort_keys=True))
