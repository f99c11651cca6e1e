"""Privacy through every door: what is not yours does not exist, in no list, number, search, print, message or error."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.e2e.conftest import SignIn
from tests.e2e.scene import COLLEAGUES, ISEE, Caso, Scene, private_markers
from tests.pdf import pdf_text
from tests.system import Json, Person, System, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

EVERYBODY_ELSE = (
    "marco.verdi", "anna.ferrari", "laura.conti", "davide.gallo", "sara.costa", "elena.riva", "paolo.neri",
    "carla.russo", "admin.sistema", "luca.moretti",
)  # fmt: skip
ENTRY = {"tipo": "nota", "quando": "2026-11-23T12:00:00Z", "testo": "provo"}


@dataclass(frozen=True)
class Door:
    """One way to ask. `path` holds names of ids in braces; pages start with `/casi` or the like."""

    method: str
    path: str
    body: Json | None = None
    page: bool = False

    def __str__(self) -> str:
        return f"{'pagina ' if self.page else ''}{self.method} {self.path}"

    def open(self, person: Person, ids: dict[str, str]) -> httpx.Response:
        base = person.base_url if self.page else f"{person.base_url}/api/v1"
        headers = {"X-Nome-File": "a.txt", "Content-Type": "text/plain"}
        if self.path.endswith("/documenti") and self.method == "POST":
            return person.http.post(base + self.path.format(**ids), content=b"provo", headers=headers)
        return person.http.request(self.method, base + self.path.format(**ids), json=self.body)


def doors(*lines: str, page: bool = False) -> list[Door]:
    return [Door(*line.split(" ", 1), page=page) for line in lines]


PRIVATE_DOORS = [
    *doors(
        "GET /cartelle/{cartella}", "GET /cartelle?limite=500", "GET /cartelle/{cartella}/diario",
        "GET /cartelle/{cartella}/diario?testo=usignol", "GET /cartelle/{cartella}/diario?testo=allodol",
        "GET /cartelle/{cartella}/diario?tipo=colloquio", "GET /cartelle/{cartella}/diario/{voce}",
        "GET /cartelle/{cartella}/documenti", "GET /cartelle/{cartella}/documenti?versioni_di={documento}",
        "GET /cartelle/{cartella}/documenti/{documento}/contenuto", "GET /cartelle/{cartella}/stampe",
        "GET /fogli?limite=500", "GET /erogazioni?limite=500", "GET /avvisi?solo_aperti=false&limite=500",
        "GET /residenti/{residente}", "GET /residenti/{residente}/variazioni", "GET /siuss?mese=2026-11",
        "GET /report/crosstab", "GET /registro-accessi?limite=500&cartella={cartella}", "GET /colleghi",
    ),
    *doors(
        "GET /", "GET /casi", "GET /casi/{cartella}", "GET /casi/{cartella}?mostra=diario",
        "GET /casi/{cartella}?mostra=documenti", "GET /casi/{cartella}/diario",
        "GET /casi/{cartella}/diario?testo=usignol", "GET /casi/{cartella}/diario/{voce}",
        "GET /casi/{cartella}/documenti", "GET /casi/{cartella}/documenti/{documento}",
        "GET /casi/{cartella}/accessi", "GET /casi/{cartella}/carico", "GET /casi/{cartella}/stampa",
        "GET /avvisi", "GET /persone/{residente}", page=True,
    ),
    Door("PUT", "/cartelle/{cartella}/diario/{voce}", ENTRY | {"version": 2}),
    Door("POST", "/cartelle/{cartella}/diario/{voce}/annullamento", {"version": 2, "motivo": "provo"}),
]  # fmt: skip


@pytest.mark.parametrize("identity", EVERYBODY_ELSE)
def test_no_door_shows_another_person_what_giulia_keeps_private(
    scene: Scene, sign_in: SignIn, identity: str
) -> None:
    person, markers = sign_in(identity), private_markers(scene)
    ids = {"cartella": scene.monza.id, "residente": scene.monza.residente["id"], **scene.riservato.ids}
    leaks = []
    for door in PRIVATE_DOORS:
        reply = door.open(person, ids)
        assert reply.status_code < 500, f"{door}: {reply.status_code}"
        if found := [marker for marker in markers if marker in reply.text]:
            leaks.append((str(door), found))

    assert leaks == []


@pytest.mark.parametrize("identity", COLLEAGUES)
def test_private_things_change_nothing_a_colleague_of_the_same_case_sees(scene: Scene, identity: str) -> None:
    assert scene.after[identity] == scene.before[identity]


def test_the_author_sees_what_she_keeps_private(scene: Scene, giulia: Person) -> None:
    entry = giulia.get(f"/cartelle/{scene.monza.id}/diario/{scene.riservato.ids['voce']}")
    documents = giulia.get(f"/cartelle/{scene.monza.id}/documenti")

    assert scene.riservato.words["usignolo"] in entry["versioni"][0]["testo"]
    assert scene.riservato.ids["documento"] in {one["id"] for one in documents["documenti"]}
    assert giulia.get(f"/cartelle/{scene.monza.id}/diario", testo="Dubbio")["totale"] == 1


def test_the_print_of_a_colleague_holds_the_ordinary_and_nothing_private(
    scene: Scene, sign_in: SignIn
) -> None:
    text = printed(sign_in("marco.verdi"), scene.monza)

    assert scene.monza.words["girasole"] in text
    assert [marker for marker in private_markers(scene) if marker in text] == []


def test_the_print_of_the_author_holds_what_she_keeps_private(scene: Scene, giulia: Person) -> None:
    assert scene.riservato.words["allodola"] in printed(giulia, scene.monza)


def printed(person: Person, caso: Caso) -> str:
    """Text of a fresh print, words joined as the page shows them; bookmarks and metadata too."""
    asked = person.post(f"/cartelle/{caso.id}/stampe")
    eventually(lambda: person.get(f"/stampe/{asked['id']}")["stato"] == "pronta", 60)
    pdf = person.http.get(f"/stampe/{asked['id']}/contenuto").raise_for_status().content
    return pdf_text(pdf)


def test_nothing_private_leaves_on_the_broker_or_waits_in_an_outbox(system: System, scene: Scene) -> None:
    said = json.dumps(scene.events, default=str)
    kept = system.query("documenti", "SELECT envelope::text FROM outbox")
    outbox = str(kept) + str(list(system.documents("outbox").find({})))

    assert scene.monza.ids["voce"] in said  # the spy does hear ordinary entries
    assert [marker for marker in private_markers(scene) if marker in said or marker in outbox] == []


def test_no_event_tells_names_texts_or_codes_of_people(scene: Scene) -> None:
    said = json.dumps(scene.events, default=str)
    resident = scene.monza.residente

    assert scene.monza.words["girasole"] not in said
    assert scene.monza.words["motivazione"] not in said
    assert f'"{resident["cognome"]}"' not in said


def test_no_mail_names_the_person_or_tells_what_was_written(system: System, scene: Scene) -> None:
    posta = system.supervisor.infra.mail.mailbox_url
    mails = eventually(lambda: httpx.get(f"{posta.rstrip('/')}/messages.json", trust_env=False).json(), 20)
    told = [mail for mail in mails if scene.monza.numero in json.dumps(mail)]
    text = json.dumps(told, ensure_ascii=False)

    assert told, "no mail about the case at all"
    full_name = f"{scene.monza.residente['cognome']} {scene.monza.residente['nome']}"
    never = {*private_markers(scene), scene.monza.words["motivazione"], full_name}
    assert [marker for marker in never if marker in text] == []


def test_no_log_of_any_process_holds_what_people_wrote_or_the_store_s_addresses(
    system: System, scene: Scene
) -> None:
    words = {*scene.riservato.words.values(), scene.monza.words["girasole"], scene.monza.words["motivazione"]}
    words |= {scene.monza.words["dsu"], "X-Amz-Signature"}
    folder: Path = system.supervisor.layout.base / "log"

    told = {
        (log.name, found)
        for log in folder.glob("*.log")
        for found in words
        if found.encode() in log.read_bytes()
    }

    assert told == set()


# --- cases that are not yours -------------------------------------------------------------------------------------

READ_DOORS = doors(
    "GET /cartelle/{cartella}", "GET /cartelle?residente_id={residente}", "GET /cartelle?numero={numero}",
    "GET /cartelle?residenti_id={residente}", "GET /cartelle/{cartella}/diario",
    "GET /cartelle/{cartella}/diario/{voce}",
    "GET /cartelle/{cartella}/isee", "GET /cartelle/{cartella}/documenti",
    "GET /cartelle/{cartella}/documenti?versioni_di={documento}",
    "GET /cartelle/{cartella}/documenti/{documento}/contenuto", "GET /cartelle/{cartella}/stampe",
    "GET /stampe/{stampa}", "GET /stampe/{stampa}/contenuto", "GET /fogli?cartella_id={cartella}",
    "GET /fogli/{foglio}", "GET /erogazioni?cartella_id={cartella}", "GET /erogazioni?foglio_id={foglio}",
    "GET /avvisi?cartella_id={cartella}&solo_aperti=false", "GET /cartelle/{cartella}/condivisioni",
)  # fmt: skip
PAGE_DOORS = doors(
    "GET /casi/{cartella}", "GET /casi/{cartella}/diario", "GET /casi/{cartella}/diario/{voce}",
    "GET /casi/{cartella}/isee", "GET /casi/{cartella}/documenti", "GET /casi/{cartella}/documenti/{documento}",
    "GET /casi/{cartella}/interventi", "GET /interventi/{foglio}", "GET /casi/{cartella}/accessi",
    "GET /casi/{cartella}/stampa/{stampa}", "GET /casi/{cartella}/stampa/{stampa}/pdf",
    "GET /casi/{cartella}/carico", "GET /casi/{cartella}/famiglia", "GET /casi/{cartella}/condivisioni",
    "GET /casi/{cartella}/condivisioni/{voce}", "GET /condivisioni/{voce}", page=True,
)  # fmt: skip
STEP = {"version": 1, "motivo": "provo"}
OFFER = {
    "ente": "B212", "settore": "minori", "sezioni": ["diario"], "motivo": "provo",
    "al": (datetime.now(UTC) + timedelta(days=30)).isoformat(),
}  # fmt: skip
FOGLIO = {
    "voce_istat": "G13", "carattere": "periodico", "importo": "1.00", "quota_ente": "1.00", "dal": "2026-01-01",
    "motivazione": "provo",
}  # fmt: skip
WRITE_DOORS = [
    Door("POST", "/cartelle/{cartella}/presa-in-carico", STEP),
    Door("POST", "/cartelle/{cartella}/assegnazione", STEP),
    Door("POST", "/cartelle/{cartella}/chiusura", STEP),
    Door("POST", "/cartelle/{cartella}/riapertura", STEP),
    Door("POST", "/cartelle/{cartella}/riservatezza", STEP | {"settore_riservato": "minori"}),
    Door("POST", "/cartelle/{cartella}/condivisioni", OFFER),
    Door("POST", "/condivisioni/{voce}/decisione", {"version": 1, "accetta": True}),
    Door("POST", "/condivisioni/{voce}/revoca", STEP),
    Door("POST", "/cartelle/{cartella}/diario", ENTRY),
    Door("PUT", "/cartelle/{cartella}/diario/{voce}", ENTRY | {"version": 1}),
    Door("POST", "/cartelle/{cartella}/diario/{voce}/annullamento", STEP),
    Door("POST", "/cartelle/{cartella}/isee", ISEE),
    Door("POST", "/cartelle/{cartella}/documenti"),
    Door("POST", "/cartelle/{cartella}/stampe", {}),
    Door("POST", "/cartelle/{cartella}/fogli", FOGLIO),
    Door("POST", "/fogli/{foglio}/decisione", {"version": 1, "approva": False, "motivo": "provo"}),
    Door("POST", "/fogli/{foglio}/erogazioni", {"mese": "2026-10"}),
    Door("POST", "/erogazioni/{erogazione}/liquidazione", {"version": 1}),
    Door("POST", "/erogazioni/{erogazione}/annullamento", STEP),
]
FOREIGN = [
    *(
        ("brugherio", one)
        for one in ("giulia.bianchi", "anna.ferrari", "paolo.neri", "laura.conti", "admin.sistema")
    ),
    *(("monza", one) for one in ("sara.costa", "davide.gallo")),
    *(("adulti", one) for one in ("giulia.bianchi", "anna.ferrari")),
]
NAMES = ("cartella", "residente", "numero", "voce", "isee", "documento", "stampa", "foglio", "erogazione")


@pytest.mark.parametrize(("case", "identity"), FOREIGN)
def test_a_case_that_is_not_yours_answers_like_one_that_does_not_exist(
    scene: Scene, sign_in: SignIn, case: str, identity: str
) -> None:
    person, caso = sign_in(identity), getattr(scene, case)
    theirs = {name: str(uuid4()) for name in NAMES}
    theirs |= {"cartella": caso.id, "residente": caso.residente["id"], "numero": caso.numero, **caso.ids}
    nobodys = {name: str(uuid4()) for name in NAMES} | {"numero": "ZZZZ-1999-999999"}

    differ = []
    for door in (*READ_DOORS, *PAGE_DOORS, *WRITE_DOORS):
        real, none = (told(door.open(person, ids), ids) for ids in (theirs, nobodys))
        if real != none:
            differ.append((str(door), real, none))

    assert differ == []


def told(reply: httpx.Response, ids: dict[str, str]) -> tuple[Any, ...]:
    """What a person can tell from an answer: status, headers and body, less the request's own ids."""
    text = reply.text
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
    text = re.sub(
        r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{128}|\b[0-9a-f]{12}\b", "<own>", text
    )  # codes, masked CSRF token
    text = re.sub(r'data-sessione="\d+"', "", text)  # what is left of the caller's own session
    headers = {key: value for key, value in reply.headers.items() if key not in ("date", "x-correlation-id")}
    headers.pop("content-length", None)
    return reply.status_code, headers, text


def test_nothing_of_those_cases_changed_for_all_the_knocking(scene: Scene, sign_in: SignIn) -> None:
    sara = sign_in("sara.costa")

    case = sara.get(f"/cartelle/{scene.brugherio.id}")
    entries = sara.get(f"/cartelle/{scene.brugherio.id}/diario")

    assert (case["version"], entries["totale"]) == (2, 1)


def test_the_author_of_a_private_entry_no_longer_reads_it_once_the_case_is_not_hers(
    scene: Scene, giulia: Person
) -> None:
    reply = giulia.http.get(f"/cartelle/{scene.adulti.id}/diario/{scene.adulti.ids['voce']}")

    assert reply.status_code == 404
    assert scene.adulti.words["mio"] not in reply.text


@pytest.mark.parametrize(
    "identity", ["giulia.bianchi", "marco.verdi", "anna.ferrari", "paolo.neri", "laura.conti"]
)
def test_no_list_search_or_page_of_monza_knows_brugherio(
    scene: Scene, sign_in: SignIn, identity: str
) -> None:
    person, caso = sign_in(identity), scene.brugherio
    resident = caso.residente
    asked = [
        *doors("GET /cartelle?limite=500", "GET /fogli?limite=500", "GET /erogazioni?limite=500",
               "GET /avvisi?limite=500&solo_aperti=false", "GET /siuss?mese=2026-11", "GET /siuss/flussi",
               "GET /caricamenti?limite=500", "GET /colleghi"),
        *doors(f"GET /residenti?testo={resident['cognome']} {resident['nome']}", f"GET /residenti/{resident['id']}"),
        *doors("GET /", "GET /casi", "GET /avvisi", "GET /interventi", "GET /pagamenti", "GET /siuss", page=True),
        *doors(f"GET /persone?testo={resident['cognome']}", f"GET /persone/{resident['id']}", page=True),
    ]  # fmt: skip

    leaks = []
    for door in asked:
        reply = door.open(person, {})
        leaks += [(str(door), m) for m in (*caso.markers(), resident["id"]) if m in reply.text]

    assert leaks == []


def test_a_person_whose_case_is_elsewhere_looks_like_one_without_a_case(
    scene: Scene, sign_in: SignIn
) -> None:
    adulti = scene.adulti
    giulia = sign_in("giulia.bianchi")

    found = giulia.page(f"/persone/{adulti.residente['id']}").text
    listed = giulia.page(f"/persone?testo={adulti.residente['cognome']}").text

    assert adulti.residente["cognome"].upper() in found.upper()
    assert [m for m in adulti.markers() if m in found or m in listed] == []


def test_the_administrator_of_the_system_sees_no_case_content(scene: Scene, sign_in: SignIn) -> None:
    admin = sign_in("admin.sistema")
    ids = {"cartella": scene.monza.id, "residente": scene.monza.residente["id"], "numero": scene.monza.numero}
    statuses = {
        str(door): door.open(admin, ids | scene.monza.ids).status_code for door in (*READ_DOORS, *WRITE_DOORS)
    }

    assert {door: status for door, status in statuses.items() if status != 403} == {}


# --- totals -------------------------------------------------------------------------------------------------------


def test_the_director_of_brugherio_sees_nothing_of_monza_not_even_in_totals(
    system: System, scene: Scene, sign_in: SignIn
) -> None:
    davide = sign_in("davide.gallo")
    in_store = system.documents("cartelle")
    residents = len(in_store.distinct("residente_id", {"ente": "B212", "stato": {"$ne": "chiusa"}}))

    def counted() -> Json:
        answer = davide.get("/report/crosstab", misura="cartelle", righe="comune", colonne="stato")
        assert answer["totale"]["valore"] == in_store.count_documents({"ente": "B212"})
        return answer

    answer = eventually(counted, 30)

    assert answer["enti"] == ["B212"]
    assert residents >= 5
    assert ["F704"] not in answer["righe"]


@pytest.mark.parametrize("filtro", ["comune:F704", "settore:adulti"])
def test_a_filter_on_another_comune_is_empty_for_the_director_of_brugherio(
    scene: Scene, sign_in: SignIn, filtro: str
) -> None:
    answer = sign_in("davide.gallo").get(
        "/report/crosstab", misura="cartelle", filtro=filtro, colonne="stato"
    )

    assert answer["righe"] == []
    assert answer["totale"]["valore"] in (0, None)
    assert answer["enti"] == ["B212"]


@pytest.mark.parametrize(
    "identity", ["giulia.bianchi", "sara.costa", "admin.sistema", "elena.riva", "paolo.neri"]
)
def test_who_has_no_reports_gets_none(sign_in: SignIn, identity: str) -> None:
    assert sign_in(identity).http.get("/report/crosstab").status_code == 403


# --- bytes --------------------------------------------------------------------------------------------------------


def test_no_answer_hands_out_an_address_of_the_store(scene: Scene, giulia: Person) -> None:
    mine = {
        "cartella": scene.monza.id,
        "residente": "",
        "numero": "",
        **scene.monza.ids,
        **scene.riservato.ids,
    }
    replies = {str(door): door.open(giulia, mine) for door in (*READ_DOORS, *PAGE_DOORS)}

    told_address = [
        door for door, reply in replies.items() if "X-Amz" in reply.text or "X-Amz" in str(reply.headers)
    ]

    assert told_address == []


def test_the_store_gives_nothing_to_who_asks_without_a_signature(system: System, scene: Scene) -> None:
    rows = system.query(
        "documenti", "SELECT oggetto FROM documenti WHERE id = %s", (scene.monza.ids["documento"],)
    )
    environment = system.supervisor.environment()
    store = f"http://{environment['DOCUMENTI_S3_ENDPOINT']}/{environment['DOCUMENTI_S3_BUCKET']}"

    replies = [
        httpx.get(url, trust_env=False)
        for url in (f"{store}/{rows[0][0]}", f"{store}/", f"{store}?list-type=2")
    ]

    assert [reply.status_code for reply in replies] == [403, 403, 403]


def test_a_document_is_not_served_under_another_case(scene: Scene, giulia: Person) -> None:
    other = giulia.get("/cartelle", limite=500)["cartelle"]
    case = next(one["id"] for one in other if one["id"] != scene.monza.id)
    document = scene.monza.ids["documento"]

    replies = [
        giulia.http.get(f"/cartelle/{case}/documenti/{document}/contenuto"),
        giulia.page(f"/casi/{case}/documenti/{document}"),
    ]

    assert [reply.status_code for reply in replies] == [404, 404]
