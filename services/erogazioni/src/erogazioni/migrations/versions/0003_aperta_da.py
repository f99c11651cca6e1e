"""Who opened a case: his own, for whom no reason is asked, while nobody is responsible for it.

Of a case known before nobody knows it here until something happens to it: he is asked why, once a day.
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE cartelle ADD aperta_da uuid")
