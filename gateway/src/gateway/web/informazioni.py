"""Pages that say how things work: help, who reads what, accessibility."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.mandato import AZIONI, SEZIONI
from gateway.auth import Caller, authorize
from gateway.logged import LoggedRoute
from gateway.web import labels
from gateway.web.page import public, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SCOPES = tuple(f"{sezione}:{azione}" for sezione in SEZIONI for azione in AZIONI)
REACH = {
    "propri": "i casi che segui tu",
    "settore": "il tuo settore",
    "ente": "tutto il tuo Comune",
    "ambito": "i Comuni dell’ambito",
    "provincia": "i Comuni della provincia",
}

Anyone = Annotated[Caller, Depends(authorize(optional=("avvisi:leggi",), per="chiunque", undecided=True))]
Myself = Annotated[Caller, Depends(authorize(optional=SCOPES, per="chiunque", undecided=True))]


@router.get("/aiuto")
async def show_help(request: Request, caller: Anyone) -> Response:
    return await respond(request, caller, "pagine/aiuto.html", title="Aiuto", section="")


@router.get("/riservatezza")
async def show_privacy(request: Request, caller: Myself) -> Response:
    """The policy as it holds for the reader, row by row."""
    rows = []
    for scope, extent in caller.extents.items():
        sezione, _, azione = scope.partition(":")
        rows.append(
            {
                "sezione": sezione,
                "azione": labels.plain(azione),
                "fin_dove": REACH.get(extent.value, extent.value),
            }
        )
    return await respond(
        request, caller, "pagine/riservatezza.html", title="Chi legge che cosa", section="", permessi=rows
    )


@router.get("/accessibilita")
async def show_accessibility(request: Request) -> Response:
    return public(request, "pagine/accessibilita.html", title="Dichiarazione di accessibilità")
