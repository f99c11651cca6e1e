"""Residents with full history, households, streets, places by date, loads of registry files."""

from alembic import op

from chassis.migrations import create_outbox

revision = "0001"
down_revision = None

UUID7 = """
CREATE FUNCTION uuid7() RETURNS uuid LANGUAGE sql VOLATILE AS $$
    SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3) FROM 1 FOR 6),
        52, 1), 53, 1), 'hex')::uuid
$$
"""
COLUMNS = """
    id_anagrafe text COLLATE "C" NOT NULL,
    codice_fiscale text COLLATE "C",
    cognome text NOT NULL,
    nome text NOT NULL,
    sesso text NOT NULL,
    data_nascita date NOT NULL,
    luogo_nascita text NOT NULL,
    cittadinanza text NOT NULL,
    stato_civile text NOT NULL,
    nucleo_id uuid NOT NULL,
    relazione text NOT NULL,
    codice_via text NOT NULL,
    indirizzo text NOT NULL,
    civico text NOT NULL,
    lat double precision,
    lon double precision,
    stato text NOT NULL,
    motivo text NOT NULL DEFAULT '',
    data_iscrizione date,
    data_decesso date,
    ente text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    valid_from date NOT NULL,
    known_from timestamptz NOT NULL,
    caricamento_id uuid NOT NULL
"""
TABLES = (
    """CREATE TABLE luoghi (
        codice text NOT NULL,
        nome text NOT NULL,
        provincia text NOT NULL,
        valid_from date NOT NULL,
        valid_to date,
        PRIMARY KEY (codice, valid_from)
    )""",
    """CREATE TABLE enti (
        codice text PRIMARY KEY,
        nome text NOT NULL,
        residenti integer NOT NULL DEFAULT 0,
        ultimo_giorno date,
        primo_caricamento timestamptz
    )""",
    """CREATE TABLE nuclei (
        id uuid PRIMARY KEY,
        ente text COLLATE "C" NOT NULL,
        id_nucleo text COLLATE "C" NOT NULL,
        version integer NOT NULL DEFAULT 1,
        UNIQUE (ente, id_nucleo)
    )""",
    f"""CREATE TABLE residenti (
        id uuid PRIMARY KEY,
        {COLUMNS},
        ricerca text COLLATE "C" NOT NULL,
        riga_hash uuid,
        CHECK (stato IN ('R', 'D', 'E'))
    )""",
    f"""CREATE TABLE residenti_storico (
        residente_id uuid NOT NULL,
        {COLUMNS},
        valid_to date NOT NULL,
        known_to timestamptz NOT NULL,
        PRIMARY KEY (residente_id, version)
    )""",
    """CREATE TABLE civici (
        ente text COLLATE "C" NOT NULL,
        codice_via text COLLATE "C" NOT NULL,
        specie text NOT NULL,
        denominazione text NOT NULL,
        civico text COLLATE "C" NOT NULL,
        lat double precision,
        lon double precision,
        PRIMARY KEY (ente, codice_via, civico)
    )""",
    """CREATE TABLE caricamenti (
        id uuid PRIMARY KEY,
        ente text NOT NULL,
        file text NOT NULL,
        sha256 text NOT NULL,
        giorno date,
        stato text NOT NULL,
        righe integer NOT NULL DEFAULT 0,
        nascite integer NOT NULL DEFAULT 0,
        decessi integer NOT NULL DEFAULT 0,
        trasferimenti integer NOT NULL DEFAULT 0,
        variazioni integer NOT NULL DEFAULT 0,
        rifiutate integer NOT NULL DEFAULT 0,
        avvisi integer NOT NULL DEFAULT 0,
        motivo text NOT NULL DEFAULT '',
        secondi numeric(10, 3) NOT NULL DEFAULT 0,
        iniziato_il timestamptz NOT NULL DEFAULT now(),
        finito_il timestamptz,
        confermato_da uuid,
        contenuto bytea,
        UNIQUE (ente, file, sha256),
        CHECK (stato IN ('in_corso', 'completato', 'rifiutato', 'in_attesa'))
    )""",
    """CREATE TABLE righe_rifiutate (
        caricamento_id uuid NOT NULL REFERENCES caricamenti ON DELETE CASCADE,
        riga integer NOT NULL,
        colonna text NOT NULL,
        valore text NOT NULL,
        motivo text NOT NULL,
        avviso boolean NOT NULL DEFAULT false
    )""",
)
INDEXES = (
    "CREATE UNIQUE INDEX residenti_id_anagrafe ON residenti (id_anagrafe)",
    "CREATE INDEX residenti_confronto ON residenti (ente, id_anagrafe) INCLUDE (riga_hash, stato)",
    "CREATE INDEX residenti_nucleo ON residenti (nucleo_id)",
    "CREATE INDEX residenti_codice_fiscale ON residenti (codice_fiscale)",
    "CREATE INDEX residenti_nascita ON residenti (data_nascita)",
    "CREATE INDEX residenti_ricerca ON residenti (ricerca)",
    "CREATE INDEX residenti_ricerca_trgm ON residenti USING gin (ricerca gin_trgm_ops)",
    "CREATE INDEX residenti_storico_nucleo ON residenti_storico (nucleo_id)",
    "CREATE INDEX caricamenti_per_ente ON caricamenti (ente, iniziato_il DESC)",
    "CREATE INDEX righe_rifiutate_caricamento ON righe_rifiutate (caricamento_id, riga)",
)
APPARTENENZE = """
CREATE VIEW appartenenze AS
    SELECT nucleo_id, id AS residente_id, relazione, stato, valid_from, NULL::date AS valid_to,
        known_from, NULL::timestamptz AS known_to FROM residenti
    UNION ALL
    SELECT nucleo_id, residente_id, relazione, stato, valid_from, valid_to, known_from, known_to
        FROM residenti_storico
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    create_outbox(op)
    for statement in (UUID7, *TABLES, *INDEXES, APPARTENENZE):
        op.execute(statement)
