"""The access log by month: rows find their place, old months go with a record, and the rest still verifies."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

import chassis.alembic_env
from chassis.migrations import versions_of
from gateway.accessi.catena import chain_hash, opening_hash
from gateway.accessi.testing import Registro, make_accesso
from gateway.accessi.verify import Verifica

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


def months_ago(months: int, day: int = 1) -> datetime:
    number = NOW.year * 12 + NOW.month - 1 - months
    return datetime(number // 12, number % 12 + 1, day, tzinfo=UTC)


OLD = months_ago(27)


@pytest.fixture
def registro(pg_database: Callable[..., Any]) -> Registro:
    urls = pg_database("gateway", fresh=True)
    return Registro(urls.app, urls.migrator, urls.notaio)


@pytest.fixture
def aged(registro: Registro) -> Registro:
    """Rows of 27, 26 and 1 months ago; at the turn of the month those of both alternate in one chain."""
    turn = months_ago(26)
    registro.write_at([OLD + MINUTE, OLD + 2 * MINUTE])
    registro.seal(OLD + 3 * MINUTE)
    registro.write_at([turn - MINUTE, turn + MINUTE, turn - MINUTE / 2, turn + 2 * MINUTE, turn + 3 * MINUTE])
    registro.seal(turn + 4 * MINUTE)
    registro.write_at([months_ago(1, 5), months_ago(1, 5) + MINUTE])
    registro.seal(months_ago(1, 5) + 2 * MINUTE)
    return registro


def reasons(found: Verifica) -> str:
    return " · ".join(f"{a.catena} {a.seq}: {a.motivo}" for a in found.anomalie)


def partitions(registro: Registro) -> list[str]:
    return [name for (name,) in registro.query(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'accessi'::regclass ORDER BY 1"
    )]  # fmt: skip


def test_each_row_lies_in_its_month_and_the_months_to_come_are_there(aged: Registro) -> None:
    rows = aged.query("SELECT tableoid::regclass::text, count(*) FROM accessi GROUP BY 1 ORDER BY 1")
    aged.run(lambda c: c.execute("SELECT prepare_accessi()"))

    assert [count for _, count in rows] == [4, 3, 2]
    assert {f"accessi_{months_ago(-n):%Y_%m}" for n in range(4)} <= set(partitions(aged))


@pytest.mark.parametrize("statement", ["UPDATE {} SET motivo = 'x'", "DELETE FROM {}", "SELECT * FROM {}"])
def test_the_application_reaches_a_month_only_through_the_log(aged: Registro, statement: str) -> None:
    with psycopg.connect(aged.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(f"accessi_{OLD:%Y_%m}"))  # type: ignore[arg-type]


@pytest.mark.parametrize("statement", ["UPDATE {} SET motivo = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_not_even_the_owner_changes_a_month_by_accident(aged: Registro, statement: str) -> None:
    with (
        psycopg.connect(aged.owner) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute(statement.format(f"accessi_{OLD:%Y_%m}"))  # type: ignore[arg-type]


def test_the_term_of_a_month_passed_it_goes_with_a_signed_record_and_the_rest_holds(aged: Registro) -> None:
    done, found = aged.discard()

    assert found == []
    assert [(one.mese, one.righe) for one in done] == [
        (months_ago(n).date(), count) for n, count in ((27, 4), (26, 3))
    ]
    assert f"accessi_{OLD:%Y_%m}" not in partitions(aged)
    assert aged.query("SELECT count(*) FROM accessi") == [(2,)]
    found_now = aged.verify()
    assert (found_now.integro, found_now.righe, found_now.firme) == (True, 2, True)


def test_a_month_that_goes_while_the_next_stays_leaves_no_gap(aged: Registro) -> None:
    aged.set_terms("", mesi=26)

    done, _ = aged.discard()

    assert [one.mese for one in done] == [OLD.date()]
    assert aged.verify().integro
    assert aged.discard() == ([], [])


def test_the_longest_term_of_any_ente_holds_for_the_month(aged: Registro) -> None:
    aged.set_terms("F704", mesi=36)

    assert aged.discard() == ([], [])


@pytest.mark.parametrize(("days", "gone"), [(29, []), (31, [27, 26])])
def test_a_term_made_shorter_lets_months_go_only_after_thirty_days(
    aged: Registro, days: int, gone: list[int]
) -> None:
    aged.set_terms("F704", NOW - timedelta(days=400), mesi=36)
    aged.set_terms("F704", NOW - timedelta(days=days), mesi=24)

    done, _ = aged.discard()

    assert [one.mese for one in done] == [months_ago(n).date() for n in gone]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("DELETE FROM accessi_scarti", "riga mancante"),
        ("UPDATE accessi_scarti SET tratti = '[]'", "verbale di scarto modificato"),
        ("UPDATE accessi_scarti SET righe = righe + 1", "verbale di scarto modificato"),
        ("UPDATE accessi_scarti SET firma = 'x'", "verbale di scarto non valido"),
        ("UPDATE accessi SET motivo = 'altro'", "contenuto modificato"),
        ("DELETE FROM accessi WHERE seq = 4", "riga mancante"),
    ],
    ids=["no record", "record of nothing", "another count", "signature", "a row that stayed", "a row less"],
)
def test_what_was_discarded_hides_nothing(aged: Registro, statement: str, reason: str) -> None:
    aged.set_terms("", mesi=26)
    aged.discard()
    aged.tamper(statement)

    assert reason in reasons(aged.verify())


def test_a_month_that_does_not_hold_stays(aged: Registro) -> None:
    aged.tamper(
        f"UPDATE accessi SET motivo = 'altro' WHERE quando < '{(OLD + timedelta(hours=1)).isoformat()}'"
    )

    done, found = aged.discard()

    assert {anomalia.motivo for anomalia in found} == {"contenuto modificato"}
    assert [one.mese for one in done] == [months_ago(26).date()]
    assert f"accessi_{OLD:%Y_%m}" in partitions(aged)


def test_a_month_that_was_never_sealed_stays(registro: Registro) -> None:
    registro.write_at([OLD + MINUTE])

    done, found = registro.discard()

    assert done == []
    assert [anomalia.motivo for anomalia in found] == ["righe mai sigillate"]


@pytest.mark.parametrize(("months", "message"), [(27, "is not on record"), (1, "the term of")])
def test_not_even_the_notaio_drops_a_month_of_his_own_accord(
    aged: Registro, months: int, message: str
) -> None:
    with (
        psycopg.connect(aged.notaio) as connection,
        pytest.raises(psycopg.errors.RaiseException, match=message),
    ):
        connection.execute("SELECT drop_accessi_mese(%s)", (months_ago(months).date(),))


def migrate_to(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(chassis.alembic_env.__path__[0]))
    config.set_main_option("version_locations", str(versions_of("gateway")))
    config.set_main_option("path_separator", "os")
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg2://"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def test_rows_of_before_the_months_are_kept_and_verify(pg_database: Callable[..., Any]) -> None:
    urls = pg_database("gateway", fresh=True, migrated=False)
    migrate_to(urls.migrator, "0001")
    with psycopg.connect(urls.migrator) as connection:
        write_as_before(connection, [OLD, months_ago(3), NOW])

    migrate_to(urls.migrator, "head")

    registro = Registro(urls.migrator, urls.migrator, urls.notaio)
    registro.seal()
    found = registro.verify()
    assert (found.integro, found.righe) == (True, 3)
    assert f"accessi_{OLD:%Y_%m}" in partitions(registro)
    registro.tamper("UPDATE accessi SET motivo = 'altro' WHERE seq = 2")
    assert "contenuto modificato" in reasons(registro.verify())


def write_as_before(connection: psycopg.Connection[Any], moments: list[datetime]) -> None:
    """A chain as it was written before there were months, seals and formats."""
    catena, opened = UUID(int=7), moments[0] - MINUTE
    last = opening_hash(catena, opened, {}, 1)
    connection.execute("INSERT INTO accessi_catene VALUES (%s, %s, '{}', %s)", (catena, opened, last))
    for seq, quando in enumerate(moments, 1):
        record = make_accesso(quando=quando).record(catena, seq)
        digest = chain_hash(last, record, 1)
        hashes = {"prima": f"\\x{last.hex()}", "hash": f"\\x{digest.hex()}"}
        connection.execute(
            "INSERT INTO accessi SELECT * FROM json_populate_record(NULL::accessi, %s::json)",
            (json.dumps(record | hashes),),
        )
        last = digest
