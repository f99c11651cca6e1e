"""Deleghe: who stands in for me while I am away, for whom I stand in; the coordinator's for his settore."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.operatori import deleghe
from gateway.operatori.commands import NuovaDelega
from gateway.operatori.deleghe import ASSEGNA, Posto, same_kind
from gateway.resources import Gateway
from gateway.web import formats, labels
from gateway.web.forms import Form, read_form
from gateway.web.page import done, ente_names, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
Operatore = Annotated[Caller, Depends(page_scope(optional=(ASSEGNA,)))]


def _words(posto: Posto, caller: Caller) -> str:
    whose = "tuo" if posto.operatore_id == caller.operatore_id else posto.nome
    place = f", area {labels.word(posto.settore, 'settore')}" if posto.settore else ""
    return f"{whose}: {labels.word(posto.ruolo, 'ruolo')}{place}, {ente_names.known(posto.ente)}"


def _colleagues(posti: list[Posto], colleghi: list[Posto], caller: Caller) -> list[tuple[str, str]]:
    """Whoever may stand in for one of the incarichi, once each."""
    kinds = {(posto.ente, posto.ruolo) for posto in posti}
    found = {
        str(one.operatore_id): f"{one.nome}, {labels.word(one.ruolo, 'ruolo')}"
        for one in colleghi
        if one.operatore_id != caller.operatore_id
        and any(one.ente == ente and same_kind(one.ruolo, ruolo) for ente, ruolo in kinds)
    }
    return list(found.items())


async def _page(request: Request, caller: Caller, form: Form) -> Response:
    gateway: Gateway = request.app.state.gateway
    posti, colleghi = await deleghe.list_posti(gateway, caller)
    rows = await deleghe.list_deleghe(gateway, caller)
    await ente_names.name(caller, caller.ente)
    return await respond(
        request, caller, "pagine/deleghe.html", title="Deleghe", section="", status=form.status, form=form,
        deleghe=rows, posti=[(one.incarico_id, _words(one, caller)) for one in posti],
        colleghi=_colleagues(posti, colleghi, caller), massimo=deleghe.MASSIMO_GIORNI,
    )  # fmt: skip


@router.get("/deleghe")
async def show_deleghe(request: Request, caller: Operatore) -> Response:
    mine = None if caller.identity.delegato else caller.incarico_id
    return await _page(request, caller, Form.of(dal=formats.today(), incarico_id=mine))


@router.post("/deleghe")
async def give(request: Request, caller: Operatore) -> Response:
    form = await read_form(request)
    with form.collecting():
        await deleghe.give(request.app.state.gateway, caller, form.build(NuovaDelega))
        return done("/deleghe", "delega")
    return await _page(request, caller, form)


@router.post("/deleghe/{delega_id}/revoca")
async def revoke(request: Request, delega_id: UUID, caller: Operatore) -> Response:
    await deleghe.revoke(request.app.state.gateway, caller, delega_id)
    return done("/deleghe", "delega_revocata")
