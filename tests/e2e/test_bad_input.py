"""What people and programs send that is wrong: told by field in Italian, never a defect, never half done."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
from tests.e2e.conftest import SignIn
from tests.e2e.scene import ISEE, Caso, fill_case
from tests.system import Json, Person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

ENTRY = {"tipo": "colloquio", "quando": "2026-11-23T10:00:00Z", "testo": "Buongiorno"}
FOGLIO = {
    "voce_istat": "G13", "carattere": "periodico", "importo": "350.00", "quota_ente": "350.00", "dal": "2026-01-01",
    "motivazione": "Reddito insufficiente",
}  # fmt: skip
NUL, HUGE = "a\0b", 10**30
ENGLISH = re.compile(
    r"\b(input|should|must|valid|required|field|value|string|error|not|missing|expected)\b", re.I
)


@pytest.fixture(scope="module")
def caso(sign_in: SignIn, fresh: Callable[..., Json]) -> Caso:
    """A case of giulia's with an approved foglio."""
    made = fill_case(sign_in("giulia.bianchi"), fresh())
    sign_in("anna.ferrari").post(f"/fogli/{made.ids['foglio']}/decisione", version=1, approva=True)
    return made


def assert_problem(reply: httpx.Response, *statuses: int) -> Json:
    """A refusal as RFC 9457 wants it, in Italian, with the code people can quote."""
    assert reply.status_code in statuses, f"{reply.status_code} {reply.text}"
    assert reply.headers["content-type"] == "application/problem+json"
    problem: Json = reply.json()
    assert problem["status"] == reply.status_code
    assert problem["instance"] == reply.headers["x-correlation-id"]
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", problem["code"])
    for sentence in (problem["title"], problem["detail"], *problem["fields"].values()):
        assert sentence
        assert not ENGLISH.search(sentence), sentence
    assert "Traceback" not in reply.text
    return problem


def send(person: Person, method: str, path: str, body: Any) -> httpx.Response:
    """JSON as it is, even what no honest client can write (lone surrogates)."""
    content = json.dumps(body).encode("ascii")
    return person.http.request(method, path, content=content, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/cartelle", {}, {"residente_id", "area", "motivo"}),
        (
            "/cartelle",
            {"residente_id": "rossi", "area": "boh", "motivo": ""},
            {"residente_id", "area", "motivo"},
        ),
        ("/cartelle/{cartella}/diario", {}, {"tipo", "quando", "testo"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"quando": "31/02/2026"}, {"quando"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"quando": "2026-02-30T10:00:00Z"}, {"quando"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"testo": ""}, {"testo"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"testo": "x" * 50_001}, {"testo"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"con_chi": "x" * 201}, {"con_chi"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"privata": "forse"}, {"privata"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"autore_id": str(uuid4())}, {"autore_id"}),
        ("/cartelle/{cartella}/diario", ENTRY | {"testo": NUL, "dove": NUL}, {"testo", "dove"}),
        ("/cartelle/{cartella}/isee", ISEE | {"protocollo_dsu": "123"}, {"protocollo_dsu"}),
        ("/cartelle/{cartella}/isee", ISEE | {"data_presentazione": "2026-02-30"}, {"data_presentazione"}),
        ("/cartelle/{cartella}/isee", ISEE | {"data_presentazione": "2206-01-15"}, {"data_presentazione"}),
        ("/cartelle/{cartella}/isee", ISEE | {"data_presentazione": "0026-01-15"}, {"data_presentazione"}),
        ("/cartelle/{cartella}/isee", ISEE | {"scala": "0"}, {"scala"}),
        ("/cartelle/{cartella}/isee", ISEE | {"ise": "-1", "isee": "molto"}, {"isee"}),
        ("/cartelle/{cartella}/isee", ISEE | {"ise": "NaN", "isee": "1e400"}, {"ise", "isee"}),
        ("/cartelle/{cartella}/isee", ISEE | {"isee": HUGE}, {"isee"}),
        ("/cartelle/{cartella}/isee", ISEE | {"note": NUL}, {"note"}),
        ("/cartelle/{cartella}/fogli", FOGLIO | {"importo": "0"}, {"importo"}),
        ("/cartelle/{cartella}/fogli", FOGLIO | {"importo": "350.001"}, {"importo"}),
        ("/cartelle/{cartella}/fogli", FOGLIO | {"quota_ente": "349.99"}, {"quota_ente"}),
        (
            "/cartelle/{cartella}/fogli",
            FOGLIO | {"importo": "35000000", "quota_ente": "35000000"},
            {"importo"},
        ),
        ("/cartelle/{cartella}/fogli", FOGLIO | {"dal": "9999-12-31"}, {"dal"}),
        ("/cartelle/{cartella}/fogli", FOGLIO | {"al": "2025-12-31"}, {"al"}),
        ("/cartelle/{cartella}/fogli", FOGLIO | {"voce_istat": "ZZ"}, {"voce_istat"}),
        ("/cartelle/{cartella}/fogli", FOGLIO | {"motivazione": NUL, "fondo": NUL}, {"motivazione", "fondo"}),
        ("/cartelle/{cartella}/chiusura", {"version": "due", "motivo": "x"}, {"version"}),
    ],
)
def test_each_wrong_field_is_named_with_an_italian_sentence(
    giulia: Person, caso: Caso, path: str, body: Json, fields: set[str]
) -> None:
    problem = assert_problem(send(giulia, "POST", path.format(cartella=caso.id), body), 400, 422)

    assert set(problem["fields"]) == fields


def test_a_case_is_given_to_colleagues_alone(sign_in: SignIn, caso: Caso) -> None:
    anna, sara = sign_in("anna.ferrari"), sign_in("sara.costa")
    url = f"/cartelle/{caso.id}"
    version = anna.get(url)["version"]
    step = {"version": version, "motivo": "prova"}
    form = {
        "csrf_token": anna.session["csrf_token"],
        "version": version,
        "motivo_assegna": "prova",
        "team": sara.id,
    }

    nobody = anna.try_post(f"{url}/assegnazione", **step, responsabile_id=str(uuid4()))
    stranger = anna.try_post(f"{url}/assegnazione", **step, team=[sara.id])
    by_page = anna.http.post(f"{anna.base_url}/casi/{caso.id}/carico/assegna", data=form)

    assert set(assert_problem(nobody, 400)["fields"]) == {"responsabile_id"}
    assert set(assert_problem(stranger, 400)["fields"]) == {"team"}
    assert by_page.status_code == 422
    assert anna.get(url)["version"] == version


@pytest.mark.parametrize("mese", ["2026-13", "0000-01", "9999-12", "2025-01", "2026-11\n", "novembre", NUL])
def test_a_month_nobody_can_pay_is_refused(sign_in: SignIn, caso: Caso, mese: str) -> None:
    url = f"/fogli/{caso.ids['foglio']}/erogazioni"

    problem = assert_problem(send(sign_in("paolo.neri"), "POST", url, {"mese": mese}), 400, 422)

    assert set(problem["fields"]) == {"mese"}


LISTS = (
    "/residenti", "/cartelle", "/catalogo", "/fogli", "/erogazioni", "/avvisi", "/cartelle/{cartella}/diario",
    "/cartelle/{cartella}/documenti",
)  # fmt: skip
QUERIES: tuple[dict[str, Any], ...] = (
    {"limite": HUGE}, {"limite": 0}, {"limite": "tutti"}, {"salta": HUGE}, {"salta": -1}, {"testo": NUL},
    {"numero": NUL},
    {"mese": NUL}, {"area": NUL}, {"testo": "(" * 99}, {"numero": "$where[.*"}, {"testo": "%" * 99},
    {"mese": "2026-99"},
    {"numero": "9" * 300}, {"testo": "31/12/9999"}, {"stato": "boh"}, {"residenti_id": "boh"}, {"data": "0001-01-01"},
)  # fmt: skip


@pytest.mark.parametrize("path", LISTS)
def test_no_question_however_absurd_is_a_defect(giulia: Person, caso: Caso, path: str) -> None:
    defects = []
    for query in QUERIES:
        reply = giulia.http.get(path.format(cartella=caso.id), params=query)
        if reply.status_code != 200:
            assert_problem(reply, 400, 422)
        if reply.status_code >= 500:
            defects.append((query, reply.text))

    assert defects == []


def test_what_people_search_is_text_and_never_a_pattern(giulia: Person, caso: Caso) -> None:
    url = f"/cartelle/{caso.id}/diario"
    found = {
        text: giulia.get(url, testo=text)["totale"]
        for text in (".*", "(a+)+$", "^Colloquio", "$where", "COLLOQUIO GIRASOLE")
    }

    assert found == {".*": 0, "(a+)+$": 0, "^Colloquio": 0, "$where": 0, "COLLOQUIO GIRASOLE": 1}


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("text/plain", b"{}"),
        ("application/xml", b"<a/>"),
        ("application/x-www-form-urlencoded", b"testo=ciao"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("application/json", b"{"),
        ("application/json", b""),
        ("application/json", b"null"),
        ("application/json", b"[]"),
        ("application/json", b"\xff\xfe{}"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"a":' * 50_000),
        ("application/json", b'{"tipo":"nota","quando":"2026-11-23T10:00:00Z","testo":"\\ud800"}'),
        ("application/json", b'{"tipo":"nota","quando":"2026-11-23T10:00:00Z","testo":NaN}'),
        ("application/json", b'{"tipo":"nota","quando":1e400,"testo":"x"}'),
    ],
)
def test_a_body_that_is_not_what_it_should_be_is_refused(
    giulia: Person, caso: Caso, content_type: str, content: bytes
) -> None:
    url = f"/cartelle/{caso.id}/diario"
    before = giulia.get(url)["totale"]

    reply = giulia.http.post(url, content=content, headers={"Content-Type": content_type})

    assert_problem(reply, 400, 415, 422)
    assert giulia.get(url)["totale"] == before


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        ({"X-Nome-File": "programma.exe"}, b"MZ"),
        ({"X-Nome-File": "a.exe", "Content-Type": "application/x-msdownload"}, b"MZ"),
        ({"X-Nome-File": "a.pdf", "Content-Type": "application/pdf"}, b"non sono un PDF"),
        ({"X-Nome-File": "a.txt"}, b"\x00\x01binario"),
        ({"X-Nome-File": "a.txt"}, b""),
        ({"X-Nome-File": "%20"}, b"ciao"),
        ({"X-Nome-File": "a" * 300 + ".txt"}, b"ciao"),
        ({"X-Nome-File": "a.txt", "X-Descrizione": "%00"}, b"ciao"),
        ({"X-Nome-File": "a.txt", "X-Data-Documento": "2026-02-30"}, b"ciao"),
        ({"X-Nome-File": "a.txt", "X-Privato": "forse"}, b"ciao"),
        ({}, b"ciao"),
    ],
)
def test_an_upload_that_is_not_what_it_says_is_refused_and_shown_to_nobody(
    giulia: Person, caso: Caso, headers: dict[str, str], content: bytes
) -> None:
    url = f"/cartelle/{caso.id}/documenti"
    before = giulia.get(url)["totale"]

    reply = giulia.http.post(url, content=content, headers={"Content-Type": "text/plain"} | headers)

    assert_problem(reply, 400, 422)
    assert giulia.get(url)["totale"] == before


def test_a_name_with_paths_and_line_ends_becomes_a_plain_name(giulia: Person, caso: Caso) -> None:
    name = "..%2f..%2fetc%2fa%0d%0aSet-Cookie:%20x%E2%80%AE.txt"

    document = giulia.upload(caso.id, name, b"ciao").json()

    served = giulia.http.get(f"/cartelle/{caso.id}/documenti/{document['id']}/contenuto")
    assert not set(document["nome_file"]) & set("/\\\r\n\u202e")
    assert "set-cookie" not in served.headers
    assert served.headers["content-disposition"].startswith("attachment;")
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.content == b"ciao"


@pytest.mark.parametrize(
    ("path", "length"),
    [("/cartelle/{cartella}/documenti", 101 * 2**20), ("/cartelle/{cartella}/documenti", 10**18),
     ("/cartelle/{cartella}/diario", 2 * 2**20), ("/cartelle", 2 * 2**20)],
)  # fmt: skip
def test_too_large_a_body_is_refused_before_it_is_read(
    giulia: Person, caso: Caso, path: str, length: int
) -> None:
    status, body = headers_only(giulia, path.format(cartella=caso.id), f"Content-Length: {length}")

    assert status == 413
    assert json.loads(body)["code"] == "richiesta.troppo_grande"


def test_a_body_of_undeclared_length_is_refused(giulia: Person, caso: Caso) -> None:
    status, body = headers_only(giulia, f"/cartelle/{caso.id}/documenti", "Transfer-Encoding: chunked")

    assert status == 400
    assert json.loads(body)["code"] == "richiesta.senza_lunghezza"


def headers_only(person: Person, path: str, length: str) -> tuple[int, bytes]:
    """The answer to a POST of which only the headers are sent; a timeout here means that it waited for the body."""
    where = urlsplit(person.base_url)
    assert where.hostname
    assert where.port
    lines = [
        f"POST /api/v1{path} HTTP/1.1", f"Host: {where.netloc}", f"Cookie: siso={person.http.cookies['siso']}",
        f"X-CSRF-Token: {person.session['csrf_token']}", "X-Nome-File: a.txt", "Content-Type: text/plain", length,
        "Connection: close", "", "",
    ]  # fmt: skip
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        connection.sendall("\r\n".join(lines).encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/cartelle/{nobody}", 404), ("GET", "/residenti/{nobody}", 404), ("GET", "/fogli/{nobody}", 404),
        ("GET", "/stampe/{nobody}", 404), ("GET", "/niente", 404), ("DELETE", "/cartelle/{cartella}", 405),
        ("PATCH", "/cartelle/{cartella}", 405), ("DELETE", "/cartelle/{cartella}/diario/{voce}", 405),
        ("GET", "/cartelle/rossi", 422), ("GET", "/residenti/%00", 422), ("GET", "/cartelle/" + "a" * 3000, 422),
    ],
)  # fmt: skip
def test_what_is_not_there_is_said_neutrally(
    giulia: Person, caso: Caso, method: str, path: str, status: int
) -> None:
    names = {"nobody": str(uuid4()), "cartella": caso.id, "voce": caso.ids["voce"]}

    assert_problem(giulia.http.request(method, path.format(**names)), status)


@pytest.mark.parametrize(
    "identity", ["", "nessuno", NUL, "x" * 100_000, "\ud800", "giulia.bianchi' OR 1=1--"]
)
def test_nobody_enters_under_a_name_that_is_not_his(giulia: Person, identity: str) -> None:
    with httpx.Client(base_url=f"{giulia.base_url}/api/v1") as stranger:
        content = json.dumps({"identita": identity}).encode("ascii")
        reply = stranger.post("/dev/login", content=content, headers={"Content-Type": "application/json"})

    assert_problem(reply, 403, 422)
    assert "set-cookie" not in reply.headers


PUBLIC = {("get", "/api/v1/dev/identita"), ("post", "/api/v1/dev/login"), ("post", "/api/v1/oauth/token")}


def test_every_route_wants_a_session_and_every_change_a_token(giulia: Person) -> None:
    spec = giulia.http.get(f"{giulia.base_url}/api/openapi.json").json()
    routes = {(method, path) for path, methods in spec["paths"].items() for method in methods} - PUBLIC
    api = {
        (method, re.sub(r"\{[^}]+\}", str(uuid4()), path)) for method, path in routes if "/api/v1/" in path
    }
    cookie = {"siso": giulia.http.cookies["siso"]}
    with httpx.Client(base_url=giulia.base_url, timeout=30) as stranger:
        open_doors = [one for one in sorted(api) if stranger.request(*one).status_code != 401]
    with httpx.Client(base_url=giulia.base_url, timeout=30, cookies=cookie) as forger:
        changes = [one for one in sorted(api) if one[0] != "get"]
        forged = [one for one in changes if forger.request(*one, json={}).status_code != 403]

    assert len(api) > 40
    assert open_doors == []
    assert forged == []


def test_a_session_does_not_outlive_its_end(giulia: Person, sign_in: SignIn) -> None:
    leaving = Person(giulia.base_url, "marco.verdi")
    cookie = leaving.http.cookies["siso"]
    leaving.http.delete("/sessione").raise_for_status()

    replies = [
        httpx.get(f"{giulia.base_url}/api/v1/cartelle", cookies={"siso": value})
        for value in (cookie, cookie[::-1], "x" * 5000, "%00")
    ]

    assert [reply.status_code for reply in replies] == [401] * 4


def test_a_form_with_a_wrong_date_keeps_what_was_typed(giulia: Person, caso: Caso) -> None:
    typed = {
        "tipo": "ordinario", "protocollo_dsu": "INPS-ISEE-2026-77777777Z-00", "data_presentazione": "31/02/2026",
        "ise": "9.840,00", "scala": "2,46", "isee": "4.000,00", "note": "da ricontrollare <b>",
        "csrf_token": giulia.session["csrf_token"],
    }  # fmt: skip

    page = giulia.http.post(f"{giulia.base_url}/casi/{caso.id}/isee", data=typed)

    assert page.status_code == 422
    for value in (
        "INPS-ISEE-2026-77777777Z-00",
        "31/02/2026",
        "9.840,00",
        "2,46",
        "da ricontrollare &lt;b&gt;",
    ):
        assert value in page.text
    assert "<b>" not in page.text.split("da ricontrollare", 1)[1][:20]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "{{ 7*7 }}", "#set page(fill: red)", "=1+1", "\u202e\u0007"]
)
def test_what_people_write_is_shown_as_they_wrote_it_and_never_run(
    giulia: Person, caso: Caso, text: str
) -> None:
    entry = giulia.write({"id": caso.id}, f"Dice: {text}")

    page = giulia.page(f"/casi/{caso.id}/diario").text

    assert giulia.get(f"/cartelle/{caso.id}/diario/{entry['id']}")["testo"] == f"Dice: {text}"
    assert "<script>alert" not in page
    assert "Dice: 49" not in page
