"""The access log, for the DPO: who read what, and whether the log is whole."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request

from gateway.accessi.read import AccessoOut, Filtro, list_accessi
from gateway.accessi.verify import Verifica, verify
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router

router = make_router("Registro accessi")


class AccessiOut(BaseModel):
    """`operatori`: name by operator id, for the rows shown."""

    accessi: list[AccessoOut]
    operatori: dict[UUID, str]


class VerificaOut(BaseModel):
    integro: bool
    verifica: Verifica


@router.get("/registro-accessi", summary="Chi ha letto o scritto che cosa, dal più recente")
async def list_registro(
    request: Request,
    cartella: UUID | None = None,
    residente: UUID | None = None,
    operatore: UUID | None = None,
    dal: datetime | None = None,
    al: datetime | None = None,
    limite: Annotated[int, Query(ge=1, le=500)] = 100,
    caller: Caller = Depends(authorize("registro_accessi:leggi")),
) -> AccessiOut:
    caller.touch(cartella_id=cartella, residente_id=residente)
    filtro = Filtro(caller.ente, cartella, residente, operatore, dal, al, limite)
    rows = await list_accessi(request.app.state.gateway.pool, filtro)
    return AccessiOut(accessi=rows, operatori=await caller.nomi(row.operatore_id for row in rows))


@router.get("/registro-accessi/verifica", summary="Il registro è integro?")
async def verify_registro(
    request: Request, caller: Caller = Depends(authorize("registro_accessi:leggi"))
) -> VerificaOut:
    # Its own connection: walking the log is long, and the pool is for short work.
    dsn = request.app.state.gateway.settings.dsn
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=5) as connection:
        found = await verify(connection)
    return VerificaOut(integro=found.integro, verifica=found)
