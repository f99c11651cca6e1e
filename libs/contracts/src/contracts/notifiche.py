"""Published language of notifiche: alerts that somebody always gets."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Command, Message, Pagina
from contracts.events import Event


class StatoAvviso(StrEnum):
    NUOVO = "nuovo"
    LETTO = "letto"
    CONFERMATO = "confermato"
    CONTESTATO = "contestato"


SEZIONE_DI = {
    "decesso": "presa_in_carico:leggi",
    "trasferimento": "presa_in_carico:leggi",
    "nascita": "presa_in_carico:leggi",
    "variazione": "presa_in_carico:leggi",
    "nucleo": "presa_in_carico:leggi",
    "altra_cartella": "presa_in_carico:leggi",
    "foglio_da_approvare": "fogli:leggi",
    "foglio_deciso": "fogli:leggi",
    "stampa_pronta": "stampe:stampa",
    "condivisione_proposta": "condivisioni:leggi",
    "condivisione_decisa": "condivisioni:leggi",
    "emergenza_aperta": "emergenze:leggi",
    "accesso_anomalo": "registro_accessi:leggi",
    "riepilogo_accessi": "registro_accessi:leggi",
}
"""Kind of alert → scope that reads what it speaks of. A settore's inbox shows an alert to whom this scope too reaches
there; what is addressed to one person is his. A kind that is not here is in nobody's inbox."""
SEZIONI_AVVISI = tuple(sorted(set(SEZIONE_DI.values())))
SOLO_SECONDO_LIVELLO = frozenset({"altra_cartella"})
"""Kinds that tell by themselves of a case of the second level: for its settore alone, whoever they are addressed to."""


class FattoAvviso(Event):
    """`destinatario_id` is empty when nobody is responsible: then the settore's inbox has it."""

    avviso_id: UUID
    destinatario_id: UUID | None = None
    ente: str
    settore: str
    tipo: str
    cartella_id: UUID | None = None
    cartella_numero: str = ""


class AvvisoCreatoV1(FattoAvviso, source="notifiche", key="avviso.creato.v1", subject="avviso_id"):
    """A person should look at something. The gateway pushes it to open pages: never to `esclusi` (operators who live
    with whom it is about), and one of a second level only to those whose role has it."""

    esclusi: tuple[UUID, ...] = ()
    residenti: tuple[UUID, ...] = ()
    """Whom it is about and whose case it is in: for the gateway alone, which knows who lives with its reader now."""
    secondo_livello: bool = False


class AvvisoLettoV1(FattoAvviso, source="notifiche", key="avviso.letto.v1", subject="avviso_id"):
    pass


class AvvisoConfermatoV1(FattoAvviso, source="notifiche", key="avviso.confermato.v1", subject="avviso_id"):
    """The worker confirmed (`esito` confermato) or disputed (contestato) a registry change; cartella records it as a
    passaggio of the case."""

    esito: str
    operatore_id: UUID
    residente_id: UUID
    descrizione: str
    data_evento: date


class AvvisoOut(Message):
    """`tipo`: one of `SEZIONE_DI`. No names: the page asks the registry for `residente_id`."""

    id: UUID
    tipo: str
    titolo: str
    descrizione: str
    residente_id: UUID | None = None
    cartella_id: UUID | None = None
    cartella_numero: str = ""
    riferimento_id: UUID | None = None
    campi_variati: tuple[str, ...] = ()
    stato: StatoAvviso
    da_confermare: bool
    gravita: str = "normale"
    data_evento: date
    creato_il: datetime
    version: int


class ListAvvisi(Pagina):
    """Scope `avvisi:leggi`: addressed to the caller, or to his settore's inbox (there, those whose kind he may read:
    `SEZIONE_DI`)."""

    solo_aperti: bool = True
    cartella_id: UUID | None = None


class AvvisiOut(Message):
    avvisi: tuple[AvvisoOut, ...]
    totale: int
    non_letti: int


class MarkAvvisoLetto(Command):
    """Scope `avvisi:scrivi`."""

    avviso_id: UUID


class ConfirmAvviso(Command):
    """Scope `avvisi:scrivi`. `contesta` disputes instead; then `motivo` is required."""

    avviso_id: UUID
    version: int
    contesta: bool = False
    motivo: Annotated[str, Field(max_length=2000)] = ""
