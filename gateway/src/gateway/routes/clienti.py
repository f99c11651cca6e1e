"""The registry of machine clients."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.auth import Caller, authorize
from gateway.macchine import registry
from gateway.macchine.commands import ApprovaClient, NuovaChiave, NuovoClient, RevocaClient
from gateway.macchine.registry import ChiaveClient, ClientOut
from gateway.operatori.rules import SCRIVI
from gateway.routes.api import make_router

router = make_router("Sistemi collegati")
LEGGI = "operatori:leggi"
Reader = Annotated[Caller, Depends(authorize(LEGGI))]
Writer = Annotated[Caller, Depends(authorize(SCRIVI))]


class ClientiOut(BaseModel):
    clienti: list[ClientOut]


class SchedaClient(BaseModel):
    client: ClientOut
    chiavi: list[ChiaveClient]


class ClientProposto(BaseModel):
    client_id: UUID


class ChiaveProposta(BaseModel):
    kid: str


@router.get("/clienti", summary="I sistemi collegati del tuo ente")
async def list_clienti(request: Request, caller: Reader) -> ClientiOut:
    return ClientiOut(clienti=await registry.list_clienti(request.app.state.gateway, caller.enti(LEGGI)))


@router.post(
    "/clienti", status_code=201, summary="Proponi un sistema collegato: vale quando un altro l'approva"
)
async def propose(body: NuovoClient, request: Request, caller: Writer) -> ClientProposto:
    return ClientProposto(client_id=await registry.propose(request.app.state.gateway, caller, body))


@router.get("/clienti/{client_id}", summary="Un sistema collegato e le sue chiavi")
async def get_client(client_id: UUID, request: Request, caller: Reader) -> SchedaClient:
    client, keys = await registry.get(request.app.state.gateway, caller.enti(LEGGI), client_id)
    return SchedaClient(client=client, chiavi=keys)


@router.post("/clienti/{client_id}/approvazione", status_code=204, summary="Approva: quattro occhi")
async def approve(client_id: UUID, body: ApprovaClient, request: Request, caller: Writer) -> Response:
    await registry.approve(request.app.state.gateway, caller, client_id, body)
    return Response(status_code=204)


@router.post("/clienti/{client_id}/revoca", status_code=204, summary="Revoca: vale subito")
async def revoke(client_id: UUID, body: RevocaClient, request: Request, caller: Writer) -> Response:
    await registry.revoke(request.app.state.gateway, caller, client_id, body)
    return Response(status_code=204)


@router.post("/clienti/{client_id}/chiavi", status_code=201, summary="Proponi un'altra chiave pubblica")
async def propose_key(client_id: UUID, body: NuovaChiave, request: Request, caller: Writer) -> ChiaveProposta:
    return ChiaveProposta(kid=await registry.propose_key(request.app.state.gateway, caller, client_id, body))


@router.post("/clienti/{client_id}/chiavi/{kid}/approvazione", status_code=204, summary="Approva una chiave")
async def approve_key(client_id: UUID, kid: str, request: Request, caller: Writer) -> Response:
    await registry.approve_key(request.app.state.gateway, caller, client_id, kid)
    return Response(status_code=204)


@router.post("/clienti/{client_id}/chiavi/{kid}/revoca", status_code=204, summary="Revoca una chiave")
async def revoke_key(client_id: UUID, kid: str, request: Request, caller: Writer) -> Response:
    await registry.revoke_key(request.app.state.gateway, caller, client_id, kid)
    return Response(status_code=204)
