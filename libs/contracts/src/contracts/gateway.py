"""Published language of the gateway: who works here."""

from datetime import date
from typing import Annotated
from uuid import UUID

from contracts.base import Personal
from contracts.events import Event


class OperatoreAbilitatoV1(Event, source="gateway", key="operatore.abilitato.v1", subject="operatore_id"):
    """An operator may work in a settore of an ente; notifiche needs the mail address."""

    operatore_id: UUID
    incarico_id: UUID
    ente: str
    settore: str
    ruolo: str
    email: Annotated[str, Personal]
    dal: date
    al: date | None = None


class OperatoreRevocatoV1(Event, source="gateway", key="operatore.revocato.v1", subject="operatore_id"):
    operatore_id: UUID
    incarico_id: UUID
    data: date
