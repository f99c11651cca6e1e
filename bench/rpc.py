"""Bench `rpc`: a gateway request (session, policy, mandate, access log committed, one RPC) against the bare RPC.

Floor, in the same run and in turn with ours: stock nameko's `@rpc` method that returns the same reply, called through
plain aio-pika; no HTTP, no mandate, no validation. Both with one client and with ten.
"""

import asyncio
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aio_pika
import uvloop

from chassis.mandate import load_private_key, sign
from contracts.mandato import Mandato
from sisolocal.testdata import TestRun, chassis, free_port
from sisolocal.teststack import choose, open_stack

PROCESSES = Path(__file__).with_name("rpc_processi.py")
ROUNDS = 5
CLIENTS = (1, 10)
PATH = "/api/v1/enti"

Call = Callable[[], Awaitable[None]]


def run(size: int = 2000) -> dict[str, Any]:
    """Median latency of `size` requests a side and client count; `ratio` is with one client, `detail` has both."""
    stack = open_stack(choose())
    test_run = TestRun(stack, uuid.uuid4().hex[:8], Path(tempfile.mkdtemp()))
    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes += [
            _start_service(test_run, "chassis"),
            _start_service(test_run, "bare", test_run.amqp_url),
        ]
        port = free_port()
        processes += [_start_gateway(test_run, port)]
        measured = uvloop.run(_measure(test_run, port, size))
    finally:
        for process in processes:
            process.kill()
            process.wait()
        test_run.close()
        stack.close()
    ours, floor = measured["ours"][1]["p50"], measured["floor"][1]["p50"]
    ratios = {
        str(clients): round(measured["ours"][clients]["p50"] / measured["floor"][clients]["p50"], 2)
        for clients in CLIENTS
    }
    return {
        "bench": "rpc",
        "ours": ours,
        "floor": floor,
        "ratio": round(ours / floor, 2),
        "unit": "ms",
        "n": size,
        "detail": {"ratio_by_clients": ratios} | measured,
    }


def _start_service(test_run: TestRun, *words: str) -> "subprocess.Popen[bytes]":
    env = test_run.service_env("anagrafe") | {"PATH": os.environ["PATH"]}
    with (test_run.folder / f"rpc-{words[0]}.log").open("wb") as log:
        return subprocess.Popen([sys.executable, str(PROCESSES), *words], env=env, stderr=log)


def _start_gateway(test_run: TestRun, port: int) -> "subprocess.Popen[bytes]":
    env = test_run.service_env("gateway")
    chassis("seed", "gateway", env=env)
    command = [sys.executable, "-m", "uvicorn", "gateway.app:create_app", "--factory", "--port", str(port)]
    options = ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--timeout-keep-alive", "600"]
    env["PATH"] = os.environ["PATH"]
    with (test_run.folder / "rpc-gateway.log").open(
        "wb"
    ) as log:  # logging is part of the work, reading it is not
        return subprocess.Popen([*command, *options, "--log-level", "warning"], env=env, stderr=log)


async def _measure(test_run: TestRun, port: int, size: int) -> dict[str, Any]:
    await asyncio.to_thread(_wait_ready, port)
    cookie = await asyncio.to_thread(_sign_in, port)
    key = load_private_key(test_run.keys.private_key_file)
    token = sign(_mandato(), ("anagrafe",), key, lifetime=timedelta(hours=1))
    connection = await aio_pika.connect(test_run.amqp_url)
    bare = await _rpc_client(connection, "bare.list_enti", {})
    chassis_rpc = await _rpc_client(connection, "anagrafe.list_enti", {"nameko.mandato": token})
    sides: dict[str, Any] = {"floor": lambda: bare, "floor_with_mandate": lambda: chassis_rpc}
    clients = [await _http_client(port, cookie) for _ in range(max(CLIENTS))]
    turns = itertools.cycle(clients)
    sides["ours"] = lambda: next(turns)
    times: dict[str, dict[int, list[float]]] = {side: {count: [] for count in CLIENTS} for side in sides}
    for side in sides:  # warm up
        await _load(sides[side], 10, 300)
    throughput: dict[str, float] = {}
    for _round, count, side in itertools.product(range(ROUNDS), CLIENTS, sides):
        started = time.perf_counter()
        times[side][count] += await _load(sides[side], count, size // ROUNDS)
        throughput[f"{side}/{count}"] = size // ROUNDS / (time.perf_counter() - started)
    await connection.close()
    return {side: {count: _figures(values) for count, values in by.items()} for side, by in times.items()} | {
        "last_round_per_s": {name: round(value) for name, value in throughput.items()}
    }


def _figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": round(statistics.median(ordered), 2),
        "p99": round(ordered[int(len(ordered) * 0.99)], 2),
    }


async def _load(make: Callable[[], Call], clients: int, total: int) -> list[float]:
    """Milliseconds of each of `total` calls, `clients` at a time, each as soon as its last has ended."""
    left, times = itertools.count(), list[float]()

    async def work(call: Call) -> None:
        while next(left) < total:
            started = time.perf_counter()
            await call()
            times.append((time.perf_counter() - started) * 1000)

    await asyncio.gather(*(work(make()) for _ in range(clients)))
    return times


async def _rpc_client(connection: Any, routing_key: str, headers: dict[str, str]) -> Call:
    """A call of one method, the plain way."""
    channel = await connection.channel()
    exchange = await channel.get_exchange("nameko-rpc")
    queue = await channel.declare_queue(f"rpc.reply-{uuid.uuid4().hex}", exclusive=True)
    await queue.bind(exchange, queue.name)
    waiting: dict[str, asyncio.Future[bytes]] = {}

    async def on_reply(message: Any) -> None:
        waiting.pop(message.correlation_id).set_result(message.body)

    await queue.consume(on_reply, no_ack=True)

    async def call() -> None:
        call_id = uuid.uuid4().hex
        future = waiting[call_id] = asyncio.get_running_loop().create_future()
        message = aio_pika.Message(
            b'{"args":[],"kwargs":{"request":{}}}', content_type="application/json", reply_to=queue.name,
            correlation_id=call_id, headers=dict(headers),
        )  # fmt: skip
        await exchange.publish(message, routing_key)
        reply = json.loads(await asyncio.wait_for(future, 10))
        if reply["error"] is not None:
            raise RuntimeError(reply["error"])

    return call


async def _http_client(port: int, cookie: str) -> Call:
    """A kept connection that asks for the same address again and again; every answer must be 200."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: siso={cookie}\r\n\r\n".encode()

    async def call() -> None:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))

    return call


def _mandato() -> Mandato:
    return Mandato(
        operatore_id=uuid.uuid4(), incarico_id=uuid.uuid4(), ruolo="assistente_sociale", ente="F704",
        settore="minori", estensioni={},
    )  # fmt: skip


def _wait_ready(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError("the gateway does not become ready")


def _sign_in(port: int) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/dev/login",
        data=b'{"identita": "giulia.bianchi"}',
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.headers["Set-Cookie"]).split("siso=")[1].split(";")[0]
