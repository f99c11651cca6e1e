"""Who may hold a session besides an operator in one incarico: citizens, machine clients, stand-ins. Reasons."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = """
CREATE TABLE cittadini (
    id uuid PRIMARY KEY,
    codice_fiscale text NOT NULL UNIQUE,
    nome text NOT NULL,
    cognome text NOT NULL,
    primo_accesso timestamptz NOT NULL DEFAULT now(),
    ultimo_accesso timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE clienti (
    id uuid PRIMARY KEY,
    nome text NOT NULL,
    ente text NOT NULL CHECK (ente ~ '^[A-Z][0-9]{3}$'),
    settore text NOT NULL DEFAULT '',
    finalita text NOT NULL,
    estensioni jsonb NOT NULL,
    chiavi jsonb NOT NULL,
    creato_il timestamptz NOT NULL DEFAULT now(),
    scade_il timestamptz,
    revocato_il timestamptz
);
CREATE TABLE deleghe (
    id uuid PRIMARY KEY,
    incarico_id uuid NOT NULL REFERENCES incarichi,
    delegato_id uuid NOT NULL REFERENCES operatori,
    dal date NOT NULL,
    al date NOT NULL,
    motivo text NOT NULL,
    creata_da uuid NOT NULL,
    creata_il timestamptz NOT NULL DEFAULT now(),
    revocata_il timestamptz,
    CHECK (al >= dal)
);
CREATE INDEX deleghe_delegato ON deleghe (delegato_id);
CREATE INDEX deleghe_incarico ON deleghe (incarico_id);

ALTER TABLE sessioni
    ALTER COLUMN incarico_id DROP NOT NULL,
    ADD COLUMN tipo text NOT NULL DEFAULT 'operatore' CHECK (tipo IN ('operatore', 'cittadino', 'client')),
    ADD COLUMN operatore_id uuid REFERENCES operatori,
    ADD COLUMN cittadino_id uuid REFERENCES cittadini,
    ADD COLUMN client_id uuid REFERENCES clienti,
    ADD COLUMN delega_id uuid REFERENCES deleghe,
    ADD COLUMN inattivita interval NOT NULL DEFAULT '30 minutes',
    ADD COLUMN schema text NOT NULL DEFAULT 'dev',
    ADD COLUMN livello smallint NOT NULL DEFAULT 2 CHECK (livello BETWEEN 0 AND 3),
    ADD COLUMN idp text NOT NULL DEFAULT '',
    ADD COLUMN name_id text NOT NULL DEFAULT '',
    ADD COLUMN session_index text NOT NULL DEFAULT '',
    ADD COLUMN esclusi uuid[],
    ADD COLUMN esclusi_al timestamptz;
UPDATE sessioni s SET operatore_id = i.operatore_id FROM incarichi i WHERE i.id = s.incarico_id;
ALTER TABLE sessioni ADD CONSTRAINT sessioni_soggetto CHECK (num_nonnulls(operatore_id, cittadino_id, client_id) = 1);
CREATE INDEX sessioni_operatore ON sessioni (operatore_id) WHERE revocata_il IS NULL;
CREATE INDEX sessioni_name_id ON sessioni (idp, name_id) WHERE revocata_il IS NULL AND name_id <> '';

CREATE TABLE motivi_accesso (
    operatore_id uuid NOT NULL,
    cartella_id uuid NOT NULL,
    giorno date NOT NULL,
    motivo text NOT NULL CHECK (length(motivo) BETWEEN 1 AND 500),
    scritto_il timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (operatore_id, cartella_id, giorno)
);
CREATE TABLE emergenze (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessioni,
    operatore_id uuid NOT NULL REFERENCES operatori,
    incarico_id uuid NOT NULL REFERENCES incarichi,
    ente text NOT NULL,
    residente_id uuid NOT NULL,
    motivo text NOT NULL CHECK (length(motivo) BETWEEN 10 AND 2000),
    aperta_il timestamptz NOT NULL DEFAULT now(),
    scade_il timestamptz NOT NULL,
    chiusa_il timestamptz
);
CREATE INDEX emergenze_session ON emergenze (session_id, scade_il) WHERE chiusa_il IS NULL;

ALTER TABLE politiche
    ADD COLUMN stato text NOT NULL DEFAULT 'approvata'
        CHECK (stato IN ('bozza', 'proposta', 'approvata', 'respinta', 'annullata'));
CREATE TABLE politica_ruoli (
    version int NOT NULL REFERENCES politiche,
    ruolo text NOT NULL,
    livello smallint NOT NULL CHECK (livello BETWEEN 1 AND 3),
    PRIMARY KEY (version, ruolo)
);
CREATE TABLE tentativi_errati (
    indirizzo text NOT NULL,
    quando timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tentativi_errati_indirizzo ON tentativi_errati (indirizzo, quando);

ALTER TABLE accessi
    ADD COLUMN tipo text NOT NULL DEFAULT 'operatore',
    ADD COLUMN in_delega_di uuid;
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
