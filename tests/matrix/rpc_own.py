"""Calls that are like no other: searches, persons by the dozen, files for INPS, tables, what is the house's alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from tests.matrix.loader import now
from tests.matrix.rpc_asking import Caller, Question, code
from tests.matrix.rpc_checks import REFUSED, ids_of, rows_of, tells_nothing
from tests.matrix.rpc_oracle import NOWHERE, Things, person_reached
from tests.matrix.rpc_rows import ROWS
from tests.matrix.worlds import Cast


def ask_own(caller: Caller, cast: Cast, things: Things) -> None:
    for method, row in ROWS.items():
        if row.kind == "own":
            OWN[method](caller, method, cast, things)


def search(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    """As one types: the whole surname, its beginning, a codice fiscale."""
    if not _held(caller, method):
        return
    world, viewer = caller.world, caller.viewer
    people = cast.people[:: max(len(cast.people) // 8, 1)]
    asked = [
        text for person in people for text in (person.cognome, person.cognome[:6], person.codice_fiscale)
    ]
    replies = caller.ask([Question(method, {"testo": text, "limite": 50}) for text in asked])
    mine = {world.ids[person.key]: person for person in cast.people}
    for text, reply in zip(asked, replies, strict=True):
        seen = {one: person for one, person in mine.items()
                if person_reached(world, viewer, "anagrafe:leggi", one, person.ente)}  # fmt: skip
        named = {
            one
            for one, person in seen.items()
            if text.casefold() in f"{person.cognome} {person.nome}".casefold()
        }
        coded = {one for one, person in seen.items() if person.codice_fiscale.startswith(text.upper())}
        expected = named or coded  # letters that no name has may begin a code
        found = ids_of(reply, "residenti")
        caller.differs(f"{method} {text}", found & mine.keys() if isinstance(found, set) else found, expected)


def people(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    """Several persons at once; for the file to INPS, also one's own household."""
    if not _held(caller, method):
        return
    scope, everybody = ROWS[method].scope, method.endswith("list_beneficiari")
    world, viewer = caller.world, caller.viewer
    expected = {one for one, ente in things.residenti.items()
                if (world._covers(viewer, scope, ente, NOWHERE, ()) if everybody
                    else person_reached(world, viewer, scope, one, ente))}  # fmt: skip
    reply = caller.call(method, residenti_id=[*things.residenti, str(uuid4())][:500])
    if everybody and viewer.emergenza is not None:
        return
    caller.differs(method, ids_of(reply, "residenti"), expected)


def house_alone(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    reply = caller.call(method, codice_fiscale=cast.people[0].codice_fiscale)
    caller.differs(method, code(reply), REFUSED)


def impersonal(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    tells_nothing(caller, method, caller.call(method))


def opening(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    """A second case where there is one that he sees: its number is told. (Beside a hidden one he opens his own, as for
    anybody: services/cartella/tests/integration/test_accanto.py.) One's own household has none."""
    if not _held(caller, method):
        return
    mine, moment = caller.viewer.incarico, now()
    own = [(one, "Conflict cartella.non_apribile") for one in sorted(caller.viewer.esclusi)[:1]]
    there = [(one.residente, "Conflict cartella.gia_aperta") for one in caller.world.cases
             if (one.ente, one.settore) == (mine.ente, mine.settore) and not one.chiusa
             and caller.world.reaches(caller.viewer, "presa_in_carico:leggi", one, moment)]  # fmt: skip
    nowhere = [(str(uuid4()), "Invalid cartella.settore_mancante")]
    asked = [*own, *there] if mine.settore else nowhere
    requests = [ROWS[method].also | {"residente_id": residente} for residente, _ in asked]
    for (_, told), reply in zip(asked, caller.ask([Question(method, one) for one in requests]), strict=True):
        caller.differs(method, code(reply), told)


def siuss(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    """The payments of a month that INPS is to be told: by name those within reach; of the others the number, to whom
    makes the file."""
    if not _held(caller, method):
        return
    world, viewer, ente = caller.world, caller.viewer, caller.viewer.incarico.ente
    paid = [(case, item) for case in world.cases for item in case.items
            if item.sezione == "liquidazioni" and case.ente == ente]  # fmt: skip
    named = {item.id for case, item in paid if world.reads_item(viewer, case, item, now(), "siuss:leggi")}
    months = [f"2026-{month:02d}" for month in range(1, 13)]
    replies = caller.ask([Question(method, {"mese": month}) for month in months])
    told = {row["erogazione_id"] for reply in replies for row in rows_of(reply, "record")}
    caller.differs(f"{method} beyond reach", told - named, set())


def files(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    if not _held(caller, method):
        return
    rows = rows_of(caller.call(method), "flussi")
    enti = {row["ente"] for row in rows}
    strange = {
        ente for ente in enti if not caller.world._covers(caller.viewer, "siuss:leggi", ente, NOWHERE, ())
    }
    caller.differs(f"{method} of other enti", strange, set())


def make_file(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    """The file of an ente is made by who exports for the whole of it."""
    if not _held(caller, method):
        return
    wide = caller.world.extent(caller.viewer, "siuss:esporta") in ("ente", "ambito", "provincia")
    if not wide:
        caller.differs(method, code(caller.call(method, **ROWS[method].also)), "Forbidden flusso.estensione")


def table(caller: Caller, method: str, cast: Cast, things: Things) -> None:
    """Enti that the caller reaches as a whole; what the numbers are is `test_contents`."""
    reply = caller.call(method)
    scope, viewer, world = ROWS[method].scope, caller.viewer, caller.world
    if world.extent(viewer, scope) not in ("ente", "ambito", "provincia"):
        told = REFUSED if not world.holds(viewer, scope) else "Forbidden report.fuori_portata"
        return caller.differs(method, code(reply), told)
    expected = {ente for ente in cast.enti if world._covers(viewer, scope, ente, NOWHERE, ())}
    return caller.differs(method, set((reply["result"] or {}).get("enti", ())), expected)


OWN: dict[str, Callable[[Caller, str, Cast, Things], Any]] = {
    "anagrafe.search_residenti": search,
    "anagrafe.get_residenti": people,
    "anagrafe.list_beneficiari": people,
    "anagrafe.list_conviventi": house_alone,
    "anagrafe.list_enti": impersonal,
    "cartella.open_cartella": opening,
    "erogazioni.list_catalogo": impersonal,
    "erogazioni.preview_siuss": siuss,
    "erogazioni.generate_flusso": make_file,
    "erogazioni.list_flussi": files,
    "report.run_crosstab": table,
}


def _held(caller: Caller, method: str) -> bool:
    """Whether the role has the scope; where it has not, that it is refused."""
    row = ROWS[method]
    if caller.world.holds(caller.viewer, row.scope):
        return True
    probe: dict[str, dict[str, Any]] = {
        "anagrafe.search_residenti": {"testo": "rossi"},
        "anagrafe.get_residenti": {"residenti_id": []},
        "anagrafe.list_beneficiari": {"residenti_id": []},
        "erogazioni.preview_siuss": {"mese": "2026-03"},
        "cartella.open_cartella": row.also | {"residente_id": str(uuid4())},
    }
    caller.differs(method, code(caller.call(method, **probe.get(method, row.also))), REFUSED)
    return False
