"""The access log: everything is in it before the answer leaves, and any change of it is found."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool

from contracts.cartella import Area, CartellaOut, CartelleOut, StatoCartella, VociDiarioOut
from contracts.errors import Conflict, NotFound, Unavailable
from gateway.accessi import Accesso, AccessWriter, Verifica, verify
from gateway.accessi.read import Filtro, list_accessi
from gateway.app import create_app
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

Query = Callable[..., list[dict[str, Any]]]
CASE = uuid4()


def rows_of(query: Query, session_id: UUID) -> list[dict[str, Any]]:
    found = query("SELECT * FROM accessi WHERE session_id = %s ORDER BY quando", session_id)
    return [row for row in found if row["rotta"] not in ("/api/v1/dev/login", "/api/v1/sessione")]


def test_a_read_leaves_who_what_whom_and_why(
    browser: Callable[[str], Browser], services: FakeServices, query: Query
) -> None:
    services.answer("cartella.list_voci_diario", VociDiarioOut(voci=(), totale=0))
    giulia = browser("giulia.bianchi")

    giulia.get(
        f"/api/v1/cartelle/{CASE}/diario", headers={"X-Motivo": "perch%C3%A9 domani c%27%C3%A8 il colloquio"}
    )

    (row,) = rows_of(query, giulia.session_id)
    assert (row["ruolo"], row["ente"], row["settore"]) == ("assistente_sociale", "F704", "minori")
    assert (row["metodo"], row["rotta"]) == ("GET", "/api/v1/cartelle/{cartella_id}/diario")
    assert (row["sezione"], row["azione"], row["scopi"]) == ("diario", "leggi", "diario:leggi")
    assert row["cartella_id"] == CASE
    assert row["motivo"] == "perché domani c'è il colloquio"
    assert row["esito"] == 200


def test_whose_the_case_is_stands_in_the_row_whoever_else_is_named(
    browser: Callable[[str], Browser], services: FakeServices, query: Query
) -> None:
    owner = uuid4()
    services.answer(
        "cartella.get_cartella",
        CartellaOut(
            id=CASE, numero="2026/000001", residente_id=owner, ente="F704", settore="minori",
            area=Area.FAMIGLIA_MINORI, stato=StatoCartella.IN_CARICO, responsabile_id=None, team=(),
            comune_residenza="F704", aperta_il=datetime.now(UTC), version=1,
        ),
    )  # fmt: skip
    giulia = browser("giulia.bianchi")

    giulia.get(f"/api/v1/cartelle/{CASE}")

    (row,) = rows_of(query, giulia.session_id)
    assert (row["cartella_id"], row["residente_id"]) == (CASE, owner)


@pytest.mark.parametrize(
    ("error", "status"),
    [(NotFound("cartella.non_trovata", "Non c'è."), 404), (Conflict("cartella.vecchia", "Cambiata."), 409)],
)
def test_a_refusal_of_a_service_leaves_a_row(
    browser: Callable[[str], Browser], services: FakeServices, query: Query, error: Exception, status: int
) -> None:
    services.answer("cartella.get_cartella", error)
    giulia = browser("giulia.bianchi")

    assert giulia.get(f"/api/v1/cartelle/{CASE}").status_code == status

    (row,) = rows_of(query, giulia.session_id)
    assert (row["esito"], row["cartella_id"]) == (status, CASE)


def test_a_refusal_of_the_policy_leaves_a_row(browser: Callable[[str], Browser], query: Query) -> None:
    admin = browser("admin.sistema")

    assert admin.get(f"/api/v1/cartelle/{CASE}").status_code == 403

    (row,) = rows_of(query, admin.session_id)
    assert (row["esito"], row["codice"], row["cartella_id"]) == (403, "mandato.non_abilitato", CASE)


def test_a_request_that_makes_no_sense_leaves_a_row(browser: Callable[[str], Browser], query: Query) -> None:
    giulia = browser("giulia.bianchi")

    assert giulia.get("/api/v1/cartelle/non-un-id").status_code == 422

    assert [row["esito"] for row in rows_of(query, giulia.session_id)] == [422]


def test_when_the_log_cannot_be_written_the_answer_is_withheld(
    app: FastAPI, browser: Callable[[str], Browser], services: FakeServices
) -> None:
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(), totale=4711))
    giulia = browser("giulia.bianchi")

    async def fail(_rows: Any) -> None:
        raise psycopg.OperationalError("disk full")

    app.state.gateway.accessi._write = fail
    answer = giulia.get("/api/v1/cartelle")

    assert answer.status_code == 503
    assert answer.json()["code"] == "accessi.non_scritto"
    assert "4711" not in answer.text


def test_a_request_cut_off_in_the_middle_leaves_a_row(
    app: FastAPI, browser: Callable[[str], Browser], services: FakeServices, query: Query
) -> None:
    giulia = browser("giulia.bianchi")
    other = create_app(app.state.gateway.settings, rpc=services)

    async def scenario() -> None:
        asked = asyncio.Event()

        async def never(*_: Any, **__: Any) -> None:
            asked.set()
            await asyncio.sleep(60)

        services.call = never  # type: ignore[method-assign, assignment]
        transport = httpx.ASGITransport(other)
        async with other.router.lifespan_context(other), httpx.AsyncClient(transport=transport) as http:
            request = asyncio.create_task(
                http.get(
                    f"http://siso.test/api/v1/cartelle/{CASE}", headers={"Cookie": f"siso={giulia.token}"}
                )
            )
            await asked.wait()
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)

    asyncio.run(scenario())

    assert [(row["esito"], row["cartella_id"]) for row in rows_of(query, giulia.session_id)] == [(499, CASE)]


def test_after_a_restart_of_the_database_the_writer_goes_on_with_a_fresh_chain(settings: Settings) -> None:
    async def scenario() -> tuple[UUID | None, UUID | None, Verifica]:
        writer = AccessWriter(settings.dsn)
        writer.start()
        await writer.append(make_row())
        first = writer.catena
        assert writer.connection is not None
        await writer.connection.close()
        await writer.append(make_row())
        second = writer.catena
        await writer.stop()
        return first, second, await check(settings.dsn)

    first, second, found = asyncio.run(scenario())

    assert first != second
    assert found.integro


def test_a_day_later_the_writer_goes_on_with_a_fresh_chain(settings: Settings) -> None:
    async def scenario() -> tuple[UUID | None, UUID | None, Verifica]:
        writer = AccessWriter(settings.dsn)
        writer.start()
        await writer.append(make_row())
        first = writer.catena
        writer.aperta_il -= timedelta(days=1, minutes=1)
        await writer.append(make_row())
        second = writer.catena
        await writer.stop()
        return first, second, await check(settings.dsn)

    first, second, found = asyncio.run(scenario())

    assert first != second
    assert found.integro


def test_a_month_nobody_prepared_is_made_and_no_request_fails(pg_database: Callable[..., Any]) -> None:
    urls = pg_database("gateway", fresh=True)
    with psycopg.connect(urls.migrator) as connection:
        months = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'accessi'::regclass"
        ).fetchall()

    async def scenario() -> int:
        writer = AccessWriter(urls.app)
        writer.start()
        await writer.append(make_row())
        for (month,) in months:  # while the writer has its chain and thinks nothing of it
            await drop(urls.migrator, month)
        await writer.append(make_row())
        await writer.stop()
        return writer.seq

    assert months
    assert asyncio.run(scenario()) == 1


async def drop(dsn: str, month: str) -> None:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute(f"DROP TABLE {month}")


def test_a_database_that_stays_away_refuses_who_waits_and_then_works_again(settings: Settings) -> None:
    async def scenario() -> None:
        writer = AccessWriter("postgresql://nobody@127.0.0.1:9/none")
        writer.start()
        with pytest.raises(Unavailable):
            await writer.append(make_row())
        writer.database_url = settings.dsn
        await writer.append(make_row())
        await writer.stop()

    asyncio.run(scenario())


def test_rows_that_wait_are_committed_together(settings: Settings) -> None:
    async def scenario() -> tuple[int, int]:
        writer = AccessWriter(settings.dsn)
        statements = 0
        write = writer._write

        async def counted(rows: list[Accesso]) -> None:
            nonlocal statements
            statements += 1
            await write(rows)

        writer._write = counted  # type: ignore[method-assign]
        writer.start()
        await asyncio.gather(*(writer.append(make_row()) for _ in range(200)))
        await writer.stop()
        return writer.seq, statements

    rows, statements = asyncio.run(scenario())

    assert rows == 200
    assert statements < 20


def test_the_role_of_the_application_cannot_change_the_log(settings: Settings) -> None:
    for statement in ("UPDATE accessi SET motivo = 'x'", "DELETE FROM accessi", "TRUNCATE accessi"):
        with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_not_even_the_owner_changes_it_by_accident(log: "Log") -> None:
    with (
        psycopg.connect(log.owner) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="append-only"),
    ):
        connection.execute("DELETE FROM accessi")


class Log:
    """A log of its own: three rows in one chain, then two in another that remembers the first."""

    def __init__(self, app: str, owner: str) -> None:
        self.app = app
        self.owner = owner
        asyncio.run(self._fill())

    async def _fill(self) -> None:
        for count in (3, 2):
            writer = AccessWriter(self.app)
            writer.start()
            for _ in range(count):
                await writer.append(make_row())
            await writer.stop()

    def tamper(self, statement: str) -> None:
        """As somebody with the owner's password would."""
        with psycopg.connect(self.owner) as connection:
            connection.execute("ALTER TABLE accessi DISABLE TRIGGER USER")
            connection.execute("ALTER TABLE accessi_catene DISABLE TRIGGER USER")
            connection.execute(statement)  # type: ignore[arg-type]

    def verify(self) -> Verifica:
        return asyncio.run(check(self.app))


async def check(dsn: str) -> Verifica:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        return await verify(connection)


def make_row() -> Accesso:
    return Accesso(
        uuid4(), uuid4(), uuid4(), "assistente_sociale", "F704", "minori", "GET", "/api/v1/cartelle/{cartella_id}",
        "presa_in_carico:leggi", "presa_in_carico", "leggi", cartella_id=uuid4(), esito=200, motivo="perché «sì» \\ \n",
    )  # fmt: skip


@pytest.fixture
def log(pg_database: Callable[..., Any]) -> Log:
    urls = pg_database("gateway", fresh=True)
    return Log(urls.app, urls.migrator)


FIRST = "(SELECT catena FROM accessi_catene ORDER BY aperta_il LIMIT 1)"


def test_an_untouched_log_is_whole(log: Log) -> None:
    found = log.verify()

    assert (found.catene, found.righe, found.anomalie) == (2, 5, ())


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (f"UPDATE accessi SET motivo = 'altro' WHERE catena = {FIRST} AND seq = 2", "contenuto modificato"),
        (
            f"UPDATE accessi SET operatore_id = gen_random_uuid() WHERE catena = {FIRST} AND seq = 1",
            "contenuto",
        ),
        (
            f"UPDATE accessi SET quando = quando + interval '1 µs' WHERE catena = {FIRST} AND seq = 1",
            "contenuto",
        ),
        (f"DELETE FROM accessi WHERE catena = {FIRST} AND seq = 2", "riga mancante"),
        (f"DELETE FROM accessi WHERE catena = {FIRST} AND seq = 3", "ora assente"),
        (f"DELETE FROM accessi WHERE catena = {FIRST}", "ora assente"),
        ("UPDATE accessi_catene SET teste = '{}'", "apertura della catena modificata"),
    ],
    ids=[
        "text",
        "person",
        "a microsecond",
        "a row inside",
        "the last row",
        "all rows",
        "what a chain remembers",
    ],
)
def test_any_change_is_found(log: Log, statement: str, reason: str) -> None:
    log.tamper(statement.replace("1 µs", "1 microsecond"))

    found = log.verify()

    assert not found.integro
    assert reason in json.dumps([a.motivo for a in found.anomalie])


def test_the_dpo_finds_who_read_a_case(browser: Callable[[str], Browser], services: FakeServices) -> None:
    services.answer("cartella.list_voci_diario", VociDiarioOut(voci=(), totale=0))
    case = uuid4()
    giulia = browser("giulia.bianchi")
    giulia.get(f"/api/v1/cartelle/{case}/diario")

    answer = browser("elena.riva").get("/api/v1/registro-accessi", params={"cartella": str(case)}).json()

    assert [row["rotta"] for row in answer["accessi"]] == ["/api/v1/cartelle/{cartella_id}/diario"]
    assert answer["operatori"][answer["accessi"][0]["operatore_id"]] == "Giulia Bianchi"


def test_the_dpo_of_one_ente_does_not_read_the_log_of_another(
    browser: Callable[[str], Browser], services: FakeServices
) -> None:
    services.answer("cartella.list_voci_diario", VociDiarioOut(voci=(), totale=0))
    case = uuid4()
    browser("sara.costa").get(f"/api/v1/cartelle/{case}/diario")

    answer = browser("elena.riva").get("/api/v1/registro-accessi", params={"cartella": str(case)}).json()

    assert answer["accessi"] == []


def test_rows_of_one_route_can_be_left_out(
    browser: Callable[[str], Browser], services: FakeServices, settings: Settings
) -> None:
    case = uuid4()
    services.answer("cartella.list_voci_diario", VociDiarioOut(voci=(), totale=0))
    services.answer("cartella.get_cartella", NotFound("cartella.non_trovata", "Non c'è."))
    giulia = browser("giulia.bianchi")
    giulia.get(f"/api/v1/cartelle/{case}/diario")
    giulia.get(f"/api/v1/cartelle/{case}")

    async def routes(without: str | None) -> list[str]:
        async with AsyncConnectionPool(settings.dsn, min_size=1, open=False) as pool:
            return [row.rotta for row in await list_accessi(pool, Filtro("F704", case, senza_rotta=without))]

    assert len(asyncio.run(routes(None))) == 2
    assert asyncio.run(routes("/api/v1/cartelle/{cartella_id}")) == ["/api/v1/cartelle/{cartella_id}/diario"]


def test_a_page_of_optional_parts_is_named_after_what_the_role_may_read(
    browser: Callable[[str], Browser], query: Query
) -> None:
    admin = browser("admin.sistema")

    admin.get("/", follow_redirects=False)

    row = rows_of(query, admin.session_id)[0]
    assert row["rotta"] == "/"
    assert row["sezione"] not in ("presa_in_carico", "diario")
