"""Tables of notifiche: alerts, the mail queue, and what it knows of cases, registry, operators and fogli."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    metadata = MetaData()
    type_annotation_map = {
        str: Text,
        datetime: DateTime(timezone=True),
        list[UUID]: ARRAY(Uuid),
        list[str]: ARRAY(Text),
        list[Any]: JSONB,
    }


class AvvisoTable(Base):
    """One alert. `id` is derived from event, cartella and addressee: the same fact cannot make it twice.

    `destinatario_id` null: the inbox of the settore. `chiuso_il` null: still to be dealt with.
    """

    __tablename__ = "avvisi"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[UUID]
    tipo: Mapped[str]
    titolo: Mapped[str]
    descrizione: Mapped[str]
    gravita: Mapped[str]
    ente: Mapped[str]
    settore: Mapped[str]
    cartella_id: Mapped[UUID | None]
    cartella_numero: Mapped[str]
    residente_id: Mapped[UUID | None]
    riferimento_id: Mapped[UUID | None]
    campi_variati: Mapped[list[str]]
    destinatario_id: Mapped[UUID | None]
    conferma_richiesta: Mapped[bool]
    stato: Mapped[str]
    motivo: Mapped[str]
    esito_di: Mapped[UUID | None]
    esito_il: Mapped[datetime | None]
    esito_chiave: Mapped[UUID | None]
    chiuso_il: Mapped[datetime | None]
    data_evento: Mapped[date]
    creato_il: Mapped[datetime]
    version: Mapped[int]


class MailTable(Base):
    """A mail to be sent: creata → in_invio → inviata, or fallita when the server refuses it for good."""

    __tablename__ = "mail"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    avviso_id: Mapped[UUID]
    stato: Mapped[str]
    tentativi: Mapped[int]
    prossimo_tentativo: Mapped[datetime]
    creata_il: Mapped[datetime]
    inviata_il: Mapped[datetime | None]
    errore: Mapped[str]


class CartellaNotaTable(Base):
    """The case as cartella last told it."""

    __tablename__ = "cartelle_note"

    cartella_id: Mapped[UUID] = mapped_column(primary_key=True)
    numero: Mapped[str]
    residente_id: Mapped[UUID]
    ente: Mapped[str]
    settore: Mapped[str]
    stato: Mapped[str]
    responsabile_id: Mapped[UUID | None]
    team: Mapped[list[UUID]]
    settore_riservato: Mapped[str]
    condivisioni: Mapped[list[Any]]
    sequence: Mapped[int]


class OperatoreEsclusi(Base):
    """Whom an operator may never meet in his work (his household), as his last mandate said."""

    __tablename__ = "operatori_esclusi"

    operatore_id: Mapped[UUID] = mapped_column(primary_key=True)
    residenti: Mapped[list[UUID]]


class IncaricoTable(Base):
    """An operator's assignment as the gateway last told it."""

    __tablename__ = "incarichi"

    incarico_id: Mapped[UUID] = mapped_column(primary_key=True)
    operatore_id: Mapped[UUID]
    ente: Mapped[str]
    settore: Mapped[str]
    ruolo: Mapped[str]
    email: Mapped[str]
    dal: Mapped[date]
    al: Mapped[date | None]
    sequence: Mapped[int]


class FoglioNotoTable(Base):
    """Who proposed a foglio, so that he can be told what became of it."""

    __tablename__ = "fogli_noti"

    foglio_id: Mapped[UUID] = mapped_column(primary_key=True)
    cartella_id: Mapped[UUID]
    proponente_id: Mapped[UUID]


class FattoAnagrafeTable(Base):
    """A registry fact, kept 90 days: the case it concerns may be told to us after it.

    `valuta_dal` not null: a household change that still waits for the person facts of the same night. `riservati`:
    those of `residenti` who are under protection.
    """

    __tablename__ = "fatti_anagrafe"

    event_id: Mapped[UUID] = mapped_column(primary_key=True)
    tipo: Mapped[str]
    motivo: Mapped[str]
    residente_id: Mapped[UUID | None]
    residenti: Mapped[list[UUID]]
    entrati: Mapped[list[UUID]]
    usciti: Mapped[list[UUID]]
    riservati: Mapped[list[UUID]]
    campi_variati: Mapped[list[str]]
    data_evento: Mapped[date]
    time: Mapped[datetime]
    valuta_dal: Mapped[datetime | None]


def as_dict(row: Base) -> dict[str, Any]:
    """Column values by name."""
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}
