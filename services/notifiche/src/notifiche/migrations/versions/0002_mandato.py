"""What the mandate asks of a case, whom each operator is kept from, and facts of persons under protection."""

from alembic import op

from chassis.cartelle import add_mandate_columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_mandate_columns(op, "cartelle_note")
    op.execute("ALTER TABLE fatti_anagrafe ADD riservati uuid[] NOT NULL DEFAULT '{}'")
    op.execute(
        "CREATE TABLE operatori_esclusi (operatore_id uuid PRIMARY KEY, residenti uuid[] NOT NULL);"
        "CREATE INDEX operatori_esclusi_residenti ON operatori_esclusi USING gin (residenti)"
    )
