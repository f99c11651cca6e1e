"""Break-the-glass across the services: what opens and what stays shut, who is told, who signs; why one sees a case."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from tests.e2e.conftest import SignIn
from tests.e2e.scene import fill_case
from tests.system import Json, Person, System, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
WORDS = "La pattuglia è in casa, il bambino è solo"


@pytest.fixture
def franca(system: System) -> Person:
    """Pronto intervento, in a session of her own; she gives no reason but her emergency's."""
    person = system.sign_in("franca.sala")
    del person.http.headers["X-Motivo"]
    return person


def statuses(who: Person, case: str) -> dict[str, int]:
    doors = ("", "/diario", "/documenti", "/isee", "/perche")
    return {door: who.http.get(f"/cartelle/{case}{door}").status_code for door in doors}


def alert_of(who: Person, since: set[str]) -> Json:
    """The alert about an emergency that was not there before."""
    rows = who.get("/avvisi", limite=200)["avvisi"]
    return next(row for row in rows if row["tipo"] == "emergenza_aperta" and row["id"] not in since)


def alerts(who: Person) -> set[str]:
    return {row["id"] for row in who.get("/avvisi", limite=200)["avvisi"]}


def test_the_glass_opens_one_file_for_who_holds_the_role_and_others_look_afterwards(
    system: System, sign_in: SignIn, franca: Person, fresh: Callable[..., Json]
) -> None:
    giulia, anna, elena = sign_in("giulia.bianchi"), sign_in("anna.ferrari"), sign_in("elena.riva")
    caso, other = fill_case(giulia, fresh("F704")), fill_case(giulia, fresh("F704"))
    secret = f"segreto{uuid4().hex[:8]}"
    giulia.write({"id": caso.id}, secret, private=True)
    before, known = statuses(franca, caso.id), alerts(anna)

    opened = franca.post("/emergenze", residente_id=caso.residente["id"], categoria="pericolo", testo=WORDS)[
        "id"
    ]
    during = eventually(lambda: settled(franca, caso.id))
    diary = franca.get(f"/cartelle/{caso.id}/diario")
    beside = statuses(franca, other.id)
    told = eventually(lambda: alert_of(anna, known))
    franca.http.delete("/emergenze/corrente").raise_for_status()
    after = statuses(franca, caso.id)

    assert set(before.values()) <= {403, 404}
    assert (during[""], during["/diario"], during["/documenti"], during["/isee"]) == (200, 200, 200, 403)
    assert caso.words["girasole"] in str(diary)
    assert secret not in str(diary)
    assert set(beside.values()) <= {403, 404}
    assert set(after.values()) <= {403, 404}
    assert WORDS not in str(told)
    reads = elena.get(f"/emergenze/{opened}")["letture"]
    assert {row["sezione"] for row in reads if row["esito"] == 200} >= {"diario", "presa_in_carico"}
    signed = anna.post(
        f"/emergenze/{opened}/revisione", esito="giustificata", nota="Ho parlato con la pattuglia"
    )
    assert signed["stato"] == "giustificata"
    eventually(lambda: check(open_alerts(anna, told["id"]) == "letto"))


def settled(franca: Person, case: str) -> dict[str, int]:
    """Once documenti has heard of the case."""
    found = statuses(franca, case)
    assert found["/documenti"] == 200
    return found


def open_alerts(who: Person, avviso_id: str) -> str:
    rows = who.get("/avvisi", limite=200)["avvisi"]
    return next((str(row["stato"]) for row in rows if row["id"] == avviso_id), "letto")


def check(held: bool) -> bool:
    assert held
    return held


def test_the_page_says_why_and_names_the_readers(sign_in: SignIn, fresh: Callable[..., Json]) -> None:
    giulia, sara = sign_in("giulia.bianchi"), sign_in("sara.costa")
    caso = fill_case(giulia, fresh("F704"))

    why: dict[str, Any] = giulia.get(f"/cartelle/{caso.id}/perche")

    assert {rule["tipo"] for rule in why["accesso"]["regole"]} >= {"team", "settore"}
    diary = next(group for group in why["lettori"] if "diario" in group["sezioni"])
    named = {person["nome"] for person in diary["persone"]}
    assert {"Giulia Bianchi", "Marco Verdi", "Anna Ferrari"} <= named
    assert "Sara Costa" not in named
    assert sara.http.get(f"/cartelle/{caso.id}/perche").status_code == 404


def test_a_colleagues_case_is_asked_why_across_the_services(
    system: System, sign_in: SignIn, fresh: Callable[..., Json]
) -> None:
    caso = fill_case(sign_in("giulia.bianchi"), fresh("F704"))
    marco = system.sign_in("marco.verdi")
    del marco.http.headers["X-Motivo"]

    asked = marco.http.get(f"/cartelle/{caso.id}/diario")
    page = marco.page(f"/casi/{caso.id}/diario")
    marco.post(f"/cartelle/{caso.id}/motivo", scelta="segretariato")

    assert asked.json()["code"] == "accesso.motivo_richiesto"
    assert (page.status_code, "Perché apri questo caso?" in page.text) == (403, True)
    assert caso.words["girasole"] in str(marco.get(f"/cartelle/{caso.id}/diario"))
    assert (
        marco.http.get(f"/cartelle/{caso.id}/documenti/{caso.ids['documento']}/contenuto").status_code == 200
    )
