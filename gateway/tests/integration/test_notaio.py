"""Who holds the database as one role of the gateway: what he cannot do to the access log, statement by statement."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from contracts.events import Event
from contracts.gateway import AccessoAnomaloV1, EmergenzaApertaV1, RapportoAnomaliePreparatoV1
from gateway.accessi.testing import Registro

SEAL = "(9, now(), 0, '', '', '', '')"
NOBODY = "gen_random_uuid()"
ONE = {
    "seal": f"INSERT INTO accessi_sigilli VALUES {SEAL}",
    "head of a seal": f"INSERT INTO accessi_teste VALUES (9, {NOBODY}, 1, 1, '')",
    "record of a month": "INSERT INTO accessi_scarti VALUES ('2020-01-01', now(), 0, '[]', '', '', '')",
    "drop of a month": "SELECT drop_accessi_mese('2020-01-01')",
    "months that are due": "SELECT * FROM list_accessi_scaduti()",
    "what was verified": "UPDATE registro_cursori SET sigillo = 10000",
    "from where to verify": "INSERT INTO registro_cursori (nome, sigillo) VALUES ('verifica', 10000)",
    "outcome of a verification": "UPDATE accessi_verifiche SET stato = 'finita', anomalie = '[]'",
    "verification nobody did": f"INSERT INTO accessi_verifiche (id, tipo, stato) VALUES ({NOBODY}, 'intera', 'finita')",
    "finding gone": "DELETE FROM accessi_anomali",
    "finding about another": f"UPDATE accessi_anomali SET operatore_id = {NOBODY}",
    "rows of a finding": "UPDATE accessi_anomali SET righe = '[]'",
    "finding made": "INSERT INTO accessi_anomali (id) VALUES (gen_random_uuid())",
    "week made up": "INSERT INTO rapporti_anomalie (ente) VALUES ('F704')",
    "week gone": "DELETE FROM rapporti_anomalie",
}
ALWAYS = {
    "term made shorter": "UPDATE registro_termini SET mesi = 12",
    "term of the past": "INSERT INTO registro_termini (id, proposti_il) VALUES (gen_random_uuid(), '2020-01-01')",
    "decision of the past": f"INSERT INTO registro_decisioni (termini_id, decisi_il) VALUES ({NOBODY}, '2020-01-01')",
    "decision changed": "UPDATE registro_decisioni SET approvati = true",
    "story gone": "DELETE FROM registro_decisioni",
    "row changed": "UPDATE accessi SET motivo = ''",
    "row gone": "DELETE FROM accessi",
    "all rows gone": "TRUNCATE accessi",
    "log gone": "DROP TABLE accessi",
    "guard off": "ALTER TABLE accessi DISABLE TRIGGER USER",
    "chain changed": "UPDATE accessi_catene SET teste = '{}'",
    "seal changed": "UPDATE accessi_sigilli SET hash = ''",
    "head gone": "DELETE FROM accessi_teste",
    "record changed": "UPDATE accessi_scarti SET righe = 0",
    "record gone": "DELETE FROM accessi_scarti",
    "month of one's own": "SELECT make_accessi_mese('1999-01-01')",
}
EVENT = (
    "INSERT INTO outbox (id, type, subject, envelope)"
    " VALUES (gen_random_uuid(), '{}', 'x', jsonb_build_object('type', '{}'))"
)
NOT_HIS = {
    "row written": f"INSERT INTO accessi (catena, seq) VALUES ({NOBODY}, 1)",
    "chain opened": f"INSERT INTO accessi_catene (catena) VALUES ({NOBODY})",
    "his own right": "UPDATE incarichi SET ruolo = 'rpd'",
    "new policy": "INSERT INTO politica_regole VALUES (1, 'rpd', 'diario', 'leggi', 'ente')",
    "sessions": "SELECT * FROM sessioni",
    "login of somebody": "INSERT INTO sessioni (id) VALUES (gen_random_uuid())",
    "log of SPID": "SELECT * FROM spid_registro",
    "mail of an operator": "SELECT email FROM operatori",
    "finding closed": "UPDATE accessi_anomali SET stato = 'chiusa', motivo = 'x'",
    "emergency signed": "UPDATE emergenze SET rivista_il = now()",
    "event gone": "DELETE FROM outbox",
    "event of the pages": EVENT.format("gateway.operatore.abilitato.v1", "gateway.operatore.abilitato.v1"),
    "event of the pages in another's row": EVENT.format(
        "gateway.accesso.anomalo.v1", "gateway.operatore.abilitato.v1"
    ),
    "rule off": "UPDATE regole_anomalia SET attiva = false",
}


@pytest.fixture(scope="module")
def registro(pg_database: Callable[..., Any]) -> Registro:
    urls = pg_database("gateway", fresh=True)
    return Registro(urls.app, urls.migrator, urls.notaio)


def refused(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@pytest.mark.parametrize("what", [*ONE, *ALWAYS])
def test_who_holds_the_pages_cannot_touch_what_keeps_the_log(registro: Registro, what: str) -> None:
    refused(registro.app, (ONE | ALWAYS)[what])


@pytest.mark.parametrize("what", [*ALWAYS, *NOT_HIS])
def test_who_holds_the_notaio_neither_changes_the_log_nor_acts_as_the_pages(
    registro: Registro, what: str
) -> None:
    refused(registro.notaio, (ALWAYS | NOT_HIS)[what])


def test_statements_refused_to_one_role_are_ones_the_owner_could_say(registro: Registro) -> None:
    """So that a name spelled wrong does not pass for a right that is missing."""
    with psycopg.connect(registro.owner, autocommit=True) as connection:
        for what, statement in (ONE | ALWAYS | NOT_HIS).items():
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement)
            except (psycopg.IntegrityError, psycopg.errors.RaiseException):
                pass  # what the tables themselves refuse
            except psycopg.Error as error:
                pytest.fail(f"{what}: {error}")


TERMS = (
    "INSERT INTO {} (id, ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, motivo, proposti_da)"
    " VALUES (%s, %s, 12, false, false, '{{}}', 'lo vuole chi tiene le pagine', gen_random_uuid())"
)
DECIDE = (
    "INSERT INTO registro_decisioni (termini_id, approvati, decisi_da) VALUES (%s, true, gen_random_uuid())"
)
TABLES_OF_GUARDS = ("registro_termini", "politiche")


def lay_over(connection: psycopg.Connection[Any], table: str) -> None:
    """A temporary table of that name, empty, as somebody with the right to make one would lay it over the real one."""
    connection.execute(
        sql.SQL("CREATE TEMP TABLE {0} AS SELECT * FROM public.{0} LIMIT 0").format(sql.Identifier(table))
    )


@pytest.mark.parametrize("event", [AccessoAnomaloV1, RapportoAnomaliePreparatoV1, EmergenzaApertaV1])
def test_the_notaio_tells_what_he_finds(registro: Registro, event: type[Event]) -> None:
    name = f"{event.source}.{event.key}"
    with psycopg.connect(registro.notaio) as connection:
        connection.execute(EVENT.format(name, name))
        connection.rollback()


@pytest.mark.parametrize("table", TABLES_OF_GUARDS)
def test_who_holds_the_pages_lays_no_temporary_table_over_a_real_one(registro: Registro, table: str) -> None:
    with psycopg.connect(registro.app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        lay_over(connection, table)


def test_the_terms_of_no_ente_are_not_set_through_a_temporary_table(registro: Registro) -> None:
    wanted = uuid4()
    with psycopg.connect(registro.owner) as connection:
        connection.execute(TERMS.format("registro_termini"), (wanted, ""))
        lay_over(connection, "registro_termini")
        connection.execute(TERMS.format("pg_temp.registro_termini"), (wanted, "F704"))

        with pytest.raises(psycopg.errors.RaiseException, match="the terms of no ente"):
            connection.execute(DECIDE, (wanted,))
        connection.rollback()


APPROVED = (
    "INSERT INTO public.politiche (version, stato, attiva_dal, motivo)"
    " VALUES (%s, 'approvata', now(), 'una prova')"
)


def test_an_approved_policy_does_not_change_behind_a_temporary_table(registro: Registro) -> None:
    with psycopg.connect(registro.owner) as connection:
        connection.execute(APPROVED, (1001,))
        lay_over(connection, "politiche")

        with pytest.raises(psycopg.errors.RaiseException, match="only a draft"):
            connection.execute("INSERT INTO politica_regole VALUES (1001, 'rpd', 'diario', 'leggi', 'ente')")
        connection.rollback()


def test_no_older_version_of_the_policy_is_approved_behind_a_temporary_table(registro: Registro) -> None:
    with psycopg.connect(registro.owner) as connection:
        connection.execute(APPROVED, (1001,))
        lay_over(connection, "politiche")

        with pytest.raises(psycopg.errors.RaiseException, match="in the order of their numbers"):
            connection.execute(APPROVED, (1000,))
        connection.rollback()


@pytest.mark.parametrize("job", ["minuto", "scarta-accessi"])
def test_the_notaios_work_is_not_done_under_another_role(
    registro: Registro, gateway_env: dict[str, str], job: str
) -> None:
    env = gateway_env | {"GATEWAY_DATABASE_URL": registro.app, "PATH": "/usr/bin:/bin"}
    del env["GATEWAY_NOTAIO_URL"]
    program = str(Path(sys.executable).with_name("chassis"))

    done = subprocess.run(
        [program, "job", "gateway", job], env=env, capture_output=True, text=True, timeout=60
    )

    assert done.returncode != 0
    assert "GATEWAY_NOTAIO_URL is not set" in done.stdout + done.stderr
    assert registro.query("SELECT count(*) FROM accessi_sigilli") == [(0,)]


def test_the_notaio_enters_no_other_database(siso_run: Any, pg_database: Callable[..., Any]) -> None:
    other = pg_database("notifiche", fresh=True).app.rpartition("/")[2]

    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(siso_run.stack.postgres_url("gateway", "notaio", other))
