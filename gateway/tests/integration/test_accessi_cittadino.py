"""Who has read my file: what a citizen is told, in which words, and what he is never told."""

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from html import unescape
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest

from contracts.anagrafe import ConviventiOut, Ente, EntiOut, ListConviventi
from contracts.cartella import Area, CartellaOut, CartelleOut, ListCartelle, StatoCartella
from contracts.condivisioni import CondivisioniOut
from contracts.errors import Unavailable
from gateway.accessi.testing import Registro, make_accesso
from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

OPERATORI = {one.identita: one.operatore_id for one in IDENTITIES}
GIULIA, PAOLO = OPERATORI["giulia.bianchi"], OPERATORI["paolo.neri"]
PAGE = "/cittadino/accessi"
ROMA = ZoneInfo("Europe/Rome")
ADULTI = {"settore": "adulti", "operatore_id": GIULIA, "motivo": ""}


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


@dataclass
class Citizen:
    """Somebody of Monza who signs in with SPID, his ids in the registry, his case; what the services say of him."""

    codice_fiscale: str
    residente: UUID
    caso: UUID
    token: str
    client: Any
    registro: Registro

    def read(self, **changes: Any) -> None:
        """An operator reads his case."""
        self.registro.write(
            [make_accesso(**ADULTI | {"cartella_id": self.caso, "quando": ago(hours=1)} | changes)]
        )

    def page(self) -> str:
        answer = self.client.get(PAGE, headers={"Cookie": f"siso={self.token}"})
        assert answer.status_code == 200, answer.text[:300]
        return unescape(answer.text)

    def lines(self) -> list[list[str]]:
        """Cells of each line: chi, ruolo, dove, che cosa, perché."""
        bodies = "".join(re.findall(r"<tbody>(.*?)</tbody>", self.page(), re.DOTALL))
        rows = re.findall(r"<tr>(.*?)</tr>", bodies, re.DOTALL)
        return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]


@pytest.fixture
def registro(settings: Settings, pg_database: Callable[..., Any]) -> Registro:
    urls = pg_database("gateway")
    return Registro(urls.app, urls.migrator, urls.notaio)


@pytest.fixture
def citizen(client: Any, registro: Registro, services: FakeServices) -> Citizen:
    return sign_in(client, registro, services)


def sign_in(client: Any, registro: Registro, services: FakeServices, riservato: str = "") -> Citizen:
    known, token = uuid4(), secrets.token_urlsafe(32)
    codice = f"TST{secrets.token_hex(6).upper()}X"
    with psycopg.connect(registro.app) as connection:
        connection.execute(
            "INSERT INTO cittadini (id, codice_fiscale, nome, cognome) VALUES (%s, %s, 'Ada', 'Prova')",
            (known, codice),
        )
        connection.execute(
            "INSERT INTO sessioni (id, token_sha256, tipo, cittadino_id, scade_il, inattivita, schema, livello)"
            " VALUES (%s, %s, 'cittadino', %s, now() + interval '1 hour', interval '20 minutes', 'spid', 2)",
            (uuid4(), sha256(token.encode()).digest(), known),
        )
    one = Citizen(codice, uuid4(), uuid4(), token, client, registro)
    case = CartellaOut(
        id=one.caso, numero="2026/000001", residente_id=one.residente, ente="F704", settore="adulti", area=Area.POVERTA,
        stato=StatoCartella.IN_CARICO, responsabile_id=GIULIA, team=(), comune_residenza="F704", aperta_il=ago(days=9),
        version=1, settore_riservato=riservato,
    )  # fmt: skip

    def of_code(asked: ListConviventi) -> ConviventiOut:
        assert asked.solo_lui
        return ConviventiOut(residenti_id=(one.residente,) if asked.codice_fiscale == codice else ())

    def of_person(asked: ListCartelle) -> CartelleOut:
        mine = one.residente in asked.residenti_id
        return CartelleOut(cartelle=(case,) if mine else (), totale=int(mine))

    services.answer("anagrafe.list_conviventi", of_code)
    services.answer("cartella.list_cartelle", of_person)
    services.answer("cartella.get_cartella", case)
    services.answer("cartella.list_condivisioni", CondivisioniOut(condivisioni=(), totale=0))
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))
    return one


def test_he_reads_who_when_in_which_role_and_why(citizen: Citizen) -> None:
    citizen.read(motivo="colloquio di domani")

    (line,) = citizen.lines()
    assert line[:3] == ["Giulia Bianchi", "Assistente sociale", "Monza, settore Adulti"]
    assert line[3:] == ["il tuo fascicolo sociale", "colloquio di domani"]


def test_several_reads_of_a_day_are_one_line_without_the_hour(citizen: Citizen) -> None:
    noon = ago(days=2).replace(hour=11, minute=42)
    for minutes in range(3):
        citizen.read(quando=noon + timedelta(minutes=minutes), sezione="diario")
    citizen.read(quando=noon, cartella_id=None, residente_id=citizen.residente, sezione="anagrafe")
    citizen.read(quando=noon, sezione="liquidazioni")

    (line,) = citizen.lines()
    assert line[3] == "il tuo fascicolo sociale, i tuoi dati anagrafici e i tuoi interventi e pagamenti"
    assert not re.search(r"\d\d:\d\d", re.search(r"<main.*</main>", citizen.page(), re.DOTALL)[0])  # type: ignore[index]
    assert "iario" not in line[3]


def test_days_come_newest_first(citizen: Citizen) -> None:
    for days in (5, 1, 3):
        citizen.read(quando=ago(days=days))

    days_shown = re.findall(r'<h2 id="giorno-\d+">(\d\d/\d\d/\d{4})</h2>', citizen.page())
    assert days_shown == [
        f"{ago(days=days).astimezone(ZoneInfo('Europe/Rome')):%d/%m/%Y}" for days in (1, 3, 5)
    ]


@pytest.mark.parametrize(
    "changes",
    [{"esito": 403}, {"esito": 404}, {"tipo": "cittadino"}, {"quando": ago(days=750)},
     {"sezione": "registro_accessi", "ruolo": "rpd"}, {"sezione": "emergenze"}, {"azione": "motivo"}, {"sezione": ""}],
    ids=["refused", "not found", "himself", "too long ago", "the DPO searched the log", "an emergency was reviewed",
         "somebody wrote a reason", "somebody was asked for a reason"],
)  # fmt: skip
def test_what_is_no_read_of_the_file_in_two_years_is_not_there(
    citizen: Citizen, changes: dict[str, Any]
) -> None:
    citizen.read(**changes)

    assert citizen.lines() == []
    assert "Nessuno ha letto il tuo fascicolo" in citizen.page()


def test_he_reads_which_program_read_his_file_and_what_for(citizen: Citizen) -> None:
    with psycopg.connect(citizen.registro.owner) as connection:
        row = connection.execute(
            "INSERT INTO clienti (id, nome, ente, settore, finalita, estensioni, scade_il, proposto_da)"
            " VALUES (gen_random_uuid(), 'Contabilità del Comune', 'F704', 'adulti', 'Pagare i contributi', '{}',"
            " now() + interval '90 days', %s) RETURNING id",
            (GIULIA,),
        ).fetchone()
        assert row is not None
    citizen.read(
        tipo="client", operatore_id=row[0], ruolo="client", motivo="Pagare i contributi", sezione="fogli"
    )

    (line,) = citizen.lines()
    assert line[0] == "Contabilità del Comune"
    assert line[1] == "Programma"
    assert line[3:] == ["i tuoi interventi e pagamenti", "Pagare i contributi"]


def test_reads_of_other_people_and_their_cases_are_not_there(citizen: Citizen) -> None:
    citizen.read(cartella_id=uuid4())
    citizen.read(cartella_id=None, residente_id=uuid4())

    assert citizen.lines() == []


def test_his_data_shown_within_a_relatives_case_do_not_betray_that_case(citizen: Citizen) -> None:
    citizen.read(cartella_id=uuid4(), residente_id=citizen.residente, sezione="anagrafe")

    assert citizen.lines() == []


def test_in_a_protected_settore_nobody_is_named_and_nobody_is_counted(citizen: Citizen) -> None:
    for operator in (GIULIA, PAOLO):
        citizen.read(
            operatore_id=operator, settore="minori", motivo="la madre teme il padre", cartella_id=None,
            residente_id=citizen.residente,
        )  # fmt: skip

    (line,) = citizen.lines()
    assert line[0] == "Operatore di questo settore"
    assert line[2] == "Monza, settore Minori"
    assert "la madre" not in citizen.page()


def test_on_a_case_of_second_level_nobody_is_named(
    client: Any, registro: Registro, services: FakeServices
) -> None:
    citizen = sign_in(client, registro, services, riservato="adulti")
    citizen.read(motivo="per il tribunale")

    (line,) = citizen.lines()
    assert (line[0], line[1]) == ("Operatore di questo settore", "Assistente sociale")
    assert "tribunale" not in citizen.page()


@pytest.mark.parametrize(
    ("column", "hidden"), [("mostra_nomi", "Giulia Bianchi"), ("mostra_motivi", "colloquio di domani")]
)
def test_the_policy_of_the_ente_says_whether_names_and_reasons_are_shown(
    citizen: Citizen, column: str, hidden: str
) -> None:
    citizen.read(motivo="colloquio di domani")
    assert hidden in citizen.page()
    citizen.registro.set_terms("F704", **{column: False})
    page = citizen.page()
    citizen.registro.set_terms("F704")

    assert hidden not in page
    assert "Assistente sociale" in page


def test_who_reached_the_case_through_a_second_level_entry_alone_is_not_there(citizen: Citizen) -> None:
    """The case is of the settore adulti: who works with minors had an entry of theirs in its diary, nothing else."""
    citizen.read(operatore_id=PAOLO, settore="minori", sezione="diario")
    citizen.read(operatore_id=PAOLO, settore="minori")

    assert citizen.lines() == []


def test_a_stand_in_is_named_himself(citizen: Citizen) -> None:
    citizen.read(operatore_id=PAOLO, in_delega_di=GIULIA)

    (line,) = citizen.lines()
    assert line[0] == "Paolo Neri"
    assert "al posto di un collega assente" in line[1]
    assert "Giulia" not in citizen.page()


def test_another_citizen_reads_only_his_own(client: Any, registro: Registro, services: FakeServices) -> None:
    first = sign_in(client, registro, services)
    first.read()
    second = sign_in(client, registro, services)

    assert second.lines() == []


def test_whom_the_registry_does_not_know_is_told_so(citizen: Citizen, services: FakeServices) -> None:
    services.answer("anagrafe.list_conviventi", ConviventiOut())

    assert "Non risulti nell’anagrafe" in citizen.page()


def test_while_the_registry_is_away_nobody_is_told_that_nobody_read(
    citizen: Citizen, services: FakeServices
) -> None:
    services.answer("anagrafe.list_conviventi", Unavailable("servizio.non_disponibile", "Riprova tra poco."))

    answer = citizen.client.get(PAGE, headers={"Cookie": f"siso={citizen.token}"})

    assert answer.status_code == 503
    assert "Nessuno ha letto" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/registro-accessi", "/registro-accessi/anomalie", "/registro-accessi/integrita", "/registro-accessi/regole",
     "/registro-accessi/stampa", "/registro-accessi/esportazione", "/api/v1/registro-accessi",
     "/api/v1/registro-accessi/esportazione", "/api/v1/registro-accessi/verifiche",
     "/api/v1/registro-accessi/sigilli/ultimo", "/api/v1/registro-accessi/conteggi"],
)  # fmt: skip
def test_the_log_of_the_ente_is_closed_to_a_citizen(citizen: Citizen, path: str) -> None:
    citizen.read()
    for query in ("", f"?cartella={citizen.caso}"):
        answer = citizen.client.get(f"{path}{query}", headers={"Cookie": f"siso={citizen.token}"})
        assert answer.status_code == 403, path
        assert "Giulia" not in answer.text


def test_the_api_tells_him_the_same(citizen: Citizen) -> None:
    citizen.read(motivo="colloquio di domani", sezione="diario")

    answer = citizen.client.get(
        "/api/v1/cittadino/accessi", headers={"Cookie": f"siso={citizen.token}"}
    ).json()

    (line,) = answer["letture"]
    assert (line["ruolo"], line["parti"], line["motivi"]) == (
        "assistente_sociale", ["fascicolo"], ["colloquio di domani"],
    )  # fmt: skip
    assert answer["operatori"] == {str(GIULIA): "Giulia Bianchi"}


def test_an_operator_does_not_enter_a_citizens_pages(browser: Callable[[str], Browser]) -> None:
    for path in ("/cittadino", PAGE, "/api/v1/cittadino/accessi"):
        assert browser("elena.riva").get(path).status_code == 403


def test_he_starts_at_his_own_pages(citizen: Citizen) -> None:
    answer = citizen.client.get("/", headers={"Cookie": f"siso={citizen.token}"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/cittadino")


def test_his_own_pages_are_his_menu(citizen: Citizen) -> None:
    html = citizen.client.get("/cittadino", headers={"Cookie": f"siso={citizen.token}"}).text

    assert "Le mie pagine" in html
    assert 'href="/registro-accessi"' not in html


def opened(citizen: Citizen, path: str) -> Any:
    return citizen.client.get(path, headers={"Cookie": f"siso={citizen.token}"})


def test_his_first_page_begins_with_the_last_reading(citizen: Citizen) -> None:
    citizen.read(quando=ago(days=3), operatore_id=PAOLO)
    citizen.read(motivo="colloquio di domani")

    html = opened(citizen, "/cittadino").text

    assert "colloquio di domani" in html
    assert "Paolo Neri" not in html
    assert 'href="/cittadino/accessi">Tutte le letture' in html


def test_his_first_page_opens_while_the_registry_is_away_and_does_not_say_that_nobody_read(
    citizen: Citizen, services: FakeServices
) -> None:
    services.answer("anagrafe.list_conviventi", Unavailable("servizio.non_disponibile", "Riprova tra poco."))

    answer = opened(citizen, "/cittadino")

    assert answer.status_code == 200
    assert "Nessuno ha letto" not in answer.text


@pytest.mark.parametrize("path", ["/aiuto", "/riservatezza"])
def test_the_help_that_every_page_links_opens_for_him_and_speaks_of_his_pages(
    citizen: Citizen, path: str
) -> None:
    answer = opened(citizen, path)

    assert answer.status_code == 200
    assert 'href="/cittadino/accessi"' in answer.text
    assert "Apri un caso" not in answer.text
