"""Break-the-glass: what is kept of an emergency, and the signature of whoever looked at it."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS = """
ALTER TABLE emergenze
    DROP CONSTRAINT emergenze_session_id_fkey,
    ADD COLUMN ruolo text NOT NULL DEFAULT '',
    ADD COLUMN settore text NOT NULL DEFAULT '',
    ADD COLUMN persona text NOT NULL DEFAULT '',
    ADD COLUMN rivista_da uuid REFERENCES operatori,
    ADD COLUMN rivista_il timestamptz,
    ADD COLUMN esito text CHECK (esito IN ('giustificata', 'non_giustificata')),
    ADD COLUMN nota text NOT NULL DEFAULT '',
    ADD COLUMN solleciti int NOT NULL DEFAULT 0,
    ADD COLUMN sollecitata_il timestamptz,
    ADD CONSTRAINT emergenze_firma CHECK (num_nonnulls(rivista_da, rivista_il, esito) IN (0, 3)),
    ADD CONSTRAINT emergenze_quattro_occhi CHECK (rivista_da <> operatore_id),
    ADD CONSTRAINT emergenze_finita CHECK (rivista_il IS NULL OR chiusa_il IS NOT NULL);
CREATE INDEX emergenze_da_rivedere ON emergenze (ente, aperta_il) WHERE rivista_il IS NULL;
CREATE INDEX emergenze_operatore ON emergenze (operatore_id, aperta_il);

CREATE FUNCTION emergenza_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an emergency is never deleted';
    END IF;
    IF OLD.rivista_il IS NOT NULL THEN
        RAISE EXCEPTION 'emergency % was signed and never changes', OLD.id;
    END IF;
    IF (NEW.session_id, NEW.operatore_id, NEW.incarico_id, NEW.ente, NEW.residente_id, NEW.motivo, NEW.aperta_il)
       IS DISTINCT FROM
       (OLD.session_id, OLD.operatore_id, OLD.incarico_id, OLD.ente, OLD.residente_id, OLD.motivo, OLD.aperta_il)
       OR NEW.scade_il > OLD.scade_il OR OLD.chiusa_il IS NOT NULL AND NEW.chiusa_il IS DISTINCT FROM OLD.chiusa_il THEN
        RAISE EXCEPTION 'an emergency can only end and be signed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER emergenze_stay BEFORE UPDATE OR DELETE ON emergenze
    FOR EACH ROW EXECUTE FUNCTION emergenza_stays();
"""
"""Sessions are purged, emergencies stay: hence no foreign key. `persona`: name as the registry had it, for the banner
and for whoever reviews."""


def upgrade() -> None:
    op.execute(STATEMENTS)
