"""Who is under protection: secret address, adoption, the identity of before an adoption. Rows are never deleted."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

VINCOLI = """
CREATE TABLE vincoli_riservatezza (
    id uuid PRIMARY KEY,
    residente_id uuid NOT NULL,
    tipo text NOT NULL CHECK (tipo IN ('indirizzo_protetto', 'adozione', 'identita_originaria')),
    dal date NOT NULL,
    al date CHECK (al >= dal),
    atto text NOT NULL,
    motivo text NOT NULL,
    inserito_da uuid NOT NULL,
    inserito_il timestamptz NOT NULL DEFAULT now(),
    revocato_da uuid,
    revocato_il timestamptz,
    motivo_revoca text NOT NULL DEFAULT '',
    version integer NOT NULL DEFAULT 1,
    CHECK ((revocato_da IS NULL) = (revocato_il IS NULL))
)
"""
IN_VIGORE = """
CREATE VIEW vincoli_in_vigore AS
    SELECT id, residente_id, tipo, dal FROM vincoli_riservatezza
    WHERE revocato_il IS NULL AND dal <= (now() AT TIME ZONE 'Europe/Rome')::date
        AND (al IS NULL OR al >= (now() AT TIME ZONE 'Europe/Rome')::date)
"""


def upgrade() -> None:
    for statement in (
        VINCOLI,
        "CREATE INDEX vincoli_residente ON vincoli_riservatezza (residente_id)",
        "CREATE UNIQUE INDEX vincoli_uno_per_tipo ON vincoli_riservatezza (residente_id, tipo)"
        " WHERE revocato_il IS NULL",
        IN_VIGORE,
    ):
        op.execute(statement)
