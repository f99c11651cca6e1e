"""The toy service as real processes on the real stack, and a caller that speaks nameko's wire protocol."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import psycopg
import pytest

from chassis import mandate
from chassis.migrations import CREATE_OUTBOX
from contracts.mandato import Mandato

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
    amqp_admin: str
    private_key: Path

    def start(self, *command: str) -> Process:
        return Process(command, self.env)

    def rows(self, query: str) -> list[Any]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query).fetchall()

    def token(self, audience: str = "report") -> str:
        who = Mandato(
            operatore_id=uuid4(),
            incarico_id=uuid4(),
            ruolo="prova",
            ente="F704",
            settore="minori",
            estensioni={},
        )
        return mandate.sign(who, (audience,), mandate.load_private_key(self.private_key))

    def call(self, *requests: dict[str, Any], token: str | None = None) -> list[dict[str, Any]]:
        return asyncio.run(_call(self.env["REPORT_AMQP_URL"], requests, token or self.token()))

    def publish(self, *bodies: bytes, key: str = "cartella.aperta.v1") -> None:
        asyncio.run(_publish(self.amqp_admin, bodies, key))


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


def eventually(holds: Callable[[], Any], seconds: float = 20) -> None:
    """Waits until `holds()` is true; fails the test when it never is."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "did not come to hold in time"
        time.sleep(0.05)


@pytest.fixture
def toy(
    pg_database: Callable[..., Any], service_env: Callable[..., dict[str, str]], amqp_url: str, siso_run: Any
) -> Iterator[Toy]:
    urls = pg_database("report", fresh=True, migrated=False)
    app_role = urls.app.split("//")[1].split(":")[0]
    with psycopg.connect(urls.migrator, autocommit=True) as connection:
        connection.execute(CREATE_OUTBOX + TABLES)
        connection.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{app_role}"')
    env = service_env("report") | {"REPORT_DATABASE_URL": urls.app}
    return Toy(env, urls.migrator, amqp_url, siso_run.keys.private_key_file)


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


async def _call(amqp_url: str, requests: tuple[dict[str, Any], ...], token: str) -> list[dict[str, Any]]:
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("nameko-rpc", ensure=False)
        replies = await channel.declare_queue(f"rpc.reply-report-{uuid4()}", exclusive=True, auto_delete=True)
        await replies.bind(exchange, replies.name)
        for number, request in enumerate(requests):
            await exchange.publish(
                aio_pika.Message(
                    json.dumps({"args": [], "kwargs": {"request": request}}).encode(),
                    content_type="application/json",
                    content_encoding="utf-8",
                    reply_to=replies.name,
                    correlation_id=str(number),
                    headers={"nameko.mandato": token, "nameko.correlation_id": "prova-1"},
                ),
                routing_key="report.keep",
            )
        found: dict[str, dict[str, Any]] = {}
        async with replies.iterator(timeout=20) as messages:
            async for message in messages:
                found[message.correlation_id or ""] = json.loads(message.body)
                await message.ack()
                if len(found) == len(requests):
                    break
        return [found[str(number)] for number in range(len(requests))]


async def _publish(amqp_url: str, bodies: tuple[bytes, ...], key: str) -> None:
    connection = await aio_pika.connect(amqp_url)
    async with connection:
        channel = await connection.channel(publisher_confirms=True)
        exchange = await channel.get_exchange("cartella.events")
        for body in bodies:
            message = aio_pika.Message(
                body,
                content_type="application/json",
                content_encoding="utf-8",
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            )
            await exchange.publish(message, routing_key=key)
