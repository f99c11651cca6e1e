"""The access log as a file, CSV or XLSX: a page of rows at a time, and nothing a spreadsheet takes for a formula."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import xlsxwriter

from contracts.errors import TooLarge
from gateway.accessi.read import AccessoOut

MOST_ROWS = 50_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
BOM = "\ufeff"
"""Without it Excel takes UTF-8 for something else."""
HEADINGS = (
    "Quando", "Chi", "Codice operatore", "Ruolo", "Settore", "Al posto di", "Perché", "Sezione", "Azione", "Caso",
    "Persona", "Esito", "Stato HTTP", "Richiesta",
)  # fmt: skip
Pages = AsyncIterator[list[AccessoOut]]
Names = Callable[[Sequence[UUID]], Any]
"""Awaitable of name by operator id."""


@dataclass(frozen=True)
class Words:
    """How a row is put into words: by the pages, who have the vocabulary."""

    moment: Callable[[Any], str]
    word: Callable[[str, str], str]


def too_many() -> TooLarge:
    return TooLarge(
        "registro.troppe_righe",
        f"Sono più di {MOST_ROWS:,} righe: restringi il periodo o cerca un solo caso.".replace(",", "."),
    )


def plain_text(value: str) -> str:
    """A cell that a spreadsheet cannot take for a formula."""
    return f"'{value}" if value.startswith(FORMULA) else value


def cells(row: AccessoOut, names: dict[UUID, str], words: Words) -> list[str]:
    """In the order of HEADINGS."""
    return [
        words.moment(row.quando), names.get(row.operatore_id, row.tipo), str(row.operatore_id),
        words.word(row.ruolo, "ruolo"), words.word(row.settore, "settore"),
        names.get(row.in_delega_di, str(row.in_delega_di)) if row.in_delega_di else "", row.motivo,
        words.word(row.sezione, "sezione"), words.word(row.azione, "azione"), str(row.cartella_id or ""),
        str(row.residente_id or ""), "riuscito" if row.esito < 400 else "rifiutato", str(row.esito), row.correlation_id,
    ]  # fmt: skip


async def _in_words(pages: Pages, names: Names, words: Words) -> AsyncIterator[list[list[str]]]:
    async for rows in pages:
        people = [i for row in rows for i in (row.operatore_id, row.in_delega_di) if i is not None]
        known = await names(people)
        yield [cells(row, known, words) for row in rows]


async def to_csv(pages: Pages, names: Names, words: Words) -> AsyncIterator[str]:
    """Pieces of a CSV as Excel opens it in Italy: semicolons, every text quoted."""
    yield BOM + _csv([list(HEADINGS)])
    async for rows in _in_words(pages, names, words):
        yield _csv(rows)


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([plain_text(cell) for cell in row] for row in rows)
    return text.getvalue()


async def to_xlsx(pages: Pages, names: Names, words: Words) -> Path:
    """A workbook in a temporary file, for the caller to remove. Cells are texts, whatever they begin with; rows are
    written in a thread, a page at a time, and leave the memory at once."""
    with tempfile.NamedTemporaryFile(prefix="accessi-", suffix=".xlsx", delete=False) as file:
        path = Path(file.name)
    workbook = xlsxwriter.Workbook(
        path, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = workbook.add_worksheet("Accessi")
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(HEADINGS) - 1, 20)
    _write(sheet, 0, [list(HEADINGS)])
    line = 1
    try:
        async for rows in _in_words(pages, names, words):
            await asyncio.to_thread(_write, sheet, line, rows)
            line += len(rows)
        sheet.autofilter(0, 0, max(line - 1, 1), len(HEADINGS) - 1)
        await asyncio.to_thread(workbook.close)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _write(sheet: Any, first: int, rows: list[list[str]]) -> None:
    for line, row in enumerate(rows, first):
        for column, cell in enumerate(row):
            sheet.write_string(line, column, cell)
