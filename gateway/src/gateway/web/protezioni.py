"""Persons under protection: protected address, adoption. Only here are their address and their past shown."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.anagrafe import (
    GetResidente,
    ListVariazioni,
    ListVincoli,
    ResidenteOut,
    RevokeVincolo,
    SetVincolo,
    VariazioniOut,
    VincoliOut,
)
from contracts.errors import NotFound
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import formats
from gateway.web.forms import Form, read_form
from gateway.web.page import Gathering, done, page_count, page_number, page_scope, respond
from gateway.web.people import name_of, residents

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 30
Reader = Annotated[
    Caller, Depends(page_scope("riservatezza:leggi", "anagrafe:leggi", optional=("riservatezza:scrivi",)))
]
Writer = Annotated[Caller, Depends(page_scope("riservatezza:scrivi", "riservatezza:leggi", "anagrafe:leggi"))]


@router.get("/protezioni")
async def show_protezioni(request: Request, caller: Reader) -> Response:
    number, gathering = page_number(request), Gathering()
    everything = request.query_params.get("quali") == "tutte"
    wanted = ListVincoli(solo_in_vigore=not everything, limite=SIZE, salta=(number - 1) * SIZE)
    answer: VincoliOut = await caller.call("anagrafe", "list_vincoli", wanted)
    people = await gathering.optional(
        "i nomi", residents(caller, (v.residente_id for v in answer.vincoli)), {}
    )
    return await respond(
        request, caller, "pagine/protezioni.html", title="Protezioni", section="protezioni", tutte=everything,
        righe=[(v, name_of(people, v.residente_id)) for v in answer.vincoli], totale=answer.totale, pagina=number,
        pagine=page_count(answer.totale, SIZE), mancanti=gathering.missing,
    )  # fmt: skip


@router.get("/persone/{residente_id}/protezione")
async def show_protezione(
    request: Request, residente_id: UUID, caller: Reader, togli: UUID | None = None
) -> Response:
    """`togli`: the vincolo whose form of revocation is shown, in place of the form for a new one."""
    return await _page(request, caller, residente_id, Form.of(dal=formats.today()), togli)


@router.post("/persone/{residente_id}/protezione")
async def lay(request: Request, residente_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await caller.call("anagrafe", "set_vincolo", form.build(SetVincolo, residente_id=residente_id))
        return done(f"/persone/{residente_id}/protezione", "protezione")
    return await _page(request, caller, residente_id, form)


@router.post("/persone/{residente_id}/protezione/{vincolo_id}/revoca")
async def take_away(request: Request, residente_id: UUID, vincolo_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    vincoli = await _vincoli_of(caller, residente_id)
    # the access log names the person of the address: it must be the vincolo's
    if vincolo_id not in {vincolo.id for vincolo in vincoli.vincoli}:
        raise NotFound("vincolo.non_trovato", "Questa persona non ha questa protezione.")
    with form.collecting():
        await caller.call("anagrafe", "revoke_vincolo", form.build(RevokeVincolo, vincolo_id=vincolo_id))
        return done(f"/persone/{residente_id}/protezione", "protezione_tolta")
    return await _page(request, caller, residente_id, form, vincolo_id)


async def _vincoli_of(caller: Caller, residente_id: UUID) -> VincoliOut:
    found: VincoliOut = await caller.call(
        "anagrafe", "list_vincoli", ListVincoli(residente_id=residente_id, limite=500)
    )
    return found


async def _page(
    request: Request, caller: Caller, residente_id: UUID, form: Form, togli: UUID | None = None
) -> Response:
    persona: ResidenteOut = await caller.call(
        "anagrafe", "get_residente", GetResidente(residente_id=residente_id)
    )
    gathering = Gathering()
    vincoli, changes = await asyncio.gather(
        _vincoli_of(caller, residente_id),
        gathering.optional(
            "la storia in anagrafe",
            caller.call("anagrafe", "list_variazioni", ListVariazioni(residente_id=residente_id)),
            VariazioniOut(variazioni=()),
        ),
    )
    names = await caller.nomi(
        one for v in vincoli.vincoli for one in (v.inserito_da, v.revocato_da) if one is not None
    )
    return await respond(
        request, caller, "pagine/protezione.html", title="Protezione", section="protezioni", form=form,
        status=form.status, persona=persona, vincoli=vincoli.vincoli, variazioni=changes.variazioni, nomi=names,
        da_togliere=next((v for v in vincoli.vincoli if v.id == togli and v.revocato_il is None), None),
        mancanti=gathering.missing,
    )  # fmt: skip
