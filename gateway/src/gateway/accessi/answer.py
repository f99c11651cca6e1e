"""The export as an answer: counted first, noted in the log, streamed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg_pool import AsyncConnectionPool
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response, StreamingResponse

from gateway.accessi.export import MOST_ROWS, Words, to_csv, to_xlsx, too_many
from gateway.accessi.read import Filtro, count_accessi, iterate_accessi
from gateway.auth import Caller

AS_STORED = Words(moment=datetime.isoformat, word=lambda value, _kind: value)
"""Codes and moments as the log has them: for programs."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def export(
    pool: AsyncConnectionPool[Any], caller: Caller, filtro: Filtro, formato: str, words: Words
) -> Response:
    """All rows of the filter, csv or xlsx. Raises TooLarge above MOST_ROWS: half a log is no answer."""
    began = caller.accesso.quando  # so that this export is not in its own file
    filtro = replace(filtro, al=min(filtro.al, began) if filtro.al else began)
    rows = await count_accessi(pool, filtro, MOST_ROWS + 1)
    if rows > MOST_ROWS:
        raise too_many()
    caller.touch(azione="esporta", motivo=f"esportazione {formato}: {rows} righe")

    async def names(ids: Sequence[UUID]) -> dict[UUID, str]:
        return await caller.nomi(ids)

    pages = iterate_accessi(pool, filtro)
    attachment = {"Content-Disposition": f'attachment; filename="registro-accessi.{formato}"'}
    if formato == "csv":
        text = to_csv(pages, names, words)
        return StreamingResponse(text, media_type="text/csv; charset=utf-8", headers=attachment)
    path: Path = await to_xlsx(pages, names, words)
    return FileResponse(
        path, media_type=XLSX, headers=attachment, background=BackgroundTask(path.unlink, missing_ok=True)
    )
