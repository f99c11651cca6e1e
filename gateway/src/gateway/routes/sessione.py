"""Signing in (test identities), the session, signing out."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from starlette.requests import Request

from contracts.errors import NotFound
from contracts.mandato import AZIONI, SEZIONI
from gateway import login
from gateway.auth import Caller, authorize
from gateway.operatori import Incarico, Scelta
from gateway.resources import Gateway
from gateway.routes.api import make_router
from gateway.sessions import Sessione

router: APIRouter = make_router("Sessione")
Operatore = Annotated[Caller, Depends(authorize(per="persone", undecided=True))]
Anybody = Annotated[Caller, Depends(authorize(per="chiunque", undecided=True))]


class SessioneOut(BaseModel):
    """Who I am here, what my role reaches, and the token to send as X-CSRF-Token with every change."""

    operatore_id: UUID
    incarico_id: UUID
    session_id: UUID
    nome: str
    ruolo: str
    ente: str
    settore: str
    scopi: list[str]
    csrf_token: str


class SessioniOut(BaseModel):
    sessioni: list[Sessione]
    corrente: UUID


class Login(BaseModel):
    """`incarico`: which of his, else the latest; `scegli`: none yet, where he has several."""

    identita: str
    incarico: UUID | None = None
    scegli: bool = False


class Scelto(BaseModel):
    """`delega_id`: with the incarico of an absent colleague."""

    incarico_id: UUID
    delega_id: UUID | None = None


class ScelteOut(BaseModel):
    """Own incarichi first, then those of absent colleagues."""

    scelte: list[Scelta]


class IdentitaOut(BaseModel):
    identita: list[Incarico]


@router.get("/dev/identita", summary="Le identità di prova (solo dimostrazione)")
async def list_identita(request: Request) -> IdentitaOut:
    return IdentitaOut(identita=await login.list_identities(request.app.state.gateway))


@router.post("/dev/login", status_code=204, summary="Entra come identità di prova (solo dimostrazione)")
async def dev_login(body: Login, request: Request) -> Response:
    token = await login.sign_in(request, body.identita, body.incarico, body.scegli)
    response = Response(status_code=204)
    login.set_cookie(request, response, token)
    return response


@router.get("/sessione", summary="La tua sessione")
async def get_sessione(caller: Anybody) -> SessioneOut:
    scopes = [f"{sezione}:{azione}" for sezione in SEZIONI for azione in AZIONI]
    values: dict[str, Any] = {
        name: getattr(caller, name)
        for name in ("operatore_id", "incarico_id", "session_id", "nome", "ruolo", "ente", "settore")
    }
    return SessioneOut(**values, scopi=[s for s in scopes if caller.can(s)], csrf_token=caller.csrf)


@router.get("/sessione/incarichi", summary="In quali incarichi puoi lavorare oggi")
async def list_scelte(request: Request, caller: Operatore) -> ScelteOut:
    gateway: Gateway = request.app.state.gateway
    return ScelteOut(scelte=await gateway.operatori.choices(caller.operatore_id))


@router.put("/sessione/incarico", summary="Da adesso lavora in questo incarico")
async def choose(body: Scelto, request: Request, caller: Operatore) -> Scelta:
    return await login.choose(request.app.state.gateway, caller, body.incarico_id, body.delega_id)


@router.delete("/sessione", status_code=204, summary="Esci")
async def sign_out(request: Request, caller: Anybody) -> Response:
    await request.app.state.gateway.sessions.revoke(caller.session_id, caller.operatore_id)
    response = Response(status_code=204)
    login.clear_cookie(request, response)
    return response


@router.get("/sessioni", summary="Le tue sessioni aperte")
async def list_sessioni(request: Request, caller: Anybody) -> SessioniOut:
    gateway: Gateway = request.app.state.gateway
    return SessioniOut(
        sessioni=await gateway.sessions.list_open(caller.operatore_id), corrente=caller.session_id
    )


@router.delete("/sessioni", status_code=204, summary="Chiudi tutte le tue sessioni tranne questa")
async def revoke_others(request: Request, caller: Anybody) -> Response:
    await request.app.state.gateway.sessions.revoke_others(caller.operatore_id, caller.session_id)
    return Response(status_code=204)


@router.delete("/sessioni/{session_id}", status_code=204, summary="Chiudi una tua sessione")
async def revoke_sessione(session_id: UUID, request: Request, caller: Anybody) -> Response:
    if not await request.app.state.gateway.sessions.revoke(session_id, caller.operatore_id):
        raise NotFound("sessione.non_trovata", "Questa sessione non c'è.")
    return Response(status_code=204)
