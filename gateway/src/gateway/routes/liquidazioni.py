"""Payments: proposed by one, liquidated by another, never to a person known to be dead."""

from fastapi import Depends

from contracts.erogazioni import (
    AnnulErogazione,
    ErogazioneOut,
    ErogazioniOut,
    LiquidateErogazione,
    ListErogazioni,
    ProposeErogazione,
)
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router
from gateway.routes.messages import from_body, from_query

router = make_router("Liquidazioni")


@router.get("/erogazioni", summary="Le erogazioni che puoi vedere")
async def list_erogazioni(
    request: ListErogazioni = Depends(from_query(ListErogazioni)),
    caller: Caller = Depends(authorize("liquidazioni:leggi")),
) -> ErogazioniOut:
    return await caller.call("erogazioni", "list_erogazioni", request)


@router.post("/fogli/{foglio_id}/erogazioni", status_code=201, summary="Proponi un'erogazione")
async def propose_erogazione(
    command: ProposeErogazione = Depends(from_body(ProposeErogazione, "foglio_id")),
    caller: Caller = Depends(authorize("liquidazioni:scrivi")),
) -> ErogazioneOut:
    return await caller.call("erogazioni", "propose_erogazione", command)


@router.post("/erogazioni/{erogazione_id}/liquidazione", summary="Liquida; mai chi ha proposto")
async def liquidate_erogazione(
    command: LiquidateErogazione = Depends(from_body(LiquidateErogazione, "erogazione_id")),
    caller: Caller = Depends(authorize("liquidazioni:liquida")),
) -> ErogazioneOut:
    return await caller.call("erogazioni", "liquidate_erogazione", command)


@router.post("/erogazioni/{erogazione_id}/annullamento", summary="Annulla, con il motivo")
async def annul_erogazione(
    command: AnnulErogazione = Depends(from_body(AnnulErogazione, "erogazione_id")),
    caller: Caller = Depends(authorize("liquidazioni:scrivi")),
) -> ErogazioneOut:
    return await caller.call("erogazioni", "annul_erogazione", command)
