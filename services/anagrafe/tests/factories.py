"""Builders of registry rows and files: valid by default, odd where asked."""

from datetime import date
from pathlib import Path

from anagrafe.domain.righe import COLONNE, COLONNE_VIARIO

GIORNO_1, GIORNO_2, GIORNO_3 = date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 3)
CAMPI = {
    "id_anagrafe": "A1",
    "codice_fiscale": "",
    "cognome": "Rossi",
    "nome": "Mario",
    "sesso": "M",
    "data_nascita": "1985-12-10",
    "luogo_nascita": "F205",
    "cittadinanza": "380",
    "stato_civile": "1",
    "id_nucleo": "N1",
    "relazione": "1",
    "codice_via": "V1",
    "indirizzo": "Via Roma",
    "civico": "1",
    "lat": "45.58",
    "lon": "9.27",
    "stato_anagrafico": "R",
    "data_iscrizione": "2010-01-01",
    "data_decesso": "",
}


def make_riga(**campi: str) -> str:
    """A line of the residents' file: Mario Rossi of Milan, unless told otherwise."""
    return ";".join((CAMPI | campi)[colonna] for colonna in COLONNE)


def make_file(
    folder: Path, *righe: str, ente: str = "F704", giorno: date = GIORNO_1, trailer: str | None = None
) -> Path:
    """A residents' file with these lines; `trailer` replaces the right one."""
    path = folder / f"residenti_{ente}_{giorno:%Y%m%d}.csv"
    lines = [";".join(COLONNE), *righe, f"#FINE;{len(righe)}" if trailer is None else trailer]
    path.write_text("\n".join(line for line in lines if line) + "\n", encoding="utf-8")
    return path


def make_viario(folder: Path, *righe: str, ente: str = "F704") -> Path:
    """A streets' file with these lines."""
    path = folder / f"viario_{ente}.csv"
    lines = [";".join(COLONNE_VIARIO), *righe, f"#FINE;{len(righe)}"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
