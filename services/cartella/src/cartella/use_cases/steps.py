"""What the use cases of all sections share."""

from uuid import UUID

from cartella.domain import vista
from cartella.domain.presa_in_carico import Cartella, to_out
from cartella.domain.steps import Step, utc_now
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.repository.visibility import Reach
from chassis.motivo import require_motivo
from chassis.outbox import new_id
from contracts.base import Command
from contracts.cartella import CartellaOut
from contracts.errors import Conflict, Forbidden
from contracts.mandato import Mandato


def step_of(command: Command, mandato: Mandato, motivo: str = "") -> Step:
    """Who acts, now; the command's key is the step's id, so that a repeated command is recognised."""
    step_id: UUID = command.idempotency_key or new_id()
    return Step(id=step_id, operatore_id=mandato.operatore_id, quando=utc_now(), motivo=motivo.strip())


def open_case(cases: CartellaRepository, cartella_id: UUID, mandato: Mandato, scope: str) -> Reach:
    """The case as far as the scope reaches it: NotFound where it does not, Forbidden where a reason is asked and not
    given. Who cannot see it is never asked for a reason: the question would tell that it exists."""
    reach = cases.reach(cartella_id, mandato, scope)
    if reach.personale:  # such a grant carries its own reason
        return reach
    try:
        require_reason(mandato, reach.cartella, scope)
    except Forbidden:
        if not cases.lent_in_person(cartella_id, mandato, scope):
            raise
    return reach


def require_reason(mandato: Mandato, cartella: Cartella, scope: str) -> None:
    """Forbidden unless the case is one of the caller's own, or he says why; an emergency was said why when it began."""
    if mandato.in_emergenza(scope) != cartella.residente_id:
        require_motivo(mandato, cartella.id, cartella.propria_di, cartella.residente_id)


def show(reach: Reach) -> CartellaOut:
    """The case as the caller may see it."""
    if reach.solo_intestazione:
        return vista.heading(reach.cartella)
    return vista.granted(reach.cartella, reach.dal) if reach.concessa else to_out(reach.cartella)


def require_writable(cartella: Cartella) -> None:
    """New entries go to cases that are not closed; what is there can still be rectified."""
    if cartella.is_closed:
        raise Conflict("cartella.chiusa", "Il caso è chiuso: riaprilo per aggiungere nuovi dati.")
