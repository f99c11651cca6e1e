"""Anomalous reading: what each rule finds and what it does not, told once, whatever is killed meanwhile."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from fastapi.routing import APIRoute

from chassis.sql import SqlDatabase
from contracts.anagrafe import Indirizzo, ResidenteOut
from contracts.cartella import Area, CartellaOut, StatoCartella
from contracts.errors import Unavailable
from gateway.accessi.anomalie import evaluate
from gateway.accessi.feste import easter, is_holiday
from gateway.accessi.rapporto import report_weeks
from gateway.accessi.regole import ANSWERS, plain_name
from gateway.accessi.testing import Registro, make_accesso
from gateway.routes import routes
from gateway.seed import IDENTITIES, seed_identity
from gateway.settings import Settings
from gateway.web.condivisioni import router as pages

ROMA = ZoneInfo("Europe/Rome")
TUESDAY = datetime(2026, 11, 17, 10, 0, tzinfo=ROMA)
DECISION = "/api/v1/condivisioni/{condivisione_id}/decisione"
DECISION_PAGE = "/condivisioni/{condivisione_id}/decidi"
SHARES = "/casi/{cartella_id}/condivisioni"
MINUTE = timedelta(minutes=1)
OPERATORI = {one.identita: one for one in IDENTITIES}
GIULIA = OPERATORI["giulia.bianchi"].operatore_id


@dataclass
class Town:
    """In place of anagrafe and cartella."""

    people: dict[UUID, ResidenteOut] = field(default_factory=dict)
    cases: dict[UUID, CartellaOut] = field(default_factory=dict)
    own: dict[str, tuple[UUID, ...]] = field(default_factory=dict)
    away: bool = False

    async def residenti_of(self, codice_fiscale: str) -> tuple[UUID, ...]:
        return self.own.get(codice_fiscale, ())

    async def residenti(self, ids: Iterable[UUID]) -> dict[UUID, ResidenteOut]:
        return {i: self.people[i] for i in ids if i in self.people}

    async def cartelle(self, ids: Iterable[UUID]) -> dict[UUID, CartellaOut]:
        if self.away:
            raise Unavailable("servizio.non_disponibile", "Il servizio non risponde.")
        return {i: self.cases[i] for i in ids if i in self.cases}

    def person(self, cognome: str, via: str = "Via Po", civico: str = "1") -> UUID:
        known = uuid4()
        self.people[known] = ResidenteOut(
            id=known, codice_fiscale=None, cognome=cognome, nome="Prova", sesso="F", data_nascita=None, ente="F704",
            via=via, civico=civico, indirizzo=Indirizzo(via=via, civico=civico, comune="F704"),
        )  # fmt: skip
        return known

    def case(self, residente_id: UUID, **changes: Any) -> UUID:
        known = uuid4()
        self.cases[known] = CartellaOut(
            id=known, numero="2026/000001", residente_id=residente_id, ente="F704", settore="minori",
            area=Area.FAMIGLIA_MINORI, stato=StatoCartella.IN_CARICO, responsabile_id=GIULIA, team=(GIULIA,),
            comune_residenza="F704", aperta_il=TUESDAY, version=1,
        ).model_copy(update=changes)  # fmt: skip
        return known


class Log(Registro):
    """A log with the operators of Monza in it; its first seal holds nothing."""

    town: Town

    def read(self, *moments: datetime, **changes: Any) -> None:
        self.write([make_accesso(quando=moment, **{"operatore_id": GIULIA, "motivo": "perché sì"} | changes)
                    for moment in moments])  # fmt: skip
        self.seal(max(moments) + MINUTE)

    def evaluate(self) -> int:
        async def town() -> Any:
            return self.town

        return self.run(lambda connection: evaluate(connection, town), self.notaio)

    def findings(self) -> list[tuple[str, int]]:
        rows = self.query("SELECT regola, conteggio FROM accessi_anomali ORDER BY regola, chiave")
        return [(regola, conteggio) for regola, conteggio in rows]

    def events(self, kind: str = "gateway.accesso.anomalo.v1") -> list[dict[str, Any]]:
        return [
            e["data"] for (e,) in self.query("SELECT envelope FROM outbox WHERE type = %s ORDER BY seq", kind)
        ]

    def only(self, regola: str, **parametri: Any) -> None:
        with psycopg.connect(self.app) as connection:
            connection.execute("UPDATE regole_anomalia SET attiva = (regola = %s)", (regola,))
            if parametri:
                connection.execute(
                    "UPDATE regole_anomalia SET parametri = %s WHERE regola = %s",
                    (psycopg.types.json.Jsonb(parametri), regola),
                )


@pytest.fixture
def log(pg_database: Callable[..., Any], settings: Settings) -> Log:
    urls = pg_database("gateway", fresh=True)
    url = urls.app.replace("postgresql://", "postgresql+psycopg2://")
    database = SqlDatabase(settings.model_copy(update={"database_url": url}))
    with database.transaction() as tx:
        for identity in IDENTITIES:
            seed_identity(tx, identity)
    database.close()
    log = Log(urls.app, urls.migrator, urls.notaio)
    log.town = Town()
    log.seal(datetime(2026, 1, 1, tzinfo=UTC))
    return log


def test_many_cases_in_a_short_time_are_one_finding_that_grows(log: Log) -> None:
    log.only("molti_casi", casi=5, minuti=60)
    log.read(*(TUESDAY + n * MINUTE for n in range(4)))
    assert log.evaluate() == 0
    log.read(*(TUESDAY + n * MINUTE for n in range(10, 12)))
    assert log.evaluate() == 1
    log.read(TUESDAY + 20 * MINUTE)
    assert log.evaluate() == 0

    assert log.findings() == [("molti_casi", 7)]
    (event,) = log.events()
    assert (event["regola"], event["righe"], event["operatore_id"]) == ("molti_casi", 6, str(GIULIA))


def test_the_same_case_many_times_is_one_case(log: Log) -> None:
    log.only("molti_casi", casi=3, minuti=60)
    log.read(*(TUESDAY + n * MINUTE for n in range(20)), cartella_id=uuid4())

    assert log.evaluate() == 0


def test_cases_far_apart_in_time_are_not_many(log: Log) -> None:
    log.only("molti_casi", casi=3, minuti=60)
    log.read(*(TUESDAY + n * timedelta(minutes=50) for n in range(8)))

    assert log.evaluate() == 0


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        (TUESDAY.replace(hour=21), 1),
        (TUESDAY.replace(hour=6, minute=59), 1),
        (TUESDAY.replace(hour=7), 0),
        (TUESDAY.replace(hour=19, minute=59), 0),
        (datetime(2026, 11, 14, 11, tzinfo=ROMA), 1),
        (datetime(2026, 12, 8, 11, tzinfo=ROMA), 1),
        (datetime(2027, 3, 29, 11, tzinfo=ROMA), 1),
        (datetime(2026, 7, 14, 18, 30, tzinfo=UTC), 1),
        (datetime(2026, 11, 17, 18, 30, tzinfo=UTC), 0),
    ],
    ids=["night", "before seven", "seven", "before eight", "saturday", "immacolata", "easter monday", "summer",
         "winter"],
)  # fmt: skip
def test_outside_hours_is_by_the_clock_and_calendar_of_rome(log: Log, moment: datetime, found: int) -> None:
    log.only("fuori_orario")
    log.read(moment)

    assert log.evaluate() == found


def test_one_night_is_one_finding_also_past_midnight(log: Log) -> None:
    log.only("fuori_orario")
    log.read(TUESDAY.replace(hour=23), TUESDAY.replace(hour=23) + 3 * timedelta(hours=1))

    assert log.evaluate() == 1
    assert log.findings() == [("fuori_orario", 2)]


def test_the_dpo_who_works_late_is_spared(log: Log) -> None:
    log.only("fuori_orario", dalle=20, alle=7, festivi=True, ruoli_esclusi=["rpd"])
    log.read(TUESDAY.replace(hour=23), ruolo="rpd")

    assert log.evaluate() == 0


@pytest.mark.parametrize(("cognome", "found"), [("BIANCHI", 1), ("Bianchì", 1), ("Bianchini", 0)])
def test_the_same_surname_is_found_whatever_the_accents(log: Log, cognome: str, found: int) -> None:
    log.only("stesso_cognome")
    log.read(TUESDAY, cartella_id=None, residente_id=log.town.person(cognome))

    assert log.evaluate() == found


def test_it_is_the_person_of_the_case_whose_surname_counts(log: Log) -> None:
    log.only("stesso_cognome")
    case = log.town.case(log.town.person("Bianchi"))
    log.read(TUESDAY, TUESDAY + MINUTE, cartella_id=case, residente_id=log.town.person("Verdi"))

    assert log.evaluate() == 1
    assert log.findings() == [("stesso_cognome", 2)]


@pytest.mark.parametrize(("civico", "found"), [("4/A", 1), ("5", 0)])
def test_who_lives_at_the_readers_address_is_found(log: Log, civico: str, found: int) -> None:
    log.only("stesso_indirizzo")
    log.town.own[OPERATORI["giulia.bianchi"].codice_fiscale] = (
        log.town.person("Bianchi", "Via Lecco", "4 a"),
    )
    log.read(TUESDAY, cartella_id=None, residente_id=log.town.person("Neri", "VIA LECCO", civico))

    assert log.evaluate() == found


def test_an_address_nobody_knows_is_nobodys(log: Log) -> None:
    log.only("stesso_indirizzo")
    log.town.own[OPERATORI["giulia.bianchi"].codice_fiscale] = (log.town.person("Bianchi", "", ""),)
    log.read(TUESDAY, cartella_id=None, residente_id=log.town.person("Neri", "", ""))

    assert log.evaluate() == 0


@pytest.mark.parametrize(
    ("case", "row", "found"),
    [
        ({}, {}, 0),
        ({"responsabile_id": None, "team": ()}, {}, 1),
        ({"responsabile_id": None, "team": ()}, {"motivo": "sostituisco una collega"}, 0),
        ({"responsabile_id": None, "team": ()}, {"in_delega_di": UUID(int=9)}, 1),
        ({"responsabile_id": None, "team": (UUID(int=9),)}, {"in_delega_di": UUID(int=9)}, 0),
        ({"responsabile_id": None, "team": ()}, {"ruolo": "coordinatore"}, 0),
        ({"responsabile_id": None, "team": ()}, {"sezione": "condivisioni", "rotta": DECISION}, 0),
        ({"responsabile_id": None, "team": ()}, {"sezione": "condivisioni", "rotta": DECISION_PAGE}, 0),
        ({"responsabile_id": None, "team": ()}, {"sezione": "condivisioni", "rotta": SHARES}, 1),
        ({"responsabile_id": None, "team": (), "stato": StatoCartella.APERTA}, {}, 0),
        ({"responsabile_id": None, "team": (), "stato": StatoCartella.APERTA, "settore": "anziani"}, {}, 1),
    ],
    ids=["own", "not own", "with a reason", "nobody's stand-in", "stand-in", "coordinator", "answers an offer",
         "answers on the page", "reads the shares", "waits", "waits elsewhere"],
)  # fmt: skip
def test_a_case_not_assigned_to_the_reader(
    log: Log, case: dict[str, Any], row: dict[str, Any], found: int
) -> None:
    log.only("senza_assegnazione")
    log.read(TUESDAY, cartella_id=log.town.case(uuid4(), **case), **{"motivo": ""} | row)

    assert log.evaluate() == found


def test_the_routes_that_answer_an_offer_are_routes_there_are() -> None:
    there_are = {route.path for route in (*routes, *pages.routes) if isinstance(route, APIRoute)}

    assert there_are >= {*ANSWERS, SHARES}


@pytest.mark.parametrize("row", [{"esito": 404}, {"tipo": "cittadino"}, {"cartella_id": None}])
def test_refusals_citizens_and_pages_about_nobody_are_no_reads(log: Log, row: dict[str, Any]) -> None:
    log.only("fuori_orario")
    log.read(TUESDAY.replace(hour=23), **row)

    assert log.evaluate() == 0


def test_what_was_there_before_the_first_seal_is_not_searched(pg_database: Callable[..., Any]) -> None:
    urls = pg_database("gateway", fresh=True)
    log = Log(urls.app, urls.migrator, urls.notaio)
    log.town = Town()
    log.read(TUESDAY.replace(hour=23))

    assert log.evaluate() == 0


def test_while_a_service_is_away_its_rule_waits_and_the_others_go_on(log: Log) -> None:
    with psycopg.connect(log.app) as connection:
        connection.execute(
            "UPDATE regole_anomalia SET attiva = regola IN ('senza_assegnazione', 'fuori_orario')"
        )
    log.town.away = True
    log.read(
        TUESDAY.replace(hour=23), cartella_id=log.town.case(uuid4(), team=(), responsabile_id=None), motivo=""
    )
    assert log.evaluate() == 1
    log.town.away = False

    assert log.evaluate() == 1
    assert [regola for regola, _ in log.findings()] == ["fuori_orario", "senza_assegnazione"]


def test_a_rule_that_was_off_does_not_search_the_time_it_was_off(log: Log) -> None:
    log.only("molti_casi")
    log.read(TUESDAY.replace(hour=23))
    log.evaluate()
    log.only("fuori_orario")
    log.evaluate()
    assert log.findings() == []
    log.read(TUESDAY.replace(hour=23))

    assert log.evaluate() == 1


def test_each_ente_has_its_own_rules(log: Log) -> None:
    log.only("fuori_orario")
    with psycopg.connect(log.app) as connection:
        connection.execute(
            "INSERT INTO regole_anomalia (ente, regola, attiva, parametri) VALUES"
            " ('B212', 'fuori_orario', true, '{\"dalle\": 23, \"alle\": 5}'), ('M017', 'fuori_orario', false, '{}')"
        )
    for ente in ("F704", "B212", "M017"):
        log.read(TUESDAY.replace(hour=21), ente=ente)

    assert log.evaluate() == 1
    assert log.query("SELECT ente FROM accessi_anomali") == [("F704",)]


def test_killed_before_the_end_the_same_findings_are_made_once(log: Log) -> None:
    log.only("fuori_orario")
    log.read(TUESDAY.replace(hour=23))
    log.read(TUESDAY.replace(hour=22), operatore_id=uuid4())

    async def town() -> Any:
        return log.town

    async def killed(connection: Any) -> None:
        async with connection.transaction(force_rollback=True):  # as the database sees a process that died
            assert await evaluate(connection, town) == 2

    log.run(killed, log.notaio)
    assert (log.findings(), log.events()) == ([], [])
    assert log.evaluate() == 2
    assert log.evaluate() == 0

    assert len(log.events()) == 2
    assert len({event["anomalia_id"] for event in log.events()}) == 2


def test_two_who_evaluate_at_once_tell_each_finding_once(log: Log) -> None:
    log.only("fuori_orario")
    for n in range(5):
        log.read(TUESDAY.replace(hour=23) + n * MINUTE, operatore_id=uuid4())

    async def town() -> Any:
        return log.town

    async def both() -> None:
        async def one() -> None:
            async with await psycopg.AsyncConnection.connect(log.notaio, autocommit=True) as connection:
                await evaluate(connection, town)

        await asyncio.gather(one(), one(), one())

    asyncio.run(both())

    assert len(log.findings()) == len(log.events()) == 5


def test_the_event_names_nobody_read(log: Log) -> None:
    log.only("fuori_orario")
    person = log.town.person("Bianchi")
    log.read(TUESDAY.replace(hour=23), residente_id=person)
    log.evaluate()

    (event,) = log.events()
    assert set(event) == {
        "anomalia_id", "regola", "ente", "operatore_id", "ruolo", "settore", "righe", "dal", "al",
    }  # fmt: skip
    assert str(person) not in str(event)


MONDAY = datetime(2026, 11, 23, 8, tzinfo=ROMA)


def reports(log: Log, now: datetime) -> int:
    return log.run(lambda connection: report_weeks(connection, now), log.notaio)


def test_each_monday_the_dpo_gets_the_week_in_numbers_once(log: Log) -> None:
    log.only("fuori_orario")
    log.read(TUESDAY.replace(hour=23))
    log.evaluate()
    with psycopg.connect(log.owner) as connection:
        connection.execute("UPDATE accessi_anomali SET trovata_il = %s", (TUESDAY,))

    assert [reports(log, MONDAY), reports(log, MONDAY + MINUTE)] == [1, 0]

    (report,) = log.events("gateway.rapporto_anomalie.preparato.v1")
    assert (report["ente"], report["dal"], report["al"]) == ("F704", "2026-11-16", "2026-11-22")
    assert (report["nuove"], report["aperte"], report["per_regola"]) == (1, 1, {"fuori_orario": 1})


def test_a_quiet_week_is_reported_too_and_weeks_missed_are_made_up_for(log: Log) -> None:
    assert reports(log, MONDAY.replace(hour=6)) == 1  # the week before last: this Monday has not begun yet
    assert reports(log, MONDAY + timedelta(days=15)) == 3

    weeks = [report["dal"] for report in log.events("gateway.rapporto_anomalie.preparato.v1")]
    assert weeks == ["2026-11-09", "2026-11-16", "2026-11-23", "2026-11-30"]


def test_the_notaio_applies_the_rules_of_the_clock_without_any_service(
    log: Log, gateway_env: dict[str, str]
) -> None:
    log.only("fuori_orario")
    log.read(TUESDAY.replace(hour=23))
    program = str(Path(sys.executable).with_name("chassis"))
    env = gateway_env | {
        "GATEWAY_NOTAIO_URL": log.notaio.replace("postgresql://", "postgresql+psycopg2://"),
        "GATEWAY_AMQP_URL": "amqp://nobody@127.0.0.1:9/none", "PATH": "/usr/bin:/bin",
    }  # fmt: skip

    done = subprocess.run(
        [program, "job", "gateway", "minuto"], env=env, capture_output=True, text=True, timeout=60
    )

    assert "access_log_rules" in done.stdout + done.stderr
    assert log.findings() == [("fuori_orario", 1)]


def test_easter_and_the_holidays_that_follow_it() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027, 2038)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28), date(2038, 4, 25),
    ]  # fmt: skip
    assert is_holiday(date(2026, 10, 4))
    assert not is_holiday(date(2026, 11, 17))


def test_a_surname_is_compared_without_its_ornaments() -> None:
    assert plain_name("D’Amìco") == plain_name("D'AMICO") == plain_name("damico")
