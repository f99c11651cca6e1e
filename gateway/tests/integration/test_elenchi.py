"""Operators from a file: all of it or nothing, each row says what is wrong, twice is once."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from codicefiscale import codicefiscale

from contracts.anagrafe import Ente, EntiOut
from gateway.operatori.elenchi import COLUMNS, MAX_BYTES, MAX_ROWS, MODELLO, decode, parse
from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

Query = Callable[..., list[dict[str, Any]]]
URL = "/api/v1/operatori/elenchi"
HEADER = ";".join(COLUMNS)
NUMBERS = count()
ADMIN = next(one for one in IDENTITIES if one.identita == "admin.sistema")


@pytest.fixture(autouse=True)
def enti(services: FakeServices) -> None:
    services.answer("anagrafe.list_enti", EntiOut(enti=(Ente(codice="F704", nome="Monza"),)))


@pytest.fixture(autouse=True)
def nobody_left(settings: Settings) -> Iterator[None]:
    yield
    with psycopg.connect(settings.dsn) as connection:
        connection.execute(
            "UPDATE incarichi SET revocato_il = coalesce(revocato_il, now()) WHERE operatore_id IN"
            " (SELECT id FROM operatori WHERE identita IS NULL)"
        )


@pytest.fixture
def admin(browser: Callable[[str], Browser]) -> Browser:
    return browser("admin.sistema")


def code() -> str:
    """Of somebody named Nicolò Elenco, born on a day nobody else here was."""
    born = date(1950, 1, 1) + timedelta(days=next(NUMBERS))
    return str(
        codicefiscale.encode(
            lastname="Elenco", firstname="Nicolò", gender="M", birthdate=born.isoformat(), birthplace="Monza"
        )
    )


def row(**changes: str) -> str:
    cells = {
        "codice_fiscale": code(), "cognome": "Elenco", "nome": "Nicolò", "email": "elenco@comune.example",
        "ruolo": "assistente_sociale", "ente": "F704", "settore": "minori", "dal": "01/01/2026", "al": "",
        "atto": "Decreto n. 1",
    } | changes  # fmt: skip
    return ";".join(cells.values())


def lines(*rows: str, header: str = HEADER, end: str = "\r\n") -> str:
    return end.join((header, *rows)) + end


def send(admin: Browser, content: str | bytes, prova: bool = False) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return admin.post(f"{URL}?prova={str(prova).lower()}", content=data, headers={"Content-Type": "text/csv"})


def report(admin: Browser, content: str | bytes, prova: bool = False) -> dict[str, Any]:
    answer = send(admin, content, prova)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def counts(query: Query) -> list[dict[str, Any]]:
    return query(
        "SELECT (SELECT count(*) FROM operatori) AS operatori, (SELECT count(*) FROM incarichi) AS incarichi,"
        " (SELECT count(*) FROM outbox) AS told, (SELECT count(*) FROM operatori_fatti) AS facts"
    )


def test_a_file_in_order_is_registered_whole_and_told(admin: Browser, query: Query) -> None:
    before = counts(query)[0]

    found = report(admin, lines(row(), row(), row(settore="adulti")))

    assert (found["registrato"], found["righe"], found["nuovi_operatori"], found["errori"]) == (
        True,
        3,
        3,
        [],
    )
    after = counts(query)[0]
    assert {name: after[name] - before[name] for name in after} == {
        "operatori": 3, "incarichi": 3, "told": 3, "facts": 3,
    }  # fmt: skip


def test_the_trial_says_what_would_happen_and_does_nothing(admin: Browser, query: Query) -> None:
    before = counts(query)

    found = report(admin, lines(row(), row()), prova=True)

    assert (found["registrato"], found["nuovi_operatori"], found["nuovi_incarichi"]) == (False, 2, 2)
    assert counts(query) == before


def test_one_wrong_row_and_nothing_at_all_is_done(admin: Browser, query: Query) -> None:
    before = counts(query)

    found = report(admin, lines(row(), row(ruolo="padrone"), row()))

    assert not found["registrato"]
    assert [(e["riga"], e["colonna"]) for e in found["errori"]] == [(3, "ruolo")]
    assert counts(query) == before


def test_the_same_file_twice_changes_nothing_the_second_time(admin: Browser, query: Query) -> None:
    content = lines(row(), row(al="31/12/2030"))
    report(admin, content)
    before = counts(query)

    found = report(admin, content)

    assert (found["registrato"], found["gia_presenti"], found["nuovi_incarichi"]) == (True, 2, 0)
    assert counts(query) == before


def test_two_rows_of_one_person_are_two_incarichi(admin: Browser) -> None:
    codice = code()
    rows = row(codice_fiscale=codice), row(codice_fiscale=codice, settore="adulti")

    found = report(admin, lines(*rows))

    assert (found["nuovi_operatori"], found["nuovi_incarichi"]) == (1, 2)


@pytest.mark.parametrize(
    ("change", "column", "words"),
    [
        ({"codice_fiscale": "RSSMRA85T10A562X"}, "codice_fiscale", "battitura"),
        ({"codice_fiscale": ""}, "codice_fiscale", "Manca"),
        ({"cognome": "Altro"}, "codice_fiscale", "Non concorda"),
        ({"email": "elenco"}, "email", "formato"),
        ({"ruolo": "capo"}, "ruolo", "politica"),
        ({"ente": "B212"}, "ente", "non è tra quelli"),
        ({"settore": "minorii"}, "settore", "Nessuno lavora"),
        ({"dal": "31/02/2026"}, "dal", "non esiste"),
        ({"dal": "domani"}, "dal", "non esiste"),
        ({"al": "01/01/2020"}, "al", "prima dell'inizio"),
        ({"atto": ""}, "atto", "Manca"),
        ({"nome": "=HYPERLINK(1)"}, "nome", "formula"),
        ({"cognome": "+39"}, "cognome", "formula"),
        ({"atto": "@SUM(A1)"}, "atto", "formula"),
        ({"atto": "-1+1"}, "atto", "formula"),
        (
            {"codice_fiscale": ADMIN.codice_fiscale, "cognome": "Sistema", "nome": "Admin"},
            "",
            "altro amministratore",
        ),
    ],
)
def test_what_is_wrong_is_said_by_row_and_column(
    admin: Browser, change: dict[str, str], column: str, words: str
) -> None:
    (error,) = report(admin, lines(row(), row(**change)), prova=True)["errori"]

    assert (error["riga"], error["colonna"]) == (3, column)
    assert words in error["messaggio"]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 0, "vuoto"),
        ("\r\n", 0, "vuoto"),
        (HEADER, 0, "non ha righe"),
        (lines(row(), header=HEADER.replace(";atto", "")), 1, "Manca questa colonna"),
        (lines(row(), header=HEADER + ";stipendio"), 1, "non è prevista"),
        (lines(row(), header=HEADER + ";dal"), 1, "due volte"),
        (lines(row() + ";di;troppo"), 2, "12 colonne invece di 10"),
        (lines('"' + row()), 2, "virgoletta"),
        (lines(*["x;" * 9 + "x"] * (MAX_ROWS + 1)), MAX_ROWS + 2, "dividi il file"),
    ],
)
def test_a_file_of_the_wrong_form_says_so(admin: Browser, content: str, line: int, words: str) -> None:
    errors = report(admin, content, prova=True)["errori"]

    assert errors[0]["riga"] == line
    assert words in errors[0]["messaggio"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("end", ["\r\n", "\n"])
def test_as_spreadsheets_save_it_so_it_is_read(
    admin: Browser, query: Query, encoding: str, delimiter: str, end: str
) -> None:
    codice = code()
    content = lines(row(codice_fiscale=codice.lower()), end=end).replace(";", delimiter).encode(encoding)

    assert report(admin, content)["registrato"]

    (found,) = query("SELECT nome FROM operatori WHERE codice_fiscale = %s", codice)
    assert found["nome"] == "Nicolò"


def test_headings_and_words_may_be_written_as_people_do(admin: Browser) -> None:
    header = "Codice fiscale;Cognome;Nome;EMAIL;Ruolo;Ente;Settore;Dal;Al;Atto"
    content = lines(
        row(ruolo="Assistente sociale", settore="Minori", ente="f704", dal="1-1-2026"), header=header
    )

    assert report(admin, content)["registrato"]


def test_empty_lines_and_quoted_cells_are_read(admin: Browser) -> None:
    content = lines(row(atto='"Decreto; n. ""1"""'), "", ";;;;;;;;;")

    found = report(admin, content)

    assert (found["registrato"], found["righe"]) == (True, 1)


@pytest.mark.parametrize(
    "content", [b"\xff\xfea\x00b\x00", b"\x00", b"a;b\n\x81\x8d", b"PK\x03\x04\x00xlsx"],
    ids=["UTF-16", "NUL", "no code page", "xlsx"],
)  # fmt: skip
def test_what_is_no_text_is_refused(admin: Browser, content: bytes) -> None:
    answer = send(admin, content)

    assert (answer.status_code, answer.json()["code"]) == (400, "operatori.elenco_non_valido")


def test_a_file_too_large_is_refused_before_it_is_read(admin: Browser) -> None:
    assert send(admin, b"x" * (MAX_BYTES + 1)).status_code == 413


def test_the_model_to_download_is_itself_in_order(admin: Browser) -> None:
    answer = admin.get("/operatori/da-file/modello.csv")
    assert "attachment" in answer.headers["content-disposition"]

    rows, errors = parse(decode(answer.content))

    assert errors == []
    assert [list(cells) for _, cells in rows] == [list(COLUMNS)]
    assert report(admin, MODELLO, prova=True)["errori"] == []


def test_the_page_shows_the_trial_and_registers_what_was_confirmed(admin: Browser, query: Query) -> None:
    content = lines(row()).encode("cp1252")
    before = counts(query)

    shown = admin.post(
        "/operatori/da-file",
        files={"file": ("elenco.csv", content, "text/csv")},
        data={"csrf_token": admin.csrf},
    )
    assert shown.status_code == 200
    assert "Il file è in ordine" in shown.text
    assert counts(query) == before
    text = shown.text.partition('name="testo" value="')[2].partition('"')[0]

    done = admin.post("/operatori/da-file", data={"testo": text, "csrf_token": admin.csrf})
    assert (done.status_code, done.headers["location"]) == (303, "/operatori?fatto=elenco")
    assert counts(query)[0]["operatori"] == before[0]["operatori"] + 1


def test_the_page_shows_each_wrong_row(admin: Browser) -> None:
    content = lines(row(ruolo="<b>capo</b>"), row(atto=""))

    shown = admin.post(
        "/operatori/da-file",
        files={"file": ("e.csv", content.encode(), "text/csv")},
        data={"csrf_token": admin.csrf},
    )

    assert "Non è stato registrato nulla" in shown.text
    assert "Registra tutto" not in shown.text
    assert "<b>capo" not in shown.text


def test_the_page_without_a_file_asks_for_one(admin: Browser) -> None:
    answer = admin.post("/operatori/da-file", data={"csrf_token": admin.csrf})

    assert answer.status_code == 422
    assert "Scegli il file da leggere." in answer.text
