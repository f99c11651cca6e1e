"""The diary of a case. A private entry of somebody else, or one of another settore's second level, does not exist: not
in lists, counts, or by its id."""

from uuid import UUID

from fastapi import Depends

from contracts.cartella import (
    AddVoceDiario,
    AnnulVoceDiario,
    GetVoceDiario,
    ListVociDiario,
    RectifyVoceDiario,
    VoceDiarioOut,
    VociDiarioOut,
)
from gateway.auth import Caller, authorize
from gateway.fascicolo import check_settore
from gateway.routes.api import make_router
from gateway.routes.messages import from_body, from_query

router = make_router("Diario")


@router.get("/cartelle/{cartella_id}/diario", summary="Le voci, dalla più recente")
async def list_diario(
    request: ListVociDiario = Depends(from_query(ListVociDiario, "cartella_id")),
    caller: Caller = Depends(authorize("diario:leggi")),
) -> VociDiarioOut:
    return await caller.call("cartella", "list_voci_diario", request)


@router.post("/cartelle/{cartella_id}/diario", status_code=201, summary="Scrivi una voce")
async def add_voce(
    command: AddVoceDiario = Depends(from_body(AddVoceDiario, "cartella_id")),
    caller: Caller = Depends(authorize("diario:scrivi", optional=("secondo_livello:scrivi",))),
) -> VoceDiarioOut:
    await check_settore(caller, command.settore_riservato)
    return await caller.call("cartella", "add_voce_diario", command)


@router.get("/cartelle/{cartella_id}/diario/{voce_id}", summary="Una voce con le sue versioni")
async def get_voce(
    cartella_id: UUID, voce_id: UUID, caller: Caller = Depends(authorize("diario:leggi"))
) -> VoceDiarioOut:
    return await caller.call(
        "cartella", "get_voce_diario", GetVoceDiario(cartella_id=cartella_id, voce_id=voce_id)
    )


@router.put(
    "/cartelle/{cartella_id}/diario/{voce_id}", summary="Rettifica: la versione di prima resta nella storia"
)
async def rectify_voce(
    command: RectifyVoceDiario = Depends(from_body(RectifyVoceDiario, "cartella_id", "voce_id")),
    caller: Caller = Depends(authorize("diario:scrivi", optional=("diario:leggi", "secondo_livello:scrivi"))),
) -> VoceDiarioOut:
    await check_settore(caller, command.settore_riservato)
    return await caller.call("cartella", "rectify_voce_diario", command)


@router.post(
    "/cartelle/{cartella_id}/diario/{voce_id}/annullamento", summary="Annulla: resta, barrata, col motivo"
)
async def annul_voce(
    command: AnnulVoceDiario = Depends(from_body(AnnulVoceDiario, "cartella_id", "voce_id")),
    caller: Caller = Depends(authorize("diario:scrivi", optional=("diario:leggi",))),
) -> VoceDiarioOut:
    return await caller.call("cartella", "annul_voce_diario", command)
