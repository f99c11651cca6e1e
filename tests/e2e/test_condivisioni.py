"""A case lent across two comuni, and one of the second level: what the house as a whole shows, and stops showing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.e2e.conftest import SignIn
from tests.e2e.scene import Caso, fill_case
from tests.system import Json, Person, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
SECTIONS = ("", "/diario", "/isee", "/documenti", "/stampe", "/condivisioni")


def doors(who: Person, caso: Caso) -> dict[str, int]:
    return {end: who.http.get(f"/cartelle/{caso.id}{end}").status_code for end in SECTIONS}


def rows(who: Person, caso: Caso) -> dict[str, int]:
    """What the lists that ask about this case count."""
    found = {
        "/cartelle": {"residente_id": caso.residente["id"]},
        "/fogli": {"cartella_id": caso.id},
        "/erogazioni": {"cartella_id": caso.id},
    }
    return {path: who.get(path, **params)["totale"] for path, params in found.items()}


def offer(who: Person, caso: Caso, **changes: Any) -> Json:
    until = datetime.now(UTC) + timedelta(days=30)
    fields = {
        "ente": "B212", "settore": "minori", "sezioni": ["diario", "documenti"], "al": until.isoformat(),
        "motivo": "Trasloco della madre", **changes,
    }  # fmt: skip
    return who.post(f"/cartelle/{caso.id}/condivisioni", **fields)


@pytest.fixture(scope="module")
def lent(sign_in: SignIn, fresh: Callable[..., Json]) -> Caso:
    return fill_case(sign_in("giulia.bianchi"), fresh("F704"))


def test_a_case_is_lent_for_some_sections_and_taken_back(sign_in: SignIn, lent: Caso) -> None:
    giulia, sara = sign_in("giulia.bianchi"), sign_in("sara.costa")
    before = (doors(sara, lent), rows(sara, lent))
    made = offer(giulia, lent)

    offered = next(
        one for one in sara.get("/condivisioni", limite=500)["condivisioni"] if one["id"] == made["id"]
    )
    alert = eventually(lambda: alert_of(sara, made["id"]))
    waiting = (doors(sara, lent), rows(sara, lent))
    accepted = sara.post(f"/condivisioni/{made['id']}/decisione", version=1, accetta=True)
    during = eventually(lambda: documents_open(sara, lent))
    read = sara.get(f"/cartelle/{lent.id}/diario")
    shown = sara.get(f"/cartelle/{lent.id}")
    listed = rows(sara, lent)
    sara.post(f"/condivisioni/{made['id']}/revoca", version=accepted["version"], motivo="Concluso")
    after = eventually(lambda: documents_shut(sara, lent))

    assert set(before[0].values()) == {404}
    assert before[1] == {"/cartelle": 0, "/fogli": 0, "/erogazioni": 0}
    assert waiting == before
    assert (offered["numero"], offered["cartella_id"]) == (lent.numero, None)
    assert lent.residente["cognome"] not in str(offered)
    assert (alert["cartella_id"], alert["residente_id"]) == (None, None)
    assert {end for end, status in during.items() if status == 200} == {"", "/diario", "/documenti"}
    assert lent.words["girasole"] in str(read)
    assert (shown["solo_intestazione"], shown["team"], shown["passaggi"]) == (True, [], [])
    assert listed == {"/cartelle": 1, "/fogli": 0, "/erogazioni": 0}
    assert (after, rows(sara, lent)) == before


def alert_of(who: Person, condivisione: str) -> Json:
    found = who.get("/avvisi", limite=500)["avvisi"]
    return next(row for row in found if row["riferimento_id"] == condivisione)


def documents_open(who: Person, caso: Caso) -> dict[str, int]:
    """Every door, once documenti has heard of the grant."""
    seen = doors(who, caso)
    assert seen["/documenti"] == 200
    assert who.get(f"/cartelle/{caso.id}/documenti")["totale"] >= 1
    return seen


def documents_shut(who: Person, caso: Caso) -> dict[str, int]:
    seen = doors(who, caso)
    assert seen["/documenti"] == 404
    return seen


def test_what_came_before_stays_hidden_in_every_service(sign_in: SignIn, fresh: Callable[..., Json]) -> None:
    giulia, sara = sign_in("giulia.bianchi"), sign_in("sara.costa")
    caso = fill_case(giulia, fresh("F704"))
    made = offer(giulia, caso, nascondi_prima=True)
    sara.post(f"/condivisioni/{made['id']}/decisione", version=1, accetta=True)

    eventually(lambda: sara.get(f"/cartelle/{caso.id}/documenti"))

    assert sara.get(f"/cartelle/{caso.id}/diario") == {"voci": [], "totale": 0}
    assert sara.get(f"/cartelle/{caso.id}/documenti")["totale"] == 0
    page = sara.page(f"/casi/{caso.id}").text
    assert caso.numero in page
    assert caso.words["girasole"] not in page


def test_a_case_of_the_second_level_leaves_the_sight_of_the_whole_ente(
    sign_in: SignIn, fresh: Callable[..., Json]
) -> None:
    giulia, marco, paolo = sign_in("giulia.bianchi"), sign_in("marco.verdi"), sign_in("paolo.neri")
    caso = fill_case(giulia, fresh("F704"))
    assert paolo.get("/fogli", cartella_id=caso.id)["totale"] == 1
    version = giulia.get(f"/cartelle/{caso.id}")["version"]
    mark = {"version": version, "settore_riservato": "minori", "motivo": "Tutela"}

    giulia.post(f"/cartelle/{caso.id}/riservatezza", **mark)

    eventually(lambda: none_left(paolo, caso))
    assert paolo.http.get(f"/fogli/{caso.ids['foglio']}").status_code == 404
    assert marco.get(f"/cartelle/{caso.id}")["settore_riservato"] == "minori"
    assert marco.get("/fogli", cartella_id=caso.id)["totale"] == 1


def none_left(who: Person, caso: Caso) -> bool:
    assert who.get("/fogli", cartella_id=caso.id)["totale"] == 0
    return True


def test_a_reason_is_asked_for_a_colleague_s_case_and_not_for_one_s_own(
    system: Any, sign_in: SignIn, fresh: Callable[..., Json]
) -> None:
    giulia = sign_in("giulia.bianchi")
    caso = fill_case(giulia, fresh("F704"))
    chiara = system.sign_in("chiara.monti")
    del chiara.http.headers["X-Motivo"]
    del (own := system.sign_in("giulia.bianchi")).http.headers["X-Motivo"]

    asked = chiara.http.get(f"/cartelle/{caso.id}")

    assert (asked.status_code, asked.json()["code"]) == (403, "accesso.motivo_richiesto")
    assert own.http.get(f"/cartelle/{caso.id}").status_code == 200
