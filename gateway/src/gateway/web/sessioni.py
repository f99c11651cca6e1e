"""One's own open sessions: where from, since when; ending one, the others, or all."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import NotFound
from gateway.auth import Caller, authorize
from gateway.logged import LoggedRoute
from gateway.login import clear_cookie
from gateway.resources import Gateway
from gateway.web.page import done, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
Anybody = Annotated[Caller, Depends(authorize(optional=("avvisi:leggi",), per="chiunque", undecided=True))]
BROWSERS = (
    (r"Edg(?:e|A|iOS)?/", "Edge"), (r"OPR/|Opera", "Opera"), (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"), (r"Chrome/|Chromium/|CriOS/", "Chrome"), (r"Version/.*Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    (r"iPhone", "iPhone"), (r"iPad", "iPad"), (r"Android", "Android"), (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "Mac"), (r"CrOS", "Chromebook"), (r"Linux|X11", "Linux"),
)  # fmt: skip


def device(agente: str) -> str:
    """„Firefox su Windows“; what says nothing known is a program."""
    browser = next((name for pattern, name in BROWSERS if re.search(pattern, agente)), "")
    system = next((name for pattern, name in SYSTEMS if re.search(pattern, agente)), "")
    return " su ".join(part for part in (browser, system) if part) or "Un programma"


@router.get("/sessioni")
async def show_sessioni(request: Request, caller: Anybody) -> Response:
    gateway: Gateway = request.app.state.gateway
    rows = await gateway.sessions.list_open(caller.operatore_id)
    rows.sort(key=lambda row: row.id != caller.session_id)
    return await respond(
        request, caller, "pagine/sessioni.html", title="Le tue sessioni aperte", section="",
        sessioni=[(row, device(row.agente)) for row in rows], corrente=caller.session_id,
    )  # fmt: skip


@router.post("/sessioni/altre/fine")
async def end_others(request: Request, caller: Anybody) -> Response:
    await request.app.state.gateway.sessions.revoke_others(caller.operatore_id, caller.session_id)
    return done("/sessioni", "sessioni_chiuse")


@router.post("/sessioni/{session_id}/fine")
async def end_sessione(request: Request, session_id: UUID, caller: Anybody) -> Response:
    gateway: Gateway = request.app.state.gateway
    if not await gateway.sessions.revoke(session_id, caller.operatore_id):
        raise NotFound("sessione.non_trovata", "Questa sessione non c'è.")
    if session_id != caller.session_id:
        return done("/sessioni", "sessione_chiusa")
    response = done("/accedi", "uscito")
    clear_cookie(request, response)
    return response


@router.post("/esci/ovunque")
async def logout_everywhere(request: Request, caller: Anybody) -> Response:
    await request.app.state.gateway.sessions.revoke_others(caller.operatore_id)
    response = done("/accedi", "uscito_ovunque")
    clear_cookie(request, response)
    return response
