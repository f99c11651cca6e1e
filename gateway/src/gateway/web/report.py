"""The crosstab: the question stands in the address; protected numbers are not in the page at all."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from contracts.report import DIMENSIONI, MISURE, Cella, CrosstabOut, RunCrosstab
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import formats, labels
from gateway.web.forms import Form
from gateway.web.page import ente_names, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
MANY = 6
"""Names of comuni listed; above, only how many."""

Reader = Annotated[Caller, Depends(page_scope("report:leggi"))]


@dataclass(frozen=True)
class HeaderCell:
    testo: str
    span: int


@dataclass(frozen=True)
class BodyRow:
    nomi: list[str]
    celle: tuple[Cella, ...]
    totale: Cella


def headers(
    columns: tuple[tuple[str, ...], ...], names: dict[str, dict[str, str]], dimensions: tuple[str, ...]
) -> list[list[HeaderCell]]:
    """One list per level of the columns; equal neighbours share a cell."""
    levels = []
    for level, dimension in enumerate(dimensions):
        cells: list[HeaderCell] = []
        before: tuple[str, ...] | None = None
        for column in columns:
            key = column[: level + 1]
            if key == before:
                cells[-1] = HeaderCell(cells[-1].testo, cells[-1].span + 1)
            else:
                cells.append(HeaderCell(value_name(dimension, column[level], names), 1))
            before = key
        levels.append(cells)
    return levels or [[]]


def value_name(dimension: str, value: str, names: dict[str, dict[str, str]]) -> str:
    """A dimension's value in the words of the office."""
    if dimension == "stato":
        return labels.state(value, "cartella").text
    if dimension in names:
        return names[dimension].get(value, value)
    return labels.word(value, dimension) if dimension in labels.WORDS else labels.plain(value)


PROTECTED = Markup(
    '<td class="num protetta"><span aria-hidden="true">·</span><span class="visually-hidden">protetto</span></td>'
)


def cell_html(cell: Cella) -> Markup:
    """The number, or a dot. All protected cells look alike: which of them are small and which only keep a small one
    from being computed would tell too much. A hidden number is None here already."""
    return (
        PROTECTED
        if cell.protetta
        else Markup('<td class="num">{}</td>').format(formats.number(cell.valore or 0))
    )


def read_question(request: Request) -> RunCrosstab:
    """Rows and columns from the address; what is unknown or said twice is left out."""
    query = request.query_params
    asked = [query.get("righe", "comune"), query.get("colonne", "area"), query.get("colonne2", "sesso")]
    known: list[str] = []
    for dimension in asked:
        if dimension in DIMENSIONI and dimension not in known:
            known.append(dimension)
    known = known or ["comune"]
    measure = query.get("misura", "in_carico")
    return RunCrosstab(
        misura=measure if measure in MISURE else "in_carico", righe=tuple(known[:1]), colonne=tuple(known[1:])
    )


@router.get("/report")
async def show_report(request: Request, caller: Reader) -> Response:
    question = read_question(request)
    table: CrosstabOut = await caller.call("report", "run_crosstab", question)
    names = {"comune": {codice: await ente_names.name(caller, codice) for codice in _comuni(table)}}
    rows = [
        BodyRow(
            [value_name(d, v, names) for d, v in zip(table.dimensioni_righe, key, strict=True)], cells, total
        )
        for key, cells, total in zip(table.righe, table.celle, table.totali_righe, strict=True)
    ]
    enti = [await ente_names.name(caller, ente) for ente in table.enti[:MANY]]
    more = len(table.enti) - len(enti)
    across = " e ".join(DIMENSIONI[d].lower() for d in table.dimensioni_colonne)
    down = DIMENSIONI[table.dimensioni_righe[0]].lower()
    columns = [*question.colonne, "", ""][:2]
    asked = {
        "misura": question.misura, "righe": question.righe[0], "colonne": columns[0], "colonne2": columns[1],
    }  # fmt: skip
    return await respond(
        request, caller, "pagine/report.html", title="Report", section="report", tabella=table, corpo=rows,
        intestazioni=headers(table.colonne, names, table.dimensioni_colonne), valore=cell_html,
        nomi_righe=[DIMENSIONI[d] for d in table.dimensioni_righe],
        titolo=f"{MISURE[table.misura]} per {down}{' e ' + across if across else ''}",
        enti=", ".join(enti) + (f" e altri {more}" if more > 0 else ""), filtri=Form.of(**asked),
        misure=list(MISURE.items()), dimensioni=list(DIMENSIONI.items()),
        collegamento=f"/report?{formats.query(**asked)}",
    )  # fmt: skip


def _comuni(table: CrosstabOut) -> set[str]:
    found: set[str] = set()
    for dimensions, keys in (
        (table.dimensioni_righe, table.righe),
        (table.dimensioni_colonne, table.colonne),
    ):
        if "comune" in dimensions:
            found |= {key[dimensions.index("comune")] for key in keys}
    return found
