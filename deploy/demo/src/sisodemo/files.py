"""The registry files: one per comune per day, `;`, UTF-8, a trailer line with the number of rows."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path

COLONNE = (
    "id_anagrafe", "codice_fiscale", "cognome", "nome", "sesso", "data_nascita", "luogo_nascita",
    "cittadinanza", "stato_civile", "id_nucleo", "relazione", "codice_via", "indirizzo", "civico", "lat",
    "lon", "stato_anagrafico", "data_iscrizione", "data_decesso",
)  # fmt: skip
COLONNE_VIARIO = ("codice_via", "specie", "denominazione", "civico", "lat", "lon")
TRAILER = "#FINE"
Riga = list[str]
(
    ID, CF, COGNOME, NOME, SESSO, NASCITA, LUOGO, CITTADINANZA, STATO_CIVILE, NUCLEO, RELAZIONE, VIA,
    INDIRIZZO, CIVICO, LAT, LON, STATO, ISCRIZIONE, DECESSO,
) = range(len(COLONNE))  # fmt: skip


def residenti_path(directory: Path, belfiore: str, giorno: date) -> Path:
    """Where the residents' file of a comune and day lies."""
    return directory / f"residenti_{belfiore}_{giorno:%Y%m%d}.csv"


def viario_path(directory: Path, belfiore: str) -> Path:
    """Where the streets of a comune lie."""
    return directory / f"viario_{belfiore}.csv"


def write_rows(path: Path, header: Iterable[str], rows: Iterable[Iterable[str]]) -> int:
    """Writes a file whole or not at all (temporary name, then rename); returns the number of rows."""
    temporary = path.with_suffix(".tmp")
    count = 0
    with temporary.open("w", encoding="utf-8", newline="") as out:
        out.write(";".join(header) + "\n")
        for row in rows:
            out.write(";".join(row) + "\n")
            count += 1
        out.write(f"{TRAILER};{count}\n")
    temporary.replace(path)
    return count


def read_rows(path: Path) -> list[Riga]:
    """The rows of a generated file, without header and trailer."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split(";") for line in lines[1:-1]]


def latest_files(directory: Path) -> dict[str, Path]:
    """Belfiore → the newest residents' file in the directory."""
    newest: dict[str, Path] = {}
    for path in sorted(directory.glob("residenti_*_*.csv")):
        newest[path.stem.split("_")[1]] = path
    return newest


def day_of(path: Path) -> date:
    """The day in a residents' file name."""
    return date.fromisoformat(path.stem.rsplit("_", 1)[1])
