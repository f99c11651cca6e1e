"""What a service's own role may not turn against its database: a temporary table must never stand in for a real one.

A function finds an unqualified table in `pg_temp` before `public`, unless its `search_path` says otherwise: a guard
that reads a table would then believe what the caller made up.
"""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from sisolocal.layout import SQL_OWNERS

LOADS_THROUGH_TEMPORARY_TABLES = {"anagrafe"}
"""A registry file is compared with what is there in tables of the load alone (anagrafe/repository/passi.py)."""
LOOSE = """
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
   AND NOT coalesce(proconfig, '{}') @> '{"search_path=public, pg_temp"}'
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e')
"""
"""Extensions bring theirs, which read no table of ours."""


@pytest.mark.parametrize("service", SQL_OWNERS)
def test_every_function_looks_for_tables_in_public_first(
    pg_database: Callable[..., Any], service: str
) -> None:
    with psycopg.connect(pg_database(service).migrator) as connection:
        assert connection.execute(LOOSE).fetchall() == []


@pytest.mark.parametrize("service", SQL_OWNERS)
def test_only_who_loads_registry_files_makes_temporary_tables(
    pg_database: Callable[..., Any], service: str
) -> None:
    with psycopg.connect(pg_database(service).app) as connection:
        row = connection.execute(
            "SELECT has_database_privilege(current_user, current_database(), 'TEMPORARY')"
        ).fetchone()

    assert row == (service in LOADS_THROUGH_TEMPORARY_TABLES,)
