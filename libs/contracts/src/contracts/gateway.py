"""Published language of the gateway: who works here."""

from datetime import date, datetime
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


class EmergenzaApertaV1(Event, source="gateway", key="emergenza.aperta.v1", subject="emergenza_id"):
    """Break-the-glass: an operator opened one person's cases until `scade_il`. Neither the reason nor a name are here:
    who may sign it (coordinators of the ente, the DPO) reads them on its page, `/emergenze/<id>`.

    `sollecito`: 0 when it was opened; n when it is said again, the n-th morning on which nobody had signed it.
    """

    emergenza_id: UUID
    operatore_id: UUID
    ruolo: str
    ente: str
    settore: str
    residente_id: UUID
    aperta_il: datetime
    scade_il: datetime
    sollecito: int = 0


class EmergenzaRivistaV1(Event, source="gateway", key="emergenza.rivista.v1", subject="emergenza_id"):
    """Somebody else has looked at what was read and signed. `esito`: giustificata, non_giustificata."""

    emergenza_id: UUID
    operatore_id: UUID
    revisore_id: UUID
    ente: str
    esito: str
    rivista_il: datetime


class AccessoAnomaloV1(Event, source="gateway", key="accesso.anomalo.v1", subject="anomalia_id"):
    """A rule found accesses the DPO of `ente` should look at, on the page `/registro-accessi/anomalie/<anomalia_id>`;
    once for each finding. Ids and numbers alone: on whom they were does not travel.

    `regola`: molti_casi, fuori_orario, stesso_cognome, stesso_indirizzo, senza_assegnazione. `righe`: how many
    accesses, between `dal` and `al`, by `operatore_id`, who works in `settore` as `ruolo`.
    """

    anomalia_id: UUID
    regola: str
    ente: str
    operatore_id: UUID
    ruolo: str
    settore: str
    righe: int
    dal: datetime
    al: datetime


class RapportoAnomaliePreparatoV1(
    Event, source="gateway", key="rapporto_anomalie.preparato.v1", subject="rapporto_id"
):
    """The week `dal`–`al` (Monday–Sunday) in numbers, for the DPO of `ente`: findings made in it by rule, and how many
    wait, of whatever week. Made where an rpd works, a quiet week too; page `/registro-accessi/anomalie`."""

    rapporto_id: UUID
    ente: str
    dal: date
    al: date
    nuove: int
    aperte: int
    per_regola: dict[str, int]
