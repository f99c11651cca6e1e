"""What leaves as a print, a mail, a file or a number says what the oracle lets through, and not a word more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import Any
from uuid import uuid4

import pytest
from tests.matrix import contents, numbers
from tests.matrix.campaign import Played
from tests.matrix.conftest import SEED
from tests.matrix.numbers import Fact
from tests.matrix.oracle import Incarico, Viewer, World
from tests.matrix.rpc_asking import Caller, Line, drawn, line_to, with_rules
from tests.matrix.rpc_rows import SCOPES
from tests.system import System, eventually

from contracts.cartella import CartellaApertaV1

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SOGLIA = 5
TABLES = (
    (("comune",), ("area", "sesso")), (("area",), ("settore",)), (("settore",), ()), (("fascia_eta",), ("sesso",)),
    (("comune", "area"), ("stato",)), (("stato",), ("comune", "settore")),
)  # fmt: skip
FILTERS: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"area": ("anziani",)},
    {"sesso": ("F",), "stato": ("in_carico",)},
)


@pytest.fixture(scope="module")
def line(system: System) -> Iterator[Line]:
    with line_to(system) as one:
        yield one


def assert_none(wrong: list[str]) -> None:
    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(one[:500] for one in wrong[:30])


def test_a_mail_tells_no_text_no_name_and_nobody_who_may_not_know(system: System, played: Played) -> None:
    """First of all: the mandates drawn below have things done, and mailed, that no role would."""
    found = contents.mails(system)
    moved = {
        entry.split()[0] for entry in played.history.log if " moved to " in entry or "second level" in entry
    }
    settled = [case for case in played.world.cases if case.numero not in moved]

    named = [mail for mail in found if any(case.numero in mail["text"] for case in played.world.cases)]
    assert_none(contents.told_by_mail(found, played.cast, played.world))
    assert_none(contents.mailed_in_vain(found, _addresses(system, played), played.world, settled))
    assert len(named) > 2


def _addresses(system: System, played: Played) -> dict[str, str]:
    rows = system.query("gateway", "SELECT email, id::text FROM operatori WHERE email <> ''")
    return {email: operatore for email, operatore in rows if operatore in played.seats}


def test_a_print_holds_what_its_reader_reads_and_no_other_word(
    system: System, played: Played, line: Line
) -> None:
    callers = list(_printers(system, played, line))
    asked = [(caller, contents.ask_prints(caller)) for caller in callers]
    for caller, prints in asked:
        for case_id, stampa_id in prints.items():
            contents.read_print(caller, case_id, stampa_id)

    assert_none([one for caller in callers for one in caller.wrong])
    assert sum(len(prints) for _, prints in asked) >= 4


def _printers(system: System, played: Played, line: Line) -> Iterator[Caller]:
    """Whoever prints in his role; and some in roles that nobody wrote."""
    random, world = Random(SEED), played.world
    everybody = [world.viewer(one.operatore) for one in world.incarichi]
    for number, viewer in enumerate(everybody):
        if world.holds(viewer, "stampe:stampa"):
            yield Caller(system, line, world, viewer, f"{viewer.incarico.ruolo} {number}")
    for number, viewer in enumerate(random.sample(everybody, 4)):
        mine, seen_as = with_rules(world, viewer, drawn(random, SCOPES) | {"stampe:stampa": "provincia"})
        yield Caller(system, line, mine, seen_as, f"drawn {number}")


def test_the_access_log_leaves_as_the_page_shows_it_and_as_no_formula(system: System) -> None:
    giulia, elena = system.sign_in("giulia.bianchi"), system.sign_in("elena.riva")
    giulia.http.get("/cartelle", headers={"X-Motivo": "=1+1 per la riunione di oggi"}).raise_for_status()
    asked = {"operatore": giulia.id, "dal": f"{date.today().isoformat()}T00:00:00Z"}  # noqa: DTZ011
    shown = elena.get("/registro-accessi", limite=500, **asked)["accessi"]
    sheet = elena.http.get(
        "/registro-accessi/esportazione", params=asked | {"formato": "csv"}
    ).raise_for_status()
    book = elena.http.get(
        "/registro-accessi/esportazione", params=asked | {"formato": "xlsx"}
    ).raise_for_status()

    rows = contents.csv_rows(sheet.text)
    texts, made = contents.xlsx_cells(book.content)
    assert {row[-1] for row in rows[1:]} >= {one["correlation_id"] for one in shown}
    assert {row[2] for row in rows[1:]} == {giulia.id}
    assert contents.formulas(rows) == []
    assert made == 0
    assert {one["correlation_id"] for one in shown} <= texts


def test_report_numbers_are_those_counted_by_hand(system: System, line: Line) -> None:
    random = Random(SEED)
    enti = _unused_enti(system, random)
    facts = numbers.make_facts(random, enti)
    system.bus.publish(*(_told(fact) for fact in facts))
    eventually(lambda: _counted(system, enti) == len(facts), 150)

    wrong, published = [], 0
    for caller in _readers(system, line, enti):
        reached = {ente for ente in enti if caller.world._covers(caller.viewer, "report:leggi", ente, "", ())}
        mine = [fact for fact in facts if fact.ente in reached]
        for request in _requests():
            reply = caller.call("report.run_crosstab", **request)
            assert reply["result"] is not None, reply["error"]
            wrong += numbers.disagreements(reply["result"], mine, request, SOGLIA)
            published += sum(cell["valore"] is not None for line in reply["result"]["celle"] for cell in line)

    assert_none(wrong)
    assert published > 100


def _unused_enti(system: System, random: Random) -> tuple[str, ...]:
    """Codes of no comune, told of in no run before."""
    used = {row[0] for row in system.query("report", "SELECT DISTINCT ente FROM fatti_cartelle")}
    return tuple(random.sample(sorted({f"Q{number}" for number in range(100, 1000)} - used), 4))


def _told(fact: Fact) -> CartellaApertaV1:
    values = {
        "cartella_id": fact.cartella, "numero": f"{fact.ente}-2026-{uuid4().int % 10**6:06d}",
        "residente_id": fact.persona, "ente": fact.ente, "settore": fact.settore, "area": fact.area,
        "stato": fact.stato, "comune_residenza": fact.ente, "sesso": fact.sesso, "anno_nascita": fact.anno,
        "data": date(2026, 11, 23), "settore_riservato": fact.riservato,
    }  # fmt: skip
    return CartellaApertaV1.model_validate(values)


def _counted(system: System, enti: tuple[str, ...]) -> int:
    """Rows in the snapshots that hold, of enti whose every fact is in them."""
    question = "SELECT coalesce(sum(righe), 0) FROM partizioni WHERE ente = ANY(%s) AND revisione = revisione_scritta"
    return int(system.query("report", question, (list(enti),))[0][0])


def _readers(system: System, line: Line, enti: tuple[str, ...]) -> Iterator[Caller]:
    """One ente, an ambito of two, a provincia of three; the fourth is nobody's but its own."""
    for ente, extent in ((enti[0], "ente"), (enti[0], "ambito"), (enti[1], "provincia"), (enti[3], "ente")):
        incarico = Incarico(str(uuid4()), "mandato", ente, "minori")
        policy = {"mandato": {"report:leggi": extent}}
        world = World(policy, {"a": enti[:2]}, {"p": enti[:3]}, [incarico])
        yield Caller(system, line, world, Viewer(incarico.operatore, incarico), f"{extent} of {ente}")


def _requests() -> Iterator[dict[str, Any]]:
    for misura in ("in_carico", "cartelle"):
        for righe, colonne in TABLES:
            for filtri in FILTERS:
                yield {"misura": misura, "righe": righe, "colonne": colonne, "filtri": filtri}
