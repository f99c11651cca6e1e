"""`/health/live`, `/health/ready` and `/metrics` of a process, on its own port.

Live: the consumer loops still turn (a frozen broker does not raise, it only stops them). Ready: started, and every
resource answers its ping.
"""

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app

STALE_AFTER = 60.0


class Health:
    """State of this process, filled by whoever knows it."""

    def __init__(self) -> None:
        self.started = False
        self.pings: dict[str, Callable[[], None]] = {}
        self.stamps: dict[str, float] = {}

    def stamp(self, name: str) -> None:
        """Called on every turn of a loop that must not stop."""
        self.stamps[name] = time.monotonic()

    def stale(self, after: float = STALE_AFTER) -> list[str]:
        """Loops that have not turned for `after` seconds."""
        return [name for name, at in self.stamps.items() if time.monotonic() - at > after]

    def problems(self) -> dict[str, str]:
        """What keeps this process from being ready; empty when it is."""
        found = {} if self.started else {"avvio": "non completato"}
        found |= dict.fromkeys(self.stale(), "fermo")
        for name, ping in self.pings.items():
            try:
                ping()
            except Exception as error:  # any failure of a ping means the same here
                found[name] = type(error).__name__
        return found


HEALTH = Health()


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    path = environ.get("PATH_INFO", "")
    if path == "/metrics":
        return make_wsgi_app()(environ, start_response)
    if path == "/health/live":
        found = dict.fromkeys(HEALTH.stale(), "fermo")
    elif path == "/health/ready":
        found = HEALTH.problems()
    else:
        start_response("404 Not Found", [])
        return [b""]
    start_response("503 Service Unavailable" if found else "200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"stato": "non pronto" if found else "pronto", "problemi": found}).encode()]


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: Any) -> None:
        """Probes come every second: not worth a line."""


def serve(host: str, port: int) -> None:
    """Answers in a thread (a green one where eventlet patched). Port 0: not wanted."""
    if port:
        server = make_server(host, port, wsgi, handler_class=_Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
