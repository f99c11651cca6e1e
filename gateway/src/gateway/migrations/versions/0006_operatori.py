"""The registry of operators: order of what is told about each, and what was done by whom, for ever."""

from alembic import op

revision = "0006"
down_revision = "0005"

STATEMENTS = """
ALTER TABLE operatori ADD COLUMN sequence bigint NOT NULL DEFAULT 1;
CREATE INDEX operatori_nome ON operatori (cognome, nome, id);
CREATE TABLE operatori_fatti (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    quando timestamptz NOT NULL DEFAULT now(),
    operatore_id uuid NOT NULL REFERENCES operatori,
    incarico_id uuid REFERENCES incarichi,
    ente text NOT NULL,
    fatto text NOT NULL CHECK (fatto IN ('abilitato', 'terminato', 'revocato', 'delegato', 'delega_revocata')),
    da_operatore_id uuid NOT NULL,
    motivo text NOT NULL DEFAULT '' CHECK (length(motivo) <= 500),
    vede_casi boolean NOT NULL DEFAULT false
);
CREATE INDEX operatori_fatti_operatore ON operatori_fatti (operatore_id, seq);
CREATE INDEX operatori_fatti_nomine ON operatori_fatti (ente, seq) WHERE vede_casi AND fatto = 'abilitato';
CREATE FUNCTION refuse_change_of_fact() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'what was done about an operator stays'; END $$;
CREATE TRIGGER operatori_fatti_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operatori_fatti
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_fact();
ALTER TABLE deleghe
    ADD COLUMN revocata_da uuid REFERENCES operatori,
    ADD CONSTRAINT deleghe_durata CHECK (al - dal <= 60);
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
