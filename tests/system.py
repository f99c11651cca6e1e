"""The whole system for tests that cross services: started once a run on its own stack, used over HTTP as people do."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg

from sisolocal import waiting
from sisolocal.testbus import Bus
from sisolocal.testdata import MandatoKeys

CITY = 2_000
NOT_YET = (httpx.HTTPError, AssertionError, psycopg.Error, OSError, KeyError, IndexError)
Json = dict[str, Any]


MOTIVO = "coordinatore"
"""Why somebody of these tests opens a case that is not his own."""


class Person:
    """Someone signed in: a cookie and a CSRF token, and a reason for what asks one."""

    def __init__(self, base_url: str, identity: str) -> None:
        self.base_url = base_url
        self.http = httpx.Client(
            base_url=f"{base_url}/api/v1", timeout=30, headers={"Origin": base_url, "X-Motivo": MOTIVO}
        )
        self.http.post("/dev/login", json={"identita": identity}).raise_for_status()
        self.session = self.http.get("/sessione").raise_for_status().json()
        self.http.headers["X-CSRF-Token"] = self.session["csrf_token"]
        self.id = self.session["operatore_id"]

    def get(self, path: str, **params: Any) -> Json:
        return dict(self.http.get(path, params=params).raise_for_status().json())

    def post(self, path: str, **body: Any) -> Json:
        """POST that must succeed; the reply says why when it does not."""
        reply = self.http.post(path, json=body)
        assert reply.status_code < 300, f"{path}: {reply.status_code} {reply.text}"
        return dict(reply.json()) if reply.content else {}

    def try_post(self, path: str, **body: Any) -> httpx.Response:
        return self.http.post(path, json=body)

    def page(self, path: str) -> httpx.Response:
        """A page as the browser gets it, redirects followed."""
        return self.http.get(f"{self.base_url}{path}", headers={"Accept": "text/html"}, follow_redirects=True)

    def whole_log(self) -> bool:
        """Whether the access log holds: asked of the notaio, who answers within two of his minutes."""
        asked = self.post("/registro-accessi/verifiche")["verifica"]["id"]

        def outcome() -> Json:
            found = self.get(f"/registro-accessi/verifiche/{asked}")
            return found if found["integro"] is not None else {}

        return bool(eventually(outcome, 150, "the notaio does not verify")["integro"])

    def upload(self, case_id: str, name: str, content: bytes, **headers: str) -> httpx.Response:
        """A document sent in one piece, as text unless a header says otherwise."""
        sent = {"X-Nome-File": name, "Content-Type": "text/plain"} | headers
        return self.http.post(f"/cartelle/{case_id}/documenti", content=content, headers=sent)

    def find(self, text: str) -> list[Json]:
        return list(self.get("/residenti", testo=text)["residenti"])

    def open_case(self, residente_id: str, area: str = "famiglia_minori") -> Json:
        """A case opened and taken in charge."""
        case = self.post(
            "/cartelle",
            residente_id=residente_id,
            area=area,
            motivo="Prima richiesta",
            idempotency_key=str(uuid4()),
        )
        return self.post(f"/cartelle/{case['id']}/presa-in-carico", version=case["version"])

    def write(self, case: Json, text: str, private: bool = False, key: str | None = None) -> Json:
        return self.post(
            f"/cartelle/{case['id']}/diario",
            tipo="colloquio",
            quando="2026-11-23T10:00:00Z",
            testo=text,
            privata=private,
            idempotency_key=key or str(uuid4()),
        )


@dataclass
class System:
    """Addresses of the running system, and (when the tests started it) its processes."""

    base_url: str
    supervisor: Any = None
    owned: bool = True

    def stop(self) -> None:
        """Stops what the tests started; a stack that ran before them goes on."""
        if self.owned:
            self.supervisor.stop()

    def sign_in(self, identity: str) -> Person:
        return Person(self.base_url, identity)

    def residents(self, surname_like: str = "", ente: str = "F704", limit: int = 50) -> list[Json]:
        """Some residents, straight from the registry's table: tests need to know whom to look for."""
        rows = self.query(
            "anagrafe",
            "SELECT id::text, cognome, nome FROM residenti"
            " WHERE ente = %s AND cognome ILIKE %s AND stato = 'R' ORDER BY id LIMIT %s",
            (ente, f"{surname_like}%", limit),
        )
        return [{"id": row[0], "cognome": row[1], "nome": row[2]} for row in rows]

    def query(self, service: str, sql: str, parameters: tuple[Any, ...] = ()) -> list[Any]:
        with psycopg.connect(self.supervisor.infra.postgres.role_url(service, "migrator")) as connection:
            return connection.execute(sql, parameters).fetchall()

    def documents(self, collection: str) -> Any:
        """A collection of cartella's database."""
        from pymongo import MongoClient

        client: Any = MongoClient(self.supervisor.infra.mongo.url(), uuidRepresentation="standard")
        return client.get_default_database()[collection]

    def child(self, name: str) -> Any:
        """A process of the system by name: `relay`, `erogazioni-events`, `rabbitmq` …"""
        return next(part for part in self.supervisor.parts if part.name == name).child

    def kill(self, name: str) -> None:
        """kill -9; the supervisor brings it back."""
        os.kill(self.child(name).pid, 9)

    @cached_property
    def bus(self) -> Bus:
        """The broker, as its administrator, with the keys of the gateway."""
        keys = self.supervisor.infra.keys
        return Bus(self.supervisor.infra.rabbitmq.admin_url, MandatoKeys(keys["private"], keys["public"]))

    def rpc(self, service: str, method: str, request: Json, token: str | None) -> Json:
        """`{"result", "error"}` of a call straight over the broker, with whatever stands in `token` as the mandate."""
        return self.bus.ask(service, method, [request], token)[0]

    @contextmanager
    def frozen(self, *names: str) -> Iterator[None]:
        """These processes stand still (SIGSTOP) while the block runs: there, but answering nobody."""
        pids = [self.child(name).pid for name in names]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    @contextmanager
    def database_closed(self, *databases: str) -> Iterator[None]:
        """These databases let nobody in while the block runs."""
        with psycopg.connect(self.supervisor.infra.postgres.admin_url, autocommit=True) as admin:
            try:
                for name in databases:
                    admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
                    admin.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
                    )
                yield
            finally:
                for name in databases:
                    admin.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')

    def back(self, name: str, not_pid: int, seconds: float = 60) -> None:
        """Waits until a killed process is another one and says that it is ready."""
        part = next(part for part in self.supervisor.parts if part.name == name)
        ready = part.ready if hasattr(part, "ready") else part.works
        eventually(lambda: self.child(name).pid not in (None, not_pid) and ready(), seconds)


def eventually(holds: Callable[[], Any], seconds: float = 30, why: str = "") -> Any:
    """As `sisolocal.waiting.eventually`; a system that refuses or falls meanwhile counts as not yet."""
    return waiting.eventually(holds, seconds, why, not_yet=NOT_YET)


def start_system() -> System:
    """Starts everything from nothing on the stack `.siso/e2e` and loads a small city.

    SISO_E2E_STACK names a stack that already runs (`./siso up --name …`): it is used and left as it is.
    """
    if running := os.environ.get("SISO_E2E_STACK"):
        return _attach(running)
    from sisolocal import city
    from sisolocal.layout import Layout
    from sisolocal.supervisor import Supervisor

    layout = Layout.of("e2e", Path(__file__).resolve().parents[1])
    first = Supervisor(layout, durable=False)
    first.infra.stop()
    first.infra.erase()
    supervisor = Supervisor(layout, durable=False)
    supervisor.start()
    city.load(layout, supervisor.environment(), CITY)
    return System(supervisor.base_url, supervisor)


def _attach(name: str) -> System:
    from sisolocal import city
    from sisolocal.layout import Layout
    from sisolocal.roles import processes
    from sisolocal.supervisor import Supervisor

    layout = Layout.of(name, Path(__file__).resolve().parents[1])
    supervisor = Supervisor(layout)
    supervisor.roles = list(processes(supervisor.infra))
    city.load(layout, supervisor.environment(), CITY)
    return System(supervisor.base_url, supervisor, owned=False)
