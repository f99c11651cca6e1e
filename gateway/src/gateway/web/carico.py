"""Passages of a case: take in charge, assign, close, reopen; all of them stay."""

from collections.abc import Callable
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Command
from contracts.cartella import (
    AssignCartella,
    CartellaOut,
    CloseCartella,
    ReopenCartella,
    SetRiservatezza,
    TakeInCarico,
)
from contracts.condivisioni import CondivisioniOut, ListCondivisioni
from gateway.auth import Caller
from gateway.fascicolo import check_assignees
from gateway.logged import LoggedRoute
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.condivisioni import rows_of
from gateway.web.conflict import conflict_page
from gateway.web.cronologia import passage_line, passages_people
from gateway.web.forms import Form, read_form
from gateway.web.page import Gathering, done
from gateway.web.secondo_livello import Perde, who_loses

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)

SHOWN = ("condivisioni:leggi",)
Reader = Annotated[Caller, Depends(case_scope(optional=SHOWN))]
Writer = Annotated[Caller, Depends(case_scope("presa_in_carico:scrivi", optional=SHOWN))]
Assigner = Annotated[
    Caller, Depends(case_scope("presa_in_carico:assegna", optional=(*SHOWN, "secondo_livello:scrivi")))
]
Marker = Annotated[Caller, Depends(case_scope("secondo_livello:scrivi", optional=SHOWN))]


@router.get("/casi/{cartella_id}/carico")
async def show_carico(request: Request, cartella_id: UUID, caller: Reader) -> Response:
    return await _carico_page(request, caller, cartella_id, None)


async def _carico_page(request: Request, caller: Caller, cartella_id: UUID, form: Form | None) -> Response:
    caso, gathering = await load_caso(caller, cartella_id, whole=True)
    cartella = caso.cartella
    names = await caller.nomi(passages_people(cartella.passaggi))
    colleagues = [i for i in await caller.colleghi() if i.settore == cartella.settore]
    form = form or Form(values={"team": [str(member) for member in cartella.team]})
    shared = CondivisioniOut(condivisioni=(), totale=0)
    if "condivisioni:leggi" in caller.scopes:
        newest = caller.call(
            "cartella", "list_condivisioni", ListCondivisioni(cartella_id=cartella_id, limite=5)
        )
        shared = await gathering.optional("le condivisioni", newest, shared)
    losing = await _losing(request, caller, cartella, gathering)
    passages = sorted(cartella.passaggi, key=lambda p: p.quando, reverse=True)
    return await respond_caso(
        request, caller, caso, gathering, "carico", "carico.html", form=form, status=form.status,
        passaggi=[passage_line(p, names, caller) for p in passages],
        colleghi=[(i.operatore_id, i.nome) for i in colleagues],
        condivisioni=await rows_of(caller, shared.condivisioni), quante_condivisioni=shared.totale,
        perdono=losing,
    )  # fmt: skip


async def _losing(
    request: Request, caller: Caller, cartella: CartellaOut, gathering: Gathering
) -> list[Perde] | None:
    """Who would lose the case, for who may put it in the second level now; None where that cannot be said."""
    here = (caller.ente, caller.settore) == (cartella.ente, cartella.settore)
    if not here or cartella.settore_riservato or not caller.can("secondo_livello:scrivi"):
        return None
    found = who_loses(request.app.state.gateway, caller, cartella)
    return await gathering.optional("chi perderebbe il caso", found, None)


async def _pass(
    request: Request,
    caller: Caller,
    cartella_id: UUID,
    form: Form,
    method: str,
    build: Callable[[], Command],
    notice: str,
) -> Response:
    """One passage of the case, and back to the list of passages."""
    with form.collecting():
        command = build()
        if isinstance(command, AssignCartella):
            await check_assignees(caller, command)
        answer: CartellaOut = await caller.call("cartella", method, command)
        return done(f"/casi/{answer.id}/carico", notice)
    if form.conflict:
        return await conflict_page(request, caller, form, "questo caso", f"/casi/{cartella_id}/carico")
    return await _carico_page(request, caller, cartella_id, form)


@router.post("/casi/{cartella_id}/carico/prendi")
async def take_in_carico(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    build = partial(form.build, TakeInCarico, cartella_id=cartella_id)
    return await _pass(request, caller, cartella_id, form, "take_in_carico", build, "in_carico")


@router.post("/casi/{cartella_id}/carico/assegna")
async def assign(request: Request, cartella_id: UUID, caller: Assigner) -> Response:
    form = await read_form(request)
    reason = form.get("motivo_assegna").strip()
    if not reason:
        form.refuse("motivo_assegna", "Scrivi perché: chi riceve il caso lo legge.")
    decided = {"nuovo": form.get("settore"), "nessuno": ""}.get(form.get("settore_riservato"))
    build = partial(
        form.build, AssignCartella, lists=("team",), cartella_id=cartella_id, motivo=reason or "-",
        settore_riservato=decided if form.get("settore") else None,
    )  # fmt: skip
    return await _pass(request, caller, cartella_id, form, "assign_cartella", build, "assegnato")


@router.post("/casi/{cartella_id}/carico/chiudi")
async def close(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    build = partial(form.build, CloseCartella, cartella_id=cartella_id)
    return await _pass(request, caller, cartella_id, form, "close_cartella", build, "chiuso")


@router.post("/casi/{cartella_id}/carico/riapri")
async def reopen(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    build = partial(form.build, ReopenCartella, cartella_id=cartella_id)
    return await _pass(request, caller, cartella_id, form, "reopen_cartella", build, "riaperto")


@router.post("/casi/{cartella_id}/carico/secondo-livello")
async def set_riservatezza(request: Request, cartella_id: UUID, caller: Marker) -> Response:
    form = await read_form(request)
    reason = form.get("motivo_riservatezza").strip()
    if not reason:
        form.refuse("motivo_riservatezza", "Scrivi perché: resta fra i passaggi.")
    build = partial(form.build, SetRiservatezza, cartella_id=cartella_id, motivo=reason or "-")
    return await _pass(request, caller, cartella_id, form, "set_riservatezza", build, "secondo_livello")
