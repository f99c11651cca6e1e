"""Cases: open, find, take in charge, assign, close, reopen; their ISEE."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import Field

from contracts.base import Command
from contracts.cartella import (
    AddIsee,
    Area,
    AssignCartella,
    CartellaOut,
    CartelleOut,
    CloseCartella,
    GetCartella,
    IseeListOut,
    IseeOut,
    ListCartelle,
    ListIsee,
    ReopenCartella,
    SetRiservatezza,
    TakeInCarico,
)
from gateway import fascicolo
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router
from gateway.routes.messages import from_body, from_query

router = make_router("Cartelle")
PLACED = ("presa_in_carico:leggi",)
"""Of the commands that put a case beside others of its person: whether the caller sees those decides the answer."""


class ApriCartella(Command):
    """A case for a person of the registry; comune, sex and birth year come from there."""

    residente_id: UUID
    area: Area
    settore: str = ""
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


@router.post("/cartelle", status_code=201, summary="Apri una cartella")
async def open_cartella(
    command: ApriCartella,
    caller: Caller = Depends(authorize("presa_in_carico:scrivi", "anagrafe:leggi", optional=PLACED)),
) -> CartellaOut:
    return await fascicolo.open_cartella(
        caller,
        residente_id=command.residente_id,
        area=command.area,
        motivo=command.motivo,
        settore=command.settore,
        idempotency_key=command.idempotency_key,
    )


@router.get("/cartelle", summary="Le cartelle che puoi vedere")
async def list_cartelle(
    request: ListCartelle = Depends(from_query(ListCartelle)),
    caller: Caller = Depends(authorize("presa_in_carico:leggi")),
) -> CartelleOut:
    return await caller.call("cartella", "list_cartelle", request)


@router.get("/cartelle/{cartella_id}", summary="Una cartella con tutti i suoi passaggi")
async def get_cartella(
    cartella_id: UUID, caller: Caller = Depends(authorize("presa_in_carico:leggi"))
) -> CartellaOut:
    return await caller.call("cartella", "get_cartella", GetCartella(cartella_id=cartella_id))


@router.post("/cartelle/{cartella_id}/presa-in-carico", summary="Prendi in carico")
async def take_in_carico(
    command: TakeInCarico = Depends(from_body(TakeInCarico, "cartella_id")),
    caller: Caller = Depends(authorize("presa_in_carico:scrivi")),
) -> CartellaOut:
    return await caller.call("cartella", "take_in_carico", command)


@router.post(
    "/cartelle/{cartella_id}/assegnazione", summary="Assegna a un operatore, a un'équipe o a un settore"
)
async def assign_cartella(
    command: AssignCartella = Depends(from_body(AssignCartella, "cartella_id")),
    caller: Caller = Depends(
        authorize("presa_in_carico:assegna", optional=("secondo_livello:scrivi", *PLACED))
    ),
) -> CartellaOut:
    await fascicolo.check_assignees(caller, command)
    return await caller.call("cartella", "assign_cartella", command)


@router.post("/cartelle/{cartella_id}/chiusura", summary="Chiudi")
async def close_cartella(
    command: CloseCartella = Depends(from_body(CloseCartella, "cartella_id")),
    caller: Caller = Depends(authorize("presa_in_carico:scrivi")),
) -> CartellaOut:
    return await caller.call("cartella", "close_cartella", command)


@router.post("/cartelle/{cartella_id}/riapertura", summary="Riapri")
async def reopen_cartella(
    command: ReopenCartella = Depends(from_body(ReopenCartella, "cartella_id")),
    caller: Caller = Depends(authorize("presa_in_carico:scrivi", optional=PLACED)),
) -> CartellaOut:
    return await caller.call("cartella", "reopen_cartella", command)


@router.post(
    "/cartelle/{cartella_id}/riservatezza", summary="Mettila nel secondo livello del tuo settore, o toglila"
)
async def set_riservatezza(
    command: SetRiservatezza = Depends(from_body(SetRiservatezza, "cartella_id")),
    caller: Caller = Depends(authorize("secondo_livello:scrivi", optional=PLACED)),
) -> CartellaOut:
    return await caller.call("cartella", "set_riservatezza", command)


@router.get("/cartelle/{cartella_id}/isee", summary="Gli ISEE, dal più recente")
async def list_isee(cartella_id: UUID, caller: Caller = Depends(authorize("isee:leggi"))) -> IseeListOut:
    return await caller.call("cartella", "list_isee", ListIsee(cartella_id=cartella_id))


@router.post("/cartelle/{cartella_id}/isee", status_code=201, summary="Registra un ISEE")
async def add_isee(
    command: AddIsee = Depends(from_body(AddIsee, "cartella_id")),
    caller: Caller = Depends(authorize("isee:scrivi")),
) -> IseeOut:
    return await caller.call("cartella", "add_isee", command)
