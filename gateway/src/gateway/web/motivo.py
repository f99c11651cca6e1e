""" "Perché apri questo caso?": what a service asks before showing a case that is not one's own, as a page."""

from typing import Annotated
from urllib.parse import quote, urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.auth import Caller, authorize
from gateway.errors import Problem
from gateway.logged import LoggedRoute
from gateway.login import safe_return
from gateway.motivi import ALTRO, MOTIVI, MOTIVO_RICHIESTO, motivo_of
from gateway.security import SAFE_METHODS
from gateway.web.forms import Form, read_form
from gateway.web.page import public

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SCELTE = (*MOTIVI.items(), (ALTRO, "Altro, con parole tue"))
Operator = Annotated[Caller, Depends(authorize())]


def asks_why(request: Request, problem: Problem) -> Response | None:
    """The page that asks, where the failure is that a service wants a reason; in place of the page of the error."""
    caller = getattr(request.state, "caller", None)
    if problem.code != MOTIVO_RICHIESTO or not isinstance(caller, Caller):
        return None
    cartella_id = caller.motivazione.unexplained
    if cartella_id is None:
        return None
    after = _page_asked(request, cartella_id)
    if request.headers.get("hx-request"):
        address = f"/casi/{cartella_id}/motivo?ritorno={quote(after, safe='/')}"
        return Response(status_code=403, headers={"HX-Redirect": address, "Cache-Control": "no-store"})
    return _page(request, cartella_id, Form.of(ritorno=after), problem.status)


def _page_asked(request: Request, cartella_id: UUID) -> str:
    """Where to go on afterwards: the page itself; for a change, the page it was sent from."""
    if request.method in SAFE_METHODS and not request.headers.get("hx-request"):
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    came = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
    if came.netloc == request.headers.get("host") and came.path.startswith("/"):
        return safe_return(came.path + (f"?{came.query}" if came.query else ""))
    return f"/casi/{cartella_id}"


def _page(request: Request, cartella_id: UUID, form: Form, status: int) -> Response:
    """Nothing of the case is on it: not whose it is, not its number."""
    return public(
        request, "pagine/motivo.html", title="Perché apri questo caso?", status=status, form=form, scelte=SCELTE,
        indirizzo=f"/casi/{cartella_id}/motivo", scritto=request.method not in SAFE_METHODS and not form.failed,
    )  # fmt: skip


@router.get("/casi/{cartella_id}/motivo")
async def ask(request: Request, cartella_id: UUID, caller: Operator) -> Response:
    after = safe_return(request.query_params.get("ritorno", f"/casi/{cartella_id}"))
    return _page(request, cartella_id, Form.of(ritorno=after), 200)


@router.post("/casi/{cartella_id}/motivo")
async def keep(request: Request, cartella_id: UUID, caller: Operator) -> Response:
    form = await read_form(request)
    caller.touch(sezione="presa_in_carico", azione="motivo")
    with form.collecting():
        await caller.keep_motivo(cartella_id, motivo_of(form.get("scelta"), form.get("testo")))
        return RedirectResponse(safe_return(form.get("ritorno")), status_code=303)
    return _page(request, cartella_id, form, form.status)
