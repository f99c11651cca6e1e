"""Who works here."""

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request

from gateway.auth import Caller, authorize
from gateway.operatori import Incarico
from gateway.routes.api import make_router

router = make_router("Operatori")


class IncarichiOut(BaseModel):
    incarichi: list[Incarico]


@router.get("/colleghi", summary="Chi lavora nel tuo ente: a chi si può assegnare una cartella")
async def list_colleghi(caller: Caller = Depends(authorize("presa_in_carico:leggi"))) -> IncarichiOut:
    return IncarichiOut(incarichi=await caller.colleghi())


@router.get("/operatori", summary="Operatori e incarichi del tuo ente")
async def list_operatori(
    request: Request, caller: Caller = Depends(authorize("operatori:leggi"))
) -> IncarichiOut:
    incarichi = await request.app.state.gateway.operatori.list_incarichi(caller.ente)
    return IncarichiOut(incarichi=incarichi)
