"""The access log, for the DPO: who read what, whether the log is whole, and the log as a file."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import NotFound
from gateway.accessi import verifiche
from gateway.accessi.anomalie import AnomaliaOut, close_anomalia, get_anomalia, list_anomalie
from gateway.accessi.answer import AS_STORED, export
from gateway.accessi.cittadino import Lettura
from gateway.accessi.read import AccessoOut, Conteggio, count_by_time, list_accessi
from gateway.accessi.ricerca import (
    Confronto,
    Moment,
    Ricerca,
    compare,
    of_the_ente,
    own_letture,
    require_no_part,
    with_connection,
)
from gateway.accessi.sigilli import Sigillo, get_seal, last_seal
from gateway.accessi.verifiche import VerificaOut
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router

router = make_router("Registro accessi")
Numero = Annotated[int, Path(ge=1, lt=2**63)]


Reader = Annotated[Caller, Depends(of_the_ente(authorize("registro_accessi:leggi")))]
Exporter = Annotated[Caller, Depends(of_the_ente(authorize("registro_accessi:esporta")))]
Officer = Annotated[
    Caller, Depends(of_the_ente(authorize("registro_accessi:scrivi", "registro_accessi:leggi")))
]
Citizen = Annotated[Caller, Depends(authorize("registro_accessi:leggi", per="cittadini"))]


Asked = Annotated[Ricerca, Depends(Ricerca.asked)]


class AccessiOut(BaseModel):
    """`operatori`: name by operator id, for the rows shown. `dopo`: where the next page begins, empty at the end."""

    accessi: list[AccessoOut]
    operatori: dict[UUID, str]
    dopo: str


class SigilloOut(BaseModel):
    """A seal to keep elsewhere: `hash` and `firma` in hex, `chiave` names the key that signed."""

    numero: int
    momento: datetime
    righe: int
    hash: str
    firma: str
    chiave: str

    @classmethod
    def of(cls, sigillo: Sigillo) -> "SigilloOut":
        return cls(
            numero=sigillo.numero, momento=sigillo.momento, righe=sigillo.righe, hash=sigillo.hash.hex(),
            firma=sigillo.firma.hex(), chiave=sigillo.chiave,
        )  # fmt: skip


class StatoVerifica(BaseModel):
    """A verification and whether it found the log whole; null while it is under way."""

    verifica: VerificaOut
    integro: bool | None

    @classmethod
    def of(cls, verifica: VerificaOut) -> "StatoVerifica":
        return cls(verifica=verifica, integro=verifica.integro if verifica.stato == "finita" else None)


@router.get("/registro-accessi", summary="Chi ha letto o scritto che cosa, dal più recente")
async def list_registro(
    request: Request,
    caller: Reader,
    ricerca: Asked,
    limite: Annotated[int, Query(ge=1, le=500)] = 100,
    dopo: Annotated[str, Query(max_length=120)] = "",
) -> AccessiOut:
    rows = await list_accessi(
        request.app.state.gateway.pool, await ricerca.filtro(request, caller, limite, dopo)
    )
    return AccessiOut(
        accessi=rows,
        operatori=await caller.nomi(row.operatore_id for row in rows),
        dopo=str(rows[-1].posizione) if len(rows) == limite else "",
    )


@router.get("/registro-accessi/conteggi", summary="Quanti accessi, per ora o per giorno")
async def count_registro(
    request: Request, caller: Reader, ricerca: Asked, dal: Moment, al: Moment
) -> list[Conteggio]:
    filtro = await replace(ricerca, dal=dal, al=al).filtro(request, caller)
    return await count_by_time(request.app.state.gateway.pool, filtro)


@router.get("/registro-accessi/esportazione", summary="Il registro in un file", response_class=Response)
async def export_registro(
    request: Request,
    caller: Exporter,
    ricerca: Asked,
    formato: Literal["csv", "xlsx"] = "csv",
) -> Response:
    filtro = await ricerca.filtro(request, caller)
    return await export(request.app.state.gateway.pool, caller, filtro, formato, AS_STORED)


@router.post(
    "/registro-accessi/verifiche", status_code=202, summary="Controlla tutto il registro, in disparte"
)
async def ask_verifica(request: Request, caller: Reader) -> StatoVerifica:
    found = await with_connection(request, lambda c: verifiche.ask(c, caller.ente, caller.operatore_id))
    return StatoVerifica.of(found)


@router.get("/registro-accessi/verifiche", summary="Gli ultimi controlli")
async def list_verifiche(request: Request, caller: Reader) -> list[StatoVerifica]:
    return [StatoVerifica.of(one) for one in await with_connection(request, verifiche.newest)]


@router.get(
    "/registro-accessi/verifiche/{verifica_id}", summary="Un controllo: a che punto è, che cosa ha trovato"
)
async def get_verifica(request: Request, verifica_id: UUID, caller: Reader) -> StatoVerifica:
    found = await with_connection(request, lambda c: verifiche.get(c, verifica_id))
    if found is None:
        raise NotFound("verifica.non_trovata", "Questo controllo non c'è.")
    return StatoVerifica.of(found)


@router.get("/registro-accessi/sigilli/ultimo", summary="L'ultimo sigillo, da conservare altrove")
async def get_last_sigillo(request: Request, caller: Reader) -> SigilloOut:
    return SigilloOut.of(_present(await with_connection(request, last_seal)))


@router.get("/registro-accessi/sigilli/{numero}", summary="Un sigillo")
async def get_sigillo(request: Request, caller: Reader, numero: Numero) -> SigilloOut:
    return SigilloOut.of(_present(await with_connection(request, lambda c: get_seal(c, numero))))


def _present(sigillo: Sigillo | None) -> Sigillo:
    if sigillo is None:
        raise NotFound("sigillo.non_trovato", "Questo sigillo non c'è.")
    return sigillo


class Impronta(BaseModel):
    """The hash as it was kept, blanks and case aside."""

    impronta: Annotated[str, Field(max_length=200)]


@router.post(
    "/registro-accessi/sigilli/{numero}/confronto", summary="Un sigillo conservato altrove è ancora quello?"
)
async def compare_sigillo(request: Request, numero: Numero, kept: Impronta, caller: Reader) -> Confronto:
    return await with_connection(request, lambda c: compare(c, numero, kept.impronta))


class LettureOut(BaseModel):
    """`operatori`: names of the readers who are named. `tronco`: there were more."""

    letture: list[Lettura]
    operatori: dict[UUID, str]
    tronco: bool


@router.get("/cittadino/accessi", summary="Chi ha letto il mio fascicolo: per chi entra come cittadino")
async def list_letture(request: Request, caller: Citizen) -> LettureOut:
    _, letture, tronco = await own_letture(request, caller)
    names = await caller.nomi(one.operatore_id for one in letture)
    return LettureOut(letture=letture, operatori=names, tronco=tronco)


class Chiusura(BaseModel):
    motivo: Annotated[str, Field(max_length=1000)]


@router.get("/registro-accessi/anomalie", summary="Accessi da guardare, dal più recente")
async def list_found(
    request: Request,
    caller: Reader,
    stato: Literal["", "nuova", "vista", "chiusa"] = "",
    dopo: UUID | None = None,
    limite: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[AnomaliaOut]:
    return await with_connection(request, lambda c: list_anomalie(c, caller.ente, stato, dopo, limite))


@router.get("/registro-accessi/anomalie/{anomalia_id}", summary="Un accesso da guardare")
async def get_found(request: Request, anomalia_id: UUID, caller: Reader) -> AnomaliaOut:
    return await with_connection(request, lambda c: get_anomalia(c, anomalia_id, caller.ente))


@router.post(
    "/registro-accessi/anomalie/{anomalia_id}/chiusura", summary="Chiude una segnalazione, con il perché"
)
async def close_found(request: Request, anomalia_id: UUID, body: Chiusura, caller: Officer) -> AnomaliaOut:
    found = await with_connection(request, lambda c: get_anomalia(c, anomalia_id, caller.ente))
    await require_no_part(request, caller, found)
    return await with_connection(
        request, lambda c: close_anomalia(c, anomalia_id, caller.ente, caller.operatore_id, body.motivo)
    )
