"""Who read, wrote and was refused stands in the access log; only the data protection officer of the ente reads it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from tests.e2e.conftest import SignIn
from tests.e2e.scene import Scene

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

ENTRY = {"tipo": "nota", "quando": "2026-11-23T12:00:00Z", "testo": "provo"}
STEP = {"version": 1, "motivo": "provo"}


def test_each_read_write_and_refusal_stands_in_the_access_log(scene: Scene, sign_in: SignIn) -> None:
    marco, elena = sign_in("marco.verdi"), sign_in("elena.riva")
    case, private = f"/cartelle/{scene.monza.id}", scene.riservato.ids
    asked: list[tuple[Callable[[], httpx.Response], str, str]] = [
        (lambda: marco.http.get(f"{case}/diario"), "diario", "leggi"),
        (lambda: marco.http.get(f"{case}/diario/{private['voce']}"), "diario", "leggi"),
        (lambda: marco.try_post(f"{case}/diario", **ENTRY, idempotency_key=str(uuid4())), "diario", "scrivi"),
        (lambda: marco.try_post(f"{case}/diario", tipo="boh"), "diario", "scrivi"),
        (lambda: marco.http.get(f"{case}/documenti/{private['documento']}/contenuto"), "documenti", "leggi"),
        (lambda: marco.try_post(f"{case}/assegnazione", **STEP), "presa_in_carico", "assegna"),
        (lambda: marco.page(f"/casi/{scene.monza.id}/isee"), "", "leggi"),
        (lambda: marco.http.get("/report/crosstab"), "report", "leggi"),
    ]

    replies = [(ask(), sezione, azione) for ask, sezione, azione in asked]
    rows = elena.get("/registro-accessi", operatore=marco.id, limite=500)["accessi"]

    logged = {row["correlation_id"]: row for row in rows}
    missing = [str(reply.url) for reply, _, _ in replies if reply.headers["x-correlation-id"] not in logged]
    assert missing == []
    assert [reply.status_code for reply, _, _ in replies] == [200, 404, 201, 422, 404, 403, 200, 403]
    for reply, sezione, azione in replies:
        row = logged[reply.headers["x-correlation-id"]]
        assert (row["esito"], row["azione"]) == (reply.status_code, azione), reply.url
        assert sezione in ("", row["sezione"])
    assert {row["cartella_id"] for row in rows if "cartella_id" in row["rotta"]} >= {scene.monza.id}


def test_the_data_protection_officer_reads_the_rows_of_her_own_ente_alone(
    scene: Scene, sign_in: SignIn
) -> None:
    sara, elena = sign_in("sara.costa"), sign_in("elena.riva")
    asked = ({"operatore": sara.id}, {"cartella": scene.brugherio.id})

    operators = {
        row["operatore_id"]
        for query in asked
        for row in elena.get("/registro-accessi", limite=500, **query)["accessi"]
    }

    assert sara.id not in operators


@pytest.mark.parametrize(
    "identity", ["giulia.bianchi", "anna.ferrari", "laura.conti", "admin.sistema", "paolo.neri"]
)
def test_nobody_else_reads_the_access_log(sign_in: SignIn, identity: str) -> None:
    person = sign_in(identity)

    statuses = [
        person.http.get(path).status_code for path in ("/registro-accessi", "/registro-accessi/verifiche")
    ]

    assert statuses == [403, 403]
    assert person.page("/registro-accessi").status_code == 403


def test_the_chain_of_the_access_log_is_whole(sign_in: SignIn) -> None:
    elena = sign_in("elena.riva")

    assert elena.whole_log()
    assert elena.get("/registro-accessi/sigilli/ultimo")["numero"] > 0
