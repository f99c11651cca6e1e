"""Sharing a case with another settore or person, for a time: who offers it, who is offered it."""

from uuid import UUID

from fastapi import Depends

from contracts.base import Pagina
from contracts.cartella import SEZIONI_CONDIVISIBILI
from contracts.condivisioni import (
    CondivisioneOut,
    CondivisioniOut,
    DecideCondivisione,
    ListCondivisioni,
    ProposeCondivisione,
    RevokeCondivisione,
)
from gateway.auth import Caller, authorize
from gateway.fascicolo import check_receiver
from gateway.routes.api import make_router
from gateway.routes.messages import from_body, from_query

router = make_router("Condivisioni")

THE_CASE = "presa_in_carico:leggi"
"""Of whom a case is lent to learns who sees the case."""
OF_SECTIONS = tuple(
    scope
    for sezione in SEZIONI_CONDIVISIBILI
    for scope in (["stampe:stampa"] if sezione == "stampe" else [f"{sezione}:leggi", f"{sezione}:scrivi"])
)
"""Nobody shares what he cannot use himself: the mandate of an offer says what that is."""


class CondivisioniDelCaso(ListCondivisioni):
    """The grants of one case, with their whole history."""

    cartella_id: UUID


@router.post(
    "/cartelle/{cartella_id}/condivisioni", status_code=201, summary="Proponi di condividere una cartella"
)
async def propose_condivisione(
    command: ProposeCondivisione = Depends(from_body(ProposeCondivisione, "cartella_id")),
    caller: Caller = Depends(authorize("condivisioni:scrivi", THE_CASE, optional=OF_SECTIONS)),
) -> CondivisioneOut:
    await check_receiver(caller, command)
    return await caller.call("cartella", "propose_condivisione", command)


@router.get(
    "/cartelle/{cartella_id}/condivisioni", summary="Le condivisioni di una cartella, con la loro storia"
)
async def list_of_cartella(
    request: CondivisioniDelCaso = Depends(from_query(CondivisioniDelCaso, "cartella_id")),
    caller: Caller = Depends(authorize("condivisioni:leggi", THE_CASE)),
) -> CondivisioniOut:
    return await caller.call("cartella", "list_condivisioni", request)


class CondivisioniRicevute(Pagina):
    """Offered to the caller, or to his settore; `in_attesa`: only what waits for an answer."""

    in_attesa: bool = False


@router.get("/condivisioni", summary="Le condivisioni proposte a te o al tuo settore")
async def list_received(
    request: CondivisioniRicevute = Depends(from_query(CondivisioniRicevute)),
    caller: Caller = Depends(authorize("condivisioni:leggi")),
) -> CondivisioniOut:
    return await caller.call("cartella", "list_condivisioni", ListCondivisioni(**request.model_dump()))


@router.post("/condivisioni/{condivisione_id}/decisione", summary="Accetta o rifiuta una condivisione")
async def decide_condivisione(
    command: DecideCondivisione = Depends(from_body(DecideCondivisione, "condivisione_id")),
    caller: Caller = Depends(authorize("condivisioni:scrivi")),
) -> CondivisioneOut:
    return await caller.call("cartella", "decide_condivisione", command)


@router.post(
    "/condivisioni/{condivisione_id}/revoca", summary="Revoca una condivisione, o ritira la proposta"
)
async def revoke_condivisione(
    command: RevokeCondivisione = Depends(from_body(RevokeCondivisione, "condivisione_id")),
    caller: Caller = Depends(authorize("condivisioni:scrivi", optional=(THE_CASE,))),
) -> CondivisioneOut:
    return await caller.call("cartella", "revoke_condivisione", command)
