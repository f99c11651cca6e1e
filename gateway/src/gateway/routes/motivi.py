"""Why a case that is not one's own is opened: said once, it serves for the rest of the day."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, Field

from gateway.auth import Caller, authorize
from gateway.motivi import motivo_of
from gateway.routes.api import make_router

router = make_router("Cartelle")


class Motivo(BaseModel):
    """`testo` is required (10 characters) for `altro`."""

    scelta: Literal["sostituzione", "coordinatore", "segretariato", "approvazione", "autorita", "altro"]
    testo: Annotated[str, Field(max_length=450)] = ""


@router.post(
    "/cartelle/{cartella_id}/motivo", status_code=204, summary="Perché apri un caso che non è tra i tuoi"
)
async def keep_motivo(
    cartella_id: UUID, command: Motivo, caller: Annotated[Caller, Depends(authorize(per="persone"))]
) -> None:
    """Says nothing of the case, not even whether there is one."""
    caller.touch(sezione="presa_in_carico", azione="motivo")
    await caller.keep_motivo(cartella_id, motivo_of(command.scelta, command.testo))
