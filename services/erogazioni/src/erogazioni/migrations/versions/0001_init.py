"""Catalogue, projections, fogli, payments, SIUSS ledger."""

from alembic import op

from chassis.migrations import create_outbox

revision = "0001"
down_revision = None

TABLES = """
CREATE TABLE voci_istat (
    codice text, valida_dal date, valida_al date, macro_categoria text NOT NULL, nome text NOT NULL,
    aree text[] NOT NULL CHECK (cardinality(aree) > 0), fonte text NOT NULL,
    PRIMARY KEY (codice, valida_dal), CHECK (valida_al >= valida_dal)
);
CREATE TABLE prestazioni_inps (
    codice text, valida_dal date, valida_al date, nome text NOT NULL, esportabile boolean NOT NULL,
    solo_in_carico boolean NOT NULL, richiede_data_evento boolean NOT NULL,
    prova_mezzi text NOT NULL CHECK (prova_mezzi IN ('1', '2', '3', '4')), fonte text NOT NULL,
    PRIMARY KEY (codice, valida_dal), CHECK (valida_al >= valida_dal)
);
CREATE TABLE voci_prestazioni (
    voce_istat text, valida_dal date, valida_al date, prestazione_inps text NOT NULL, fonte text NOT NULL,
    PRIMARY KEY (voce_istat, valida_dal), CHECK (valida_al >= valida_dal)
);

CREATE TABLE cartelle (
    id uuid PRIMARY KEY, numero text NOT NULL, residente_id uuid NOT NULL, ente text NOT NULL,
    settore text NOT NULL, team uuid[] NOT NULL, responsabile_id uuid, area text NOT NULL, stato text NOT NULL,
    comune_residenza text NOT NULL, sequence integer NOT NULL
);
CREATE INDEX cartelle_ente ON cartelle (ente, settore);
CREATE INDEX cartelle_team ON cartelle USING gin (team);
CREATE TABLE isee (
    id uuid PRIMARY KEY, cartella_id uuid NOT NULL, residente_id uuid NOT NULL, tipo text NOT NULL,
    protocollo_dsu text NOT NULL, data_presentazione date NOT NULL, scadenza date NOT NULL,
    isee numeric(12,2) NOT NULL, sequence integer NOT NULL
);
CREATE INDEX isee_cartella ON isee (cartella_id, data_presentazione);
CREATE TABLE decessi (
    residente_id uuid PRIMARY KEY, data_decesso date, sequence integer NOT NULL, conosciuto_il timestamptz NOT NULL
);

CREATE TABLE fogli (
    id uuid PRIMARY KEY, numero text NOT NULL, ente text NOT NULL, cartella_id uuid NOT NULL,
    residente_id uuid NOT NULL, area text NOT NULL, voce_istat text NOT NULL, voce_nome text NOT NULL,
    prestazione_inps text NOT NULL, carattere text NOT NULL, importo numeric(12,2) NOT NULL CHECK (importo > 0),
    quota_ente numeric(12,2) NOT NULL CHECK (quota_ente >= 0),
    quota_beneficiario numeric(12,2) NOT NULL CHECK (quota_beneficiario >= 0),
    quota_ssn numeric(12,2) NOT NULL CHECK (quota_ssn >= 0),
    dal date NOT NULL, al date, isee_id uuid, fondo text NOT NULL, motivazione text NOT NULL,
    stato text NOT NULL, proponente_id uuid NOT NULL, approvatore_id uuid, deciso_il timestamptz,
    motivo_decisione text NOT NULL, motivo_stato text NOT NULL,
    version integer NOT NULL, creato_il timestamptz NOT NULL,
    UNIQUE (ente, numero), CHECK (al >= dal),
    CONSTRAINT quote_sum CHECK (quota_ente + quota_beneficiario + quota_ssn = importo),
    CONSTRAINT four_eyes CHECK (approvatore_id <> proponente_id)
);
CREATE INDEX fogli_cartella ON fogli (cartella_id, creato_il DESC);
CREATE INDEX fogli_residente ON fogli (residente_id);
CREATE INDEX fogli_stato ON fogli (ente, stato, creato_il DESC);
CREATE TABLE erogazioni (
    id uuid PRIMARY KEY, foglio_id uuid NOT NULL REFERENCES fogli, cartella_id uuid NOT NULL,
    residente_id uuid NOT NULL, ente text NOT NULL, carattere text NOT NULL,
    mese text NOT NULL CHECK (mese ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'), dal date NOT NULL, al date NOT NULL,
    importo numeric(12,2) NOT NULL CHECK (importo > 0),
    quota_ente numeric(12,2) NOT NULL CHECK (quota_ente >= 0),
    quota_beneficiario numeric(12,2) NOT NULL CHECK (quota_beneficiario >= 0),
    quota_ssn numeric(12,2) NOT NULL CHECK (quota_ssn >= 0),
    stato text NOT NULL, proponente_id uuid NOT NULL, liquidatore_id uuid, liquidata_il timestamptz,
    version integer NOT NULL, creata_il timestamptz NOT NULL, CHECK (al >= dal),
    CONSTRAINT quote_sum CHECK (quota_ente + quota_beneficiario + quota_ssn = importo),
    CONSTRAINT four_eyes CHECK (liquidatore_id <> proponente_id)
);
CREATE UNIQUE INDEX one_live_per_month ON erogazioni (foglio_id, mese) WHERE stato <> 'annullata';
CREATE UNIQUE INDEX one_live_occasional ON erogazioni (foglio_id)
    WHERE stato <> 'annullata' AND carattere = 'occasionale';
CREATE INDEX erogazioni_mese ON erogazioni (ente, mese, stato);
CREATE INDEX erogazioni_cartella ON erogazioni (cartella_id, mese DESC);
CREATE TABLE passaggi (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, oggetto_id uuid NOT NULL, stato text NOT NULL,
    version integer NOT NULL, operatore_id uuid, motivo text NOT NULL, comando_id uuid,
    quando timestamptz NOT NULL DEFAULT now(), UNIQUE (oggetto_id, version), UNIQUE (oggetto_id, comando_id)
);
CREATE TABLE numeratori (serie text PRIMARY KEY, ultimo integer NOT NULL);

CREATE TABLE flussi (
    id uuid PRIMARY KEY, nome text NOT NULL UNIQUE, ente text NOT NULL, mese text NOT NULL, tipo text NOT NULL,
    testata bytea NOT NULL, record integer NOT NULL CHECK (record > 0), sha256 text NOT NULL,
    generato_il timestamptz NOT NULL, generato_da uuid NOT NULL
);
CREATE INDEX flussi_ente ON flussi (ente, mese, generato_il DESC);
CREATE TABLE registro_siuss (
    flusso_id uuid NOT NULL REFERENCES flussi, posizione integer NOT NULL,
    erogazione_id uuid NOT NULL REFERENCES erogazioni, ente text NOT NULL, chiave text NOT NULL,
    operazione text NOT NULL CHECK (operazione IN ('I', 'C')), frammento bytea NOT NULL, stato text NOT NULL,
    PRIMARY KEY (flusso_id, posizione), UNIQUE (erogazione_id, operazione)
);
CREATE UNIQUE INDEX one_live_record ON registro_siuss (ente, chiave)
    WHERE operazione = 'I' AND stato <> 'annullato';
"""

APPEND_ONLY = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON passaggi FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON flussi FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER no_delete BEFORE DELETE ON registro_siuss FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER only_stato_changes
    BEFORE UPDATE OF flusso_id, posizione, erogazione_id, ente, chiave, operazione, frammento ON registro_siuss
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(APPEND_ONLY)
    create_outbox(op)
