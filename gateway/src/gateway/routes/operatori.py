"""Who works here: the registry of operators, lists from a file, deleghe."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from gateway.auth import Caller, authorize
from gateway.operatori import Incarico, changes, deleghe, elenchi, registry
from gateway.operatori.commands import Fine, NuovaDelega, NuovoIncarico, NuovoOperatore, Revoca
from gateway.operatori.deleghe import ASSEGNA, Delega, Posto
from gateway.operatori.elenchi import Esito
from gateway.operatori.registry import Fatto, RigaOperatore
from gateway.operatori.rules import SCRIVI
from gateway.resources import Gateway
from gateway.routes.api import make_router

router = make_router("Operatori")
LEGGI = "operatori:leggi"
Reader = Annotated[Caller, Depends(authorize(LEGGI))]
Writer = Annotated[Caller, Depends(authorize(SCRIVI))]
Delegator = Annotated[Caller, Depends(authorize(optional=(ASSEGNA,), per="persone"))]


class IncarichiOut(BaseModel):
    incarichi: list[Incarico]


class OperatoriOut(BaseModel):
    """`altri`: more follow the last one (`dopo`)."""

    operatori: list[RigaOperatore]
    altri: bool


class OperatoreOut(BaseModel):
    operatore: RigaOperatore
    fatti: list[Fatto]


class NomineOut(BaseModel):
    nomine: list[Fatto]


class Creato(BaseModel):
    operatore_id: UUID
    incarico_id: UUID | None


class DelegheOut(BaseModel):
    """`posti`: incarichi that may be delegated; `colleghi`: who may stand in."""

    deleghe: list[Delega]
    posti: list[Posto]
    colleghi: list[Posto]


class DelegaData(BaseModel):
    delega_id: UUID


@router.get("/colleghi", summary="Chi lavora nel tuo ente: a chi si può assegnare una cartella")
async def list_colleghi(caller: Caller = Depends(authorize("presa_in_carico:leggi"))) -> IncarichiOut:
    return IncarichiOut(incarichi=await caller.colleghi())


@router.get("/operatori", summary="Operatori e incarichi in corso nel tuo ente")
async def list_operatori(request: Request, caller: Reader) -> IncarichiOut:
    """Who reaches no ente as a whole is shown nobody."""
    reached = caller.ente in caller.enti(LEGGI)
    incarichi = await request.app.state.gateway.operatori.list_incarichi(caller.ente) if reached else []
    return IncarichiOut(incarichi=incarichi)


@router.get("/operatori/registro", summary="Cerca tra gli operatori, anche cessati")
async def search_operatori(
    request: Request,
    caller: Reader,
    testo: Annotated[str, Query(max_length=registry.LONGEST_SEARCH)] = "",
    ente: str = "",
    settore: str = "",
    ruolo: str = "",
    vista: Annotated[str, Query(pattern="^(in_corso|cessati|tutti)$")] = registry.IN_CORSO,
    dopo: UUID | None = None,
    limite: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OperatoriOut:
    gateway: Gateway = request.app.state.gateway
    ricerca = registry.Ricerca(caller.enti(LEGGI), testo, ente, settore, ruolo, vista, dopo, limite)
    found, more = await registry.search(gateway.pool, ricerca)
    return OperatoriOut(operatori=found, altri=more)


@router.get("/operatori/nomine", summary="Chi ha ricevuto un ruolo che vede i casi, e da chi")
async def list_nomine(
    request: Request,
    caller: Reader,
    prima: Annotated[int | None, Query(ge=0, lt=2**63)] = None,
    limite: Annotated[int, Query(ge=1, le=200)] = 50,
) -> NomineOut:
    pool = request.app.state.gateway.pool
    return NomineOut(nomine=await registry.list_nomine(pool, caller.enti(LEGGI), prima, limite))


@router.post("/operatori", status_code=201, summary="Abilita un operatore, con il suo primo incarico")
async def enable(body: NuovoOperatore, request: Request, caller: Writer) -> Creato:
    given = await changes.enable(request.app.state.gateway, caller, body)
    return Creato(operatore_id=given.operatore_id, incarico_id=given.incarico_id)


@router.post("/operatori/elenchi", summary="Operatori da un file CSV; con `prova`, solo che cosa farebbe")
async def load_elenco(
    request: Request,
    prova: bool = True,
    caller: Caller = Depends(authorize(SCRIVI, body_limit=elenchi.MAX_BYTES)),
) -> Esito:
    return await elenchi.load(request.app.state.gateway, caller, await request.body(), prova)


@router.get("/operatori/elenchi/modello", response_class=Response, summary="Il file CSV da riempire")
async def get_modello(caller: Writer) -> Response:
    return modello()


@router.get("/operatori/{operatore_id}", summary="Un operatore, i suoi incarichi, che cosa è stato fatto")
async def get_operatore(operatore_id: UUID, request: Request, caller: Reader) -> OperatoreOut:
    operatore, fatti = await registry.get(request.app.state.gateway.pool, caller.enti(LEGGI), operatore_id)
    return OperatoreOut(operatore=operatore, fatti=fatti)


@router.post("/operatori/{operatore_id}/incarichi", status_code=201, summary="Dai un altro incarico")
async def assign(operatore_id: UUID, body: NuovoIncarico, request: Request, caller: Writer) -> Creato:
    incarico_id = await changes.assign(request.app.state.gateway, caller, operatore_id, body)
    return Creato(operatore_id=operatore_id, incarico_id=incarico_id)


@router.post("/operatori/{operatore_id}/revoca", status_code=204, summary="Revoca un operatore nel tuo ente")
async def revoke(operatore_id: UUID, body: Revoca, request: Request, caller: Writer) -> Response:
    await changes.revoke(request.app.state.gateway, caller, operatore_id, body)
    return Response(status_code=204)


@router.post("/incarichi/{incarico_id}/fine", status_code=204, summary="Fai finire un incarico")
async def end(incarico_id: UUID, body: Fine, request: Request, caller: Writer) -> Response:
    await changes.end(request.app.state.gateway, caller, incarico_id, body)
    return Response(status_code=204)


@router.get("/deleghe", summary="Chi ti sostituisce e chi sostituisci")
async def list_deleghe(request: Request, caller: Delegator) -> DelegheOut:
    gateway: Gateway = request.app.state.gateway
    posti, colleghi = await deleghe.list_posti(gateway, caller)
    return DelegheOut(deleghe=await deleghe.list_deleghe(gateway, caller), posti=posti, colleghi=colleghi)


@router.post("/deleghe", status_code=201, summary="Un collega ti sostituisce mentre sei assente")
async def give_delega(body: NuovaDelega, request: Request, caller: Delegator) -> DelegaData:
    return DelegaData(delega_id=await deleghe.give(request.app.state.gateway, caller, body))


@router.post("/deleghe/{delega_id}/revoca", status_code=204, summary="Revoca una delega")
async def revoke_delega(delega_id: UUID, request: Request, caller: Delegator) -> Response:
    await deleghe.revoke(request.app.state.gateway, caller, delega_id)
    return Response(status_code=204)


def modello() -> Response:
    """With the mark by which spreadsheets know UTF-8."""
    headers = {"Content-Disposition": 'attachment; filename="operatori.csv"'}
    return Response("\ufeff" + elenchi.MODELLO, media_type="text/csv; charset=utf-8", headers=headers)
