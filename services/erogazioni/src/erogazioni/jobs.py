"""Work started by a person or a clock: `chassis job erogazioni <name> …`."""

import sys
from pathlib import Path

from chassis.sql import SqlDatabase
from erogazioni.seed import load_catalogo
from erogazioni.settings import Settings


def carica_catalogo(folder: str) -> int:
    """Loads an ente's or INPS's list over the starting one: the three CSV files, from a folder. 0 when it is in."""
    db = SqlDatabase(Settings())
    try:
        rows = load_catalogo(db, Path(folder))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"Il catalogo non è stato caricato, nulla è cambiato: {error}\n")
        return 1
    finally:
        db.close()
    sys.stdout.write(f"{rows} righe di catalogo caricate\n")
    return 0
