"""Of the gateway's events the notaio tells his own: findings, weekly reports, reminders of unsigned emergencies."""

from alembic import op

revision = "0012"
down_revision = "0011"

STATEMENTS = """
CREATE FUNCTION refuse_foreign_event() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the notaio does not tell %', NEW.type USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER notaio_tells_his_own BEFORE INSERT ON outbox FOR EACH ROW
    WHEN (current_user = 'gateway_notaio' AND (NEW.envelope ->> 'type' IS DISTINCT FROM NEW.type OR NEW.type NOT IN (
        'gateway.accesso.anomalo.v1', 'gateway.rapporto_anomalie.preparato.v1', 'gateway.emergenza.aperta.v1')))
    EXECUTE FUNCTION refuse_foreign_event();
"""


def upgrade() -> None:
    op.execute(STATEMENTS)
