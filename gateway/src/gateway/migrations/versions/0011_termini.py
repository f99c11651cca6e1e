"""The terms of the access log by version: proposed by one person, decided by another, never written over.

`registro_politiche` stays what is in force, now read from them.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = """
CREATE TABLE registro_termini (
    id uuid PRIMARY KEY,
    ente text NOT NULL CHECK (ente = '' OR ente ~ '^[A-Z][0-9]{3}$'),
    mesi int NOT NULL CHECK (mesi BETWEEN 12 AND 120),
    mostra_nomi boolean NOT NULL,
    mostra_motivi boolean NOT NULL,
    settori_protetti text[] NOT NULL,
    motivo text NOT NULL CHECK (length(motivo) BETWEEN 10 AND 2000),
    proposti_da uuid,
    proposti_il timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE registro_termini IS 'Per ente; those of no ente are everybody else''s, and only the owner sets them';
CREATE INDEX registro_termini_ente ON registro_termini (ente, proposti_il DESC);
CREATE TABLE registro_decisioni (
    termini_id uuid PRIMARY KEY REFERENCES registro_termini,
    approvati boolean NOT NULL,
    motivo text NOT NULL DEFAULT '',
    decisi_da uuid,
    decisi_il timestamptz NOT NULL DEFAULT clock_timestamp()
);
INSERT INTO registro_termini (id, ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, motivo, proposti_il)
SELECT gen_random_uuid(), ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, 'I termini di partenza',
       aggiornata_il
  FROM registro_politiche;
INSERT INTO registro_decisioni (termini_id, approvati, decisi_il) SELECT id, true, proposti_il FROM registro_termini;
DROP TABLE registro_politiche;
CREATE VIEW registro_politiche AS
SELECT DISTINCT ON (t.ente) t.ente, t.mesi, t.mostra_nomi, t.mostra_motivi, t.settori_protetti, t.id AS termini_id
  FROM registro_termini t JOIN registro_decisioni d ON d.termini_id = t.id AND d.approvati
 ORDER BY t.ente, d.decisi_il DESC;
"""

GUARDS = """
CREATE FUNCTION check_registro_decisione() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE proposta registro_termini;
BEGIN
    SELECT * INTO proposta FROM registro_termini WHERE id = NEW.termini_id;
    IF NEW.decisi_da IS NULL OR proposta.proposti_da IS NULL OR NEW.decisi_da = proposta.proposti_da THEN
        RAISE EXCEPTION 'the terms of the access log are decided by a second person';
    END IF;
    IF proposta.ente = '' THEN
        RAISE EXCEPTION 'the terms of no ente are the owner''s to set';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER two_people BEFORE INSERT ON registro_decisioni
    FOR EACH ROW EXECUTE FUNCTION check_registro_decisione();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON registro_termini
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON registro_decisioni
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE OR REPLACE FUNCTION list_accessi_scaduti() RETURNS TABLE (mese date) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
    SELECT to_date(right(c.relname, 7), 'YYYY_MM')
      FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
     WHERE inhparent = 'accessi'::regclass
       AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= now() - make_interval(months => (
           SELECT max(t.mesi) FROM registro_termini t JOIN registro_decisioni d ON d.termini_id = t.id AND d.approvati
            WHERE NOT EXISTS (
                SELECT FROM registro_termini t2
                  JOIN registro_decisioni d2 ON d2.termini_id = t2.id AND d2.approvati
                 WHERE t2.ente = t.ente AND d2.decisi_il > d.decisi_il
                   AND d2.decisi_il < now() - interval '30 days')))
     ORDER BY 1
$$;
"""
"""A shorter term lets months go only thirty days after it was decided: who decided by mistake, or in the name of two,
is found out before anything is gone."""

RIGHTS = """
DO $$ DECLARE ruolo name; BEGIN
    FOR ruolo IN SELECT DISTINCT grantee::regrole::name FROM pg_class, aclexplode(relacl)
                  WHERE oid = 'registro_termini'::regclass AND grantee NOT IN (relowner, 0)
    LOOP
        EXECUTE format('REVOKE ALL ON registro_termini, registro_decisioni, registro_politiche FROM %I', ruolo);
        EXECUTE format('GRANT SELECT ON registro_termini, registro_decisioni, registro_politiche TO %I', ruolo);
        EXECUTE format('GRANT INSERT (id, ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, motivo,'
                       ' proposti_da) ON registro_termini TO %I', ruolo);
        EXECUTE format('GRANT INSERT (termini_id, approvati, motivo, decisi_da) ON registro_decisioni TO %I', ruolo);
    END LOOP;
END $$
"""
"""Nobody who answers pages says when something was proposed or decided."""


def upgrade() -> None:
    for statements in (TABLES, GUARDS, RIGHTS):
        op.execute(statements)
