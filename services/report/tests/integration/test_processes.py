"""The service as it runs: green threads, DuckDB in a real one, the broker between."""

import time
from collections.abc import Callable
from typing import Any

import psycopg
from services.report.tests.factories import make_cartella_event, make_mandato

from contracts.report import CrosstabOut, RunCrosstab
from sisolocal.testbus import Bus
from sisolocal.waiting import eventually


def test_facts_on_the_broker_become_a_crosstab_over_rpc(
    run_service: Callable[..., Any], pg_database: Callable[..., Any], bus: Bus
) -> None:
    ente = "A818"
    run_service("report", "events")
    bus.publish(*(make_cartella_event(ente=ente) for _ in range(12)))
    run_service("report", "rpc")
    wait_for_snapshot(pg_database("report").admin, ente, rows=12)
    token = bus.token(make_mandato(ente=ente), "report")

    started = time.monotonic()
    replies = bus.ask("report", "run_crosstab", [RunCrosstab()] * 6, token)

    assert [reply["error"] for reply in replies] == [None] * 6
    answers = [CrosstabOut.model_validate(reply["result"]) for reply in replies]
    assert [answer.totale.valore for answer in answers] == [12] * 6
    assert time.monotonic() - started < 20


def wait_for_snapshot(database: str, ente: str, rows: int) -> None:
    query = "SELECT righe FROM partizioni WHERE ente = %s"
    with psycopg.connect(database, autocommit=True) as connection:
        eventually(lambda: connection.execute(query, [ente]).fetchone() == (rows,), 30, "the snapshot")
