"""The gateway's pool of PostgreSQL connections."""

from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from gateway.settings import Settings

WAIT_SECONDS = 3.0
TODAY = "(now() AT TIME ZONE 'Europe/Rome')::date"
"""The day on the wall of the office, in SQL: `current_date` is still yesterday's for an hour or two after midnight
where the server's clock is not Italian."""


def make_pool(settings: Settings) -> AsyncConnectionPool[psycopg.AsyncConnection[Any]]:
    """Closed until `open()`. Autocommit: each statement is its own transaction; prepared at its second use."""
    return AsyncConnectionPool(
        settings.dsn,
        min_size=2,
        max_size=settings.pool_size,
        open=False,
        timeout=WAIT_SECONDS,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 1,
            "connect_timeout": int(WAIT_SECONDS),
            "options": "-c statement_timeout=15000 -c lock_timeout=5000",
        },
        name="gateway",
    )
