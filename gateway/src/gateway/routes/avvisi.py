"""Alerts: the list, reading, confirming; and the live stream."""

from uuid import UUID

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import StreamingResponse

from contracts.notifiche import (
    SEZIONI_AVVISI,
    AvvisiOut,
    AvvisoCreatoV1,
    AvvisoOut,
    ConfirmAvviso,
    ListAvvisi,
    MarkAvvisoLetto,
)
from gateway.auth import Caller, authorize
from gateway.eventi import stream
from gateway.routes.api import make_router
from gateway.routes.messages import from_body, from_query

router = make_router("Avvisi")


@router.get("/avvisi", summary="I tuoi avvisi e quelli del settore")
async def list_avvisi(
    request: ListAvvisi = Depends(from_query(ListAvvisi)),
    caller: Caller = Depends(authorize("avvisi:leggi", optional=SEZIONI_AVVISI)),
) -> AvvisiOut:
    return await caller.call("notifiche", "list_avvisi", request)


@router.get("/avvisi/flusso", response_class=StreamingResponse, summary="Gli avvisi appena nascono (SSE)")
async def follow_avvisi(
    request: Request, caller: Caller = Depends(authorize("avvisi:leggi", optional=SEZIONI_AVVISI))
) -> StreamingResponse:
    async def as_json(avviso: AvvisoCreatoV1) -> str:
        return avviso.model_dump_json(exclude={"esclusi", "residenti", "secondo_livello"})

    return stream(request.app.state.gateway, caller, as_json)


@router.post("/avvisi/{avviso_id}/lettura", summary="Segna come letto")
async def mark_letto(
    avviso_id: UUID, caller: Caller = Depends(authorize("avvisi:scrivi", optional=SEZIONI_AVVISI))
) -> AvvisoOut:
    return await caller.call("notifiche", "mark_avviso_letto", MarkAvvisoLetto(avviso_id=avviso_id))


@router.post("/avvisi/{avviso_id}/conferma", summary="Conferma la variazione, o contestala")
async def confirm_avviso(
    command: ConfirmAvviso = Depends(from_body(ConfirmAvviso, "avviso_id")),
    caller: Caller = Depends(authorize("avvisi:scrivi", optional=SEZIONI_AVVISI)),
) -> AvvisoOut:
    return await caller.call("notifiche", "confirm_avviso", command)
