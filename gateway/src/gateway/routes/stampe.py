"""Prints of a case: asked for, made in the background, fetched by who asked."""

from uuid import UUID

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import StreamingResponse

from contracts.base import Command
from contracts.documenti import GetStampa, ListStampe, StampaOut, StampeOut
from contracts.errors import Conflict
from gateway import fascicolo, uploads
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router

router = make_router("Stampe")
PRINTED = ("diario:leggi", "isee:leggi", "fogli:leggi", "liquidazioni:leggi", "documenti:leggi")


def _told(stampa: StampaOut) -> StampaOut:
    """Without the store's own address of the PDF: the bytes leave through us, where the access log sees them."""
    return stampa.model_copy(update={"download": None})


class ChiediStampa(Command):
    """Empty `sezioni`: all the person may read."""

    sezioni: tuple[str, ...] | None = None


@router.post("/cartelle/{cartella_id}/stampe", status_code=202, summary="Chiedi la stampa della cartella")
async def request_stampa(
    cartella_id: UUID,
    command: ChiediStampa,
    caller: Caller = Depends(
        authorize("stampe:stampa", "presa_in_carico:leggi", "anagrafe:leggi", optional=PRINTED)
    ),
) -> StampaOut:
    return _told(
        await fascicolo.request_stampa(caller, cartella_id, command.sezioni, command.idempotency_key)
    )


@router.get("/cartelle/{cartella_id}/stampe", summary="Le tue stampe di questa cartella")
async def list_stampe(cartella_id: UUID, caller: Caller = Depends(authorize("stampe:stampa"))) -> StampeOut:
    found: StampeOut = await caller.call("documenti", "list_stampe", ListStampe(cartella_id=cartella_id))
    return StampeOut(stampe=tuple(_told(stampa) for stampa in found.stampe))


@router.get("/stampe/{stampa_id}", summary="A che punto è una stampa")
async def get_stampa(stampa_id: UUID, caller: Caller = Depends(authorize("stampe:stampa"))) -> StampaOut:
    return _told(await caller.call("documenti", "get_stampa", GetStampa(stampa_id=stampa_id)))


@router.get("/stampe/{stampa_id}/contenuto", response_class=StreamingResponse, summary="Scarica il PDF")
async def download_stampa(
    request: Request, stampa_id: UUID, caller: Caller = Depends(authorize("stampe:stampa"))
) -> StreamingResponse:
    stampa: StampaOut = await caller.call("documenti", "get_stampa", GetStampa(stampa_id=stampa_id))
    if stampa.download is None:
        raise Conflict("stampa.non_pronta", "La stampa non è ancora pronta.")
    return await uploads.download(request.app.state.gateway.http, stampa.download)
