"""Reading the access log, inside the reader's ente and its term alone."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

BY_THE_HOUR = timedelta(days=2)
"""A period up to so long is drawn by the hour, a longer one by the day."""
TERM = """
quando > now() - make_interval(months => (
    SELECT mesi FROM registro_politiche WHERE ente IN (%s, '') ORDER BY ente DESC LIMIT 1))
"""


class Posizione(NamedTuple):
    """Where a row stands in the order of the log: what comes after it in a list is older."""

    quando: datetime
    catena: UUID
    seq: int

    def __str__(self) -> str:
        return f"{self.quando.isoformat()}~{self.catena}~{self.seq}"

    @classmethod
    def parse(cls, text: str) -> "Posizione | None":
        """None for what is not a position: the list then begins at its beginning."""
        try:
            quando, catena, seq = text.split("~")
            found = cls(datetime.fromisoformat(quando), UUID(catena), int(seq))
        except ValueError:
            return None
        return found if found.quando.tzinfo else None


@dataclass(frozen=True, slots=True)
class Filtro:
    """`ente` is the reader's and always applies: rows of operators of another ente are not his to read.

    `senza_rotta`: route template whose rows are left out, e.g. the bell that every open page listens to. `esito`:
    riuscito, rifiutato. `dopo`: the last row of the page before. `residenti`, `casi`: about one of these persons or
    in one of these cases. `lontani`, `casi_lontani`: the reader and his household, and their cases: rows about them are
    left out whatever is asked.
    """

    ente: str
    cartella: UUID | None = None
    residente: UUID | None = None
    operatore: UUID | None = None
    dal: datetime | None = None
    al: datetime | None = None
    limite: int = 100
    senza_rotta: str | None = None
    azione: str | None = None
    sezione: str | None = None
    esito: str | None = None
    residenti: tuple[UUID, ...] = ()
    casi: tuple[UUID, ...] = ()
    dopo: Posizione | None = None
    lontani: tuple[UUID, ...] = ()
    casi_lontani: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessoOut:
    quando: datetime
    operatore_id: UUID
    ruolo: str
    settore: str
    metodo: str
    rotta: str
    sezione: str
    azione: str
    cartella_id: UUID | None
    residente_id: UUID | None
    motivo: str
    esito: int
    durata_ms: int
    correlation_id: str
    tipo: str
    in_delega_di: UUID | None
    catena: UUID
    seq: int

    @property
    def posizione(self) -> Posizione:
        return Posizione(self.quando, self.catena, self.seq)


@dataclass(frozen=True, slots=True)
class Conteggio:
    """How many rows in one hour or day that begins at `da`, and how many of them were refused."""

    da: datetime
    righe: int
    rifiutate: int


COLUMNS = ", ".join(AccessoOut.__slots__)
ESITI = {"riuscito": "esito < 400", "rifiutato": "esito >= 400"}


def where(filtro: Filtro) -> tuple[str, list[Any]]:
    """SQL condition and its values: our own words and placeholders alone."""
    conditions, values = ["ente = %s", TERM], list[Any]([filtro.ente, filtro.ente])
    for condition, value in (
        ("cartella_id = %s", filtro.cartella),
        ("residente_id = %s", filtro.residente),
        ("operatore_id = %s", filtro.operatore),
        ("quando >= %s", filtro.dal),
        ("quando < %s", filtro.al),
        ("rotta <> %s", filtro.senza_rotta),
        ("azione = %s", filtro.azione),
        ("sezione = %s", filtro.sezione),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    if filtro.residenti or filtro.casi:
        conditions.append("(residente_id = ANY(%s) OR cartella_id = ANY(%s))")
        values += [list(filtro.residenti), list(filtro.casi)]
    for column, away in (("residente_id", filtro.lontani), ("cartella_id", filtro.casi_lontani)):
        if away:
            conditions.append(f"({column} <> ALL(%s)) IS NOT FALSE")  # rows about nobody stay
            values.append(list(away))
    if filtro.esito:
        conditions.append(ESITI[filtro.esito])
    if filtro.dopo is not None:
        conditions.append("quando <= %s AND (quando, catena, seq) < (%s, %s, %s)")
        values += [filtro.dopo.quando, *filtro.dopo]
    return " AND ".join(conditions), values


async def list_accessi(pool: AsyncConnectionPool[Any], filtro: Filtro) -> list[AccessoOut]:
    """Newest first."""
    condition, values = where(filtro)
    query = f"SELECT {COLUMNS} FROM accessi WHERE {condition} ORDER BY quando DESC, catena DESC, seq DESC LIMIT %s"
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(AccessoOut))
        await cursor.execute(query, [*values, filtro.limite])
        return await cursor.fetchall()


async def iterate_accessi(
    pool: AsyncConnectionPool[Any], filtro: Filtro, size: int = 1000
) -> AsyncIterator[list[AccessoOut]]:
    """All rows of a filter, newest first, a page at a time: no connection is held between two pages."""
    while rows := await list_accessi(pool, replace(filtro, limite=size)):
        yield rows
        if len(rows) < size:
            return
        filtro = replace(filtro, dopo=rows[-1].posizione)


async def count_accessi(pool: AsyncConnectionPool[Any], filtro: Filtro, most: int) -> int:
    """How many rows, counting no further than `most`."""
    condition, values = where(filtro)
    query = f"SELECT count(*) FROM (SELECT 1 FROM accessi WHERE {condition} LIMIT %s) t"
    async with pool.connection() as connection:
        cursor = await connection.execute(query, [*values, most])
        row: Any = await cursor.fetchone()
    return int(row[0])


async def count_by_time(pool: AsyncConnectionPool[Any], filtro: Filtro) -> list[Conteggio]:
    """Rows by hour or day of Rome, oldest first; without rows none is made. `dal` and `al` are needed."""
    assert filtro.dal is not None
    assert filtro.al is not None
    unit = "hour" if filtro.al - filtro.dal <= BY_THE_HOUR else "day"
    condition, values = where(replace(filtro, dopo=None))
    query = (
        "SELECT date_trunc(%s, quando, 'Europe/Rome') AS da, count(*) AS righe,"
        f" count(*) FILTER (WHERE esito >= 400) AS rifiutate FROM accessi WHERE {condition} GROUP BY 1 ORDER BY 1"
    )
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Conteggio))
        await cursor.execute(query, [unit, *values])
        return await cursor.fetchall()


async def list_named(
    pool: AsyncConnectionPool[Any], ente: str, named: Sequence[tuple[UUID, int]]
) -> list[AccessoOut]:
    """The rows with these places in their chains, newest first; those that are gone or of another ente are left out."""
    query = (
        f"SELECT {COLUMNS} FROM accessi WHERE ente = %s AND (catena, seq) IN"
        " (SELECT * FROM unnest(%s::uuid[], %s::bigint[])) ORDER BY quando DESC"
    )
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(AccessoOut))
        await cursor.execute(query, (ente, [catena for catena, _ in named], [seq for _, seq in named]))
        return await cursor.fetchall()
