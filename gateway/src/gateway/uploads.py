"""Bytes of documents: streamed between the browser and the object store, never held whole, hashed in passing.

Used by the API and by the pages alike.
"""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import BinaryIO
from urllib.parse import quote

import httpx
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from contracts.documenti import BeginUpload, CompleteUpload, DocumentoOut, DownloadOut, UploadOut
from contracts.errors import Invalid, Unavailable
from gateway.auth import Caller

CHUNK = 256 * 1024
log = structlog.get_logger()


def make_http() -> httpx.AsyncClient:
    """Client for the object store; no proxy of the environment stands between us and it."""
    return httpx.AsyncClient(trust_env=False, timeout=httpx.Timeout(60.0, connect=5.0))


async def store(
    caller: Caller, http: httpx.AsyncClient, command: BeginUpload, chunks: AsyncIterator[bytes]
) -> DocumentoOut:
    """Puts `command.dimensione` bytes of `chunks` into the store and completes the document.

    Raises what documenti refuses, Invalid when the bytes are more or fewer than announced, Unavailable when the store
    does not take them; the document then stays incomplete and is shown to nobody.
    """
    upload: UploadOut = await caller.call("documenti", "begin_upload", command)
    digest = sha256()

    async def hashed() -> AsyncIterator[bytes]:
        async for chunk in chunks:
            digest.update(chunk)
            yield chunk

    try:
        answer = await http.put(
            upload.put_url, content=hashed(), headers={"Content-Length": str(command.dimensione)}
        )
    except httpx.LocalProtocolError as error:
        raise Invalid(
            "documento.incompleto", "Il file è arrivato incompleto: riprova a caricarlo."
        ) from error
    except httpx.TransportError as error:
        raise _store_away() from error
    if answer.is_error:
        log.error("upload_refused_by_store", status=answer.status_code, documento_id=str(upload.documento_id))
        raise _store_away()
    complete = CompleteUpload(
        documento_id=upload.documento_id, sha256=digest.hexdigest(), dimensione=command.dimensione
    )
    documento: DocumentoOut = await caller.call("documenti", "complete_upload", complete)
    return documento


async def read_chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    """Chunks of an open file (a form's upload), read off the event loop."""
    while chunk := await run_in_threadpool(file.read, CHUNK):
        yield chunk


async def download(http: httpx.AsyncClient, source: DownloadOut) -> StreamingResponse:
    """The document as an attachment, streamed from the store; Unavailable before the first byte, never half."""
    request = http.build_request("GET", source.get_url)
    try:
        answer = await http.send(request, stream=True)
    except httpx.TransportError as error:
        raise _store_away() from error
    if answer.status_code != 200:
        await answer.aclose()
        log.error("download_refused_by_store", status=answer.status_code)
        raise _store_away()

    async def body() -> AsyncIterator[bytes]:
        try:
            async for chunk in answer.aiter_raw(CHUNK):
                yield chunk
        finally:
            await answer.aclose()

    return StreamingResponse(body(), media_type=source.tipo_mime, headers=_headers(source))


def _headers(source: DownloadOut) -> dict[str, str]:
    return {
        "Content-Length": str(source.dimensione),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(source.nome_file, safe='')}",
        "ETag": f'"{source.sha256}"',
        "X-Checksum-SHA256": source.sha256,
    }


def _store_away() -> Unavailable:
    return Unavailable(
        "documenti.archivio_non_disponibile", "L'archivio dei documenti non risponde: riprova tra poco."
    )
