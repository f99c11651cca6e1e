"""Break-the-glass over the API: open, close, look at what was read, sign."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field
from starlette.requests import Request

from contracts.anagrafe import GetResidente, ResidenteOut
from gateway.auth import Caller, authorize
from gateway.emergenze import Emergenza, Emergenze, motivo_of
from gateway.routes.api import make_router
from gateway.web import formats

router = make_router("Emergenze")
Reader = Annotated[Caller, Depends(authorize("emergenze:leggi"))]


class ApriEmergenza(BaseModel):
    residente_id: UUID
    categoria: Literal["pericolo", "allontanamento", "ospedale", "forze_ordine", "altro"]
    testo: Annotated[str, Field(min_length=10, max_length=1500)]


class FirmaEmergenza(BaseModel):
    """`nota` is required (10 characters) for `non_giustificata`."""

    esito: Literal["giustificata", "non_giustificata"]
    nota: Annotated[str, Field(max_length=1500)] = ""


class EmergenzaOut(BaseModel):
    """`stato`: aperta, da_rivedere, giustificata, non_giustificata. `persona`: whose file was opened."""

    id: UUID
    operatore_id: UUID
    operatore: str
    ruolo: str
    ente: str
    settore: str
    residente_id: UUID
    persona: str
    motivo: str
    aperta_il: datetime
    scade_il: datetime
    finita_il: datetime
    rivista_da: UUID | None
    revisore: str
    rivista_il: datetime | None
    nota: str
    solleciti: int
    stato: str


class LetturaOut(BaseModel):
    """`sulla_persona`: null where the log does not say whose file it was."""

    quando: datetime
    metodo: str
    sezione: str
    azione: str
    esito: int
    sulla_persona: bool | None


class EmergenzaVistaOut(BaseModel):
    emergenza: EmergenzaOut
    letture: list[LetturaOut]


class EmergenzeOut(BaseModel):
    emergenze: list[EmergenzaOut]


def _emergenze(request: Request) -> Emergenze:
    gateway = request.app.state.gateway
    return Emergenze(gateway.pool, gateway.settings.emergency_minutes, gateway.settings.emergencies_a_day)


def _out(found: Emergenza) -> EmergenzaOut:
    values = {k: v for k, v in asdict(found).items() if k not in ("session_id", "esito")}
    return EmergenzaOut(**values, stato=found.stato)


@router.post("/emergenze", status_code=201, summary="Apri un’emergenza su una persona")
async def open_emergenza(
    request: Request,
    command: ApriEmergenza,
    caller: Annotated[Caller, Depends(authorize("emergenze:scrivi", "anagrafe:leggi"))],
) -> dict[str, UUID]:
    motivo = motivo_of(command.categoria, command.testo)
    caller.touch(azione="apri")
    persona: ResidenteOut = await caller.call(
        "anagrafe", "get_residente", GetResidente(residente_id=command.residente_id)
    )
    opened = await _emergenze(request).open(caller, persona.id, formats.full_name(persona), motivo)
    caller.touch(motivo=motivo)
    return {"id": opened}


@router.delete("/emergenze/corrente", status_code=204, summary="Chiudi adesso la tua emergenza")
async def close_emergenza(
    request: Request, caller: Annotated[Caller, Depends(authorize("emergenze:scrivi"))]
) -> None:
    caller.touch(residente_id=caller.identity.emergenza, azione="chiudi")
    await _emergenze(request).close(caller.session_id)


@router.get("/emergenze", summary="Le emergenze che puoi vedere: prima quelle da rivedere")
async def list_emergenze(request: Request, caller: Reader, da_rivedere: bool = False) -> EmergenzeOut:
    rows = await _emergenze(request).list_emergenze(caller, da_rivedere=da_rivedere)
    return EmergenzeOut(emergenze=[_out(row) for row in rows])


@router.get("/emergenze/{emergenza_id}", summary="Un’emergenza, con ciò che è stato letto")
async def get_emergenza(request: Request, emergenza_id: UUID, caller: Reader) -> EmergenzaVistaOut:
    emergenze = _emergenze(request)
    found = await emergenze.get(caller, emergenza_id)
    caller.touch(residente_id=found.residente_id)
    letture = [LetturaOut(**asdict(row)) for row in await emergenze.letture(found)]
    return EmergenzaVistaOut(emergenza=_out(found), letture=letture)


@router.post("/emergenze/{emergenza_id}/revisione", summary="Firma un’emergenza di un’altra persona")
async def review_emergenza(
    request: Request,
    emergenza_id: UUID,
    command: FirmaEmergenza,
    caller: Annotated[Caller, Depends(authorize("emergenze:approva", "emergenze:leggi"))],
) -> EmergenzaOut:
    emergenze = _emergenze(request)
    await emergenze.review(caller, emergenza_id, command.esito, command.nota)
    return _out(await emergenze.get(caller, emergenza_id))
