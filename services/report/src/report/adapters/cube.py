"""Counting over the snapshots: one Ibis expression, run by DuckDB here, by another engine over the same Parquet there.

DuckDB is locked down: one thread, bounded memory, the cache folder and nothing else of the machine or the network.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis

from contracts.cartella import StatoCartella
from contracts.report import RunCrosstab
from report.domain.crosstab import (
    FASCE,
    FASCIA_IGNOTA,
    FASCIA_OLTRE,
    NESSUNO,
    VUOTO,
    Conteggi,
    Conteggio,
    Key,
)


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
    """Counts by key, for keys with at least one person. Filters are conditions of the counts, not of the rows: what a
    filter leaves out is counted beside what it takes."""
    conditions = [facts[name].isin(list(values)) for name, values in sorted(request.filtri.items())]
    base = (
        facts.stato == StatoCartella.IN_CARICO.value if request.misura == "in_carico" else ibis.literal(True)
    )
    inside = _all(base, *conditions)
    counts = {"persone": facts.persona.nunique(where=inside), "cartelle": facts.count(where=inside)}
    for number, condition in enumerate(conditions):
        others = [one for one in conditions if one is not condition]
        counts[f"fuori_{number}"] = facts.persona.nunique(where=_all(base, ~condition, *others))
    grouped = facts.group_by(list(by)).aggregate(**counts) if by else facts.aggregate(**counts)
    rows = grouped.filter(grouped.persone > 0).to_pyarrow().to_pylist()
    value = "persone" if request.misura == "in_carico" else "cartelle"
    groups = ("persone", *(f"fuori_{number}" for number in range(len(conditions))))
    return {
        tuple(row[name] for name in by): Conteggio(row[value], tuple(row[name] for name in groups))
        for row in rows
    }


def _all(first: Any, *others: Any) -> Any:
    for other in others:
        first = first & other
    return first
