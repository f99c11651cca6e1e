"""What the mandate asks of a case (whose it is, second level, grants), and documents of the second level.

A case known before does not say whose it is, and nobody who has relatives in the registry would reach it. So what was
taken from cartella is forgotten: reconciliation finds the gap, and its replay brings the cases again.
"""

from alembic import op

from chassis.cartelle import add_mandate_columns

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_mandate_columns(op, "cartelle_note")
    op.execute("ALTER TABLE cartelle_note ADD residente_id uuid")
    op.execute("ALTER TABLE documenti ADD settore_riservato text NOT NULL DEFAULT ''")
    op.execute("UPDATE cartelle_note SET sequence = sequence - 1")
    op.execute(r"DELETE FROM inbox WHERE consumer LIKE 'on\_cartella\_%'")
