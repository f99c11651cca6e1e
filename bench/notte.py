"""Bench `notte`: the registry night (load, history, households, outbox events) of a province, 1 % of it changed.

Floor, in the same run, on the same files and database and with as many comuni at once: COPY of every file into a
staging table and the anti-join by hash that finds the changed lines; no line is read, nothing is written down.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from bench.registro import Registro, loaded

STAGING = """
CREATE TEMP TABLE staging (
    testo text,
    id_anagrafe text COLLATE "C" GENERATED ALWAYS AS (split_part(testo, ';', 1)) STORED,
    hash uuid GENERATED ALWAYS AS (md5(testo)::uuid) STORED
) ON COMMIT DROP
"""
COPY = "COPY staging (testo) FROM STDIN (FORMAT csv, DELIMITER E'\\x02', QUOTE E'\\x01', NULL E'\\x03')"
CHANGED = """
SELECT count(*) FROM staging s LEFT JOIN residenti p ON p.id_anagrafe = s.id_anagrafe
WHERE p.riga_hash IS DISTINCT FROM s.hash
"""
BLOCK = 1 << 20


def run(size: int = 87_500) -> dict[str, Any]:
    """Seconds for a night of `size` residents; `detail` has the same of a tenth of them, and how the cost grows."""
    small, large = _night(size // 10), _night(size)
    growth = (large["ours"] / small["ours"]) / (large["righe"] / small["righe"])
    return {
        "bench": "notte",
        "ours": large["ours"],
        "floor": large["floor"],
        "ratio": round(large["ours"] / large["floor"], 2),
        "unit": "s",
        "n": large["righe"],
        "detail": {"growth": round(growth, 2), "large": large, "small": small},
    }


def _night(size: int) -> dict[str, Any]:
    with loaded(size) as registro:
        files = registro.next_night()
        floor, changed = _floor(registro, files)
        started = time.perf_counter()
        registro.load(files[0].parent)
        ours = time.perf_counter() - started
        with psycopg.connect(registro.url) as connection:
            count = "SELECT (SELECT count(*) FROM residenti_storico), (SELECT count(*) FROM outbox)"
            row = connection.execute(count).fetchone()
            assert row is not None
    rows = sum(path.read_bytes().count(b"\n") - 2 for path in files)
    return {"righe": rows, "cambiate": changed, "storico": row[0], "eventi": row[1], "ours": round(ours, 2),
            "floor": round(floor, 2), "righe_al_secondo": round(rows / ours)}  # fmt: skip


def _floor(registro: Registro, files: list[Path]) -> tuple[float, int]:
    """Seconds, and how many lines have changed."""
    largest_first = sorted(files, key=lambda path: -path.stat().st_size)
    started = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = sum(pool.map(lambda path: _stage(registro.url, path), largest_first))
    return time.perf_counter() - started, found


def _stage(url: str, path: Path) -> int:
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(STAGING)
        with path.open("rb") as file, cursor.copy(COPY) as copy:
            file.readline()
            while block := file.read(BLOCK):
                copy.write(block)
        row = cursor.execute(CHANGED).fetchone()
        connection.rollback()
    assert row is not None
    return int(row[0]) - 1  # the trailer
