"""In which incarico an operator works now: asked after login when he has several, changed whenever he likes."""

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Forbidden, NotFound
from gateway import login
from gateway.auth import Caller, authorize
from gateway.logged import LoggedRoute
from gateway.operatori import Scelta
from gateway.resources import Gateway
from gateway.web import formats, labels
from gateway.web.forms import Form, read_form
from gateway.web.page import as_uuid, done, ente_names, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
Operatore = Annotated[Caller, Depends(authorize(optional=("avvisi:leggi",), undecided=True))]
LOW_LEVEL = "accesso.livello"


def key_of(incarico_id: UUID | None, delega_id: UUID | None) -> str:
    """Value of one line of the choice."""
    return f"{incarico_id}.{delega_id or ''}"


async def words_of(caller: Caller, scelta: Scelta) -> str:
    """„Coordinatore, Comune di Brugherio, area Minori, in delega di Anna Ferrari fino al 3/12/2026“."""
    words = [labels.word(scelta.ruolo, "ruolo"), await ente_names.name(caller, scelta.ente)]
    if scelta.settore:
        words.append(f"area {labels.word(scelta.settore, 'settore')}")
    if scelta.titolare:
        words.append(f"in delega di {scelta.titolare}")
    if scelta.al:
        words.append(f"fino al {formats.day(scelta.al)}")
    return ", ".join(words)


async def _page(request: Request, caller: Caller, form: Form, level: int | None = None) -> Response:
    gateway: Gateway = request.app.state.gateway
    choices = await gateway.operatori.choices(caller.operatore_id)
    if not choices:
        raise login.not_enabled()
    options = [(key_of(c.incarico_id, c.delega_id), await words_of(caller, c)) for c in choices]
    return await respond(
        request, caller, "pagine/incarico.html", title="In quale incarico lavori adesso?", section="",
        status=403 if level else form.status, form=form, options=options, level=level,
        again=f"/accedi?livello={level}&ritorno={quote(form.get('ritorno'), safe='/')}",
    )  # fmt: skip


@router.get("/incarico")
async def show_choice(request: Request, caller: Operatore) -> Response:
    identity = caller.identity
    choices = await request.app.state.gateway.operatori.choices(caller.operatore_id)
    mine = identity.incarico_id if identity.incarico_id else choices[0].incarico_id if choices else None
    delega = next((c.delega_id for c in choices if c.delega_id and c.incarico_id == mine), None)
    scelta = key_of(mine, delega if identity.delegato else None)
    ritorno = login.safe_return(request.query_params.get("ritorno"))
    return await _page(request, caller, Form.of(scelta=scelta, ritorno=ritorno))


@router.post("/incarico")
async def choose(request: Request, caller: Operatore) -> Response:
    """Back to where one was, in the other role. Too low a level of login is said here, with the way to a higher one."""
    form = await read_form(request)
    form.values["ritorno"] = [login.safe_return(form.get("ritorno"))]
    incarico, _, delega = form.get("scelta").partition(".")
    incarico_id, delega_id = as_uuid(incarico), as_uuid(delega)
    if incarico_id is None or (delega and delega_id is None):
        form.refuse("scelta", "Scegli uno degli incarichi in elenco.")
        return await _page(request, caller, form)
    try:
        await login.choose(request.app.state.gateway, caller, incarico_id, delega_id)
    except NotFound as error:
        form.refuse("scelta", error.message)
        return await _page(request, caller, form)
    except Forbidden as error:
        if error.code != LOW_LEVEL:
            raise
        form.refuse("scelta", error.message)
        return await _page(request, caller, form, int(error.details["livello"]))
    path, _, query = form.get("ritorno").partition("?")
    return done(path, "incarico", query)
