"""Operators from a file: what it would do, row by row; then all of it, or nothing."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.operatori import elenchi
from gateway.operatori.elenchi import Esito
from gateway.operatori.rules import SCRIVI
from gateway.routes.operatori import LEGGI, modello
from gateway.web.forms import Form, read_form
from gateway.web.page import done, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
BODY_LIMIT = 4 * elenchi.MAX_BYTES
"""A form wraps the file, and carries it once more when it is confirmed."""
Writer = Annotated[Caller, Depends(page_scope(LEGGI, SCRIVI, body_limit=BODY_LIMIT))]


async def _page(
    request: Request, caller: Caller, form: Form, esito: Esito | None = None, testo: str = ""
) -> Response:
    return await respond(
        request, caller, "pagine/operatori/da_file.html", title="Operatori da un file", section="operatori",
        status=form.status, form=form, esito=esito, testo=testo, colonne=elenchi.COLUMNS,
        limite=f"{elenchi.MAX_BYTES // 1024} KB", righe=elenchi.MAX_ROWS,
    )  # fmt: skip


@router.get("/operatori/da-file")
async def show_load(request: Request, caller: Writer) -> Response:
    return await _page(request, caller, Form())


@router.get("/operatori/da-file/modello.csv")
async def get_modello(caller: Writer) -> Response:
    return modello()


@router.post("/operatori/da-file")
async def load(request: Request, caller: Writer) -> Response:
    """First the trial of the chosen file; then, from the page that shows it, the real thing."""
    form = await read_form(request)
    confirmed = form.get("testo")
    file = form.files.get("file")
    if not confirmed and (file is None or not file.filename):
        form.refuse("file", "Scegli il file da leggere.")
        return await _page(request, caller, form)
    with form.collecting():
        content = confirmed.encode() if confirmed or file is None else await file.read(elenchi.MAX_BYTES + 1)
        esito = await elenchi.load(request.app.state.gateway, caller, content, prova=not confirmed)
        if esito.registrato:
            return done("/operatori", "elenco")
        return await _page(request, caller, form, esito, "" if esito.errori else elenchi.decode(content))
    return await _page(request, caller, form)
