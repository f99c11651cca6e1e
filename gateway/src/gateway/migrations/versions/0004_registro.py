"""The access log by month, its seals, what was discarded, verifications, rules of anomalies and their findings."""

from alembic import op

revision = "0004"
down_revision = "0003"

POLICY = """
CREATE TABLE registro_politiche (
    ente text PRIMARY KEY CHECK (ente = '' OR ente ~ '^[A-Z][0-9]{3}$'),
    mesi int NOT NULL DEFAULT 24 CHECK (mesi BETWEEN 12 AND 120),
    mostra_nomi boolean NOT NULL DEFAULT true,
    mostra_motivi boolean NOT NULL DEFAULT true,
    settori_protetti text[] NOT NULL DEFAULT '{minori}',
    aggiornata_il timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE registro_politiche IS 'Per ente; the row of no ente is everybody else''s';
INSERT INTO registro_politiche (ente) VALUES ('');
"""

BY_MONTH = """
ALTER TABLE accessi_catene ADD COLUMN formato int NOT NULL DEFAULT 1;
CREATE INDEX accessi_catene_aperta ON accessi_catene (aperta_il);
ALTER TABLE accessi RENAME TO accessi_interi;
DROP INDEX accessi_cartella, accessi_residente, accessi_operatore, accessi_ente;
ALTER TABLE accessi_interi DROP CONSTRAINT accessi_pkey;
CREATE TABLE accessi (
    LIKE accessi_interi INCLUDING DEFAULTS,
    PRIMARY KEY (catena, seq, quando),
    FOREIGN KEY (catena) REFERENCES accessi_catene
) PARTITION BY RANGE (quando);
CREATE INDEX accessi_cartella ON accessi (cartella_id, quando DESC) WHERE cartella_id IS NOT NULL;
CREATE INDEX accessi_residente ON accessi (residente_id, quando DESC) WHERE residente_id IS NOT NULL;
CREATE INDEX accessi_operatore ON accessi (operatore_id, quando DESC);
CREATE INDEX accessi_ente ON accessi (ente, quando DESC);
CREATE TRIGGER accessi_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON accessi
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

FUNCTIONS = """
CREATE FUNCTION make_accessi_mese(giorno date) RETURNS boolean LANGUAGE plpgsql
    SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    primo date := date_trunc('month', giorno);
    nome text := 'accessi_' || to_char(primo, 'YYYY_MM');
    ruolo name;
BEGIN
    IF to_regclass(nome) IS NOT NULL THEN RETURN false; END IF;
    PERFORM pg_advisory_xact_lock(hashtext('accessi_mesi'));
    IF to_regclass(nome) IS NOT NULL THEN RETURN false; END IF;
    EXECUTE format('CREATE TABLE %I (LIKE accessi INCLUDING DEFAULTS)', nome);
    FOR ruolo IN
        SELECT DISTINCT grantee::regrole::name FROM pg_class, aclexplode(relacl)
         WHERE oid = nome::regclass AND grantee <> relowner AND grantee <> 0
    LOOP
        EXECUTE format('REVOKE ALL ON %I FROM %I', nome, ruolo);
    END LOOP;
    EXECUTE format('CREATE TRIGGER accessi_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I'
                   ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', nome);
    EXECUTE format('ALTER TABLE accessi ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                   nome, primo::timestamptz, (primo + interval '1 month')::timestamptz);
    RETURN true;
END $$;

CREATE FUNCTION prepare_accessi() RETURNS int LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '2s' AS $$
DECLARE
    made int := 0;
    mese date;
BEGIN
    FOR mese IN SELECT generate_series(date_trunc('month', now() - interval '1 day'), now() + interval '3 months',
                                       '1 month')::date
    LOOP
        IF make_accessi_mese(mese) THEN made := made + 1; END IF;
    END LOOP;
    RETURN made;
END $$;

CREATE FUNCTION list_accessi_scaduti() RETURNS TABLE (mese date) LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = public, pg_temp SET timezone = 'UTC' AS $$
    SELECT to_date(right(c.relname, 7), 'YYYY_MM')
      FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
     WHERE inhparent = 'accessi'::regclass
       AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month'
           <= now() - make_interval(months => (SELECT max(mesi) FROM registro_politiche))
     ORDER BY 1
$$;

CREATE FUNCTION drop_accessi_mese(primo date) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp SET timezone = 'UTC' SET lock_timeout = '3s' AS $$
DECLARE
    nome text := 'accessi_' || to_char(primo, 'YYYY_MM');
    presenti bigint;
BEGIN
    IF primo NOT IN (SELECT mese FROM list_accessi_scaduti()) THEN
        RAISE EXCEPTION 'the term of % has not passed', nome;
    END IF;
    EXECUTE format('SELECT count(*) FROM %I', nome) INTO presenti;
    IF NOT EXISTS (SELECT FROM accessi_scarti s WHERE s.mese = primo AND s.righe = presenti) THEN
        RAISE EXCEPTION 'what % holds is not on record', nome;
    END IF;
    EXECUTE format('DROP TABLE %I', nome);
    RETURN presenti;
END $$;
"""
"""The months are those of UTC. A partition is made by whoever opens a chain, so that no row ever lacks its month; it
goes only as a whole, only after the longest term of any ente, only with a signed record that counts the same rows."""

MOVE = """
SELECT make_accessi_mese(mese::date) FROM (
    SELECT generate_series(date_trunc('month', min(quando) AT TIME ZONE 'UTC'), max(quando) AT TIME ZONE 'UTC',
                           '1 month') AS mese
      FROM accessi_interi) m;
SELECT prepare_accessi();
INSERT INTO accessi SELECT * FROM accessi_interi;
DROP TABLE accessi_interi;
"""

SEALS = """
CREATE TABLE accessi_sigilli (
    numero bigint PRIMARY KEY CHECK (numero > 0),
    momento timestamptz NOT NULL,
    righe bigint NOT NULL,
    prima bytea NOT NULL,
    hash bytea NOT NULL,
    firma bytea NOT NULL,
    chiave text NOT NULL
);
CREATE INDEX accessi_sigilli_momento ON accessi_sigilli (momento);
CREATE TABLE accessi_teste (
    numero bigint NOT NULL REFERENCES accessi_sigilli,
    catena uuid NOT NULL,
    da bigint NOT NULL,
    seq bigint NOT NULL CHECK (seq >= da),
    hash bytea NOT NULL,
    PRIMARY KEY (catena, seq)
);
CREATE INDEX accessi_teste_numero ON accessi_teste (numero);
CREATE TABLE accessi_scarti (
    mese date PRIMARY KEY,
    quando timestamptz NOT NULL,
    righe bigint NOT NULL,
    tratti jsonb NOT NULL,
    hash bytea NOT NULL,
    firma bytea NOT NULL,
    chiave text NOT NULL
);
DO $$ DECLARE nome text; BEGIN
    FOREACH nome IN ARRAY ARRAY['accessi_sigilli', 'accessi_teste', 'accessi_scarti'] LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %I'
                       ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', nome);
    END LOOP;
END $$;
CREATE TABLE accessi_verifiche (
    id uuid PRIMARY KEY,
    tipo text NOT NULL CHECK (tipo IN ('intera', 'continua')),
    ente text NOT NULL DEFAULT '',
    chiesta_da uuid,
    chiesta_il timestamptz NOT NULL DEFAULT now(),
    aggiornata_il timestamptz NOT NULL DEFAULT now(),
    finita_il timestamptz,
    stato text NOT NULL DEFAULT 'in_attesa' CHECK (stato IN ('in_attesa', 'in_corso', 'finita')),
    righe bigint NOT NULL DEFAULT 0,
    totale bigint NOT NULL DEFAULT 0,
    catene bigint NOT NULL DEFAULT 0,
    sigillo bigint,
    cursore jsonb,
    anomalie jsonb NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX accessi_verifiche_aperta ON accessi_verifiche ((true)) WHERE stato <> 'finita';
CREATE INDEX accessi_verifiche_chiesta ON accessi_verifiche (chiesta_il DESC);
CREATE TABLE registro_cursori (
    nome text PRIMARY KEY,
    sigillo bigint NOT NULL,
    aggiornato_il timestamptz NOT NULL DEFAULT now()
);
"""

ANOMALIES = """
CREATE TABLE regole_anomalia (
    ente text NOT NULL DEFAULT '' CHECK (ente = '' OR ente ~ '^[A-Z][0-9]{3}$'),
    regola text NOT NULL,
    attiva boolean NOT NULL DEFAULT true,
    parametri jsonb NOT NULL,
    aggiornata_il timestamptz NOT NULL DEFAULT now(),
    aggiornata_da uuid,
    PRIMARY KEY (ente, regola)
);
COMMENT ON TABLE regole_anomalia IS 'Per ente; the rows of no ente are everybody else''s';
INSERT INTO regole_anomalia (regola, parametri) VALUES
    ('molti_casi', '{"casi": 30, "minuti": 60}'),
    ('fuori_orario', '{"dalle": 20, "alle": 7, "festivi": true, "ruoli_esclusi": ["rpd", "amministratore_sistema"]}'),
    ('stesso_cognome', '{}'),
    ('stesso_indirizzo', '{}'),
    ('senza_assegnazione', '{"ruoli": ["assistente_sociale", "educatore", "psicologo", "fornitore"]}');
CREATE TABLE accessi_anomali (
    id uuid PRIMARY KEY,
    regola text NOT NULL,
    chiave text NOT NULL,
    ente text NOT NULL,
    operatore_id uuid NOT NULL,
    ruolo text NOT NULL,
    settore text NOT NULL,
    dal timestamptz NOT NULL,
    al timestamptz NOT NULL,
    righe jsonb NOT NULL,
    conteggio int NOT NULL,
    spiegazione text NOT NULL,
    trovata_il timestamptz NOT NULL DEFAULT now(),
    stato text NOT NULL DEFAULT 'nuova' CHECK (stato IN ('nuova', 'vista', 'chiusa')),
    motivo text NOT NULL DEFAULT '',
    vista_da uuid,
    vista_il timestamptz,
    chiusa_da uuid,
    chiusa_il timestamptz,
    UNIQUE (regola, chiave),
    CHECK (stato <> 'chiusa' OR length(motivo) > 0)
);
CREATE INDEX accessi_anomali_ente ON accessi_anomali (ente, trovata_il DESC, id);
CREATE TABLE rapporti_anomalie (
    ente text NOT NULL,
    settimana date NOT NULL,
    id uuid NOT NULL UNIQUE,
    nuove int NOT NULL,
    aperte int NOT NULL,
    per_regola jsonb NOT NULL,
    creato_il timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ente, settimana)
);
"""

RIGHTS = """
DO $$ DECLARE
    ruolo name;
    nome text;
BEGIN
    REVOKE ALL ON FUNCTION make_accessi_mese(date), prepare_accessi(), list_accessi_scaduti(), drop_accessi_mese(date)
        FROM PUBLIC;
    FOR ruolo IN SELECT DISTINCT grantee::regrole::name FROM pg_class, aclexplode(relacl)
                  WHERE oid = 'accessi_sigilli'::regclass AND grantee <> relowner AND grantee <> 0
    LOOP
        FOREACH nome IN ARRAY ARRAY['accessi', 'accessi_catene', 'accessi_sigilli', 'accessi_teste', 'accessi_scarti']
        LOOP
            EXECUTE format('REVOKE ALL ON %I FROM %I', nome, ruolo);
            EXECUTE format('GRANT SELECT, INSERT ON %I TO %I', nome, ruolo);
        END LOOP;
        EXECUTE format('REVOKE DELETE ON accessi_anomali, accessi_verifiche, rapporti_anomalie FROM %I', ruolo);
        EXECUTE format('GRANT EXECUTE ON FUNCTION prepare_accessi(), list_accessi_scaduti(), drop_accessi_mese(date)'
                       ' TO %I', ruolo);
    END LOOP;
END $$
"""


def upgrade() -> None:
    for statements in (POLICY, BY_MONTH, FUNCTIONS, MOVE, SEALS, ANOMALIES, RIGHTS):
        op.execute(statements)
