"""Who holds the database as one role of the gateway: what he cannot do to the access log, statement by statement."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

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
