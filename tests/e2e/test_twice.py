"""A double click, a retry, two people at once: one effect; and who comes late sees both versions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import httpx
import pytest
from tests.e2e.conftest import SignIn
from tests.e2e.scene import ISEE, fill_case, propose
from tests.system import Json, Person, System, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]
ENTRY = {"tipo": "nota", "quando": "2026-11-23T12:00:00Z", "testo": "Una volta sola"}


def at_once(*sends: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(len(sends)) as pool:
        return [one.result() for one in [pool.submit(send) for send in sends]]


@pytest.fixture(scope="module")
def case(sign_in: SignIn, fresh: Callable[..., Json], system: System) -> Json:
    """A case every service has heard of."""
    giulia = sign_in("giulia.bianchi")
    opened = giulia.open_case(fresh()["id"])
    known = "SELECT count(*) FROM {} WHERE {} = %s"
    for service, table, column in (
        ("erogazioni", "cartelle", "id"),
        ("documenti", "cartelle_note", "cartella_id"),
    ):
        query = known.format(table, column)
        eventually(lambda s=service, q=query: system.query(s, q, (opened["id"],)) == [(1,)])  # type: ignore[misc]
    return opened


@pytest.mark.parametrize(
    ("path", "body", "listed"),
    [
        ("/cartelle/{id}/diario", ENTRY, "voci"),
        ("/cartelle/{id}/isee", ISEE, "isee"),
        ("/cartelle/{id}/fogli", None, "fogli"),
        ("/cartelle/{id}/stampe", {}, "stampe"),
    ],
)
def test_the_same_command_four_times_at_once_has_one_effect(
    giulia: Person, case: Json, path: str, body: Json | None, listed: str
) -> None:
    url, key = path.format(**case), str(uuid4())
    content = foglio_body(giulia) if body is None else body
    where = f"/fogli?cartella_id={case['id']}" if listed == "fogli" else url
    before = len(giulia.get(where)[listed])

    replies = at_once(*[lambda: giulia.try_post(url, **content, idempotency_key=key)] * 4)

    assert {reply.status_code for reply in replies} <= {201, 202, 409}
    again = giulia.try_post(url, **content, idempotency_key=key)
    ids = {reply.json()["id"] for reply in (*replies, again) if reply.status_code != 409}
    assert again.status_code in (201, 202)
    assert len(ids) == 1
    assert len(giulia.get(where)[listed]) == before + 1


def foglio_body(giulia: Person) -> Json:
    items = giulia.get("/catalogo", area="famiglia_minori")["voci"]
    voce = next(item["codice"] for item in items if item["prestazione_inps"].startswith("A1.04"))
    return {
        "voce_istat": voce, "carattere": "periodico", "importo": "350.00", "quota_ente": "350.00",
        "dal": "2026-01-01", "motivazione": "Due volte",
    }  # fmt: skip


def test_the_same_upload_twice_is_one_document(giulia: Person, case: Json) -> None:
    key = str(uuid4())

    replies = [giulia.upload(case["id"], "a.txt", b"ciao", **{"Idempotency-Key": key}) for _ in range(2)]

    named = [one for one in giulia.get(f"/cartelle/{case['id']}/documenti")["documenti"] if one["id"] == key]
    assert replies[0].status_code == 201
    assert replies[1].status_code in (201, 409)
    assert len(named) == 1


def test_a_case_opened_by_four_clicks_without_a_key_is_one_case(
    system: System, giulia: Person, fresh: Callable[..., Json]
) -> None:
    resident = fresh()
    body = {"residente_id": resident["id"], "area": "anziani", "motivo": "prova"}

    replies = at_once(*[lambda: giulia.try_post("/cartelle", **body)] * 4)

    assert sorted(reply.status_code for reply in replies) == [201, 409, 409, 409]
    assert system.documents("cartelle").count_documents({"residente_id": UUID(resident["id"])}) == 1


def test_a_key_of_somebody_else_s_entry_tells_nothing_of_it(
    sign_in: SignIn, giulia: Person, case: Json
) -> None:
    private = giulia.write(case, "Solo mio", private=True)
    marco = sign_in("marco.verdi")

    reply = marco.try_post(f"/cartelle/{case['id']}/diario", **ENTRY, idempotency_key=private["id"])

    assert reply.status_code in (404, 409)
    assert "Solo mio" not in reply.text
    assert giulia.get(f"/cartelle/{case['id']}/diario/{private['id']}")["testo"] == "Solo mio"


def test_one_payment_liquidated_at_once_by_two_clicks_is_liquidated_once(
    sign_in: SignIn, fresh: Callable[..., Json], system: System
) -> None:
    giulia, anna = sign_in("giulia.bianchi"), sign_in("anna.ferrari")
    paolo, carla = sign_in("paolo.neri"), sign_in("carla.russo")
    caso = fill_case(giulia, fresh())
    foglio = f"/fogli/{caso.ids['foglio']}"
    anna.post(f"{foglio}/decisione", version=1, approva=True)

    proposed = at_once(*[lambda: paolo.try_post(f"{foglio}/erogazioni", mese="2026-10")] * 3)
    payment = next(reply.json() for reply in proposed if reply.status_code == 201)
    url = f"/erogazioni/{payment['id']}/liquidazione"
    replies = at_once(*[lambda: carla.try_post(url, version=payment["version"])] * 3)

    assert sorted(reply.status_code for reply in proposed) == [201, 409, 409]
    assert sorted(reply.status_code for reply in replies) == [200, 409, 409]
    told = "SELECT count(*) FROM outbox WHERE type = 'erogazioni.erogazione.liquidata.v1' AND subject = %s"
    assert system.query("erogazioni", told, (payment["id"],)) == [(1,)]


def test_who_comes_late_on_a_case_gets_the_version_that_stands(
    giulia: Person, sign_in: SignIn, case: Json
) -> None:
    anna = sign_in("anna.ferrari")
    now = anna.get(f"/cartelle/{case['id']}")
    anna.post(
        f"/cartelle/{case['id']}/assegnazione",
        version=now["version"],
        team=[sign_in("marco.verdi").id],
        motivo="Prima",
    )

    late = giulia.try_post(f"/cartelle/{case['id']}/chiusura", version=now["version"], motivo="Dopo")

    assert_conflict(late, now["version"] + 1)
    assert giulia.get(f"/cartelle/{case['id']}")["stato"] == "in_carico"


def test_who_comes_late_on_an_entry_gets_the_text_that_stands(giulia: Person, case: Json) -> None:
    entry = giulia.write(case, "Prima stesura")
    url = f"/cartelle/{case['id']}/diario/{entry['id']}"
    changed = ENTRY | {"version": entry["version"], "testo": "Seconda stesura"}
    giulia.http.put(url, json=changed).raise_for_status()

    late = giulia.http.put(url, json=changed | {"testo": "Terza stesura"})

    assert_conflict(late, entry["version"] + 1)
    assert late.json()["details"]["attuale"]["testo"] == "Seconda stesura"


def test_who_comes_late_on_a_foglio_gets_the_state_that_stands(
    giulia: Person, sign_in: SignIn, fresh: Callable[..., Json]
) -> None:
    anna = sign_in("anna.ferrari")
    caso = fill_case(giulia, fresh())
    foglio = eventually(lambda: propose(giulia, caso))
    url = f"/fogli/{foglio['id']}/decisione"
    anna.post(url, version=foglio["version"], approva=False, motivo="Manca l'ISEE")

    late = anna.try_post(url, version=foglio["version"], approva=True)

    assert_conflict(late, foglio["version"] + 1)
    assert late.json()["details"]["attuale"]["stato"] == "respinto"


def assert_conflict(reply: httpx.Response, version: int) -> None:
    problem = reply.json()
    assert (reply.status_code, problem["title"]) == (409, "Conflitto")
    assert problem["details"]["attuale"]["version"] == version
