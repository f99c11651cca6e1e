"""The access log for the DPO: searching, paging, the picture, files and paper; seals, verifications and findings."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from contracts.anagrafe import ConviventiOut, EntiOut
from contracts.cartella import Area, CartellaOut, CartelleOut, StatoCartella
from contracts.errors import Unavailable
from gateway.accessi import export as exporting
from gateway.accessi.notaio import minute
from gateway.accessi.read import Posizione
from gateway.accessi.settings import SealSettings
from gateway.accessi.sigilli import in_groups
from gateway.accessi.testing import Registro, make_accesso
from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

Query = Callable[..., list[dict[str, Any]]]
SignIn = Callable[[str], Browser]
NOW = datetime.now(UTC).replace(microsecond=0)
GIULIA = next(one for one in IDENTITIES if one.identita == "giulia.bianchi").operatore_id
LOG = "/registro-accessi"


@pytest.fixture
def registro(settings: Settings, pg_database: Callable[..., Any]) -> Registro:
    """The log of the running gateway, to write rows of any moment into."""
    urls = pg_database("gateway")
    return Registro(urls.app, urls.migrator, urls.notaio)


@pytest.fixture
def elena(browser: SignIn, services: FakeServices) -> Browser:
    services.answer("anagrafe.list_enti", EntiOut(enti=()))
    return browser("elena.riva")


def moments(browser: Browser, path: str) -> list[str]:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text[:300]
    return re.findall(r'<th scope="row">(\d\d/\d\d/\d{4}, \d\d:\d\d)</th>', answer.text)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, 6), ({"azione": "scrivi"}, 1), ({"sezione": "diario"}, 2), ({"esito": "rifiutato"}, 1),
        ({"esito": "riuscito"}, 5), ({"operatore": str(GIULIA)}, 1),
        ({"dal": (NOW - timedelta(hours=5)).isoformat()}, 3), ({"al": (NOW - timedelta(hours=5)).isoformat()}, 3),
        ({"sezione": "diario", "azione": "scrivi"}, 1),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_the_log_is_searched_by_what_was_done_and_when(
    registro: Registro, elena: Browser, query: dict[str, str], expected: int
) -> None:
    case = uuid4()
    rows: list[dict[str, Any]] = [
        {}, {"sezione": "diario"}, {"sezione": "diario", "azione": "scrivi"}, {"esito": 404}, {"operatore_id": GIULIA},
        {},
    ]  # fmt: skip
    registro.write(
        [make_accesso(cartella_id=case, quando=NOW - n * timedelta(hours=2) - timedelta(minutes=30), **changes)
         for n, changes in enumerate(rows)]
    )  # fmt: skip

    answer = elena.get("/api/v1/registro-accessi", params={"cartella": str(case), **query}).json()

    assert len(answer["accessi"]) == expected
    assert answer["dopo"] == ""


def test_pages_follow_one_another_without_repeating_or_skipping_a_row(
    registro: Registro, elena: Browser
) -> None:
    case = uuid4()
    registro.write(
        [make_accesso(cartella_id=case, quando=NOW - timedelta(minutes=n // 3)) for n in range(10)]
    )
    registro.write(
        [make_accesso(cartella_id=case, quando=NOW - timedelta(minutes=n // 3)) for n in range(10)]
    )
    seen: list[tuple[str, int]] = []
    dopo = ""
    for _ in range(10):
        params: dict[str, Any] = {"cartella": str(case), "limite": 3, "dopo": dopo}
        page = elena.get("/api/v1/registro-accessi", params=params).json()
        seen += [(row["catena"], row["seq"]) for row in page["accessi"]]
        registro.write(
            [make_accesso(cartella_id=case, quando=NOW + timedelta(minutes=5))]
        )  # somebody goes on reading
        if not (dopo := page["dopo"]):
            break

    assert len(seen) == len(set(seen)) == 20


def test_a_position_that_is_none_is_the_beginning() -> None:
    assert Posizione.parse("x") is None
    assert Posizione.parse("2026-11-01~a~b") is None
    assert Posizione.parse(f"2026-11-01T10:00:00~{uuid4()}~1") is None
    position = Posizione(NOW, uuid4(), 7)
    assert Posizione.parse(str(position)) == position


@pytest.mark.parametrize(
    "query",
    ["cartella=non-un-id", "dal=ieri", "dal=2026-11-01T00:00:00", "esito=boh", "limite=0", "limite=9999",
     "azione=%00", "sezione=%27", "dal=0001-01-01T00:00:00%2B01:00", "al=9999-12-31T23:59:59Z", "caso=x"],
)  # fmt: skip
def test_a_search_that_makes_no_sense_is_refused(elena: Browser, query: str) -> None:
    assert elena.get(f"/api/v1/registro-accessi?{query}").status_code == 422
    assert query.startswith("limite") or elena.get(f"{LOG}?{query}").status_code == 422


@pytest.mark.parametrize("dopo", ["x", f"9999-12-31T23:59:59+00:00~{UUID(int=1)}~{'9' * 40}", "\x00"])
def test_a_place_in_the_list_that_makes_no_sense_harms_nobody(elena: Browser, dopo: str) -> None:
    assert elena.get("/api/v1/registro-accessi", params={"dopo": dopo}).status_code == 200


def test_rows_past_the_term_of_the_ente_are_not_read_though_they_are_still_there(
    registro: Registro, elena: Browser
) -> None:
    case = uuid4()
    registro.write([make_accesso(cartella_id=case, quando=NOW - timedelta(days=750))])
    registro.write([make_accesso(cartella_id=case, quando=NOW - timedelta(days=700))])

    rows = elena.get("/api/v1/registro-accessi", params={"cartella": str(case)}).json()["accessi"]

    assert len(rows) == 1


def make_case(known: UUID, numero: str, ente: str = "F704") -> CartellaOut:
    return CartellaOut(
        id=known, numero=numero, residente_id=uuid4(), ente=ente, settore="minori", area=Area.FAMIGLIA_MINORI,
        stato=StatoCartella.IN_CARICO, responsabile_id=None, team=(), comune_residenza=ente, aperta_il=NOW, version=1,
    )  # fmt: skip


def search(browser: Browser, **typed: str) -> Any:
    return browser.post(f"{LOG}/cerca", data={"csrf_token": browser.csrf, **typed})


def test_a_case_is_found_by_its_number_and_only_in_the_ente_of_the_dpo(
    elena: Browser, services: FakeServices
) -> None:
    case = make_case(uuid4(), "2026/000012")
    elsewhere = make_case(uuid4(), "2026/000012", "B212")
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(case, elsewhere), totale=2))

    answer = search(elena, caso="2026/000012")

    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["location"]).query) == {"cartella": [str(case.id)]}
    assert [call.mandato["tipo"] for call in services.calls] == ["sistema"]


def test_a_person_is_found_by_codice_fiscale_which_never_stands_in_an_address(
    elena: Browser, services: FakeServices
) -> None:
    people = (uuid4(), uuid4())
    case, elsewhere = make_case(uuid4(), "2026/000012"), make_case(uuid4(), "2026/000013", "B212")
    services.answer(
        "anagrafe.list_conviventi",
        lambda asked: ConviventiOut(
            residenti_id=people if asked.codice_fiscale == "RSSMRA80A01F704X" else ()
        ),
    )
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(case, elsewhere), totale=2))

    answer = search(elena, persona="rssmra80a01f704x", dal="2026-11-01", al="2026-11-02", azione="leggi")

    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["residente"] == [str(one) for one in people]
    assert query["caso"] == [str(case.id)]
    assert (query["dal"], query["al"]) == (["2026-11-01T00:00:00+01:00"], ["2026-11-03T00:00:00+01:00"])
    assert "RSSMRA" not in answer.headers["location"].upper()
    assert elena.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"caso": "2026/999999"}, "Nessun caso ha questo numero."),
        ({"persona": "AAAAAA00A00A000A"}, "Nessuno ha questo codice fiscale."),
        ({"dal": "2026-11-05", "al": "2026-11-01"}, "Viene prima dell’inizio."),
        ({"dal": "ieri"}, "Scrivi una data."),
        ({"dal": "0001-01-01"}, "Scrivi una data di questi anni."),
        ({"al": "9999-12-31"}, "Scrivi una data"),
        ({"persona": "–\x00–"}, "Nessuno ha questo codice fiscale."),
    ],
    ids=["number", "codice fiscale", "period", "date", "before all", "after all", "no letters"],
)
def test_what_is_not_found_is_said_at_its_field(
    elena: Browser, services: FakeServices, typed: dict[str, str], message: str
) -> None:
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(), totale=0))
    services.answer("anagrafe.list_conviventi", ConviventiOut())

    answer = search(elena, **typed)

    assert answer.status_code == 422
    assert message in answer.text
    assert next(iter(typed.values())).split("\x00")[0] in answer.text


# --- files -----------------------------------------------------------------------------------------------------------

DANGEROUS = '=HYPERLINK("http://evil.example","x")'


def test_the_csv_holds_no_formula_and_every_row(registro: Registro, elena: Browser, query: Query) -> None:
    case = uuid4()
    reasons = [DANGEROUS, "+1", "-1", "@SUM(A1)", "\tx", 'a;b\n"c"', "perché sì"]
    registro.write([make_accesso(cartella_id=case, motivo=reason, operatore_id=GIULIA) for reason in reasons])

    answer = elena.get(f"{LOG}/esportazione", params={"cartella": str(case), "formato": "csv"})

    assert answer.headers["content-disposition"] == 'attachment; filename="registro-accessi.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:7] == ["Quando", "Chi", "Codice operatore", "Ruolo", "Settore", "Al posto di", "Perché"]
    assert {row[6] for row in rows[1:]} == {"'" + r if r[0] in "=+-@\t" else r for r in reasons}
    assert {row[1] for row in rows[1:]} == {"Giulia Bianchi"}
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    (logged,) = query("SELECT * FROM accessi WHERE session_id = %s AND azione = 'esporta'", elena.session_id)
    assert (logged["esito"], logged["cartella_id"], logged["motivo"]) == (
        200,
        case,
        "esportazione csv: 7 righe",
    )


def test_the_workbook_holds_texts_alone(registro: Registro, elena: Browser) -> None:
    case = uuid4()
    registro.write([make_accesso(cartella_id=case, motivo=DANGEROUS) for _ in range(1200)])

    answer = elena.get(f"{LOG}/esportazione", params={"cartella": str(case), "formato": "xlsx"})

    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.content)).get_sheet_by_index(0).to_python()
    assert len(rows) == 1201
    assert rows[1][6] == DANGEROUS
    assert all(isinstance(cell, str) for row in rows for cell in row)
    sheet = zipfile.ZipFile(io.BytesIO(answer.content)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet


def test_a_file_of_too_many_rows_is_refused_whole(
    registro: Registro, elena: Browser, monkeypatch: pytest.MonkeyPatch, query: Query
) -> None:
    monkeypatch.setattr("gateway.accessi.answer.MOST_ROWS", 5)
    case = uuid4()
    registro.write([make_accesso(cartella_id=case) for _ in range(6)])

    answer = elena.get("/api/v1/registro-accessi/esportazione", params={"cartella": str(case)})

    assert answer.status_code == 413
    assert "restringi il periodo" in answer.json()["detail"]
    assert exporting.MOST_ROWS == 50_000
    assert query(
        "SELECT esito FROM accessi WHERE session_id = %s AND rotta LIKE '%%esportazione'", elena.session_id
    )


@pytest.mark.parametrize("identita", ["giulia.bianchi", "admin.sistema", "laura.conti"])
def test_who_is_no_dpo_gets_no_file(browser: SignIn, identita: str) -> None:
    assert browser(identita).get(f"{LOG}/esportazione").status_code == 403


def test_the_page_to_print_says_what_was_searched_and_who_prints(registro: Registro, elena: Browser) -> None:
    case = uuid4()
    registro.write([make_accesso(cartella_id=case)])

    html = elena.get(f"{LOG}/stampa", params={"cartella": str(case)}).text

    assert str(case) in html
    assert "Elena Riva" in html


def test_the_picture_has_its_numbers_beside_it(registro: Registro, elena: Browser) -> None:
    case = uuid4()
    registro.write([make_accesso(cartella_id=case, quando=NOW - timedelta(days=n)) for n in (1, 1, 2)])
    registro.write([make_accesso(cartella_id=case, quando=NOW - timedelta(days=2), esito=403)])

    html = elena.get(LOG, params={"cartella": str(case)}).text

    assert html.count("<rect ") == 3
    assert re.search(r'role="img" aria-label="[^"]+"', html)
    assert "4 in tutto, al più 2 per giorno" in html


def test_counts_follow_the_clock_of_rome(registro: Registro, elena: Browser) -> None:
    case = uuid4()
    day = datetime(2026, 10, 25, tzinfo=UTC)  # the day of 25 hours
    registro.write([make_accesso(cartella_id=case, quando=day + timedelta(hours=h)) for h in (0, 1)])
    params = {"cartella": str(case), "dal": "2026-10-25T00:00:00+02:00", "al": "2026-10-26T00:00:00+01:00"}

    counts = elena.get("/api/v1/registro-accessi/conteggi", params=params).json()

    assert [one["righe"] for one in counts] == [1, 1]  # 02:00 twice


# --- seals and verifications -----------------------------------------------------------------------------------------


@pytest.fixture
def notaio(settings: Settings, gateway_env: dict[str, str]) -> Callable[[], int]:
    """One turn of the notaio on the log of the running gateway."""
    import asyncio
    import os

    def turn() -> int:
        os.environ.update(gateway_env)
        try:
            return asyncio.run(minute(SealSettings()))
        finally:
            for name in gateway_env:
                os.environ.pop(name, None)

    return turn


def test_a_whole_verification_is_asked_for_done_apart_and_looked_at(
    elena: Browser, notaio: Callable[[], int]
) -> None:
    asked = elena.post("/api/v1/registro-accessi/verifiche")
    again = elena.post("/api/v1/registro-accessi/verifiche")
    assert asked.status_code == 202
    verifica = asked.json()["verifica"]
    assert again.json()["verifica"]["id"] == verifica["id"]
    assert (verifica["stato"], asked.json()["integro"]) == ("in_attesa", None)
    assert "Comincia entro un minuto" in elena.get(f"{LOG}/integrita").text

    assert notaio() == 0

    done = elena.get(f"/api/v1/registro-accessi/verifiche/{verifica['id']}").json()
    assert (done["verifica"]["stato"], done["integro"]) == ("finita", True)
    assert done["verifica"]["righe"] > 0
    assert "nessuna cambiata, tolta o aggiunta" in elena.get(f"{LOG}/verifiche/{verifica['id']}").text


def test_the_page_asks_for_a_verification_with_a_button(elena: Browser, notaio: Callable[[], int]) -> None:
    answer = elena.post(f"{LOG}/verifiche", data={"csrf_token": elena.csrf})

    assert answer.headers["location"].startswith(f"{LOG}/integrita")
    notaio()
    assert "integro" in elena.get(f"{LOG}/integrita").text


def test_a_seal_is_printed_and_held_against_the_log(
    elena: Browser, notaio: Callable[[], int], query: Query
) -> None:
    notaio()
    seal = elena.get("/api/v1/registro-accessi/sigilli/ultimo").json()
    page = elena.get(f"{LOG}/sigilli/{seal['numero']}").text
    printed = " ".join(re.findall(r'<p class="cifra codice">([0-9A-F ]+)</p>', page))
    assert printed.replace(" ", "").lower() == seal["hash"]

    def compare(**typed: str) -> str:
        return str(elena.post(f"{LOG}/confronto", data={"csrf_token": elena.csrf, **typed}).text)

    assert "L’impronta è quella del registro" in compare(numero=str(seal["numero"]), impronta=printed)
    assert "L’impronta non è quella" in compare(numero=str(seal["numero"]), impronta=in_groups(bytes(32)))
    assert "questo sigillo non c’è" in compare(numero="999999", impronta=printed)
    assert "gruppi di quattro" in compare(numero="1", impronta="parole")
    for number in ("x", "²", "0", "9" * 30):
        assert "Scrivi il numero" in compare(numero=number, impronta=printed)
    path = f"/api/v1/registro-accessi/sigilli/{seal['numero']}/confronto"
    assert elena.post(path, json={"impronta": printed}).json()["esito"] == "uguale"


@pytest.mark.parametrize("path", ["sigilli/999999", "verifiche/00000000-0000-0000-0000-000000000000"])
def test_what_is_not_there_is_not_found(elena: Browser, path: str) -> None:
    assert elena.get(f"{LOG}/{path}").status_code == 404
    assert elena.get(f"/api/v1/registro-accessi/{path}").status_code == 404


# --- findings --------------------------------------------------------------------------------------------------------


@pytest.fixture
def finding(registro: Registro, settings: Settings) -> tuple[UUID, UUID]:
    """A finding of Monza and one of Brugherio."""
    ids = (uuid4(), uuid4())
    catena = registro.write([make_accesso(operatore_id=GIULIA, quando=NOW)])
    with psycopg.connect(registro.notaio) as connection:
        for known, ente in zip(ids, ("F704", "B212"), strict=True):
            connection.execute(
                "INSERT INTO accessi_anomali (id, regola, chiave, ente, operatore_id, ruolo, settore, dal, al, righe,"
                " conteggio, spiegazione) VALUES (%s, 'fuori_orario', %s, %s, %s, 'assistente_sociale', 'minori',"
                " now(), now(), %s, 1, 'Accessi fuori orario')",
                (known, str(known), ente, GIULIA, psycopg.types.json.Jsonb([[str(catena), 1]])),
            )
    return ids


def test_a_finding_is_looked_at_and_closed_with_a_reason(elena: Browser, finding: tuple[UUID, UUID]) -> None:
    here, _ = finding
    path = f"{LOG}/anomalie/{here}"
    assert str(here) in elena.get(f"{LOG}/anomalie?stato=nuova").text

    page = elena.get(path).text
    assert "Giulia Bianchi" in page
    assert "Chiudi la segnalazione" in page
    assert str(here) not in elena.get(f"{LOG}/anomalie?stato=nuova").text
    refused = elena.post(f"{path}/chiusura", data={"csrf_token": elena.csrf, "motivo": "  "})
    assert refused.status_code == 422
    assert "Scrivi perché la chiudi." in refused.text
    closed = elena.post(
        f"{path}/chiusura", data={"csrf_token": elena.csrf, "motivo": "turno di reperibilità"}
    )

    assert closed.status_code == 303
    page = elena.get(path).text
    assert "turno di reperibilità" in page
    assert "Chiudi la segnalazione" not in page
    again = elena.post(f"{path}/chiusura", data={"csrf_token": elena.csrf, "motivo": "ancora"})
    assert again.status_code == 422
    assert "già chiusa" in again.text


def test_findings_of_another_ente_do_not_exist(elena: Browser, finding: tuple[UUID, UUID]) -> None:
    _, elsewhere = finding
    path = f"{LOG}/anomalie/{elsewhere}"

    assert str(elsewhere) not in elena.get(f"{LOG}/anomalie").text
    assert elena.get(path).status_code == 404
    assert elena.post(f"{path}/chiusura", data={"csrf_token": elena.csrf, "motivo": "x"}).status_code == 404


def test_the_dpo_sets_the_rules_of_her_own_ente(elena: Browser, query: Query) -> None:
    typed = {
        "csrf_token": elena.csrf, "attive": ["molti_casi"], "casi": "12", "minuti": "30", "dalle": "21", "alle": "6",
    }  # fmt: skip
    assert elena.post(f"{LOG}/regole", data=typed | {"casi": "1"}).status_code == 422

    assert elena.post(f"{LOG}/regole", data=typed).status_code == 303

    rules = {
        (r["ente"], r["regola"]): (r["attiva"], r["parametri"])
        for r in query("SELECT * FROM regole_anomalia")
    }
    assert rules["F704", "molti_casi"] == (True, {"casi": 12, "minuti": 30})
    assert rules["F704", "fuori_orario"][0] is False
    assert rules["", "fuori_orario"][0] is True
    assert 'value="12"' in elena.get(f"{LOG}/regole").text


def test_a_person_is_read_about_also_where_only_the_case_is_named(registro: Registro, elena: Browser) -> None:
    person, case = uuid4(), uuid4()
    registro.write(
        [make_accesso(cartella_id=case), make_accesso(cartella_id=None, residente_id=person), make_accesso()]
    )

    params = {"residente": str(person), "caso": str(case)}
    assert len(elena.get("/api/v1/registro-accessi", params=params).json()["accessi"]) == 2


# The DPO's own affairs


@pytest.fixture
def relatives(services: FakeServices) -> tuple[UUID, UUID]:
    """Somebody who lives with Elena, and the case of that person."""
    person, case = uuid4(), uuid4()
    out = CartellaOut(
        id=case, numero="2026/000009", residente_id=person, ente="F704", settore="adulti", area=Area.POVERTA,
        stato=StatoCartella.IN_CARICO, responsabile_id=GIULIA, team=(), comune_residenza="F704", aperta_il=NOW,
        version=1,
    )  # fmt: skip
    services.answer("anagrafe.list_conviventi", ConviventiOut(residenti_id=(person,)))
    services.answer("anagrafe.list_enti", EntiOut(enti=()))
    services.answer("cartella.list_cartelle", CartelleOut(cartelle=(out,), totale=1))
    return person, case


def test_rows_about_the_dpos_own_household_are_not_his_to_read(
    registro: Registro, relatives: tuple[UUID, UUID], elena: Browser
) -> None:
    person, case = relatives
    registro.write([make_accesso(cartella_id=case, quando=NOW)])
    registro.write([make_accesso(cartella_id=None, residente_id=person, quando=NOW)])
    for asked in ({"cartella": str(case)}, {"residente": str(person)}):
        answer = elena.get("/api/v1/registro-accessi", params=asked)
        page = elena.get(LOG, params=asked)
        file = elena.get("/api/v1/registro-accessi/esportazione", params=asked)

        assert answer.json()["accessi"] == []
        assert search(elena, caso="2026/000009").status_code == 422
        assert search(elena, persona="RSSMRA80A01F704X").status_code == 422
        assert "Assistente sociale" not in re.sub(r"<form.*?</form>", "", page.text, flags=re.DOTALL)
        assert len(file.text.splitlines()) == 1


def test_a_finding_about_the_dpo_or_his_household_is_closed_by_somebody_else(
    registro: Registro, relatives: tuple[UUID, UUID], elena: Browser
) -> None:
    elena_id = next(one for one in IDENTITIES if one.identita == "elena.riva").operatore_id
    catena = registro.write([make_accesso(cartella_id=relatives[1], quando=NOW)])
    other = registro.write([make_accesso(quando=NOW)])
    for reader, rows in ((elena_id, [[str(other), 1]]), (GIULIA, [[str(catena), 1]])):
        known = uuid4()
        with psycopg.connect(registro.notaio) as connection:
            connection.execute(
                "INSERT INTO accessi_anomali (id, regola, chiave, ente, operatore_id, ruolo, settore, dal, al, righe,"
                " conteggio, spiegazione) VALUES (%s, 'fuori_orario', %s, 'F704', %s, 'rpd', '', now(), now(), %s, 1,"
                " 'Accessi fuori orario')",
                (known, str(known), reader, psycopg.types.json.Jsonb(rows)),
            )
        body = {"motivo": "niente di strano"}

        api = elena.post(f"/api/v1/registro-accessi/anomalie/{known}/chiusura", json=body)
        page = elena.post(f"{LOG}/anomalie/{known}/chiusura", data=body)

        assert (api.status_code, api.json()["code"]) == (403, "anomalia.tua")
        assert page.status_code in (403, 422)
        assert elena.get(f"/api/v1/registro-accessi/anomalie/{known}").json()["stato"] != "chiusa"


def test_while_the_registry_is_away_the_log_is_open_to_whose_household_is_known(
    services: FakeServices, elena: Browser
) -> None:
    away = Unavailable("servizio.non_disponibile", "Riprova tra poco.")
    services.answer("anagrafe.list_conviventi", away)
    unknown = [elena.get(path).status_code for path in ("/api/v1/registro-accessi", f"{LOG}/regole")]
    services.answer("anagrafe.list_conviventi", ConviventiOut())
    elena.get("/api/v1/registro-accessi")
    services.answer("anagrafe.list_conviventi", away)

    assert unknown == [503, 200]
    assert elena.get("/api/v1/registro-accessi").status_code == 200
