"""The toy service as real processes on the real stack."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from chassis.mandate import NOTAIO, load_private_key, sign
from chassis.migrations import CREATE_OUTBOX
from contracts.mandato import Mandato
from sisolocal.testbus import Bus, Reply
from sisolocal.waiting import eventually

TOY = Path(__file__).with_name("toy.py")
TABLES = """
CREATE TABLE note (id uuid PRIMARY KEY, testo text NOT NULL);
CREATE TABLE tentativi (id uuid NOT NULL);
CREATE TABLE battiti (n int NOT NULL);
INSERT INTO battiti VALUES (0);
"""


@dataclass
class Toy:
    """Environment of the toy's processes, and its database."""

    env: dict[str, str]
    database: str
    bus: Bus

    def start(self, *command: str) -> Process:
        return Process(command, self.env)

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query).fetchall()

    def token(self, audience: str = "report") -> str:
        return self.bus.token(self.who(), audience)

    def notaio_token(self, **changes: Any) -> str:
        """As the notaio signs, with a key of his own."""
        key = load_private_key(self.bus.keys.files["notaio"])
        return sign(self.who(**{"tipo": "sistema"} | changes), ("report",), key, issuer=NOTAIO)

    def who(self, **changes: Any) -> Mandato:
        values = {
            "operatore_id": uuid4(),
            "incarico_id": uuid4(),
            "ruolo": "prova",
            "ente": "F704",
            "settore": "minori",
            "estensioni": {},
        }
        return Mandato.model_validate(values | changes)

    def call(self, *requests: dict[str, Any], token: str | None = None) -> list[Reply]:
        caller = Bus(self.env["REPORT_AMQP_URL"], self.bus.keys)  # a service, with no more rights than it has
        return caller.ask("report", "keep", requests, token or self.token(), "prova-1")


class Process:
    """A child with a health port; ready when it says so."""

    def __init__(self, command: tuple[str, ...], env: dict[str, str]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env=os.environ | env | {"HEALTH_PORT": str(self.port)},
            stderr=subprocess.PIPE if os.environ.get("TOY_QUIET") else None,
        )

    def ready(self, seconds: float = 30) -> Process:
        eventually(lambda: self.status() == 200, seconds)
        return self

    def status(self, path: str = "/health/ready") -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=3) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(20)


@pytest.fixture
def toy(
    pg_database: Callable[..., Any], service_env: Callable[..., dict[str, str]], bus: Bus
) -> Iterator[Toy]:
    urls = pg_database("report", fresh=True, migrated=False)
    app_role = urls.app.split("//")[1].split(":")[0]
    with psycopg.connect(urls.migrator, autocommit=True) as connection:
        connection.execute(CREATE_OUTBOX + TABLES)
        connection.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{app_role}"')
    env = service_env("report") | {"REPORT_DATABASE_URL": urls.app}
    return Toy(env, urls.migrator, bus)


@pytest.fixture
def start(toy: Toy) -> Iterator[Callable[[str], Process]]:
    """`start("rpc")`, `start("events")`, `start("relay")`: stopped at the end."""
    running: list[Process] = []

    def begin(role: str) -> Process:
        command = ("-m", "chassis", "relay", "report") if role == "relay" else (str(TOY), role)
        running.append(toy.start(*command))
        return running[-1].ready()

    yield begin
    for process in running:
        if process.process.poll() is None:
            process.stop()
