"""Documents, prints, and the cases they belong to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from chassis.migrations import create_outbox

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_outbox(op)
    _create_documenti()
    _create_stampe()
    op.create_table(
        "cartelle_note",
        sa.Column("cartella_id", sa.Uuid, primary_key=True),
        sa.Column("numero", sa.Text, nullable=False),
        sa.Column("ente", sa.Text, nullable=False),
        sa.Column("settore", sa.Text, nullable=False),
        sa.Column("stato", sa.Text, nullable=False),
        sa.Column("team", ARRAY(sa.Uuid), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )


def _create_documenti() -> None:
    op.create_table(
        "documenti",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("cartella_id", sa.Uuid, nullable=False),
        sa.Column("ente", sa.Text, nullable=False),
        sa.Column("autore_id", sa.Uuid, nullable=False),
        sa.Column("nome_file", sa.Text, nullable=False),
        sa.Column("tipo_mime", sa.Text, nullable=False),
        sa.Column("dimensione", sa.BigInteger, sa.CheckConstraint("dimensione > 0"), nullable=False),
        sa.Column("tipo", sa.Text, nullable=False),
        sa.Column("descrizione", sa.Text, nullable=False),
        sa.Column("data_documento", sa.Date),
        sa.Column("privato", sa.Boolean, nullable=False),
        sa.Column("oggetto", sa.Text, nullable=False, unique=True),
        sa.Column("stato", sa.Text, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("iniziato_il", sa.DateTime(timezone=True), nullable=False),
        sa.Column("caricato_il", sa.DateTime(timezone=True)),
        sa.Column("motivo", sa.Text, nullable=False),
        sa.Column("radice_id", sa.Uuid, nullable=False),
        sa.Column("numero_versione", sa.Integer, nullable=False),
        sa.Column("sostituisce", sa.Uuid, sa.ForeignKey("documenti.id")),
        sa.Column("superato_da", sa.Uuid, sa.ForeignKey("documenti.id")),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("stato IN ('in_arrivo', 'caricato', 'annullato')"),
        sa.CheckConstraint("stato <> 'caricato' OR (length(sha256) = 64 AND caricato_il IS NOT NULL)"),
    )
    op.create_index("documenti_cartella", "documenti", ["cartella_id", "caricato_il"])
    op.create_index("documenti_radice", "documenti", ["radice_id"])
    arriving = sa.text("stato = 'in_arrivo'")
    op.create_index("documenti_in_arrivo", "documenti", ["iniziato_il"], postgresql_where=arriving)


def _create_stampe() -> None:
    op.create_table(
        "stampe",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("cartella_id", sa.Uuid, nullable=False),
        sa.Column("ente", sa.Text, nullable=False),
        sa.Column("richiedente_id", sa.Uuid, nullable=False),
        sa.Column("nome_file", sa.Text, nullable=False),
        sa.Column("contenuto", JSON(none_as_null=True)),
        sa.Column("stato", sa.Text, nullable=False),
        sa.Column("oggetto", sa.Text, nullable=False, unique=True),
        sa.Column("sha256", sa.Text, nullable=False),
        sa.Column("dimensione", sa.BigInteger, nullable=False),
        sa.Column("pagine", sa.Integer, nullable=False),
        sa.Column("avvii", sa.Integer, nullable=False),
        sa.Column("motivo", sa.Text, nullable=False),
        sa.Column("richiesta_il", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pronta_il", sa.DateTime(timezone=True)),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("stato IN ('in_corso', 'pronta', 'fallita')"),
        sa.CheckConstraint("stato = 'in_corso' OR contenuto IS NULL"),
    )
    op.create_index("stampe_richiedente", "stampe", ["richiedente_id", "cartella_id", "richiesta_il"])
    waiting = sa.text("stato = 'in_corso'")
    op.create_index("stampe_in_corso", "stampe", ["richiesta_il"], postgresql_where=waiting)
