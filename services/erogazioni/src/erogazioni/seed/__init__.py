"""The catalogue's starting data, from the CSV files of this folder.

The ISTAT items are reconstructed, not the official list (`fonte` says so row by row): an administrator loads the
official one over it with `chassis job erogazioni carica-catalogo CARTELLA`.
"""

import csv
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from chassis.sql import SqlDatabase
from contracts.cartella import Area
from erogazioni.repository.catalogo import CatalogoRepository
from erogazioni.settings import Settings

CATALOGO = Path(__file__).parent


def seed(folder: Path = CATALOGO) -> None:
    """Loads the three files; a row already there (same code, same start) is brought up to date."""
    db = SqlDatabase(Settings())
    load_catalogo(db, folder)
    db.close()


def load_catalogo(db: SqlDatabase, folder: Path = CATALOGO) -> int:
    """Number of rows taken, all in one transaction. ValueError names file, row and column of the first fault."""
    rows = [_read(folder / name, columns) for name, columns in FILES.items()]
    with db.transaction() as tx:
        CatalogoRepository(tx.session).upsert(*rows)
    return sum(map(len, rows))


def _read(path: Path, columns: dict[str, Callable[[str], Any]]) -> list[dict[str, Any]]:
    """Rows of one file. Two rows of a code may not be valid on the same day."""
    rows = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file, delimiter=";"), start=2):
            rows.append({name: _parse(path, number, name, row, parse) for name, parse in columns.items()})
    rows.sort(key=lambda row: (str(row[next(iter(columns))]), row["valida_dal"]))
    _check_validity(path, next(iter(columns)), rows)
    return rows


def _parse(path: Path, number: int, name: str, row: dict[str, str], parse: Callable[[str], Any]) -> Any:
    try:
        return parse((row.get(name) or "").strip())
    except (KeyError, ValueError) as error:
        raise ValueError(f"{path.name}, riga {number}, colonna {name}: valore non ammesso") from error


def _check_validity(path: Path, code: str, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if row["valida_al"] and row["valida_al"] < row["valida_dal"]:
            raise ValueError(f"{path.name}, {row[code]}: la validità finisce prima di cominciare")
    for earlier, later in pairwise(rows):
        if earlier[code] == later[code] and (earlier["valida_al"] or date.max) >= later["valida_dal"]:
            raise ValueError(f"{path.name}, {later[code]}: due righe valide nello stesso giorno")


def _text(value: str) -> str:
    if not value:
        raise ValueError("empty")
    return value


def _end(value: str) -> date | None:
    return date.fromisoformat(value) if value else None


def _aree(value: str) -> list[str]:
    return [Area(area).value for area in _text(value).split()]


_si_no = {"si": True, "no": False}.__getitem__
_prova_mezzi = {code: code for code in "1234"}.__getitem__

FILES: dict[str, dict[str, Callable[[str], Any]]] = {
    "voci_istat.csv": {
        "codice": _text,
        "valida_dal": date.fromisoformat,
        "valida_al": _end,
        "macro_categoria": _text,
        "nome": _text,
        "aree": _aree,
        "fonte": _text,
    },
    "prestazioni_inps.csv": {
        "codice": _text,
        "valida_dal": date.fromisoformat,
        "valida_al": _end,
        "nome": _text,
        "esportabile": _si_no,
        "solo_in_carico": _si_no,
        "richiede_data_evento": _si_no,
        "prova_mezzi": _prova_mezzi,
        "fonte": _text,
    },
    "voci_prestazioni.csv": {
        "voce_istat": _text,
        "valida_dal": date.fromisoformat,
        "valida_al": _end,
        "prestazione_inps": _text,
        "fonte": _text,
    },
}
"""Each file's columns, the code first, with what reads them."""
