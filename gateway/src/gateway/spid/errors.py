"""Why a login does not happen: what the person reads, and what the log keeps."""

from dataclasses import dataclass


class Refused(Exception):
    """A message that is not accepted. `reason` is a short code for the log; the person is told none of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail
        """For the log: never a value that came from outside."""


class Anomaly(Exception):
    """The provider says that it did not log the person in. `number`: nrNN of the AgID table, 0 when it named none."""

    def __init__(self, number: int) -> None:
        super().__init__(f"nr{number:02}")
        self.number = number


@dataclass(frozen=True)
class Courtesy:
    """One page: its HTTP status, what happened, what to do."""

    status: int
    title: str
    text: str


REFUSED = Courtesy(
    403,
    "L’accesso non è riuscito",
    "La risposta arrivata non si può accettare, quindi non sei entrato. Di solito basta ricominciare dalla pagina di "
    "accesso, senza usare il tasto Indietro e senza tenere aperte più finestre di accesso.",
)
TOO_MANY = Courtesy(
    429,
    "Troppi accessi cominciati insieme",
    "Da questo indirizzo sono stati cominciati molti accessi negli ultimi minuti. Aspetta qualche minuto e riprova.",
)
OURS = Courtesy(
    500,
    "L’accesso non è riuscito per un problema nostro",
    "Il gestore della tua identità non ha potuto trattare la nostra richiesta. L’errore è stato segnalato a chi "
    "gestisce il sistema: riprova più tardi.",
)
NOT_DONE = Courtesy(
    403,
    "L’accesso non è riuscito",
    "Il gestore della tua identità non ha completato l’accesso. Riprova, o rivolgiti alla sua assistenza.",
)
ANOMALIES = {
    19: Courtesy(
        403,
        "Troppi tentativi con credenziali sbagliate",
        "Il gestore della tua identità ha fermato l’accesso dopo troppi tentativi sbagliati. Aspetta e riprova, "
        "oppure recupera le credenziali dal suo sito.",
    ),
    20: Courtesy(
        403,
        "Serve un livello di sicurezza più alto",
        "Le tue credenziali non hanno il livello che questo servizio chiede. Attiva il livello 2 (o 3, se richiesto) "
        "presso il gestore della tua identità e riprova.",
    ),
    21: Courtesy(
        401,
        "È passato troppo tempo",
        "L’accesso non è stato completato nel tempo previsto. Ricomincia dalla pagina di accesso.",
    ),
    22: Courtesy(
        403,
        "Non hai dato il consenso",
        "Senza il consenso all’invio dei dati richiesti (nome, cognome, data di nascita e codice fiscale) non possiamo "
        "sapere chi sei. Se hai cambiato idea, ricomincia l’accesso.",
    ),
    23: Courtesy(
        403,
        "La tua identità è sospesa o revocata",
        "Il gestore dice che la tua identità digitale è sospesa, o che le credenziali sono bloccate o revocate. "
        "Rivolgiti alla sua assistenza.",
    ),
    25: Courtesy(
        401,
        "Hai annullato l’accesso",
        "L’accesso è stato annullato. Quando vuoi, puoi ricominciare dalla pagina di accesso.",
    ),
    30: Courtesy(
        403,
        "Questa identità non è del tipo richiesto",
        "Questo servizio chiede un altro tipo di identità digitale (per esempio quella di persona fisica e non quella "
        "per uso professionale). Riprova scegliendo l’identità giusta.",
    ),
}  # fmt: skip
"""Tabella messaggi di anomalia SPID: those a person can do something about."""

OUR_FAULT = range(8, 19)
"""nr08-nr18: the request we made is wrong."""


def courtesy_of(number: int) -> Courtesy:
    if number in OUR_FAULT:
        return OURS
    return ANOMALIES.get(number, NOT_DONE)
