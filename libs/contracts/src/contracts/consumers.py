"""Which service takes which event. RabbitMQ's topology is generated from here; tests hold it against the handlers."""

from collections.abc import Iterator

from contracts import anagrafe, cartella, documenti, erogazioni, gateway, notifiche, report
from contracts.events import CATALOGUE, Event

SERVICES = ("anagrafe", "cartella", "documenti", "erogazioni", "notifiche", "report")
"""The nameko services, in the order they start."""

PRODUCERS = (*SERVICES, "gateway")
"""Everything that has an outbox."""

_CASE = (
    cartella.CartellaApertaV1,
    cartella.CartellaPresaInCaricoV1,
    cartella.CartellaAssegnataV1,
    cartella.CartellaChiusaV1,
    cartella.CartellaRiapertaV1,
    cartella.CartellaCondivisaV1,
    cartella.CartellaRiservataV1,
)

CONSUMERS: dict[str, tuple[type[Event], ...]] = {
    "cartella": (notifiche.AvvisoConfermatoV1, documenti.DocumentoRiservatoV1),
    "documenti": (*_CASE, documenti.StampaRichiestaV1),
    "erogazioni": (
        *_CASE,
        cartella.IseeRegistratoV1,
        anagrafe.ResidenteDecedutoV1,
        anagrafe.ResidenteDecessoAnnullatoV1,
    ),
    "notifiche": (
        *_CASE,
        cartella.CondivisionePropostaV1,
        cartella.CondivisioneDecisaV1,
        anagrafe.ResidenteRegistratoV1,
        anagrafe.ResidenteVariatoV1,
        anagrafe.ResidenteTrasferitoV1,
        anagrafe.ResidenteDecedutoV1,
        anagrafe.ResidenteDecessoAnnullatoV1,
        anagrafe.NucleoVariatoV1,
        anagrafe.ResidenteRiservatoV1,
        erogazioni.FoglioPropostoV1,
        erogazioni.FoglioApprovatoV1,
        erogazioni.FoglioRespintoV1,
        documenti.StampaProntaV1,
        gateway.OperatoreAbilitatoV1,
        gateway.OperatoreRevocatoV1,
        gateway.EmergenzaApertaV1,
        gateway.EmergenzaRivistaV1,
        gateway.AccessoAnomaloV1,
        gateway.RapportoAnomaliePreparatoV1,
    ),
    "report": _CASE,
}

DOMAIN_MODULES = (anagrafe, cartella, documenti, erogazioni, gateway, notifiche, report)
"""Importing these fills the catalogue."""


def exchange_of(service: str) -> str:
    return f"{service}.events"


def handler_of(event: type[Event]) -> str:
    """Name of the method that handles an event, and the second half of its queue's name."""
    return "on_" + event.key.replace(".", "_")


def queue_of(consumer: str, event: type[Event]) -> str:
    return f"{consumer}.{handler_of(event)}"


def bindings() -> Iterator[tuple[str, str, str]]:
    """(exchange, routing key, queue) for each event a service takes."""
    for consumer, events in CONSUMERS.items():
        for event in events:
            yield exchange_of(event.source), event.key, queue_of(consumer, event)


def has_consumer(event_type: str) -> bool:
    """Whether somebody waits for this type: then losing it on the way must be noticed (mandatory)."""
    event = CATALOGUE.get(event_type)
    return event is not None and any(event in events for events in CONSUMERS.values())
