"""Bench `ricerca`: people looked for as one types, with the policy filter on, by a worker of the largest comune.

Floor, in the same run and in turn with ours: the bare SQL that finds the same people by the same indexes, with no
mandate, no protection, no ranking and nothing made of the rows.
"""

import random
import statistics
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import psycopg
from bench.registro import Registro, loaded

from anagrafe.domain.ricerca import Ricerca, read_query
from anagrafe.settings import Settings
from anagrafe.use_cases.residenti import search_residenti
from chassis.sql import SqlDatabase
from contracts.anagrafe import SearchResidenti
from contracts.mandato import Extent, Mandato

ENTE = "F704"
LIMIT = 20
PEOPLE = 150
ROUNDS = 3
CAP = 2000
"""A search ranks at most so many people: the floor looks at as many."""
WORKER = Mandato(
    operatore_id=uuid4(), incarico_id=uuid4(), ruolo="assistente_sociale", ente=ENTE, settore="minori",
    estensioni={"anagrafe:leggi": Extent.ENTE}, motivo="", token="bench",
)  # fmt: skip


def run(size: int = 87_500) -> dict[str, Any]:
    """p95 in milliseconds over what is typed to find each of 150 people of a registry of `size`."""
    with loaded(size) as registro:
        typed = _typed(registro)
        ours, floor = _measure(registro, typed)
    return {
        "bench": "ricerca",
        "ours": _p95(ours),
        "floor": _p95(floor),
        "ratio": round(_p95(ours) / _p95(floor), 2),
        "unit": "ms",
        "n": size,
        "detail": {
            "searches": len(typed),
            "ours": {"p50": _p50(ours), "p95": _p95(ours), "max": round(max(ours), 2)},
            "floor": {"p50": _p50(floor), "p95": _p95(floor), "max": round(max(floor), 2)},
        },
    }


def _typed(registro: Registro) -> list[str]:
    """Key after key of the surname, then a name in either order, a code, a date of birth."""
    with psycopg.connect(registro.url) as connection:
        rows = connection.execute(
            "SELECT cognome, nome, codice_fiscale, data_nascita FROM residenti WHERE ente = %s AND stato = 'R'"
            " AND codice_fiscale IS NOT NULL ORDER BY md5(id_anagrafe) LIMIT %s", (ENTE, PEOPLE),
        ).fetchall()  # fmt: skip
    found = []
    for cognome, nome, codice, nato in rows:
        found += [cognome[:length] for length in range(3, len(cognome) + 1, 2)]
        found += [f"{cognome} {nome[:2]}", f"{nome} {cognome[:4]}", f"{nome[:3]} {cognome[:3]}", codice[:8], codice,
                  f"{cognome} {nato:%d/%m/%Y}"]  # fmt: skip
    random.Random(1).shuffle(found)
    return found


def _measure(registro: Registro, typed: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds of each search, the best of some rounds, in turn."""
    database = SqlDatabase(Settings(database_url=_sqlalchemy(registro.url)))
    ours, floor = [float("inf")] * len(typed), [float("inf")] * len(typed)
    with psycopg.connect(registro.url, autocommit=True) as connection:
        for _ in range(ROUNDS):
            for place, text in enumerate(typed):
                request = SearchResidenti(testo=text, limite=LIMIT)
                ours[place] = min(
                    ours[place], _timed(lambda r=request: search_residenti(r, WORKER, database))
                )
                query = read_query(text)
                floor[place] = min(floor[place], _timed(lambda q=query: _bare(connection, q)))
    database.close()
    return ours, floor


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _bare(connection: "psycopg.Connection[Any]", query: Ricerca) -> list[Any]:
    if query.codici:
        return connection.execute(
            "SELECT * FROM residenti WHERE codice_fiscale = ANY(%s) LIMIT 21", (list(query.codici),)
        ).fetchall()
    if query.codice_prefix:
        code = query.codice_prefix
        return connection.execute(
            "SELECT * FROM residenti WHERE codice_fiscale >= %s AND codice_fiscale < %s"
            " ORDER BY codice_fiscale LIMIT 21",
            (code, code + "\uffff"),
        ).fetchall()
    if len(query.words) == 1 and query.born is None:
        word = f" {query.words[0]}"
        found = connection.execute(
            "SELECT * FROM residenti WHERE ricerca >= %s AND ricerca < %s ORDER BY ricerca, id LIMIT 21",
            (word, word + "\uffff"),
        ).fetchall()
        if len(found) == LIMIT + 1:
            return found
    patterns = [f"%{word}%" if len(word) > 2 else f"% {word}%" for word in query.words]
    where = " AND ".join(["ricerca LIKE %s"] * len(patterns) + (["data_nascita = %s"] if query.born else []))
    return connection.execute(
        f"SELECT * FROM (SELECT * FROM residenti WHERE {where} LIMIT {CAP}) c ORDER BY ricerca LIMIT 20",
        (*patterns, *([query.born] if query.born else [])),
    ).fetchall()


def _sqlalchemy(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg2://")


def _p50(times: list[float]) -> float:
    return round(statistics.median(times), 2)


def _p95(times: list[float]) -> float:
    return round(statistics.quantiles(times, n=20)[-1], 2)
