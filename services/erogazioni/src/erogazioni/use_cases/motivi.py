"""Why somebody opens the fogli and payments of one case that is not his own (design 5.7)."""

from uuid import UUID

from chassis.cartelle import lent_in_person
from chassis.mandate import require_motivo
from contracts.mandato import Mandato
from erogazioni.repository.fogli import FoglioRepository


def require_reason(fogli: FoglioRepository, cartella_id: UUID, mandato: Mandato, scope: str) -> None:
    """Forbidden unless the case is one of the caller's own, or he says why.

    Not asked of an office whose scope reaches the whole ente of the case: its daily work is everybody's payments. Nor
    where a grant in person or an emergency said so at its beginning. Of a case out of reach nothing is asked: it is not
    there, and whoever asked for something in it is told so.
    """
    nota = fogli.find_nota(cartella_id, mandato, scope)
    if nota is None or nota.ente in mandato.enti(scope):
        return
    if mandato.in_emergenza(scope) == nota.residente_id or lent_in_person(nota.condivisioni, mandato, scope):
        return
    require_motivo(mandato, nota.id, nota.proprietari, nota.residente_id)
