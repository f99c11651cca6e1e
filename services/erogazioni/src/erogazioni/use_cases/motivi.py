"""Why somebody opens the fogli and payments of one case that is not his own (design 5.7)."""

from collections.abc import Collection
from uuid import UUID

from chassis.cartelle import lent_in_person
from chassis.motivo import lacks_motivo, require_motivo
from contracts.mandato import Mandato
from erogazioni.repository.fogli import CartellaNota, FoglioRepository


def require_reason(fogli: FoglioRepository, cartella_id: UUID, mandato: Mandato, scope: str) -> None:
    """Forbidden unless the case is one of the caller's own, or he says why.

    Of a case out of reach nothing is asked: it is not there, and whoever asked for something in it is told so.
    """
    for nota in fogli.list_note((cartella_id,), mandato, scope):
        if not _said_before(nota, mandato, scope):
            require_motivo(mandato, nota.id, nota.proprietari, nota.residente_id)


def unexplained(
    fogli: FoglioRepository, cartelle: Collection[UUID], mandato: Mandato, scope: str
) -> set[UUID]:
    """Of cases within reach, those that `require_reason` would ask about."""
    return {
        nota.id
        for nota in fogli.list_note(cartelle, mandato, scope)
        if not _said_before(nota, mandato, scope)
        and lacks_motivo(mandato, nota.id, nota.proprietari, nota.residente_id)
    }


def _said_before(nota: CartellaNota, mandato: Mandato, scope: str) -> bool:
    """Nothing is asked of an office whose scope reaches the whole ente of the case: its daily work is everybody's
    payments. Nor where a grant in person or an emergency said so at its beginning."""
    if nota.ente in mandato.enti(scope) or mandato.in_emergenza(scope) == nota.residente_id:
        return True
    return lent_in_person(nota.condivisioni, mandato, scope)
