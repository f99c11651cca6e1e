"""Tables of documenti."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB

metadata = MetaData()

documenti = Table(
    "documenti",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("cartella_id", Uuid, nullable=False),
    Column("ente", Text, nullable=False),
    Column("autore_id", Uuid, nullable=False),
    Column("nome_file", Text, nullable=False),
    Column("tipo_mime", Text, nullable=False),
    Column("dimensione", BigInteger, nullable=False),
    Column("tipo", Text, nullable=False),
    Column("descrizione", Text, nullable=False),
    Column("data_documento", Date),
    Column("privato", Boolean, nullable=False),
    Column("settore_riservato", Text, nullable=False),
    Column("oggetto", Text, nullable=False),
    Column("stato", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("iniziato_il", DateTime(timezone=True), nullable=False),
    Column("caricato_il", DateTime(timezone=True)),
    Column("motivo", Text, nullable=False),
    Column("radice_id", Uuid, nullable=False),
    Column("numero_versione", Integer, nullable=False),
    Column("sostituisce", Uuid),
    Column("superato_da", Uuid),
    Column("version", Integer, nullable=False),
)

stampe = Table(
    "stampe",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("cartella_id", Uuid, nullable=False),
    Column("ente", Text, nullable=False),
    Column("richiedente_id", Uuid, nullable=False),
    Column("nome_file", Text, nullable=False),
    Column("contenuto", JSON(none_as_null=True)),
    Column("stato", Text, nullable=False),
    Column("oggetto", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("dimensione", BigInteger, nullable=False),
    Column("pagine", Integer, nullable=False),
    Column("avvii", Integer, nullable=False),
    Column("motivo", Text, nullable=False),
    Column("richiesta_il", DateTime(timezone=True), nullable=False),
    Column("pronta_il", DateTime(timezone=True)),
    Column("version", Integer, nullable=False),
)

cartelle_note = Table(
    "cartelle_note",
    metadata,
    Column("cartella_id", Uuid, primary_key=True),
    Column("numero", Text, nullable=False),
    Column("residente_id", Uuid),
    Column("ente", Text, nullable=False),
    Column("settore", Text, nullable=False),
    Column("stato", Text, nullable=False),
    Column("team", ARRAY(Uuid), nullable=False),
    Column("aperta_da", Uuid),
    Column("settore_riservato", Text, nullable=False),
    Column("condivisioni", JSONB, nullable=False),
    Column("sequence", BigInteger, nullable=False),
)
"""What this service knows of the cases, from cartella's events."""
