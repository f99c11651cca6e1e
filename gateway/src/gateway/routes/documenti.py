"""Documents of a case: the bytes pass through in a stream, towards the store and back."""

from datetime import date
from typing import Annotated
from urllib.parse import unquote
from uuid import UUID

from fastapi import Depends, Header
from starlette.requests import Request
from starlette.responses import StreamingResponse

from contracts.documenti import (
    BeginUpload,
    DocumentiOut,
    DocumentoOut,
    DownloadOut,
    GetDownload,
    ListDocumenti,
)
from contracts.errors import Invalid
from gateway import uploads
from gateway.auth import Caller, authorize
from gateway.fascicolo import check_settore
from gateway.routes.api import make_router
from gateway.routes.messages import from_query

router = make_router("Documenti")
UPLOAD = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}  # fmt: skip  # noqa: E501


@router.get("/cartelle/{cartella_id}/documenti", summary="I documenti che puoi vedere")
async def list_documenti(
    request: ListDocumenti = Depends(from_query(ListDocumenti, "cartella_id")),
    caller: Caller = Depends(authorize("documenti:leggi")),
) -> DocumentiOut:
    return await caller.call("documenti", "list_documenti", request)


async def upload_metadata(
    request: Request,
    cartella_id: UUID,
    x_nome_file: Annotated[str, Header(description="Nome del file, percent-encoded UTF-8", max_length=1000)],
    content_type: Annotated[str, Header()] = "application/octet-stream",
    x_tipo: Annotated[str, Header(max_length=50)] = "altro",
    x_descrizione: Annotated[str, Header(description="Percent-encoded UTF-8", max_length=2000)] = "",
    x_data_documento: Annotated[date | None, Header()] = None,
    x_privato: Annotated[bool, Header()] = False,
    x_settore_riservato: Annotated[
        str, Header(description="Secondo livello: solo questo settore", max_length=100)
    ] = "",
    x_sostituisce: Annotated[
        UUID | None, Header(description="Documento di cui questo è la nuova versione")
    ] = None,
    idempotency_key: Annotated[UUID | None, Header()] = None,
) -> BeginUpload:
    """What the headers say about the file. Personal words stand in headers: addresses get logged."""
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) == 0:
        raise Invalid("documento.vuoto", "Il file è vuoto.")
    nome = unquote(x_nome_file).replace("\\", "/").rpartition("/")[2].strip()
    if not 0 < len(nome) <= 255:
        raise Invalid(
            "documento.nome", "Il nome del file non va bene.", fields={"nome_file": "Da 1 a 255 caratteri."}
        )
    return BeginUpload(
        idempotency_key=idempotency_key,
        cartella_id=cartella_id,
        nome_file=nome,
        tipo_mime=content_type.partition(";")[0].strip(),
        dimensione=int(length),
        tipo=x_tipo,
        descrizione=unquote(x_descrizione)[:500],
        data_documento=x_data_documento,
        privato=x_privato,
        settore_riservato=x_settore_riservato,
        sostituisce=x_sostituisce,
    )


@router.post(
    "/cartelle/{cartella_id}/documenti", status_code=201, openapi_extra=UPLOAD, summary="Carica un documento"
)
async def upload_documento(
    request: Request,
    caller: Caller = Depends(
        authorize("documenti:scrivi", optional=("documenti:leggi", "secondo_livello:scrivi"), body_limit=0)
    ),
    command: BeginUpload = Depends(upload_metadata),
) -> DocumentoOut:
    await check_settore(caller, command.settore_riservato)
    return await uploads.store(caller, request.app.state.gateway.http, command, request.stream())


@router.get(
    "/cartelle/{cartella_id}/documenti/{documento_id}/contenuto",
    response_class=StreamingResponse,
    summary="Scarica un documento",
)
async def download_documento(
    request: Request,
    cartella_id: UUID,
    documento_id: UUID,
    caller: Caller = Depends(authorize("documenti:leggi")),
) -> StreamingResponse:
    source: DownloadOut = await caller.call(
        "documenti", "get_download", GetDownload(documento_id=documento_id, cartella_id=cartella_id)
    )
    return await uploads.download(request.app.state.gateway.http, source)
