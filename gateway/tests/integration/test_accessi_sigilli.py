"""Seals over the access log: what they cover, and that nothing they cover changes unseen."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from gateway.accessi import AccessWriter, Verifica, verifiche, verify
from gateway.accessi.catena import FORMATI, chain_hash
from gateway.accessi.chiavi import Signer, Verifier
from gateway.accessi.sigilli import from_groups, in_groups, last_seal
from gateway.accessi.testing import SEALED_TABLES, Registro, make_accesso
from gateway.accessi.writer import INSERT

NOW = datetime.now(UTC)
MINUTE = timedelta(minutes=1)


def make_registro(pg_database: Callable[..., Any]) -> Registro:
    urls = pg_database("gateway", fresh=True)
    return Registro(urls.app, urls.migrator, urls.notaio)


@pytest.fixture
def registro(pg_database: Callable[..., Any]) -> Registro:
    return make_registro(pg_database)


def append(registro: Registro, rows: int) -> None:
    async def work() -> None:
        writer = AccessWriter(registro.app)
        writer.start()
        for _ in range(rows):
            await writer.append(make_accesso())
        await writer.stop()

    asyncio.run(work())


def reasons(found: Verifica) -> str:
    return " · ".join(f"{a.catena} {a.seq}: {a.motivo}" for a in found.anomalie)


def test_a_seal_counts_the_rows_since_the_one_before(registro: Registro) -> None:
    append(registro, 3)
    append(registro, 2)
    first = registro.seal().sigillo
    append(registro, 4)
    second = registro.seal().sigillo
    third = registro.seal().sigillo

    assert first
    assert second
    assert third
    assert [(s.numero, s.righe) for s in (first, second, third)] == [(1, 5), (2, 4), (3, 0)]
    assert second.prima == first.hash
    found = registro.verify()
    assert (found.integro, found.sigilli, found.righe, found.firme) == (True, 3, 9, True)


def test_rows_that_came_in_after_the_last_seal_do_not_disturb(registro: Registro) -> None:
    append(registro, 2)
    registro.seal()
    append(registro, 2)

    assert registro.verify().integro


def test_two_who_seal_at_once_make_one_seal(registro: Registro) -> None:
    append(registro, 1)
    with psycopg.connect(registro.app) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('accessi_sigilli'))")
        assert registro.seal().sigillo is None

    assert registro.seal().sigillo is not None


def test_the_newest_rows_of_a_chain_cannot_be_cut_off(registro: Registro) -> None:
    append(registro, 5)
    registro.seal()
    registro.tamper("DELETE FROM accessi WHERE seq > 3")

    assert "righe sigillate ora assenti" in reasons(registro.verify())
    assert [a.motivo for a in registro.seal().anomalie] == ["righe già sigillate, ora assenti"]


def rewrite(registro: Registro) -> None:
    """The whole log written anew, every hash right, by somebody who knows how it is made."""
    registro.tamper("DELETE FROM accessi", "UPDATE accessi_catene SET teste = '{}'")
    catena, rows = registro.query("SELECT catena FROM accessi_catene")[0][0], 5
    forger = Registro(registro.app, registro.owner, registro.notaio)
    registro.tamper("DELETE FROM accessi_catene")
    forger.write([make_accesso() for _ in range(rows)], catena=catena)


def test_a_chain_written_anew_with_the_right_hashes_is_found(registro: Registro) -> None:
    append(registro, 5)
    registro.seal()
    rewrite(registro)

    assert "la riga non è quella del sigillo 1" in reasons(registro.verify())


def test_seals_made_anew_with_another_key_are_found(registro: Registro) -> None:
    append(registro, 5)
    registro.seal()
    rewrite(registro)
    registro.tamper("DELETE FROM accessi_teste", "DELETE FROM accessi_sigilli")
    Registro(registro.app, registro.owner, registro.notaio).seal()

    assert "firmato con una chiave che non si conosce" in reasons(registro.verify())


def test_a_seal_kept_elsewhere_finds_the_newest_rows_cut_off_with_their_seal(registro: Registro) -> None:
    append(registro, 2)
    registro.seal()
    append(registro, 2)
    kept = registro.seal().sigillo
    assert kept
    registro.tamper(
        f"DELETE FROM accessi_teste WHERE numero = {kept.numero}",
        f"DELETE FROM accessi_sigilli WHERE numero = {kept.numero}",
        "DELETE FROM accessi WHERE catena = (SELECT catena FROM accessi_catene ORDER BY aperta_il DESC LIMIT 1)",
    )

    assert registro.verify().integro  # inside the log nothing shows
    newest = registro.run(last_seal)
    assert newest is None or newest.numero < kept.numero


def test_rows_added_to_a_chain_of_the_past_are_found(registro: Registro) -> None:
    old = NOW - timedelta(days=10)
    registro.write_at([old, old + MINUTE])
    registro.seal(old + 2 * MINUTE)
    registro.seal(NOW - MINUTE)
    before, last = registro.query("SELECT catena, hash FROM accessi ORDER BY seq DESC LIMIT 1")[0]
    append_forged(registro, before, bytes(last), old + 3 * MINUTE)
    registro.seal(NOW)

    assert "mai sigillate" in reasons(registro.verify())


def append_forged(registro: Registro, catena: Any, last: bytes, quando: datetime) -> None:
    """One more row with the right hash, at the end of a chain."""
    record = make_accesso(quando=quando).record(catena, 3)
    hashes = {"prima": f"\\x{last.hex()}", "hash": f"\\x{chain_hash(last, record).hex()}"}
    with psycopg.connect(registro.app) as connection:
        connection.execute(INSERT, (json.dumps([record | hashes]),))


def test_a_row_dated_back_is_found(registro: Registro) -> None:
    catena = registro.write_at([NOW, NOW + MINUTE])
    (last,) = registro.query("SELECT hash FROM accessi WHERE seq = 2")[0]
    registro.run(lambda c: c.execute("SELECT make_accessi_mese('2024-03-01')"), registro.owner)
    append_forged(registro, catena, bytes(last), datetime(2024, 3, 9, tzinfo=UTC))

    assert "la riga porta una data anteriore alla sua catena" in reasons(registro.verify())


def test_rows_of_before_verify_with_the_columns_they_were_hashed_with(registro: Registro) -> None:
    registro.write([make_accesso(), make_accesso()], formato=1)
    registro.write([make_accesso(tipo="cittadino")])
    registro.seal()

    assert registro.verify().integro
    registro.tamper("UPDATE accessi SET in_delega_di = gen_random_uuid() WHERE tipo = 'cittadino'")
    assert "contenuto modificato" in reasons(registro.verify())


def test_a_chain_that_says_another_format_is_found(registro: Registro) -> None:
    append(registro, 2)
    registro.seal()
    registro.tamper("UPDATE accessi_catene SET formato = 1")
    assert not registro.verify().integro

    registro.tamper("UPDATE accessi_catene SET formato = 99")
    assert "formato della catena sconosciuto" in reasons(registro.verify())


def test_the_continuous_check_finds_a_change_in_the_minute_it_covers_and_says_it_once(
    registro: Registro,
) -> None:
    append(registro, 3)
    registro.seal()
    assert registro.verify_new().righe == 3
    append(registro, 3)
    registro.seal()
    registro.tamper(
        "UPDATE accessi SET esito = 404 WHERE seq = 2 AND catena ="
        " (SELECT catena FROM accessi_catene ORDER BY aperta_il DESC LIMIT 1)"
    )

    found = registro.verify_new()
    assert [a.motivo for a in found.anomalie] == ["contenuto modificato"]
    assert registro.verify_new().anomalie == ()


def test_the_continuous_check_finds_that_verified_seals_are_gone(registro: Registro) -> None:
    append(registro, 1)
    registro.seal()
    registro.seal()
    registro.verify_new()
    registro.tamper("DELETE FROM accessi_sigilli WHERE numero = 2")

    assert "sigillo già verificato, ora assente" in reasons(registro.verify_new())


def test_after_a_change_of_key_both_public_keys_verify(registro: Registro, tmp_path: Path) -> None:
    append(registro, 1)
    registro.seal()
    old, registro.signer = registro.signer, Signer(Ed25519PrivateKey.generate())
    append(registro, 1)
    registro.seal()
    file = tmp_path / "pubbliche.pem"
    file.write_text(old.public_pem + registro.signer.public_pem)

    assert not registro.verify().integro
    assert registro.run(lambda c: verify(c, Verifier.load(file))).integro


def test_a_hash_read_from_paper_is_the_hash() -> None:
    digest = os.urandom(32)

    assert from_groups(in_groups(digest).lower()) == digest
    assert from_groups("AB12") is None
    assert from_groups("parole") is None


def chassis_env(gateway_env: dict[str, str], registro: Registro) -> dict[str, str]:
    urls = {"GATEWAY_DATABASE_URL": registro.app, "GATEWAY_NOTAIO_URL": registro.notaio}
    return gateway_env | urls | {"PATH": "/usr/bin:/bin"}


def job(env: dict[str, str], *words: str) -> subprocess.Popen[str]:
    program = str(Path(sys.executable).with_name("chassis"))
    return subprocess.Popen(
        [program, "job", "gateway", *words], env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )  # fmt: skip


def test_a_notaio_killed_between_a_seal_and_its_heads_leaves_no_half_seal(
    registro: Registro, gateway_env: dict[str, str]
) -> None:
    env = chassis_env(gateway_env, registro)
    append(registro, 3)
    with psycopg.connect(registro.owner) as blocker:
        blocker.execute("LOCK TABLE accessi_teste IN SHARE MODE")  # reading goes on, writing waits
        child = job(env, "minuto")
        with psycopg.connect(registro.owner, autocommit=True) as watcher:
            waiting = (
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'accessi_teste'::regclass"
            )
            deadline = time.monotonic() + 30
            while not watcher.execute(waiting).fetchall()[0][0]:
                assert time.monotonic() < deadline
                assert child.poll() is None, child.communicate()
                time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
        child.wait()
    append(registro, 2)
    again = job(env, "minuto")

    assert again.wait(30) == 0, again.communicate()
    assert registro.query("SELECT numero, righe FROM accessi_sigilli") == [(1, 5)]
    done = job(env, "verify-accessi")
    assert done.wait(30) == 0, done.communicate()


def test_a_verification_asked_for_while_the_notaio_waits_begins_at_once(
    registro: Registro, gateway_env: dict[str, str]
) -> None:
    append(registro, 2)
    child = job(chassis_env(gateway_env, registro), "minuto", "60")
    deadline = time.monotonic() + 30
    while not registro.query("SELECT numero FROM accessi_sigilli"):  # its turn is done: now it waits
        assert time.monotonic() < deadline
        time.sleep(0.05)

    async def asked() -> None:
        async with await psycopg.AsyncConnection.connect(registro.app, autocommit=True) as connection:
            await verifiche.ask(connection, "F704", uuid4())

    asyncio.run(asked())
    while registro.query("SELECT stato FROM accessi_verifiche") != [("finita",)]:
        assert time.monotonic() < deadline
        time.sleep(0.05)

    assert child.poll() is None
    child.kill()
    child.wait()


def test_the_command_prints_a_seal_and_holds_it_against_the_log(
    registro: Registro, gateway_env: dict[str, str]
) -> None:
    env = chassis_env(gateway_env, registro)
    append(registro, 2)
    assert job(env, "minuto").wait(30) == 0
    printed = job(env, "sigillo").communicate(timeout=30)[0]
    groups = " ".join(printed.split("Impronta:\n")[1].split("\nChiave")[0].split())

    same = job(env, "verify-accessi", "1", groups)
    other = job(env, "verify-accessi", "1", "0" * 64)
    gone = job(env, "verify-accessi", "7", groups)

    assert '"sigillo_conservato": "uguale"' in same.communicate(timeout=30)[0]
    assert '"sigillo_conservato": "diverso"' in other.communicate(timeout=30)[0]
    assert '"sigillo_conservato": "assente"' in gone.communicate(timeout=30)[0]
    assert (same.returncode, other.returncode, gone.returncode) == (0, 1, 1)


# --- whatever is changed, anywhere -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sealed(pg_database: Callable[..., Any]) -> Registro:
    """Three chains, three seals, all rows sealed."""
    registro = make_registro(pg_database)
    registro.write([make_accesso(), make_accesso()], formato=1)
    registro.seal()
    for rows in (3, 2):
        append(registro, rows)
        registro.seal()
    assert registro.verify().integro
    return registro


OTHER: dict[str, sql.SQL] = {
    "text": sql.SQL("{column} || 'x'"),
    "uuid": sql.SQL("gen_random_uuid()"),
    "timestamp with time zone": sql.SQL("{column} + interval '1 microsecond'"),
    "integer": sql.SQL("{column} + 1"),
    "bigint": sql.SQL("{column} + 100"),
    "bytea": sql.SQL("{column} || '\\x00'"),
    "jsonb": sql.SQL("{column} || '{{\"x\": 1}}'"),
}
CELLS = """
SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c
 WHERE c.table_name = ANY(%s) ORDER BY 1, 2
"""


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_one_change_of_any_cell_and_any_row_taken_out_is_found(
    sealed: Registro, data: st.DataObject
) -> None:
    cells = [
        (table, column, kind)
        for table, column, kind in sealed.query(CELLS, list(SEALED_TABLES))
        if table != "accessi_scarti"
    ]
    assert {column for table, column, _ in cells if table == "accessi"} >= set(FORMATI[2])
    table, column, kind = data.draw(st.sampled_from(cells))
    if table == "accessi" and column in ("tipo", "in_delega_di"):
        where = "catena IN (SELECT catena FROM accessi_catene WHERE formato = 2)"
    else:
        where = "true"
    ctids = sealed.query(f"SELECT ctid::text, tableoid::regclass::text FROM {table} WHERE {where}")
    ctid, part = data.draw(st.sampled_from(ctids))
    removes = data.draw(st.booleans()) and table in ("accessi", "accessi_teste")

    async def scenario() -> Verifica:
        async with await psycopg.AsyncConnection.connect(sealed.owner, autocommit=True) as connection:
            async with connection.transaction(force_rollback=True):
                for one in (*SEALED_TABLES, part):
                    await connection.execute(f"ALTER TABLE {one} DISABLE TRIGGER USER")
                await drop_keys(connection)
                assert (await verify(connection, sealed.signer.verifier())).integro
                value = OTHER[kind].format(column=sql.Identifier(column))
                change = (
                    sql.SQL("DELETE FROM {table}") if removes else sql.SQL("UPDATE {table} SET {column} = {value}")
                ).format(table=sql.Identifier(part), column=sql.Identifier(column), value=value)  # fmt: skip
                cursor = await connection.execute(
                    change + sql.SQL(" WHERE ctid = {}::tid").format(sql.Literal(ctid))
                )
                assert cursor.rowcount == 1
                return await verify(connection, sealed.signer.verifier())

    assert not asyncio.run(scenario()).integro, (table, column, removes)


async def drop_keys(connection: psycopg.AsyncConnection[Any]) -> None:
    """Constraints would stop some of the changes; the one who changes them is the owner, and takes them away."""
    cursor = await connection.execute(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype IN ('f', 'c') AND conparentid = 0"
        " AND conrelid::regclass::text LIKE 'accessi%'"
    )
    for table, name in await cursor.fetchall():
        await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
