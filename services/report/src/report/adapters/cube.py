"""Counting over the snapshots: one Ibis expression, run by DuckDB here, by another engine over the same Parquet there.

DuckDB is locked down: one thread, bounded memory, the cache folder and nothing else of the machine or the network.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any

import ibis

from contracts.cartella import StatoCartella
from contracts.errors import Unavailable
from contracts.report import RunCrosstab
from report.domain.crosstab import (
    FASCE,
    FASCIA_IGNOTA,
    FASCIA_OLTRE,
    NESSUNO,
    SETTORE,
    VUOTO,
    Conteggi,
    Conteggio,
    Key,
    covered,
    uses_settore,
)
from report.settings import Settings

PATIENCE = 10.0
"""Seconds a question waits for its turn."""


class Engine:
    """How many questions are counted at once: each may take its share of the memory."""

    def __init__(self, settings: Settings) -> None:
        self.memory_limit = settings.memory_limit
        self._slots = BoundedSemaphore(settings.questions_at_once)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Waits for its turn; Unavailable when that takes too long."""
        if not self._slots.acquire(timeout=PATIENCE):
            raise Unavailable("report.occupato", "Ci sono molte richieste di report: riprova fra poco.")
        try:
            yield
        finally:
            self._slots.release()


@dataclass(frozen=True)
class Cube:
    """Where the facts are and how much memory a question may take. `anno`: ages are those reached in this year."""

    files: tuple[Path, ...]
    cache_dir: Path
    memory_limit: str
    anno: int


def count(request: RunCrosstab, enti: Sequence[str], cube: Cube) -> Conteggi:
    """The four counts of a crosstab (cells, rows, columns, grand total) over the facts of `enti` and no other."""
    if not cube.files:
        return VUOTO
    connection = _connect(cube)
    try:
        facts = with_dimensions(visible(read(connection, cube.files), enti), cube.anno)
        rows, columns = request.righe, request.colonne
        cells = _counted(facts, request, (*rows, *columns))
        body = {(key[: len(rows)], key[len(rows) :]): found for key, found in cells.items()}
        return Conteggi(
            celle=body,
            righe=_counted(facts, request, rows),
            colonne=_counted(facts, request, columns) if columns else _single(facts, request),
            totale=_single(facts, request).get((), NESSUNO),
            coperti=covered(_persons_by_settore(facts)) if uses_settore(request) else frozenset(),
        )
    finally:
        connection.disconnect()


def _connect(cube: Cube) -> Any:
    connection = ibis.duckdb.connect(threads=1, memory_limit=cube.memory_limit)
    folder = str(cube.cache_dir).replace("'", "''")
    for setting in (
        f"allowed_directories = ['{folder}/']",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.raw_sql(f"SET {setting}")
    return connection


def read(connection: Any, files: Sequence[Path]) -> Any:
    """The facts as a table. The one place that would read s3:// where the engine can."""
    return connection.read_parquet([str(file) for file in files], table_name="fatti")


def visible(facts: Any, enti: Sequence[str]) -> Any:
    """Row-level security: before anything else, only the enti of the mandate."""
    return facts.filter(facts.ente.isin(list(enti)))


def with_dimensions(facts: Any, anno: int) -> Any:
    """Adds what is computed from the facts: the age band."""
    age = anno - facts.anno_nascita
    bands = [(age < limit, name) for name, limit in FASCE]
    return facts.mutate(fascia_eta=ibis.cases((age.isnull(), FASCIA_IGNOTA), *bands, else_=FASCIA_OLTRE))


def _single(facts: Any, request: RunCrosstab) -> dict[Key, Conteggio]:
    return _counted(facts, request, ())


def _counted(facts: Any, request: RunCrosstab, by: tuple[str, ...]) -> dict[Key, Conteggio]:
    """Counts by key, for keys with at least one person; beside each filtered one, how the filter divides its key."""
    if request.misura == "in_carico":
        facts = facts.filter(facts.stato == StatoCartella.IN_CARICO.value)
    lines = [_line(facts, request, by, name) for name in sorted(request.filtri)]
    found = {}
    for row in _rows(_within(facts, request), by):
        key = tuple(row[name] for name in by)
        value = row["persone"] if request.misura == "in_carico" else row["cartelle"]
        found[key] = Conteggio(int(value), int(row["persone"]), tuple(line.get(key, {}) for line in lines))
    return found


def _persons_by_settore(facts: Any) -> dict[str, int]:
    """Of all facts, whatever is asked."""
    return {row[SETTORE]: int(row["persone"]) for row in _rows(facts, (SETTORE,))}


def _line(facts: Any, request: RunCrosstab, by: tuple[str, ...], name: str) -> dict[Key, dict[str, int]]:
    """Persons by key and value of a filtered dimension, as if it were not filtered."""
    found: dict[Key, dict[str, int]] = {}
    for row in _rows(_within(facts, request, but=name), tuple(dict.fromkeys((*by, name)))):
        found.setdefault(tuple(row[one] for one in by), {})[row[name]] = int(row["persone"])
    return found


def _within(facts: Any, request: RunCrosstab, but: str = "") -> Any:
    """The facts all filters take, or all but one."""
    for name, values in request.filtri.items():
        if name != but:
            facts = facts.filter(facts[name].isin(list(values)))
    return facts


def _rows(facts: Any, by: tuple[str, ...]) -> list[dict[str, Any]]:
    """`persone` and `cartelle` by key. First by key and person, so that a person counts once."""
    each = facts.group_by([*by, "persona"]).aggregate(n=facts.count())
    counts = {"persone": each.count(), "cartelle": each.n.sum()}
    grouped = each.group_by(list(by)).aggregate(**counts) if by else each.aggregate(**counts)
    rows: list[dict[str, Any]] = grouped.filter(grouped.persone > 0).to_pyarrow().to_pylist()
    return rows
