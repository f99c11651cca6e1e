"""Fogli amministrativi: the catalogue, proposals, decisions."""

from uuid import UUID

from fastapi import Depends

from contracts.erogazioni import (
    CatalogoOut,
    DecideFoglio,
    FoglioOut,
    FogliOut,
    GetFoglio,
    ListCatalogo,
    ListFogli,
    ProposeFoglio,
)
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router
from gateway.routes.messages import from_body, from_query

router = make_router("Interventi")


@router.get("/catalogo", summary="Interventi e prestazioni (ISTAT, INPS)")
async def list_catalogo(
    request: ListCatalogo = Depends(from_query(ListCatalogo)), caller: Caller = Depends(authorize())
) -> CatalogoOut:
    return await caller.call("erogazioni", "list_catalogo", request)


@router.post("/cartelle/{cartella_id}/fogli", status_code=201, summary="Proponi un foglio amministrativo")
async def propose_foglio(
    command: ProposeFoglio = Depends(from_body(ProposeFoglio, "cartella_id")),
    caller: Caller = Depends(authorize("fogli:scrivi", optional=("isee:leggi",))),
) -> FoglioOut:
    return await caller.call("erogazioni", "propose_foglio", command)


@router.get("/fogli", summary="I fogli che puoi vedere; anche solo quelli da approvare")
async def list_fogli(
    request: ListFogli = Depends(from_query(ListFogli)),
    caller: Caller = Depends(authorize("fogli:leggi", optional=("fogli:approva",))),
) -> FogliOut:
    return await caller.call("erogazioni", "list_fogli", request)


@router.get("/fogli/{foglio_id}", summary="Un foglio")
async def get_foglio(foglio_id: UUID, caller: Caller = Depends(authorize("fogli:leggi"))) -> FoglioOut:
    return await caller.call("erogazioni", "get_foglio", GetFoglio(foglio_id=foglio_id))


@router.post("/fogli/{foglio_id}/decisione", summary="Approva o respingi; mai chi ha proposto")
async def decide_foglio(
    command: DecideFoglio = Depends(from_body(DecideFoglio, "foglio_id")),
    caller: Caller = Depends(authorize("fogli:approva")),
) -> FoglioOut:
    return await caller.call("erogazioni", "decide_foglio", command)
