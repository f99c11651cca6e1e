"""The reason for opening a case that is not one's own: of one case, or of the cases of one person (an emergency)."""

from collections.abc import Iterable
from uuid import UUID

from contracts.errors import Forbidden
from contracts.mandato import Mandato

MOTIVO_RICHIESTO = "accesso.motivo_richiesto"


def lacks_motivo(
    mandato: Mandato, cartella_id: UUID, team: Iterable[UUID], residente_id: UUID | None = None
) -> bool:
    """Whether `require_motivo` would ask: for lists, which leave out what only a reason opens."""
    return not set(team) & set(mandato.persone) and not mandato.reason_for(cartella_id, residente_id)


def require_motivo(
    mandato: Mandato, cartella_id: UUID, team: Iterable[UUID], residente_id: UUID | None = None
) -> None:
    """Opening one case that is not of one's own asks why (design 5.7). Lists ask nothing.

    A reason serves for the case it was said for, or for the cases of the person it was said for (an emergency). Call it
    after the case was found within reach: the refusal names the case in `details`, as the question may be about
    something in it that was asked for by its own id.
    """
    if lacks_motivo(mandato, cartella_id, team, residente_id):
        raise Forbidden(
            MOTIVO_RICHIESTO,
            "Questo caso non è tra i tuoi: per aprirlo scrivi il motivo.",
            details={"cartella_id": str(cartella_id)},
        )
