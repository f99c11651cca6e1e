"""Why one sees a case, and who else does."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel
from starlette.requests import Request

from contracts.condivisioni import AccessoOut
from gateway.auth import Caller, authorize
from gateway.perche import SCOPES, explain
from gateway.routes.api import make_router

router = make_router("Cartelle")
OPTIONAL = tuple(scope for scope in SCOPES if scope != "presa_in_carico:leggi")


class LettoreOut(BaseModel):
    """`perche`: team, settore, ente, ambito, provincia, condivisione. `in_delega_di`: for whom he stands in."""

    operatore_id: UUID
    nome: str
    ruolo: str
    ente: str
    settore: str
    in_delega_di: UUID | None
    perche: str


class LettoriOut(BaseModel):
    """The same people read all of these sections; a private entry is read by its author alone."""

    sezioni: list[str]
    persone: list[LettoreOut]


class PercheOut(BaseModel):
    """`accesso`: the rules that let the caller in. `lettori` is null for who is shown a part of the case alone."""

    accesso: AccessoOut
    politica: int
    in_vigore_dal: datetime | None
    motivo: str
    lettori: list[LettoriOut] | None


@router.get("/cartelle/{cartella_id}/perche", summary="Perché lo vedo, e chi altro può leggere")
async def explain_accesso(
    request: Request,
    cartella_id: UUID,
    caller: Annotated[Caller, Depends(authorize("presa_in_carico:leggi", optional=OPTIONAL))],
) -> PercheOut:
    found = await explain(request.app.state.gateway, caller, cartella_id)
    groups = None
    if found.lettori is not None:
        groups = [
            LettoriOut(
                sezioni=list(group.sezioni),
                persone=[
                    LettoreOut(
                        operatore_id=r.posto.operatore_id, nome=r.posto.nome, ruolo=r.posto.ruolo, ente=r.posto.ente,
                        settore=r.posto.settore, in_delega_di=r.posto.titolare_id, perche=r.perche,
                    )
                    for r in group.persone
                ],
            )
            for group in found.lettori
        ]  # fmt: skip
    return PercheOut(
        accesso=found.accesso, politica=found.politica.version, in_vigore_dal=found.politica.attiva_dal,
        motivo=found.motivo, lettori=groups,
    )  # fmt: skip
