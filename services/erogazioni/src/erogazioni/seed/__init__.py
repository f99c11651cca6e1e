"""The catalogue's starting data, from the CSV files of this folder.

The ISTAT items are reconstructed, not the official list (`fonte` says so row by row): an administrator loads the
official one over it with `chassis job erogazioni carica-catalogo CARTELLA`.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chassis.sql import SqlDatabase
from contracts.cartella import Area
from erogazioni.repository.catalogo import CatalogoRepository
from erogazioni.settings import Settings

CATALOGO = Path(__file__).parent
ETICHETTE = {"si": True, "no": False}


def seed(folder: Path = CATALOGO) -> None:
    """Loads the three files; a row already there (same code, same start) is brought up to date."""
    db = SqlDatabase(Settings())
    load_catalogo(db, folder)
    db.close()


def load_catalogo(db: SqlDatabase, folder: Path = CATALOGO) -> int:
    """Number of rows taken, all in one transaction. KeyError or ValueError name a malformed file."""
    voci = [
        row | {"aree": [Area(a).value for a in row["aree"].split()]}
        for row in _rows(folder / "voci_istat.csv")
    ]
    prestazioni = [
        row
        | {name: ETICHETTE[row[name]] for name in ("esportabile", "solo_in_carico", "richiede_data_evento")}
        for row in _rows(folder / "prestazioni_inps.csv")
    ]
    collegamenti = list(_rows(folder / "voci_prestazioni.csv"))
    with db.transaction() as tx:
        CatalogoRepository(tx.session).upsert(voci, prestazioni, collegamenti)
    return len(voci) + len(prestazioni) + len(collegamenti)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter=";"):
            yield row | {"valida_al": row["valida_al"] or None}
