"""Pseudonymised facts and the pointers to their snapshots."""

import sqlalchemy as sa
from alembic import op

from chassis.migrations import create_outbox

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_outbox(op)
    op.create_table(
        "fatti_cartelle",
        sa.Column("cartella", sa.Uuid, primary_key=True),
        sa.Column("persona", sa.BigInteger, nullable=False),
        sa.Column("ente", sa.Text, nullable=False),
        sa.Column("comune", sa.Text, nullable=False),
        sa.Column("area", sa.Text, nullable=False),
        sa.Column("sesso", sa.Text, nullable=False),
        sa.Column("anno_nascita", sa.SmallInteger),
        sa.Column("settore", sa.Text, nullable=False),
        sa.Column("stato", sa.Text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_index("fatti_cartelle_ente", "fatti_cartelle", ["ente"])
    op.create_table(
        "partizioni",
        sa.Column("ente", sa.Text, primary_key=True),
        sa.Column("revisione", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("revisione_scritta", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("chiave", sa.Text, nullable=False, server_default=""),
        sa.Column("sha256", sa.Text, nullable=False, server_default=""),
        sa.Column("righe", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("dati_al", sa.DateTime(timezone=True)),
    )
