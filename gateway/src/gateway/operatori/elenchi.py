"""Operators from a file: CSV as the spreadsheets of Italian offices save it. All of it or nothing; each row says what
is wrong with it. The trial runs the same code as the real thing, and is then rolled back.
"""

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from psycopg import Rollback
from pydantic import ValidationError

from contracts.errors import DomainError, Invalid
from gateway.operatori.changes import Connection, authority, enable_in, known_settori, today
from gateway.operatori.commands import NuovoOperatore
from gateway.operatori.rules import Autorita
from gateway.validation import italian_fields

if TYPE_CHECKING:
    from gateway.auth import Caller
    from gateway.resources import Gateway

COLUMNS = ("codice_fiscale", "cognome", "nome", "email", "ruolo", "ente", "settore", "dal", "al", "atto")
OPTIONAL = frozenset({"settore", "al"})
MAX_BYTES = 512 * 1024
MAX_ROWS = 500
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet begins a formula: no cell of ours may, in the file or in what is made of it later."""
ITALIAN_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
MODELLO = (
    ";".join(COLUMNS)
    + "\r\n"
    + "RSSMRA85T10A562S;Rossi;Mario;mario.rossi@comune.example;assistente_sociale;F704;minori;01/01/2027;;"
    + "Decreto n. 12 del 10/12/2026\r\n"
)
"""What the page offers to download: the columns and one invented row."""


@dataclass(slots=True)
class Errore:
    """`riga`: line of the file, the header being 1 (0: the file as a whole). `colonna` may be empty."""

    riga: int
    colonna: str
    messaggio: str


@dataclass(slots=True)
class Esito:
    """`registrato`: whether it was done. Nothing is done while `errori` is not empty."""

    righe: int = 0
    nuovi_operatori: int = 0
    nuovi_incarichi: int = 0
    gia_presenti: int = 0
    registrato: bool = False
    errori: list[Errore] = field(default_factory=list)


def decode(content: bytes) -> str:
    """Text of the file: UTF-8 with or without its mark, else the code page of Windows. Invalid for anything else."""
    if len(content) > MAX_BYTES:
        raise _refused(f"Il file supera i {MAX_BYTES // 1024} KB.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in content:
        raise _refused("Il file non è un CSV di testo: salvalo come “CSV UTF-8”.")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused("I caratteri del file non si leggono: salvalo come “CSV UTF-8”.")


def parse(text: str) -> tuple[list[tuple[int, dict[str, str]]], list[Errore]]:
    """Rows by line number, and what is wrong with the form of the file."""
    first = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = ";" if first.count(";") >= first.count(",") else ","
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    errors: list[Errore] = []
    header: list[str] = []
    try:
        header = [re.sub(r"\s+", "_", name.strip().lower()) for name in next(reader, [])]
        errors = _header_errors(header)
        for cells in [] if errors else reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == MAX_ROWS:
                return [], [Errore(reader.line_num, "", f"Al massimo {MAX_ROWS} righe: dividi il file.")]
            if len(cells) != len(header):
                wrong = f"Ha {len(cells)} colonne invece di {len(header)}."
                errors.append(Errore(reader.line_num, "", wrong))
                continue
            rows.append((reader.line_num, dict(zip(header, (c.strip() for c in cells), strict=True))))
    except csv.Error:
        errors.append(
            Errore(reader.line_num, "", "La riga non si legge: forse c’è una virgoletta di troppo.")
        )
    if not rows and not errors:
        errors.append(Errore(0, "", "Il file non ha righe."))
    return rows, errors


def _header_errors(header: list[str]) -> list[Errore]:
    if not header:
        return [Errore(0, "", "Il file è vuoto.")]
    wrong = [Errore(1, name, "Manca questa colonna.") for name in COLUMNS if name not in {*header, *OPTIONAL}]
    for name in dict.fromkeys(header):
        if name not in COLUMNS:
            wrong.append(Errore(1, name[:40], "Questa colonna non è prevista."))
        elif header.count(name) > 1:
            wrong.append(Errore(1, name, "Questa colonna c’è due volte."))
    return wrong


async def load(gateway: "Gateway", caller: "Caller", content: bytes, prova: bool) -> Esito:
    """What the file does, or would do (`prova`). Repeating it changes nothing. Raises Invalid for what is no CSV."""
    rows, errors = parse(decode(content))
    outcome = Esito(righe=len(rows), errori=errors)
    by = await authority(gateway, caller)
    async with gateway.pool.connection() as connection:
        async with connection.transaction() as transaction:
            known = {ente: await known_settori(connection, ente) for ente in by.enti}
            now = await today(connection)
            for line, row in rows:
                await _apply(Basis(connection, by, known, now), line, row, outcome)
            if prova or outcome.errori:
                raise Rollback(transaction)
        outcome.registrato = not (prova or outcome.errori)
    outcome.errori.sort(key=lambda error: error.riga)
    return outcome


@dataclass(frozen=True, slots=True)
class Basis:
    """What every row is held against; `settori` by ente."""

    connection: Connection
    by: Autorita
    settori: dict[str, frozenset[str]]
    now: date


async def _apply(basis: Basis, line: int, row: dict[str, str], outcome: Esito) -> None:
    unsafe = [name for name, cell in row.items() if cell.startswith(FORMULA)]
    outcome.errori += [
        Errore(line, name, "Comincia con un segno che un foglio di calcolo eseguirebbe come formula.")
        for name in unsafe
    ]
    if unsafe:
        return
    try:
        command = NuovoOperatore.model_validate(_values(row))
        settori = basis.settori.get(command.ente, frozenset())
        async with basis.connection.transaction():
            given = await enable_in(basis.connection, basis.by, command, settori, basis.now)
    except ValidationError as error:
        fields = italian_fields(error.errors())
        outcome.errori += [Errore(line, name, message) for name, message in fields.items()]
    except DomainError as error:
        found = error.fields or {"": error.message}
        outcome.errori += [Errore(line, name, message) for name, message in found.items()]
    else:
        outcome.gia_presenti += given.gia
        outcome.nuovi_operatori += given.nuovo
        outcome.nuovi_incarichi += not given.gia


def _values(row: dict[str, str]) -> dict[str, str]:
    """Cells that hold something; days as Italians write them become days; roles and settori as they are said."""
    values = {name: cell for name, cell in row.items() if cell}
    for name in ("dal", "al"):
        if found := ITALIAN_DAY.fullmatch(values.get(name, "")):
            values[name] = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}"
    for name in ("ruolo", "settore"):
        if name in values:
            values[name] = re.sub(r"\s+", "_", values[name].lower())
    if "ente" in values:
        values["ente"] = values["ente"].upper()
    return values


def _refused(message: str) -> Invalid:
    return Invalid("operatori.elenco_non_valido", message, {"file": message})
