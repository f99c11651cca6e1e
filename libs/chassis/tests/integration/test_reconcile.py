"""A confirmed message can still be lost: reconciliation finds it, replay brings it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from chassis import reconcile
from chassis.migrations import CREATE_OUTBOX
from chassis.settings import ServiceSettings
from contracts.cartella import CartellaApertaV1


@pytest.fixture
def ledgers(pg_database: Callable[..., Any]) -> dict[str, ServiceSettings]:
    """A producer (in the name of cartella) and a consumer, with empty outbox and inbox."""
    found = {}
    for name in ("cartella", "report"):
        urls = pg_database("report", fresh=True, migrated=False)
        with psycopg.connect(urls.admin, autocommit=True) as connection:
            connection.execute(CREATE_OUTBOX)
        found[name] = ServiceSettings(database_url=urls.admin)
    return found


def emit(settings: ServiceSettings, number: int) -> list[str]:
    ids = [str(uuid4()) for _ in range(number)]
    with psycopg.connect(settings.database_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO outbox (id, type, subject, envelope, published_at)"
            " VALUES (%s, %s, 'x', '{}', now() - interval '1 hour')",
            [(one, CartellaApertaV1.type) for one in ids],
        )
    return ids


def take(settings: ServiceSettings, ids: list[str]) -> None:
    with psycopg.connect(settings.database_url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO inbox (consumer, event_id, type) VALUES ('on_cartella_aperta_v1', %s, 'x')",
            [(one,) for one in ids],
        )


def gap(ledgers: dict[str, ServiceSettings], **options: Any) -> reconcile.Gap:
    gaps = reconcile.reconcile(ledgers, timedelta(hours=24), **options)
    return next(g for g in gaps if g.type == CartellaApertaV1.type)


def test_what_was_taken_is_no_gap(ledgers: dict[str, ServiceSettings]) -> None:
    take(ledgers["report"], emit(ledgers["cartella"], 20))

    assert (gap(ledgers).emitted, gap(ledgers).missing) == (20, [])


def test_lost_event_is_found_and_replayed(ledgers: dict[str, ServiceSettings]) -> None:
    ids = emit(ledgers["cartella"], 20)
    take(ledgers["report"], ids[:-2])

    found = gap(ledgers, replay=True)

    assert sorted(str(one) for one in found.missing) == sorted(ids[-2:])
    with psycopg.connect(ledgers["cartella"].database_url) as connection:
        waiting = connection.execute("SELECT id::text FROM outbox WHERE published_at IS NULL").fetchall()
    assert sorted(row[0] for row in waiting) == sorted(ids[-2:])


def test_what_was_emitted_before_the_period_is_reported_and_not_replayed_for_ever(
    ledgers: dict[str, ServiceSettings],
) -> None:
    emit(ledgers["cartella"], 1)
    with psycopg.connect(ledgers["cartella"].database_url) as connection:
        connection.execute("UPDATE outbox SET created_at = now() - interval '2 days'")

    found = gap(ledgers, replay=True)

    assert len(found.missing) == 1
    with psycopg.connect(ledgers["cartella"].database_url) as connection:
        waiting = connection.execute("SELECT count(*) FROM outbox WHERE published_at IS NULL").fetchone()
    assert waiting == (0,)
