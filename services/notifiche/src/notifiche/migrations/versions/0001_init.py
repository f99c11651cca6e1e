"""Alerts, mail queue, projections of cases, registry facts, incarichi and fogli."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.migrations import create_outbox

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_outbox(op)
    _create_avvisi()
    _create_mail()
    _create_projections()
    _create_fatti_anagrafe()


def _create_avvisi() -> None:
    op.create_table(
        "avvisi",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("tipo", sa.Text, nullable=False),
        sa.Column("titolo", sa.Text, nullable=False),
        sa.Column("descrizione", sa.Text, nullable=False),
        sa.Column("gravita", sa.Text, nullable=False),
        sa.Column("ente", sa.Text, nullable=False),
        sa.Column("settore", sa.Text, nullable=False),
        sa.Column("cartella_id", sa.Uuid),
        sa.Column("cartella_numero", sa.Text, nullable=False),
        sa.Column("residente_id", sa.Uuid),
        sa.Column("riferimento_id", sa.Uuid),
        sa.Column("campi_variati", ARRAY(sa.Text), nullable=False),
        sa.Column("destinatario_id", sa.Uuid),
        sa.Column("conferma_richiesta", sa.Boolean, nullable=False),
        sa.Column("stato", sa.Text, nullable=False),
        sa.Column("motivo", sa.Text, nullable=False),
        sa.Column("esito_di", sa.Uuid),
        sa.Column("esito_il", TIME),
        sa.Column("esito_chiave", sa.Uuid),
        sa.Column("chiuso_il", TIME),
        sa.Column("data_evento", sa.Date, nullable=False),
        sa.Column("creato_il", TIME, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.CheckConstraint("stato IN ('nuovo', 'letto', 'confermato', 'contestato')", name="avvisi_stato"),
    )
    # One registry fact, one case, one alert: by event, never by type (two deaths are two alerts).
    op.create_index(
        "avvisi_fatto",
        "avvisi",
        ["event_id", "cartella_id"],
        unique=True,
        postgresql_where=sa.text("conferma_richiesta"),
    )
    op.create_index("avvisi_destinatario", "avvisi", ["destinatario_id", "creato_il"])
    op.create_index(
        "avvisi_settore", "avvisi", ["ente", "settore"], postgresql_where=sa.text("destinatario_id IS NULL")
    )
    op.create_index(
        "avvisi_aperti", "avvisi", ["destinatario_id"], postgresql_where=sa.text("chiuso_il IS NULL")
    )
    op.create_index("avvisi_cartella", "avvisi", ["cartella_id"])
    op.create_index("avvisi_riferimento", "avvisi", ["riferimento_id"])


def _create_mail() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("avviso_id", sa.Uuid, sa.ForeignKey("avvisi.id"), nullable=False),
        sa.Column("stato", sa.Text, nullable=False),
        sa.Column("tentativi", sa.Integer, nullable=False),
        sa.Column("prossimo_tentativo", TIME, nullable=False),
        sa.Column("creata_il", TIME, nullable=False),
        sa.Column("inviata_il", TIME),
        sa.Column("errore", sa.Text, nullable=False),
        sa.CheckConstraint("stato IN ('creata', 'in_invio', 'inviata', 'fallita')", name="mail_stato"),
    )
    op.create_index(
        "mail_da_inviare",
        "mail",
        ["prossimo_tentativo"],
        postgresql_where=sa.text("stato IN ('creata', 'in_invio')"),
    )
    op.create_index("mail_avviso", "mail", ["avviso_id"])


def _create_projections() -> None:
    op.create_table(
        "cartelle_note",
        sa.Column("cartella_id", sa.Uuid, primary_key=True),
        sa.Column("numero", sa.Text, nullable=False),
        sa.Column("residente_id", sa.Uuid, nullable=False),
        sa.Column("ente", sa.Text, nullable=False),
        sa.Column("settore", sa.Text, nullable=False),
        sa.Column("stato", sa.Text, nullable=False),
        sa.Column("responsabile_id", sa.Uuid),
        sa.Column("team", ARRAY(sa.Uuid), nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_index("cartelle_note_residente", "cartelle_note", ["residente_id"])
    op.create_table(
        "incarichi",
        sa.Column("incarico_id", sa.Uuid, primary_key=True),
        sa.Column("operatore_id", sa.Uuid, nullable=False),
        sa.Column("ente", sa.Text, nullable=False),
        sa.Column("settore", sa.Text, nullable=False),
        sa.Column("ruolo", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("dal", sa.Date, nullable=False),
        sa.Column("al", sa.Date),
        sa.Column("sequence", sa.BigInteger, nullable=False),
    )
    op.create_index("incarichi_operatore", "incarichi", ["operatore_id"])
    op.create_index("incarichi_settore", "incarichi", ["ente", "settore"])
    op.create_table(
        "fogli_noti",
        sa.Column("foglio_id", sa.Uuid, primary_key=True),
        sa.Column("cartella_id", sa.Uuid, nullable=False),
        sa.Column("proponente_id", sa.Uuid, nullable=False),
    )


def _create_fatti_anagrafe() -> None:
    op.create_table(
        "fatti_anagrafe",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("tipo", sa.Text, nullable=False),
        sa.Column("motivo", sa.Text, nullable=False),
        sa.Column("residente_id", sa.Uuid),
        sa.Column("residenti", ARRAY(sa.Uuid), nullable=False),
        sa.Column("entrati", ARRAY(sa.Uuid), nullable=False),
        sa.Column("usciti", ARRAY(sa.Uuid), nullable=False),
        sa.Column("campi_variati", ARRAY(sa.Text), nullable=False),
        sa.Column("data_evento", sa.Date, nullable=False),
        sa.Column("time", TIME, nullable=False),
        sa.Column("valuta_dal", TIME),
    )
    op.create_index("fatti_anagrafe_time", "fatti_anagrafe", ["time"])
    op.create_index("fatti_anagrafe_residente", "fatti_anagrafe", ["residente_id"])
    op.create_index(
        "fatti_anagrafe_in_attesa",
        "fatti_anagrafe",
        ["valuta_dal"],
        postgresql_where=sa.text("valuta_dal IS NOT NULL"),
    )
