"""Bench `eventi`: commit in one service → effect committed in another, through outbox, relay, broker and inbox.

Floor, in the same run: kombu publishing one by one with confirms to a quorum queue, then bare consuming with acks; the
two in turn on the same two cores (publish seconds + consume seconds for the same events).
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from kombu import Connection, Queue

from chassis.migrations import CREATE_OUTBOX
from chassis.settings import ServiceSettings
from chassis.sql import SqlDatabase
from contracts.cartella import Area, CartellaApertaV1, StatoCartella
from sisolocal.testdata import TestRun
from sisolocal.teststack import choose, open_stack

PROCESSES = Path(__file__).with_name("eventi_processi.py")
QUEUE = "report.on_cartella_aperta_v1"
WRITERS = 2
PACE = 200  # events a second of the latency part


def run(size: int = 6000) -> dict[str, Any]:
    """Throughput of `size` events and p99 latency at 200 a second, against the floor."""
    stack = open_stack(choose())
    test_run = TestRun(stack, uuid.uuid4().hex[:8], Path(tempfile.mkdtemp()))
    try:
        return _Bench(test_run).measure(size)
    finally:
        test_run.close()
        stack.close()


class _Bench:
    def __init__(self, test_run: TestRun) -> None:
        self.amqp = test_run.amqp_url
        test_run.topology  # noqa: B018 - declares the queues, once
        self.producer = test_run.pg_database("erogazioni", fresh=True, migrated=False)
        self.consumer = test_run.pg_database("report", fresh=True, migrated=False)
        for urls in (self.producer, self.consumer):
            with psycopg.connect(urls.admin, autocommit=True) as connection:
                connection.execute(CREATE_OUTBOX)
                connection.execute(
                    "CREATE TABLE effetti (id uuid PRIMARY KEY, at timestamptz DEFAULT clock_timestamp())"
                )
                role = urls.app.split("//")[1].split(":")[0]
                connection.execute(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"')
        self.env = os.environ | {
            "SISO_ENV": "test",
            "SISO_LOG_LEVEL": "WARNING",
            "CARTELLA_DATABASE_URL": self.producer.app,
            "CARTELLA_AMQP_URL": self.amqp,
            "REPORT_DATABASE_URL": self.consumer.app,
            "REPORT_AMQP_URL": self.amqp,
        }

    def measure(self, size: int) -> dict[str, Any]:
        time.sleep(3)  # a broker needs a moment after queues were declared
        publish, consume = self._floor(size)
        floor = size / (publish + consume)
        processes = [
            subprocess.Popen([sys.executable, str(PROCESSES), role], env=self.env)
            for role in ("events", "relay")
        ]
        try:
            self._write(20)
            self._wait(20)
            started = time.perf_counter()
            self._write(size)
            self._wait(size + 20)
            ours = size / (time.perf_counter() - started)
            latencies = self._paced(min(size, 5 * PACE))
        finally:
            for process in processes:
                process.kill()
                process.wait()
        return {
            "bench": "eventi",
            "ours": round(ours, 1),
            "floor": round(floor, 1),
            "ratio": round(ours / floor, 2),
            "unit": "events/s",
            "n": size,
            "detail": {
                "floor_publish_per_s": round(size / publish),
                "floor_consume_per_s": round(size / consume),
                "latency_ms_at_200_per_s": {name: round(value, 1) for name, value in latencies.items()},
            },
        }

    def _floor(self, size: int) -> tuple[float, float]:
        body = _event().model_dump_json()
        with Connection(self.amqp, transport_options={"confirm_publish": True}) as connection:
            producer = connection.Producer(serializer=None)
            started = time.perf_counter()
            for _ in range(size):
                producer.publish(
                    body, routing_key=QUEUE, content_type="application/json", content_encoding="utf-8"
                )
            publish = time.perf_counter() - started
            taken = 0

            def take(_body: Any, message: Any) -> None:
                nonlocal taken
                message.ack()
                taken += 1

            started = time.perf_counter()
            with connection.Consumer(Queue(QUEUE, no_declare=True), callbacks=[take], prefetch_count=10):
                while taken < size:
                    connection.drain_events(timeout=10)
            return publish, time.perf_counter() - started

    def _write(self, count: int) -> None:
        threads = [
            threading.Thread(target=self._writer, args=(count // WRITERS, 0.0)) for _ in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _writer(self, count: int, pause: float) -> None:
        database = SqlDatabase(
            ServiceSettings(database_url=self.producer.app.replace("postgresql://", "postgresql+psycopg2://"))
        )
        due = time.perf_counter()
        for _ in range(count):
            event = _event()
            with database.transaction() as tx:
                tx.session.connection().exec_driver_sql(
                    "INSERT INTO effetti (id) VALUES (%s)", (str(event.cartella_id),)
                )
                tx.emit(event, sequence=1)
            if pause:
                due += pause
                time.sleep(max(0.0, due - time.perf_counter()))
        database.close()

    def _paced(self, count: int) -> dict[str, float]:
        before = self._effects()
        self._writer(count, 1 / PACE)
        self._wait(before + count)
        with psycopg.connect(self.producer.admin) as one, psycopg.connect(self.consumer.admin) as other:
            made = dict(
                one.execute("SELECT id, at FROM effetti ORDER BY at DESC LIMIT %s", (count,)).fetchall()
            )
            done = dict(
                other.execute("SELECT id, at FROM effetti WHERE id = ANY(%s)", (list(made),)).fetchall()
            )
        values = sorted((done[key] - at).total_seconds() * 1000 for key, at in made.items())
        return {"p50": values[len(values) // 2], "p99": values[int(len(values) * 0.99)], "max": values[-1]}

    def _effects(self) -> int:
        with psycopg.connect(self.consumer.admin) as connection:
            row = connection.execute("SELECT count(*) FROM effetti").fetchone()
            return int(row[0]) if row else 0

    def _wait(self, count: int) -> None:
        deadline = time.monotonic() + 120
        while self._effects() < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self._effects()} of {count} events took effect")
            time.sleep(0.1)


def _event() -> CartellaApertaV1:
    return CartellaApertaV1(
        cartella_id=uuid.uuid4(),
        numero="F704-2026-000001",
        residente_id=uuid.uuid4(),
        ente="F704",
        settore="minori",
        area=Area.ANZIANI,
        stato=StatoCartella.APERTA,
        comune_residenza="F704",
        sesso="F",
        data=date(2026, 11, 23),
    )
