"""Lists, counts, searches, pages of lists, single cases and what lies in them: exactly what the oracle says."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import httpx
from tests.matrix import doors, families
from tests.matrix.asking import Asking
from tests.matrix.doors import Door
from tests.matrix.loader import now
from tests.matrix.oracle import Case, Item

PARTS = (("diario", "voci"), ("isee", "isee"), ("documenti", "documenti"))
TELLING = (
    "/api/v1/avvisi?solo_aperti=false&limite=500", "/api/v1/siuss?mese=2026-03", "/api/v1/colleghi",
    "/api/v1/report/crosstab", "/", "/avvisi", "/avvisi/conteggio", "/siuss", "/report", "/riservatezza", "/pagamenti",
    "/interventi", "/condivisioni", "/casi",
)  # fmt: skip
"""Lists that must tell nothing unknown; what else they say is theirs."""
WHOLE_ONLY = ("/carico", "/accessi", "/condivisioni")
"""Pages about who follows and who has read the case: for those who own it, not for whom it is lent to."""
SHARED = "condivisioni:leggi"
Resident = tuple[str, str, str]
"""Residente, cognome, ente."""


def lists(asking: Asking) -> None:
    _cases(asking)
    for path, key, sezione in (
        ("/fogli", "fogli", "fogli"),
        ("/erogazioni", "erogazioni", "liquidazioni"),
    ):
        _money(asking, path, key, sezione)
    _offers(asking)
    for path in TELLING if asking.pages else [one for one in TELLING if one.startswith("/api/")]:
        reply = asking.get(path)
        asking.tells_nothing(path, reply)
        if path == "/casi" and reply.status_code == 200:
            _shows_cases(asking, reply)


def _offers(asking: Asking) -> None:
    """The grants offered to him or to the settore he answers for."""
    rows = asking.rows("/condivisioni", "condivisioni", SHARED, limite=500)
    if rows is None:
        return
    world, viewer = asking.world, asking.viewer
    expected = {grant.id for case in world.cases for grant in case.grants
                if case.residente not in viewer.esclusi and world.answers(viewer, SHARED, grant)}  # fmt: skip
    asking.same("GET /condivisioni", {row["id"] for row in rows}, expected)


def _shows_cases(asking: Asking, reply: httpx.Response) -> None:
    listed = asking.world.listed(asking.viewer, now())
    missing = [
        case.numero for case in asking.world.cases if case.id in listed and case.numero not in reply.text
    ]
    if missing and len(listed) <= 10:
        asking.wrong("GET /casi", f"does not show {missing}")


def _cases(asking: Asking) -> None:
    expected = asking.world.listed(asking.viewer, now())
    rows = asking.rows("/cartelle", "cartelle", doors.PIC, limite=500)
    if rows is None:
        return
    asking.same("GET /cartelle", {row["id"] for row in rows}, expected)
    for row in rows:
        _heading(asking, row)
    paged = [row["id"] for at in range(0, len(expected) + 1, 2)
             for row in asking.rows("/cartelle", "cartelle", doors.PIC, limite=2, salta=at) or ()]  # fmt: skip
    asking.same("GET /cartelle page by page", sorted(paged), sorted(expected))
    mine = {
        row["id"] for row in asking.rows("/cartelle", "cartelle", doors.PIC, limite=500, solo_mie=True) or ()
    }
    asking.same("GET /cartelle?solo_mie", mine - expected, set())
    for case in asking.world.cases:
        for params in (
            {"residente_id": case.residente},
            {"numero": case.numero},
            {"residenti_id": case.residente},
        ):
            rows = asking.rows("/cartelle", "cartelle", doors.PIC, **params) or []
            asking.same(f"GET /cartelle {params}", {row["id"] for row in rows}, {case.id} & expected)


def _heading(asking: Asking, row: dict[str, Any]) -> None:
    """Whoever sees the heading alone sees neither who works there nor what happened."""
    case = next((one for one in asking.world.cases if one.id == row["id"]), None)
    if case is None:
        return
    whole = asking.world.sees_whole(asking.viewer, case, now())
    asking.same(f"{case.numero} solo_intestazione", row["solo_intestazione"], not whole)
    if not whole:
        told = [row["team"], row["passaggi"], row["version"]]
        asking.same(f"{case.numero} heading alone", told, [[], [], 0])


def _money(asking: Asking, path: str, key: str, sezione: str) -> None:
    scope = f"{sezione}:leggi"
    rows = asking.rows(path, key, scope, limite=500)
    if rows is None:
        return
    moment = now()
    expected = {
        case.id: asking.world.items(asking.viewer, case, sezione, moment) for case in asking.world.cases
    }
    asking.same(f"GET {path}", {row["id"] for row in rows}, set().union(*expected.values()))
    if sezione == "fogli":
        _texts_of_many(asking, rows, moment)
    for case in asking.world.cases:
        rows = asking.rows(path, key, scope, cartella_id=case.id) or []
        asking.same(f"GET {path} of {case.numero}", {row["id"] for row in rows}, expected[case.id])


def _texts_of_many(asking: Asking, rows: list[dict[str, Any]], moment: datetime) -> None:
    """A list of many cases says no text of a foglio that one would be asked a reason for."""
    cases = {case.id: case for case in asking.world.cases}
    for row in rows:
        silent = asking.world.listed_without_texts(
            asking.viewer, "fogli:leggi", cases[row["cartella_id"]], moment
        )
        asking.same(f"{row['id']} among all fogli", row["motivazione"] == "", silent)


def shut(asking: Asking) -> None:
    """What is for citizens alone."""
    for door in families.CITIZENS:
        asking.same(str(door), asking.ask(door, {}).status_code, 403)


def registry(asking: Asking, people: Iterable[tuple[str, str, str]]) -> None:
    """People as (residente, cognome, ente): by name, by id, by page."""
    for residente, cognome, ente in people:
        reaches = asking.world.registry_reaches(asking.viewer, residente, ente)
        rows = asking.rows("/residenti", "residenti", "anagrafe:leggi", testo=cognome)
        if rows is None:
            return
        asking.same(f"GET /residenti?testo={cognome}", residente in {row["id"] for row in rows}, reaches)
        for tail in ("", "/variazioni"):
            reply = asking.get(f"/api/v1/residenti/{residente}{tail}")
            asking.same(f"GET /residenti/{residente}{tail}", reply.status_code, 200 if reaches else 404)
        if not asking.pages:
            continue
        page = asking.get(f"/persone/{residente}")
        asking.same(f"GET /persone/{residente}", page.status_code, 200 if reaches else 404)
        asking.tells_nothing(f"GET /persone/{residente}", page)


def case(asking: Asking, case: Case) -> None:
    """Everything of one case, through the API and as pages."""
    parts(asking, case)
    moment = now()
    heading = asking.world.sees_heading(asking.viewer, case, moment)
    for door in doors.PAGES:
        if door.subject == "cartella":
            _page(asking, door, case, heading, moment)
        for item in case.items:
            if door.subject == item.sezione:
                _item(asking, door, case, item, moment)


def parts(asking: Asking, case: Case) -> None:
    """The case, its sections and each thing in them, through the API."""
    moment = now()
    heading = asking.world.sees_heading(asking.viewer, case, moment)
    _one(asking, "GET /cartelle/{id}", doors.PIC, f"/api/v1/cartelle/{case.id}", heading)
    for part, key in PARTS:
        _part(asking, case, part, key, moment)
    for item in case.items:
        for door in doors.READS:
            if door.subject == item.sezione:
                _item(asking, door, case, item, moment)


def reason(asking: Asking, case: Case) -> None:
    """Without a reason nothing of a case that is not one's own, unless one has said why today; of what does not exist
    not even the question. Nor of a foglio of it, asked for by its own id."""
    for item in case.items:
        if item.sezione == "fogli":
            _reason_of_foglio(asking, case, item)
    if not asking.world.holds(asking.viewer, doors.PIC):
        return
    given = asking.seat.has_said_why(case.id)
    reply = asking.get(f"/api/v1/cartelle/{case.id}", motivo=False)
    told = reply.json().get("code", reply.status_code)
    if not asking.world.sees_heading(asking.viewer, case, now()):
        asking.same(f"{case.numero} without a reason", reply.status_code, 404)
    elif given or not asking.world.asks_reason(asking.viewer, case, now()):
        asking.same(f"{case.numero} without a reason", told, 200)
    else:
        asking.same(f"{case.numero} without a reason", told, "accesso.motivo_richiesto")


def _reason_of_foglio(asking: Asking, case: Case, item: Item) -> None:
    scope, moment = "fogli:leggi", now()
    if not asking.world.reads_item(asking.viewer, case, item, moment):
        return
    asks = asking.world.asks_reason_of_payments(asking.viewer, scope, case, moment)
    asks = asks and not asking.seat.has_said_why(case.id)
    reply = asking.get(f"/api/v1/fogli/{item.id}", motivo=False)
    told = reply.json().get("code", reply.status_code)
    asking.same(f"{item.id} without a reason", told, "accesso.motivo_richiesto" if asks else 200)
    if asks:
        asking.same(f"{item.id} without a reason", reply.json()["details"], {"cartella_id": case.id})


def _one(asking: Asking, what: str, scope: str, path: str, visible: bool) -> httpx.Response:
    reply = asking.get(path)
    expected = 403 if not asking.world.holds(asking.viewer, scope) else 200 if visible else 404
    asking.same(f"{what} {path}", reply.status_code, expected)
    asking.tells_nothing(path, reply) if expected == 200 else None
    return reply


def _part(asking: Asking, case: Case, part: str, key: str, moment: datetime) -> None:
    reply = asking.get(f"/api/v1/cartelle/{case.id}/{part}")
    if not asking.world.holds(asking.viewer, f"{part}:leggi"):
        return asking.same(f"{case.numero} {part}", reply.status_code, 403)
    expected = asking.world.items(asking.viewer, case, part, moment)
    if asking.world.reaches(asking.viewer, f"{part}:leggi", case, moment):
        asking.same(f"{case.numero} {part}", reply.status_code, 200)
    rows = reply.json()[key] if reply.status_code == 200 else []
    asking.same(f"{case.numero} {part}", {row["id"] for row in rows}, expected)
    if reply.status_code == 200 and "totale" in reply.json():
        asking.same(f"{case.numero} {part} totale", reply.json()["totale"], len(expected))
    return None


def _item(asking: Asking, door: Door, case: Case, item: Item, moment: datetime) -> None:
    """One entry, document, foglio or payment by its id."""
    ids = {"cartella_id": case.id, doors.PARAMETER[item.sezione]: item.id}
    reply = asking.ask(door, ids)
    if not all(asking.world.holds(asking.viewer, scope) for scope in door.scopes):
        return asking.same(f"{door} {item.id}", reply.status_code, 403)
    reads = asking.world.reads_item(asking.viewer, case, item, moment)
    if not door.page or not reads:
        ok = (200, 303) if reads else (404, 403) if door.page else (404,)
        if reply.status_code not in ok:
            asking.wrong(
                f"{door} {item.id} of {case.numero}", f"{reply.status_code}, the oracle: reads={reads}"
            )
    if item.parola and item.parola in reply.text and not reads:
        asking.wrong(f"{door} {item.id}", "shows its words")
    return None


def _page(asking: Asking, door: Door, case: Case, heading: bool, moment: datetime) -> None:
    reply = asking.ask(door, {"cartella_id": case.id})
    if not all(asking.world.holds(asking.viewer, scope) for scope in door.scopes):
        return asking.same(f"{door} {case.numero}", reply.status_code, 403)
    if not heading:
        return asking.same(f"{door} {case.numero}", reply.status_code, 404)
    if door.path.endswith(WHOLE_ONLY) and reply.status_code == 404:
        return None
    if all(asking.reaches(asking.viewer, scope, case) for scope in door.scopes if scope != "anagrafe:leggi"):
        asking.same(f"{door} {case.numero}", reply.status_code, 200)
    asking.tells_nothing(f"{door} {case.numero}", reply)
    return None
