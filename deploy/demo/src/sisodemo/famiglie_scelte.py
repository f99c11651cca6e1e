"""Who the walk is about: three households of Monza, picked from the city's files, with nothing going on yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sisodemo.files import (
    CF,
    COGNOME,
    ID,
    NASCITA,
    NOME,
    NUCLEO,
    RELAZIONE,
    SESSO,
    STATO,
    Riga,
    latest_files,
    read_rows,
)

MONZA = "F704"


@dataclass(frozen=True)
class Scelta:
    """One person of the files."""

    id_anagrafe: str
    codice_fiscale: str
    cognome: str
    nome: str

    @classmethod
    def of(cls, row: Riga) -> "Scelta":
        return cls(row[ID], row[CF], row[COGNOME], row[NOME])


def newest_city(base: Path) -> Path:
    """The folder with the newest files: `base` itself or the last written of its subfolders."""
    folders = [base, *base.iterdir()] if base.is_dir() else []
    cities = [folder for folder in folders if folder.is_dir() and latest_files(folder)]
    if not cities:
        raise FileNotFoundError(f"nessuna città generata in {base}")
    return max(cities, key=lambda folder: max(path.stat().st_mtime for path in latest_files(folder).values()))


def pick_candidates(city: Path, rng: Random) -> Iterator[Scelta]:
    """Mothers of young families, in random order: old enough to have a child, young enough to have another."""
    rows = [row for row in read_rows(latest_files(city)[MONZA]) if row[STATO] == "R"]
    with_children = {row[NUCLEO] for row in rows if row[RELAZIONE] == "3"}
    mothers = [row for row in rows if _is_mother(row) and row[NUCLEO] in with_children]
    rng.shuffle(mothers)
    return (Scelta.of(row) for row in mothers)


def _is_mother(row: Riga) -> bool:
    adult = "1975" <= row[NASCITA][:4] <= "2002"
    return bool(row[CF]) and row[SESSO] == "F" and row[RELAZIONE] in ("1", "2", "23") and adult
