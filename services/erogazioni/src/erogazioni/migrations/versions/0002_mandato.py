"""What the mandate asks of a case: second level and grants."""

from alembic import op

from chassis.cartelle import add_mandate_columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_mandate_columns(op, "cartelle")
