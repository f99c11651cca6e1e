"""A version as CSV, to be looked at in a spreadsheet and brought back: one row for each rule, territory and level.

riga;ruolo;sezione;azione;estensione;codice;ente;livello
regola;educatore;diario;leggi;propri;;;
ambito;;;;;monza;F704;
provincia;;;;;MB;F704;
livello;rpd;;;;;;3
"""

import csv
import io
from collections.abc import Callable, Iterator

from contracts.errors import Invalid
from contracts.mandato import AZIONI, SEZIONI, Extent
from gateway.politica.contenuto import (
    CODICE,
    DEFAULT_LEVEL,
    ENTE,
    LIVELLI,
    RUOLO,
    TERRITORI,
    Contenuto,
    Regole,
)

COLUMNS = ("riga", "ruolo", "sezione", "azione", "estensione", "codice", "ente", "livello")
MAX_ROWS = 20_000
MAX_ERRORS = 20
Row = dict[str, str]


def to_csv(contenuto: Contenuto) -> str:
    """With a byte-order mark and semicolons: what an Italian spreadsheet opens without asking."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, restval="", delimiter=";", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_rows(contenuto))
    return "\ufeff" + out.getvalue()


def _rows(contenuto: Contenuto) -> Iterator[Row]:
    for ruolo, own in contenuto.regole.items():
        for scope, extent in own.items():
            sezione, _, azione = scope.partition(":")
            yield {
                "riga": "regola",
                "ruolo": ruolo,
                "sezione": sezione,
                "azione": azione,
                "estensione": extent.value,
            }
    for tipo, groups in contenuto.territori.items():
        for codice, enti in groups.items():
            for ente in enti:
                yield {"riga": tipo, "codice": codice, "ente": ente}
    for ruolo, livello in contenuto.livelli.items():
        yield {"riga": "livello", "ruolo": ruolo, "livello": str(livello)}


def from_csv(data: bytes) -> Contenuto:
    """The content a file describes, whole. Invalid with the first rows that are wrong; then nothing is taken."""
    rows = list(_read(data))
    found, errors = _Collected(), list[str]()
    for number, row in rows:
        take = found.takers.get(row["riga"])
        message = take(row) if take else f"non so che riga è “{row['riga'][:40]}”"
        if message:
            errors.append(f"Riga {number}: {message}.")
    if not rows:
        errors.append("Il file è vuoto.")
    if errors:
        raise Invalid(
            "politica.file", "Il file non va bene: non è stato cambiato nulla.",
            fields={"file": " ".join(errors[:MAX_ERRORS])}, details={"righe": errors[:MAX_ERRORS]},
        )  # fmt: skip
    return found.contenuto()


def _read(data: bytes) -> Iterator[tuple[int, Row]]:
    try:
        text = data.decode("utf-8-sig")
        first = text.partition("\n")[0]
        reader = csv.DictReader(
            io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True
        )
        if tuple(name.strip().lower() for name in reader.fieldnames or ()) != COLUMNS:
            raise _refuse(f"La prima riga deve essere: {';'.join(COLUMNS)}")
        reader.fieldnames = list(COLUMNS)
        for number, row in enumerate(reader, start=2):
            if number > MAX_ROWS:
                raise _refuse(f"Il file ha più di {MAX_ROWS} righe")
            values = {name: (row[name] or "").strip() for name in COLUMNS}
            if any(values.values()):
                yield number, values
    except (UnicodeDecodeError, csv.Error) as error:
        raise _refuse("Il file non è un CSV in UTF-8") from error


def _refuse(message: str) -> Invalid:
    return Invalid(
        "politica.file", "Il file non va bene: non è stato cambiato nulla.", fields={"file": f"{message}."}
    )


class _Collected:
    """Takers of rows: each returns what is wrong with its row, or ""."""

    def __init__(self) -> None:
        self.regole: dict[str, dict[str, Extent]] = {}
        self.territori: dict[str, dict[str, list[str]]] = {tipo: {} for tipo in TERRITORI}
        self.livelli: dict[str, int] = {}
        self.takers: dict[str, Callable[[Row], str]] = {
            "regola": self.rule, "livello": self.level, **dict.fromkeys(TERRITORI, self.territory),
        }  # fmt: skip

    def rule(self, row: Row) -> str:
        if not RUOLO.fullmatch(row["ruolo"]):
            return f"“{row['ruolo'][:40]}” non è il nome di un ruolo"
        if row["sezione"] not in SEZIONI:
            return f"la sezione “{row['sezione'][:40]}” non esiste"
        if row["azione"] not in AZIONI:
            return f"l’azione “{row['azione'][:40]}” non esiste"
        if row["estensione"] not in set(Extent):
            return f"l’estensione “{row['estensione'][:40]}” non esiste"
        own, scope = self.regole.setdefault(row["ruolo"], {}), f"{row['sezione']}:{row['azione']}"
        if scope in own:
            return f"{row['ruolo']}, {row['sezione']}, {row['azione']} c’è due volte"
        own[scope] = Extent(row["estensione"])
        return ""

    def territory(self, row: Row) -> str:
        groups = self.territori[row["riga"]]
        if not CODICE.fullmatch(row["codice"]):
            return f"“{row['codice'][:40]}” non è un codice di {row['riga']}"
        if not ENTE.fullmatch(row["ente"]):
            return f"“{row['ente'][:40]}” non è il codice catastale di un Comune"
        if any(row["ente"] in enti for enti in groups.values()):
            return f"{row['ente']} è già in un altro gruppo ({row['riga']})"
        groups.setdefault(row["codice"], []).append(row["ente"])
        return ""

    def level(self, row: Row) -> str:
        if not RUOLO.fullmatch(row["ruolo"]):
            return f"“{row['ruolo'][:40]}” non è il nome di un ruolo"
        if row["livello"] not in {str(livello) for livello in LIVELLI}:
            return f"il livello SPID è 1, 2 o 3, non “{row['livello'][:40]}”"
        self.livelli[row["ruolo"]] = int(row["livello"])
        return ""

    def contenuto(self) -> Contenuto:
        regole: Regole = {
            ruolo: {scope: extent for scope, extent in own.items() if extent is not Extent.NESSUNO}
            for ruolo, own in self.regole.items()
        }
        territori = {
            tipo: {codice: tuple(sorted(enti)) for codice, enti in groups.items()}
            for tipo, groups in self.territori.items()
        }
        livelli = {ruolo: level for ruolo, level in self.livelli.items() if level != DEFAULT_LEVEL}
        return Contenuto({r: own for r, own in regole.items() if own}, territori, livelli)
