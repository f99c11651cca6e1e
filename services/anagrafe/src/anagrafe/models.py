"""Tables of the service as SQLAlchemy sees them; the migrations make them."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ARRAY, Date, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map = {datetime: TIMESTAMP(timezone=True), str: Text, date: Date, list[str]: ARRAY(Text)}


class _Anagrafica:
    """What is known of a person, now or once. Codes are those of ANPR; `stato` R resident, D dead, E gone."""

    id_anagrafe: Mapped[str]
    codice_fiscale: Mapped[str | None]
    cognome: Mapped[str]
    nome: Mapped[str]
    sesso: Mapped[str]
    data_nascita: Mapped[date]
    luogo_nascita: Mapped[str]
    cittadinanza: Mapped[str]
    stato_civile: Mapped[str]
    nucleo_id: Mapped[UUID]
    relazione: Mapped[str]
    codice_via: Mapped[str]
    indirizzo: Mapped[str]
    civico: Mapped[str]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    stato: Mapped[str]
    motivo: Mapped[str]
    data_iscrizione: Mapped[date | None]
    data_decesso: Mapped[date | None]
    ente: Mapped[str]
    valid_from: Mapped[date]
    known_from: Mapped[datetime]
    caricamento_id: Mapped[UUID]


class Residente(_Anagrafica, Base):
    """The version that holds now. `version` is also the sequence of the last event about the person."""

    __tablename__ = "residenti"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    ricerca: Mapped[str]
    riga_hash: Mapped[UUID | None]


class ResidenteStorico(_Anagrafica, Base):
    """A closed version: held from `valid_from` to `valid_to`, known to us from `known_from` to `known_to`."""

    __tablename__ = "residenti_storico"

    residente_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    valid_to: Mapped[date]
    known_to: Mapped[datetime]


class Ente(Base):
    __tablename__ = "enti"

    codice: Mapped[str] = mapped_column(primary_key=True)
    nome: Mapped[str]
    residenti: Mapped[int]
    ultimo_giorno: Mapped[date | None]
    primo_caricamento: Mapped[datetime | None]


class Luogo(Base):
    """A comune or nation with the dates of its name; the same code may have had several."""

    __tablename__ = "luoghi"

    codice: Mapped[str] = mapped_column(primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    nome: Mapped[str]
    provincia: Mapped[str]
    valid_to: Mapped[date | None]


class Caricamento(Base):
    """One registry file: what it was, what it did. `contenuto` (compressed) only while it waits for a person."""

    __tablename__ = "caricamenti"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ente: Mapped[str]
    file: Mapped[str]
    sha256: Mapped[str]
    giorno: Mapped[date | None]
    stato: Mapped[str]
    righe: Mapped[int]
    nascite: Mapped[int]
    decessi: Mapped[int]
    trasferimenti: Mapped[int]
    variazioni: Mapped[int]
    rifiutate: Mapped[int]
    avvisi: Mapped[int]
    motivo: Mapped[str]
    secondi: Mapped[Decimal]
    iniziato_il: Mapped[datetime]
    finito_il: Mapped[datetime | None]
    confermato_da: Mapped[UUID | None]
    contenuto: Mapped[bytes | None] = mapped_column(deferred=True)


class RigaRifiutata(Base):
    __tablename__ = "righe_rifiutate"

    caricamento_id: Mapped[UUID] = mapped_column(primary_key=True)
    riga: Mapped[int] = mapped_column(primary_key=True)
    colonna: Mapped[str] = mapped_column(primary_key=True)
    valore: Mapped[str]
    motivo: Mapped[str]
    avviso: Mapped[bool]


class Vincolo(Base):
    """A protection of a person: laid, perhaps with an end, perhaps taken away; never deleted."""

    __tablename__ = "vincoli_riservatezza"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    residente_id: Mapped[UUID]
    tipo: Mapped[str]
    dal: Mapped[date]
    al: Mapped[date | None]
    atto: Mapped[str]
    motivo: Mapped[str]
    inserito_da: Mapped[UUID]
    inserito_il: Mapped[datetime]
    revocato_da: Mapped[UUID | None]
    revocato_il: Mapped[datetime | None]
    motivo_revoca: Mapped[str]
    version: Mapped[int]


class VincoloInVigore(Base):
    """View: the vincoli that hold today (in Rome)."""

    __tablename__ = "vincoli_in_vigore"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    residente_id: Mapped[UUID]
    tipo: Mapped[str]
    dal: Mapped[date]
