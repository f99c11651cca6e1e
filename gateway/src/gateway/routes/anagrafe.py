"""The registry: search, persons, history, loads."""

from uuid import UUID

from fastapi import Depends

from contracts.anagrafe import (
    CaricamentiOut,
    CaricamentoOut,
    ConfirmCaricamento,
    EntiOut,
    GetResidente,
    ListCaricamenti,
    ListEnti,
    ListRigheRifiutate,
    ListVariazioni,
    ListVincoli,
    ResidenteOut,
    ResidentiTrovati,
    RevokeVincolo,
    RigheRifiutateOut,
    SearchResidenti,
    SetVincolo,
    VariazioniOut,
    VincoliOut,
    VincoloOut,
)
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router
from gateway.routes.messages import from_body, from_query

router = make_router("Anagrafe")


@router.get("/residenti", summary="Cerca persone")
async def search_residenti(
    search: SearchResidenti = Depends(from_query(SearchResidenti)),
    caller: Caller = Depends(authorize("anagrafe:leggi")),
) -> ResidentiTrovati:
    return await caller.call("anagrafe", "search_residenti", search)


@router.get("/residenti/{residente_id}", summary="Una persona, con il suo nucleo")
async def get_residente(
    residente_id: UUID,
    caller: Caller = Depends(authorize("anagrafe:leggi")),
) -> ResidenteOut:
    return await caller.call("anagrafe", "get_residente", GetResidente(residente_id=residente_id))


@router.get(
    "/residenti/{residente_id}/protezione", summary="Una persona con ciò che la sua protezione nasconde"
)
async def get_protezione(
    residente_id: UUID,
    caller: Caller = Depends(authorize("riservatezza:leggi", "anagrafe:leggi")),
) -> ResidenteOut:
    """Apart from the ordinary reading, so that who looks does so on purpose and is logged as looking at that."""
    return await caller.call("anagrafe", "get_residente", GetResidente(residente_id=residente_id))


@router.get("/residenti/{residente_id}/variazioni", summary="La storia di una persona")
async def list_variazioni(
    residente_id: UUID,
    caller: Caller = Depends(authorize("anagrafe:leggi")),
) -> VariazioniOut:
    return await caller.call("anagrafe", "list_variazioni", ListVariazioni(residente_id=residente_id))


@router.get("/vincoli", summary="Le persone sotto protezione: indirizzo protetto, adozione")
async def list_vincoli(
    request: ListVincoli = Depends(from_query(ListVincoli)),
    caller: Caller = Depends(authorize("riservatezza:leggi")),
) -> VincoliOut:
    return await caller.call("anagrafe", "list_vincoli", request)


@router.post(
    "/residenti/{residente_id}/vincoli", status_code=201, summary="Mette una persona sotto protezione"
)
async def set_vincolo(
    command: SetVincolo = Depends(from_body(SetVincolo, "residente_id")),
    caller: Caller = Depends(authorize("riservatezza:scrivi")),
) -> VincoloOut:
    return await caller.call("anagrafe", "set_vincolo", command)


@router.post("/vincoli/{vincolo_id}/revoca", summary="Toglie una protezione; resta nella storia")
async def revoke_vincolo(
    command: RevokeVincolo = Depends(from_body(RevokeVincolo, "vincolo_id")),
    caller: Caller = Depends(authorize("riservatezza:scrivi")),
) -> VincoloOut:
    return await caller.call("anagrafe", "revoke_vincolo", command)


@router.get("/enti", summary="I comuni conosciuti all'anagrafe")
async def list_enti(caller: Caller = Depends(authorize())) -> EntiOut:
    return await caller.call("anagrafe", "list_enti", ListEnti())


@router.get("/caricamenti", summary="I file caricati, dal più recente")
async def list_caricamenti(
    request: ListCaricamenti = Depends(from_query(ListCaricamenti)),
    caller: Caller = Depends(authorize("caricamenti:leggi")),
) -> CaricamentiOut:
    return await caller.call("anagrafe", "list_caricamenti", request)


@router.get(
    "/caricamenti/{caricamento_id}/righe-rifiutate", summary="Le righe che non si sono potute leggere"
)
async def list_righe_rifiutate(
    caricamento_id: UUID, caller: Caller = Depends(authorize("caricamenti:leggi"))
) -> RigheRifiutateOut:
    return await caller.call(
        "anagrafe", "list_righe_rifiutate", ListRigheRifiutate(caricamento_id=caricamento_id)
    )


@router.post("/caricamenti/{caricamento_id}/conferma", summary="Lascia passare un file in attesa")
async def confirm_caricamento(
    caricamento_id: UUID, caller: Caller = Depends(authorize("caricamenti:approva"))
) -> CaricamentoOut:
    return await caller.call(
        "anagrafe", "confirm_caricamento", ConfirmCaricamento(caricamento_id=caricamento_id)
    )
