"""What the use cases of all sections share."""

from uuid import UUID

from cartella.domain.presa_in_carico import Cartella
from cartella.domain.steps import Step, utc_now
from chassis.outbox import new_id
from contracts.base import Command
from contracts.errors import Conflict
from contracts.mandato import Mandato


def step_of(command: Command, mandato: Mandato, motivo: str = "") -> Step:
    """Who acts, now; the command's key is the step's id, so that a repeated command is recognised."""
    step_id: UUID = command.idempotency_key or new_id()
    return Step(id=step_id, operatore_id=mandato.operatore_id, quando=utc_now(), motivo=motivo.strip())


def require_writable(cartella: Cartella) -> None:
    """New entries go to cases that are not closed; what is there can still be rectified."""
    if cartella.is_closed:
        raise Conflict("cartella.chiusa", "Il caso è chiuso: riaprilo per aggiungere nuovi dati.")
