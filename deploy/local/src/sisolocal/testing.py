"""Pytest plugin: fixtures of the stack (deploy/local/README.md). Importing it costs nothing; nothing starts unasked."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from sisolocal.testbus import Bus
    from sisolocal.testdata import Mailbox, MandatoKeys, PgUrls, S3Bucket, TestRun
    from sisolocal.testprocess import RunningService
    from sisolocal.teststack import Stack

WORDS = {
    "environment": "indirizzi dall'ambiente (SISO_TEST_*)",
    "docker": "contenitori Docker",
    "local": "processi locali in .siso/test",
}


@dataclass
class Choice:
    """Which stack the run uses, decided once."""

    kind: str | None = None

    def made(self) -> str:
        if self.kind is None:
            from sisolocal.teststack import choose

            self.kind = choose()
        return self.kind


CHOICE = Choice()


def pytest_report_header() -> str:
    """Says on which stack the tests that need one will run."""
    return f"siso: stack dei test = {WORDS[CHOICE.made()]}, avviato solo se un test lo chiede"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Addresses of the running stores; see `sisolocal.teststack.Stack`."""
    from sisolocal.teststack import open_stack

    opened = open_stack(CHOICE.made())
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def siso_run(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestRun]:
    """What this run (each xdist worker) makes on the stack and drops at its end."""
    from sisolocal.testdata import TestRun

    run = TestRun(stack, uuid.uuid4().hex[:8], tmp_path_factory.mktemp("siso"))
    yield run
    run.close()


@pytest.fixture(scope="session")
def pg_database(siso_run: TestRun) -> Callable[..., PgUrls]:
    """`pg_database("erogazioni")` → PgUrls(app, migrator, admin, notaio), migrated; `fresh=True` for another one."""
    return siso_run.pg_database


@pytest.fixture(scope="session")
def mongo_database(siso_run: TestRun) -> Callable[..., str]:
    """`mongo_database("cartella")` → URL of a migrated database; `fresh=True` for another one."""
    return siso_run.mongo_database


@pytest.fixture(scope="session")
def amqp_url(siso_run: TestRun) -> str:
    """An administrator's URL on the virtual host of this run."""
    return siso_run.amqp_url


@pytest.fixture(scope="session")
def bus(siso_run: TestRun) -> Bus:
    """An administrator on the virtual host of this run, its topology declared: calls, events, services played."""
    from sisolocal.testbus import Bus

    assert siso_run.topology
    return Bus(siso_run.amqp_url, siso_run.keys)


@pytest.fixture(scope="session")
def service_env(siso_run: TestRun) -> Callable[..., dict[str, str]]:
    """`service_env("erogazioni")` → the environment of a process of that service; the topology is declared."""
    return siso_run.service_env


@pytest.fixture
def run_service(siso_run: TestRun) -> Iterator[Callable[..., RunningService]]:
    """`run_service("erogazioni", "rpc")` → a ready process of the service, stopped at the end of the test."""
    started: list[RunningService] = []

    def run(service: str, role: str, **env: str) -> RunningService:
        started.append(siso_run.start_service(service, role, env))
        return started[-1]

    yield run
    for one in started:
        one.stop()


@pytest.fixture
def s3_bucket(siso_run: TestRun) -> Iterator[S3Bucket]:
    """An empty bucket and the keys of the administrator."""
    bucket = siso_run.make_bucket()
    yield bucket
    siso_run.drop_bucket(bucket)


@pytest.fixture(scope="session")
def mandato_keys(tmp_path_factory: pytest.TempPathFactory) -> MandatoKeys:
    """An Ed25519 pair in PEM files; needs no stack."""
    from sisolocal.testdata import make_mandato_keys

    return make_mandato_keys(Path(tmp_path_factory.mktemp("keys")))


@pytest.fixture
def mailbox(stack: Stack) -> Mailbox:
    """The mail server, emptied; `.messages()` newest first."""
    from sisolocal.testdata import Mailbox

    box = Mailbox(stack.mailbox_url)
    box.empty()
    return box
