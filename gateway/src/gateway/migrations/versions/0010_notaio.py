"""The notaio has a role of his own: he alone seals, notes findings, records what goes and lets a month go.

`gateway_notaio` is made by the administrator (deploy/postgres/notaio.sql), as the pair of each service is.
"""

from alembic import op

revision = "0010"
down_revision = "0009"

FROM_THE_PAGES = """
DO $$ DECLARE ruolo name; BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway_notaio') THEN
        RAISE EXCEPTION 'the role gateway_notaio is missing'
            USING HINT = 'Run deploy/postgres/notaio.sql as administrator (docs/operare.md, Migrazioni).';
    END IF;
    FOR ruolo IN SELECT DISTINCT grantee::regrole::name FROM pg_class, aclexplode(relacl)
                  WHERE oid = 'accessi_sigilli'::regclass
                    AND grantee NOT IN (relowner, 0, 'gateway_notaio'::regrole)
    LOOP
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON accessi_sigilli, accessi_teste, accessi_scarti,'
                       ' accessi_verifiche, accessi_anomali, registro_cursori, rapporti_anomalie FROM %I', ruolo);
        EXECUTE format('GRANT INSERT (id, tipo, ente, chiesta_da) ON accessi_verifiche TO %I', ruolo);
        EXECUTE format('GRANT UPDATE (stato, motivo, vista_da, vista_il, chiusa_da, chiusa_il) ON accessi_anomali'
                       ' TO %I', ruolo);
        EXECUTE format('REVOKE ALL ON FUNCTION list_accessi_scaduti(), drop_accessi_mese(date) FROM %I', ruolo);
    END LOOP;
END $$
"""
"""What is left to who answers: adding rows and reading them, asking for a verification, saying of a finding that he
looked at it and why he closes it."""

TO_THE_NOTAIO = """
GRANT SELECT ON accessi, accessi_catene, regole_anomalia, incarichi, emergenze TO gateway_notaio;
GRANT SELECT (id, codice_fiscale, cognome) ON operatori TO gateway_notaio;
GRANT SELECT, INSERT ON accessi_sigilli, accessi_teste, accessi_scarti, rapporti_anomalie TO gateway_notaio;
GRANT SELECT, INSERT, UPDATE ON accessi_verifiche, registro_cursori TO gateway_notaio;
GRANT SELECT, INSERT, UPDATE (al, righe, conteggio, spiegazione) ON accessi_anomali TO gateway_notaio;
GRANT UPDATE (solleciti, sollecitata_il) ON emergenze TO gateway_notaio;
GRANT INSERT ON outbox TO gateway_notaio;
GRANT EXECUTE ON FUNCTION prepare_accessi(), list_accessi_scaduti(), drop_accessi_mese(date) TO gateway_notaio;
"""


def upgrade() -> None:
    op.execute(FROM_THE_PAGES)
    op.execute(TO_THE_NOTAIO)
