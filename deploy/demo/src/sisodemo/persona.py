"""One person at the gateway's JSON API: signs in as a test identity, asks, changes, follows the alerts live."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar
from uuid import UUID

import httpx

T = TypeVar("T")
MOTIVO = "coordinatore"
"""Why a case not one's own is opened, from the gateway's short list; said with each request, asked for where needed."""
TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class WalkFailed(Exception):
    """What was expected did not happen; the message says what, for the person who reads the result."""


def expect(condition: object, complaint: str) -> None:
    """Raises WalkFailed with the complaint unless the condition holds."""
    if not condition:
        raise WalkFailed(complaint)


def wait_for(look: Callable[[], T | None], complaint: str, seconds: float = 60.0) -> T:
    """What `look` gives as soon as it gives something; WalkFailed when time is up."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            raise WalkFailed(f"{complaint} (entro {seconds:.0f} secondi)")
        time.sleep(0.25)


class Persona:
    """A signed-in test identity. `operatore_id` and `nome` are his; answers are plain JSON data."""

    def __init__(self, base_url: str, identita: str) -> None:
        self.identita = identita
        self.http = httpx.Client(
            base_url=base_url, timeout=TIMEOUT, trust_env=False, headers={"X-Motivo": MOTIVO}
        )
        self.change("POST", "/dev/login", 204, json={"identita": identita})
        sessione = self.get("/sessione")
        self.http.headers["X-CSRF-Token"] = sessione["csrf_token"]
        self.operatore_id: str = sessione["operatore_id"]
        self.nome: str = sessione["nome"]

    def get(self, path: str, **params: Any) -> Any:
        """The JSON answer of a 200."""
        return self._answer(self.http.get(f"/api/v1{path}", params=params), 200).json()

    def bytes_of(self, path: str) -> httpx.Response:
        """A 200 with its bytes."""
        return self._answer(self.http.get(f"/api/v1{path}"), 200)

    def change(self, method: str, path: str, status: int = 201, **content: Any) -> Any:
        """Sends a change; the JSON answer."""
        answer = self._answer(self.http.request(method, f"/api/v1{path}", **content), status)
        return answer.json() if answer.content else None

    def post(self, path: str, body: dict[str, Any], status: int = 201) -> Any:
        return self.change("POST", path, status, json=body)

    def refused(self, method: str, path: str, *statuses: int, **content: Any) -> dict[str, Any]:
        """The problem of a refusal (RFC 9457); WalkFailed when it was not refused, or otherwise."""
        answer = self.http.request(method, f"/api/v1{path}", **content)
        expect(answer.status_code in statuses, f"{method} {path}: {answer.status_code} invece di {statuses}")
        try:
            return dict(answer.json())
        except ValueError:
            return {}

    def _answer(self, answer: httpx.Response, status: int) -> httpx.Response:
        if answer.status_code != status:
            request = answer.request
            raise WalkFailed(
                f"{self.identita}: {request.method} {request.url.path} ha risposto {answer.status_code}"
                f" invece di {status}: {answer.text[:400]}"
            )
        return answer

    @contextmanager
    def following(self) -> Iterator[list[dict[str, Any]]]:
        """The alerts as the open page gets them (server-sent events), while the block runs."""
        seen: list[dict[str, Any]] = []
        opened, over = threading.Event(), threading.Event()

        def follow() -> None:
            try:
                with self.http.stream(
                    "GET", "/api/v1/avvisi/flusso", timeout=httpx.Timeout(5.0, read=30.0)
                ) as stream:
                    for line in stream.iter_lines():
                        opened.set()
                        if line.startswith("data:") and "avviso_id" in line:
                            seen.append(json.loads(line[5:]))
                        if over.is_set():
                            return
            except httpx.HTTPError:
                return

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()
        expect(opened.wait(10), "il flusso degli avvisi non si apre")
        try:
            yield seen
        finally:
            over.set()


def same_id(one: object, other: object) -> bool:
    """Whether two texts name the same UUID."""
    return UUID(str(one)) == UUID(str(other))
