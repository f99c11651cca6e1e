"""Logins under way, assertions already used, and the SPID log: 24 months, encrypted, never changed."""

from alembic import op

revision = "0003"
down_revision = "0002"

UNDER_WAY = """
CREATE TABLE spid_richieste (
    id text PRIMARY KEY,
    tipo text NOT NULL CHECK (tipo IN ('accesso', 'uscita')),
    schema text NOT NULL CHECK (schema IN ('spid', 'cie')),
    idp text NOT NULL,
    emessa_il timestamptz NOT NULL,
    scade_il timestamptz NOT NULL,
    relay_sha256 bytea NOT NULL CHECK (octet_length(relay_sha256) = 32),
    cookie_sha256 bytea NOT NULL CHECK (octet_length(cookie_sha256) = 32),
    livello smallint NOT NULL CHECK (livello BETWEEN 1 AND 3),
    area text NOT NULL CHECK (area IN ('operatore', 'cittadino')),
    ritorno text NOT NULL,
    indirizzo text NOT NULL,
    richiesta bytea NOT NULL
);
CREATE INDEX spid_richieste_indirizzo ON spid_richieste (indirizzo, schema);
CREATE INDEX spid_richieste_scadenza ON spid_richieste (scade_il);
CREATE TABLE spid_asserzioni (
    idp text NOT NULL,
    id text NOT NULL,
    scade_il timestamptz NOT NULL,
    PRIMARY KEY (idp, id)
);
CREATE INDEX spid_asserzioni_scadenza ON spid_asserzioni (scade_il);
"""

LOG = """
CREATE TABLE spid_registro (
    id uuid PRIMARY KEY,
    quando timestamptz NOT NULL DEFAULT now(),
    schema text NOT NULL,
    idp text NOT NULL,
    esito text NOT NULL,
    richiesta_id text NOT NULL,
    risposta_id text NOT NULL,
    asserzione_id text NOT NULL,
    soggetto bytea,
    chiave text NOT NULL,
    contenuto bytea NOT NULL
);
CREATE INDEX spid_registro_quando ON spid_registro (quando);
CREATE INDEX spid_registro_soggetto ON spid_registro (soggetto, quando) WHERE soggetto IS NOT NULL;
CREATE TABLE spid_consultazioni (
    id uuid PRIMARY KEY,
    quando timestamptz NOT NULL DEFAULT now(),
    chi text NOT NULL,
    motivo text NOT NULL CHECK (length(motivo) BETWEEN 10 AND 500),
    righe int NOT NULL
);
CREATE FUNCTION refuse_spid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.quando < now() - interval '24 months' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'the SPID log is kept for 24 months and never changed';
END $$;
CREATE TRIGGER spid_registro_kept BEFORE UPDATE OR DELETE ON spid_registro
    FOR EACH ROW EXECUTE FUNCTION refuse_spid_change();
CREATE TRIGGER spid_registro_whole BEFORE TRUNCATE ON spid_registro
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_spid_change();
CREATE TRIGGER spid_consultazioni_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON spid_consultazioni
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    for statements in (UNDER_WAY, LOG):
        op.execute(statements)
