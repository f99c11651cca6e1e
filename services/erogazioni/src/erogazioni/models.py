"""Tables of erogazioni. Amounts are NUMERIC(12,2) euros; times are timestamptz; enums are stored by value."""

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from contracts.cartella import Area, StatoCartella
from contracts.erogazioni import Carattere, StatoErogazione, StatoFoglio, StatoRecordSiuss

metadata = MetaData()


def _enum(values: type[StrEnum]) -> Enum:
    """Text in the database, the enum in Python."""
    return Enum(
        values, native_enum=False, create_constraint=False, values_callable=lambda e: [v.value for v in e]
    )


def _uuid() -> UUID:  # type: ignore[type-arg]
    return UUID(as_uuid=True)


def _euro() -> Numeric:  # type: ignore[type-arg]
    return Numeric(12, 2)


def _now() -> DateTime:
    return DateTime(timezone=True)


# --- catalogue: data with validity, never an enum in code ----------------------------------------------------------

voci_istat = Table(
    "voci_istat",
    metadata,
    Column("codice", Text, primary_key=True),
    Column("valida_dal", Date, primary_key=True),
    Column("valida_al", Date),
    Column("macro_categoria", Text, nullable=False),
    Column("nome", Text, nullable=False),
    Column("aree", ARRAY(Text), nullable=False),
    Column("fonte", Text, nullable=False),
)

prestazioni_inps = Table(
    "prestazioni_inps",
    metadata,
    Column("codice", Text, primary_key=True),
    Column("valida_dal", Date, primary_key=True),
    Column("valida_al", Date),
    Column("nome", Text, nullable=False),
    Column("esportabile", Boolean, nullable=False),
    Column("solo_in_carico", Boolean, nullable=False),
    Column("richiede_data_evento", Boolean, nullable=False),
    Column("prova_mezzi", Text, nullable=False),
    Column("fonte", Text, nullable=False),
)

voci_prestazioni = Table(
    "voci_prestazioni",
    metadata,
    Column("voce_istat", Text, primary_key=True),
    Column("valida_dal", Date, primary_key=True),
    Column("valida_al", Date),
    Column("prestazione_inps", Text, nullable=False),
    Column("fonte", Text, nullable=False),
)

# --- projections of what other services own ----------------------------------------------------------------------

cartelle = Table(
    "cartelle",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("numero", Text, nullable=False),
    Column("residente_id", _uuid(), nullable=False),
    Column("ente", Text, nullable=False),
    Column("settore", Text, nullable=False),
    Column("team", ARRAY(_uuid()), nullable=False),
    Column("responsabile_id", _uuid()),
    Column("aperta_da", _uuid()),
    Column("area", _enum(Area), nullable=False),
    Column("stato", _enum(StatoCartella), nullable=False),
    Column("comune_residenza", Text, nullable=False),
    Column("settore_riservato", Text, nullable=False),
    Column("condivisioni", JSONB, nullable=False),
    Column("sequence", Integer, nullable=False),
)

isee = Table(
    "isee",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("cartella_id", _uuid(), nullable=False),
    Column("residente_id", _uuid(), nullable=False),
    Column("tipo", Text, nullable=False),
    Column("protocollo_dsu", Text, nullable=False),
    Column("data_presentazione", Date, nullable=False),
    Column("scadenza", Date, nullable=False),
    Column("isee", _euro(), nullable=False),
    Column("sequence", Integer, nullable=False),
)

decessi = Table(
    "decessi",
    metadata,
    Column("residente_id", _uuid(), primary_key=True),
    Column("data_decesso", Date, comment="empty: the registered death was an error"),
    Column("sequence", Integer, nullable=False),
    Column("conosciuto_il", _now(), nullable=False),
)

# --- fogli and payments ------------------------------------------------------------------------------------------

fogli = Table(
    "fogli",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("numero", Text, nullable=False),
    Column("ente", Text, nullable=False),
    Column("cartella_id", _uuid(), nullable=False),
    Column("residente_id", _uuid(), nullable=False),
    Column("area", _enum(Area), nullable=False),
    Column("voce_istat", Text, nullable=False),
    Column("voce_nome", Text, nullable=False),
    Column("prestazione_inps", Text, nullable=False),
    Column("carattere", _enum(Carattere), nullable=False),
    Column("importo", _euro(), nullable=False),
    Column("quota_ente", _euro(), nullable=False),
    Column("quota_beneficiario", _euro(), nullable=False),
    Column("quota_ssn", _euro(), nullable=False),
    Column("dal", Date, nullable=False),
    Column("al", Date),
    Column("isee_id", _uuid()),
    Column("fondo", Text, nullable=False),
    Column("motivazione", Text, nullable=False),
    Column("stato", _enum(StatoFoglio), nullable=False),
    Column("proponente_id", _uuid(), nullable=False),
    Column("approvatore_id", _uuid()),
    Column("deciso_il", _now()),
    Column("motivo_decisione", Text, nullable=False),
    Column("motivo_stato", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("creato_il", _now(), nullable=False),
)

erogazioni = Table(
    "erogazioni",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("foglio_id", _uuid(), nullable=False),
    Column("cartella_id", _uuid(), nullable=False),
    Column("residente_id", _uuid(), nullable=False),
    Column("ente", Text, nullable=False),
    Column("carattere", _enum(Carattere), nullable=False),
    Column("mese", Text, nullable=False),
    Column("dal", Date, nullable=False),
    Column("al", Date, nullable=False),
    Column("importo", _euro(), nullable=False),
    Column("quota_ente", _euro(), nullable=False),
    Column("quota_beneficiario", _euro(), nullable=False),
    Column("quota_ssn", _euro(), nullable=False),
    Column("stato", _enum(StatoErogazione), nullable=False),
    Column("proponente_id", _uuid(), nullable=False),
    Column("liquidatore_id", _uuid()),
    Column("liquidata_il", _now()),
    Column("version", Integer, nullable=False),
    Column("creata_il", _now(), nullable=False),
)

passaggi = Table(
    "passaggi",
    metadata,
    Column("id", Integer, Identity(), primary_key=True),
    Column("oggetto_id", _uuid(), nullable=False, comment="foglio or erogazione"),
    Column("stato", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("operatore_id", _uuid(), comment="empty: done by an event"),
    Column("motivo", Text, nullable=False),
    Column("comando_id", _uuid(), comment="idempotency key of the command"),
    Column("quando", _now(), nullable=False),
)

numeratori = Table(
    "numeratori",
    metadata,
    Column("serie", Text, primary_key=True),
    Column("ultimo", Integer, nullable=False),
)

# --- SIUSS -------------------------------------------------------------------------------------------------------

flussi = Table(
    "flussi",
    metadata,
    Column("id", _uuid(), primary_key=True),
    Column("nome", Text, nullable=False),
    Column("ente", Text, nullable=False),
    Column("mese", Text, nullable=False),
    Column("tipo", Text, nullable=False),
    Column("testata", LargeBinary, nullable=False, comment="bytes up to the first Beneficiario"),
    Column("record", Integer, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("generato_il", _now(), nullable=False),
    Column("generato_da", _uuid(), nullable=False),
)

registro_siuss = Table(
    "registro_siuss",
    metadata,
    Column("flusso_id", _uuid(), primary_key=True),
    Column("posizione", Integer, primary_key=True),
    Column("erogazione_id", _uuid(), nullable=False),
    Column("ente", Text, nullable=False),
    Column("chiave", Text, nullable=False, comment="what INPS tells records apart by"),
    Column("operazione", Text, nullable=False),
    Column("frammento", LargeBinary, nullable=False, comment="the Beneficiario element exactly as sent"),
    Column("stato", _enum(StatoRecordSiuss), nullable=False),
)
