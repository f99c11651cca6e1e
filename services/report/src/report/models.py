"""Tables of report: pseudonymised facts, and where the newest snapshot of each ente lies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, MetaData, SmallInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    metadata = MetaData()
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True), int: BigInteger}


class FattoCartellaTable(Base):
    """One case under a pseudonym, as cartella last told it. Nothing here leads back without the service's key."""

    __tablename__ = "fatti_cartelle"

    cartella: Mapped[UUID] = mapped_column(primary_key=True)
    persona: Mapped[int]
    ente: Mapped[str]
    comune: Mapped[str]
    area: Mapped[str]
    sesso: Mapped[str]
    anno_nascita: Mapped[int | None] = mapped_column(SmallInteger)
    settore: Mapped[str]
    stato: Mapped[str]
    sequence: Mapped[int]


class PartizioneTable(Base):
    """Facts of one ente as Parquet. `revisione` grows with each fact; the snapshot has `revisione_scritta`."""

    __tablename__ = "partizioni"

    ente: Mapped[str] = mapped_column(primary_key=True)
    revisione: Mapped[int]
    revisione_scritta: Mapped[int]
    chiave: Mapped[str]
    sha256: Mapped[str]
    righe: Mapped[int]
    dati_al: Mapped[datetime | None]
