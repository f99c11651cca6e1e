"""SIUSS: what is ready to go to INPS, what must be mended, the flow files."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import Field
from starlette.responses import Response

from contracts.base import Command
from contracts.erogazioni import (
    FlussiOut,
    FlussoOut,
    FlussoXml,
    GenerateFlusso,
    GetFlusso,
    ListFlussi,
    PreviewSiuss,
    PreviewSiussOut,
)
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router
from gateway.routes.messages import from_query

router = make_router("SIUSS")


class GeneraFlusso(Command):
    """`mese` AAAA-MM. The signer is the caller."""

    mese: Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
    denominazione_ente: str = ""


@router.get("/siuss", summary="I record di un mese: da correggere, pronti, inviati")
async def preview_siuss(
    request: PreviewSiuss = Depends(from_query(PreviewSiuss)),
    caller: Caller = Depends(authorize("siuss:leggi", "anagrafe:leggi", optional=("siuss:esporta",))),
) -> PreviewSiussOut:
    return await caller.call("erogazioni", "preview_siuss", request, also=("anagrafe",))


@router.post("/siuss/flussi", status_code=201, summary="Genera il flusso di un mese")
async def generate_flusso(
    command: GeneraFlusso, caller: Caller = Depends(authorize("siuss:esporta", "anagrafe:leggi"))
) -> FlussoOut:
    message = GenerateFlusso(
        idempotency_key=command.idempotency_key,
        mese=command.mese,
        cf_operatore=caller.codice_fiscale,
        denominazione_ente=command.denominazione_ente,
    )
    return await caller.call("erogazioni", "generate_flusso", message, also=("anagrafe",), timeout=60.0)


@router.get("/siuss/flussi", summary="I flussi generati")
async def list_flussi(
    request: ListFlussi = Depends(from_query(ListFlussi)),
    caller: Caller = Depends(authorize("siuss:leggi", optional=("siuss:esporta",))),
) -> FlussiOut:
    return await caller.call("erogazioni", "list_flussi", request)


@router.get("/siuss/flussi/{flusso_id}/xml", response_class=Response, summary="Il file del flusso")
async def get_flusso(
    flusso_id: UUID, caller: Caller = Depends(authorize("siuss:esporta", "anagrafe:leggi"))
) -> Response:
    out: FlussoXml = await caller.call(
        "erogazioni", "get_flusso", GetFlusso(flusso_id=flusso_id), also=("anagrafe",), timeout=60.0
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{out.flusso.nome}"',
        "ETag": f'"{out.flusso.sha256}"',
    }
    return Response(out.xml.encode(), media_type="application/xml", headers=headers)
