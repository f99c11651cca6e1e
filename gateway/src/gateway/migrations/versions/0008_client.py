"""Machine clients: proposed by one administrator, approved by another, their keys likewise; assertions used once."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = """
ALTER TABLE clienti
    DROP COLUMN chiavi,
    ADD COLUMN proposto_da uuid NOT NULL REFERENCES operatori,
    ADD COLUMN approvato_da uuid REFERENCES operatori,
    ADD COLUMN approvato_il timestamptz,
    ADD COLUMN revocato_da uuid REFERENCES operatori,
    ADD COLUMN motivo_revoca text NOT NULL DEFAULT '',
    ADD CONSTRAINT clienti_quattro_occhi CHECK (approvato_da <> proposto_da),
    ADD CONSTRAINT clienti_approvazione CHECK ((approvato_da IS NULL) = (approvato_il IS NULL));
CREATE INDEX clienti_ente ON clienti (ente, nome);
CREATE TABLE clienti_chiavi (
    client_id uuid NOT NULL REFERENCES clienti,
    kid text NOT NULL CHECK (length(kid) BETWEEN 1 AND 100),
    jwk jsonb NOT NULL,
    alg text NOT NULL CHECK (alg IN ('RS256', 'ES256', 'EdDSA')),
    proposta_da uuid NOT NULL REFERENCES operatori,
    proposta_il timestamptz NOT NULL DEFAULT now(),
    approvata_da uuid REFERENCES operatori,
    approvata_il timestamptz,
    revocata_da uuid REFERENCES operatori,
    revocata_il timestamptz,
    PRIMARY KEY (client_id, kid),
    CHECK (approvata_da <> proposta_da)
);
CREATE TABLE clienti_jti (
    client_id uuid NOT NULL REFERENCES clienti,
    jti text NOT NULL,
    scade_il timestamptz NOT NULL,
    PRIMARY KEY (client_id, jti)
);
CREATE INDEX clienti_jti_scadenza ON clienti_jti (scade_il);
ALTER TABLE sessioni ADD COLUMN estensioni jsonb;
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
