"""The registry's night: one line per file, the refused rows as CSV, what waits for a person."""

import csv
import io
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.anagrafe import (
    CaricamentiOut,
    ConfirmCaricamento,
    ListCaricamenti,
    ListRigheRifiutate,
    RigheRifiutateOut,
)
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web.page import done, page_count, page_number, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 60
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Reader = Annotated[Caller, Depends(page_scope("caricamenti:leggi", optional=("caricamenti:approva",)))]
Approver = Annotated[Caller, Depends(page_scope("caricamenti:approva", "caricamenti:leggi"))]


@router.get("/notte")
async def show_notte(request: Request, caller: Reader) -> Response:
    number = page_number(request)
    answer: CaricamentiOut = await caller.call(
        "anagrafe", "list_caricamenti", ListCaricamenti(limite=SIZE, salta=(number - 1) * SIZE)
    )
    return await respond(
        request, caller, "pagine/notte.html", title="Notte", section="notte", caricamenti=answer.caricamenti,
        pagina=number, pagine=page_count(answer.totale, SIZE),
    )  # fmt: skip


def harmless(text: str) -> str:
    """A cell that a spreadsheet will not take for a formula."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def refused_csv(rows: RigheRifiutateOut) -> bytes:
    """UTF-8 with BOM and semicolons, as Italian spreadsheets open it."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["riga", "colonna", "valore", "motivo"])
    for row in rows.righe:
        writer.writerow([row.riga, harmless(row.colonna), harmless(row.valore), harmless(row.motivo)])
    return out.getvalue().encode("utf-8-sig")


@router.get("/notte/{caricamento_id}/rifiutate.csv")
async def download_refused(caricamento_id: UUID, caller: Reader) -> Response:
    wanted = ListRigheRifiutate(caricamento_id=caricamento_id)
    rows: RigheRifiutateOut = await caller.call("anagrafe", "list_righe_rifiutate", wanted)
    headers = {"Content-Disposition": 'attachment; filename="righe_rifiutate.csv"'}
    return Response(refused_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/notte/{caricamento_id}/conferma")
async def let_through(caricamento_id: UUID, caller: Approver) -> Response:
    await caller.call("anagrafe", "confirm_caricamento", ConfirmCaricamento(caricamento_id=caricamento_id))
    return done("/notte", "caricamento")
