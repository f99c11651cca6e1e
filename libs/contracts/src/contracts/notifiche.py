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
    """`tipo`: decesso, trasferimento, nascita, variazione, nucleo, foglio_da_approvare, foglio_deciso, stampa_pronta,
    condivisione_proposta. No names: the page asks the registry for `residente_id`."""

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
    """Scope `avvisi:leggi`: addressed to the caller, or to his settore's inbox."""

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
