"""The policy edited by four eyes: who drafted, proposed, decided; what was approved never changes."""

from alembic import op

revision = "0005"
down_revision = "0004"

STATEMENTS = """
ALTER TABLE politiche
    ALTER COLUMN attiva_dal DROP NOT NULL,
    ADD COLUMN base int REFERENCES politiche,
    ADD COLUMN autore_id uuid REFERENCES operatori,
    ADD COLUMN revisione int NOT NULL DEFAULT 1,
    ADD COLUMN proposta_il timestamptz,
    ADD COLUMN decisa_da uuid REFERENCES operatori,
    ADD COLUMN decisa_il timestamptz,
    ADD COLUMN motivo_decisione text NOT NULL DEFAULT '',
    ADD COLUMN annullo_chiesto_da uuid REFERENCES operatori,
    ADD COLUMN annullo_chiesto_il timestamptz,
    ADD COLUMN motivo_annullo text NOT NULL DEFAULT '',
    ADD COLUMN annullata_da uuid REFERENCES operatori,
    ADD COLUMN annullata_il timestamptz,
    ADD CONSTRAINT politiche_annullata CHECK ((stato = 'annullata') = (annullata_da IS NOT NULL)
        AND (annullata_da IS NULL OR annullo_chiesto_da IS NOT NULL AND annullata_da <> annullo_chiesto_da)),
    ADD CONSTRAINT politiche_con_data CHECK (stato IN ('bozza', 'respinta') OR attiva_dal IS NOT NULL),
    ADD CONSTRAINT politiche_quattro_occhi CHECK (autore_id IS NULL OR decisa_da IS DISTINCT FROM autore_id
        AND (stato NOT IN ('approvata', 'respinta', 'annullata') OR decisa_da IS NOT NULL));
CREATE INDEX politiche_in_vigore ON politiche (version, attiva_dal) WHERE stato = 'approvata';
"""
"""`autore_id` drafts and proposes; without one the version came with the system. `base`: the version it was drafted
from, which must still be the newest approved when it is approved itself. `annullo_chiesto_da` asks to undo what was
approved and has not begun, `annullata_da` is another who did."""

FIXED = """
CREATE FUNCTION politica_order() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    undoing CONSTANT text[] := ARRAY['stato', 'revisione', 'annullo_chiesto_da', 'annullo_chiesto_il',
                                     'motivo_annullo', 'annullata_da', 'annullata_il'];
BEGIN
    IF TG_OP = 'DELETE' AND OLD.stato <> 'bozza' THEN
        RAISE EXCEPTION 'a version of the policy that was proposed is never deleted';
    ELSIF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.stato IN ('respinta', 'annullata') OR OLD.stato = 'approvata' AND (
            NEW.stato NOT IN ('approvata', 'annullata') OR OLD.attiva_dal <= clock_timestamp()
            OR to_jsonb(NEW) - undoing <> to_jsonb(OLD) - undoing
            OR EXISTS (SELECT 1 FROM politiche WHERE stato = 'approvata' AND version > OLD.version))) THEN
        RAISE EXCEPTION 'version % of the policy was decided and never changes', OLD.version;
    END IF;
    IF NEW.stato = 'approvata' AND EXISTS (
        SELECT 1 FROM politiche WHERE stato = 'approvata' AND version <> NEW.version
                                  AND (version > NEW.version OR attiva_dal > NEW.attiva_dal)) THEN
        RAISE EXCEPTION 'versions of the policy come into force in the order of their numbers';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER politiche_order BEFORE INSERT OR UPDATE OR DELETE ON politiche
    FOR EACH ROW EXECUTE FUNCTION politica_order();
CREATE FUNCTION politica_draft_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM politiche WHERE stato <> 'bozza' AND version IN (
        CASE WHEN TG_OP = 'DELETE' THEN OLD.version ELSE NEW.version END,
        CASE WHEN TG_OP = 'INSERT' THEN NEW.version ELSE OLD.version END)) THEN
        RAISE EXCEPTION 'only a draft of the policy changes';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""
ON_CONTENT = """
CREATE TRIGGER {0}_draft_only BEFORE INSERT OR UPDATE OR DELETE ON {0}
    FOR EACH ROW EXECUTE FUNCTION politica_draft_only();
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
    op.execute(FIXED)
    for table in ("politica_regole", "politica_territori", "politica_ruoli"):
        op.execute(ON_CONTENT.format(table))
