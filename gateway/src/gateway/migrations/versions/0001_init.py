"""Operators, sessions, policy, access log."""

from alembic import op

from chassis.migrations import create_outbox

revision = "0001"
down_revision = None

WHO = """
CREATE TABLE operatori (
    id uuid PRIMARY KEY,
    identita text UNIQUE,
    codice_fiscale text NOT NULL UNIQUE,
    nome text NOT NULL,
    cognome text NOT NULL,
    email text NOT NULL,
    revocato_il timestamptz,
    creato_il timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE incarichi (
    id uuid PRIMARY KEY,
    operatore_id uuid NOT NULL REFERENCES operatori,
    ruolo text NOT NULL,
    ente text NOT NULL CHECK (ente ~ '^[A-Z][0-9]{3}$'),
    settore text NOT NULL DEFAULT '',
    dal date NOT NULL,
    al date,
    atto text NOT NULL DEFAULT '',
    revocato_il timestamptz,
    CHECK (al IS NULL OR al >= dal)
);
CREATE INDEX incarichi_operatore ON incarichi (operatore_id);
CREATE INDEX incarichi_ente ON incarichi (ente, settore);
CREATE TABLE sessioni (
    id uuid PRIMARY KEY,
    token_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
    incarico_id uuid NOT NULL REFERENCES incarichi,
    creata_il timestamptz NOT NULL DEFAULT now(),
    ultimo_uso timestamptz NOT NULL DEFAULT now(),
    scade_il timestamptz NOT NULL,
    revocata_il timestamptz,
    agente text NOT NULL DEFAULT '',
    indirizzo text NOT NULL DEFAULT ''
);
CREATE INDEX sessioni_incarico ON sessioni (incarico_id) WHERE revocata_il IS NULL;
CREATE INDEX sessioni_scadenza ON sessioni (scade_il);
"""

POLICY = """
CREATE TABLE politiche (
    version int PRIMARY KEY,
    attiva_dal timestamptz NOT NULL,
    motivo text NOT NULL,
    creata_il timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE politica_regole (
    version int NOT NULL REFERENCES politiche,
    ruolo text NOT NULL,
    sezione text NOT NULL,
    azione text NOT NULL,
    estensione text NOT NULL CHECK (estensione IN ('propri', 'settore', 'ente', 'ambito', 'provincia')),
    PRIMARY KEY (version, ruolo, sezione, azione)
);
CREATE TABLE politica_territori (
    version int NOT NULL REFERENCES politiche,
    tipo text NOT NULL CHECK (tipo IN ('ambito', 'provincia')),
    codice text NOT NULL,
    ente text NOT NULL,
    PRIMARY KEY (version, tipo, ente)
);
"""

ACCESS_LOG = """
CREATE TABLE accessi_catene (
    catena uuid PRIMARY KEY,
    aperta_il timestamptz NOT NULL,
    teste jsonb NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE accessi (
    catena uuid NOT NULL REFERENCES accessi_catene,
    seq bigint NOT NULL,
    quando timestamptz NOT NULL,
    operatore_id uuid NOT NULL,
    incarico_id uuid NOT NULL,
    session_id uuid NOT NULL,
    ruolo text NOT NULL,
    ente text NOT NULL,
    settore text NOT NULL,
    metodo text NOT NULL,
    rotta text NOT NULL,
    scopi text NOT NULL,
    sezione text NOT NULL,
    azione text NOT NULL,
    cartella_id uuid,
    residente_id uuid,
    motivo text NOT NULL,
    esito int NOT NULL,
    codice text NOT NULL,
    durata_ms int NOT NULL,
    correlation_id text NOT NULL,
    prima bytea NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (catena, seq)
);
CREATE INDEX accessi_cartella ON accessi (cartella_id, quando DESC) WHERE cartella_id IS NOT NULL;
CREATE INDEX accessi_residente ON accessi (residente_id, quando DESC) WHERE residente_id IS NOT NULL;
CREATE INDEX accessi_operatore ON accessi (operatore_id, quando DESC);
CREATE INDEX accessi_ente ON accessi (ente, quando DESC);
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the access log is append-only'; END $$;
CREATE TRIGGER accessi_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accessi
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER accessi_catene_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accessi_catene
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

INSERT_AND_SELECT_ONLY = """
DO $$ DECLARE role text; BEGIN
    FOR role IN SELECT DISTINCT grantee FROM information_schema.role_table_grants
                 WHERE table_name IN ('accessi', 'accessi_catene') AND grantee <> current_user
    LOOP
        EXECUTE format('REVOKE ALL ON accessi, accessi_catene FROM %I', role);
        EXECUTE format('GRANT SELECT, INSERT ON accessi, accessi_catene TO %I', role);
    END LOOP;
END $$
"""


def upgrade() -> None:
    create_outbox(op)
    for statements in (WHO, POLICY, ACCESS_LOG, INSERT_AND_SELECT_ONLY):
        op.execute(statements)
