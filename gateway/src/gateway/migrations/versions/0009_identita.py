"""Who holds a session may be remembered for seconds: whatever ends or changes it is told to every gateway process."""

from alembic import op

revision = "0009"
down_revision = "0008"

ONE_SESSION = """
CREATE FUNCTION tell_identita_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gateway_identita', CASE TG_TABLE_NAME WHEN 'sessioni' THEN to_jsonb(NEW) ->> 'id'
                                               ELSE to_jsonb(NEW) ->> 'session_id' END);
    RETURN NULL;
END $$;
CREATE TRIGGER sessioni_identita AFTER UPDATE ON sessioni
    FOR EACH ROW EXECUTE FUNCTION tell_identita_session();
CREATE TRIGGER emergenze_identita AFTER INSERT OR UPDATE ON emergenze
    FOR EACH ROW EXECUTE FUNCTION tell_identita_session();
CREATE FUNCTION tell_identita() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('gateway_identita', '');
    RETURN NULL;
END $$;
"""
EVERYBODY = ("operatori", "incarichi", "deleghe", "clienti", "cittadini", "politiche")


def upgrade() -> None:
    op.execute(ONE_SESSION)
    for table in EVERYBODY:
        op.execute(
            f"CREATE TRIGGER {table}_identita AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION tell_identita()"
        )
