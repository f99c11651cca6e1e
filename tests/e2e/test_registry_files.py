"""Registry files as they should not be: what is wrong is told by file, line and column; nothing is half done."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from tests.e2e.conftest import SignIn
from tests.system import Json, Person, System

from sisodemo.famiglie_scelte import newest_city
from sisodemo.files import CF, INDIRIZZO, LUOGO, NASCITA, SESSO, day_of, latest_files

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

COMUNE = "B212"
FORMULA = "=HYPERLINK(0)"
Change = Callable[[list[str]], list[str]]


@dataclass
class Registry:
    """Loads files of one comune as the night does."""

    system: System
    folder: Path

    @property
    def newest(self) -> Path:
        from sisolocal.city import city_folder

        return latest_files(newest_city(city_folder(self.system.supervisor.layout)))[COMUNE]

    def lines(self) -> list[str]:
        return self.newest.read_text(encoding="utf-8").splitlines()

    def write(self, lines: list[str], name: str = "", encoding: str = "utf-8") -> Path:
        path = self.folder / (name or self.newest.name)
        path.write_bytes(("\n".join(lines) + "\n").encode(encoding, "surrogateescape"))
        return path

    def load(self, *paths: Path) -> list[Json]:
        """One result a file, as the job tells them."""
        from sisolocal.city import tool_environment

        supervisor = self.system.supervisor
        done = subprocess.run(
            [sys.executable, "-m", "chassis", "job", "anagrafe", "notte", *map(str, paths)],
            env=tool_environment(supervisor.layout, supervisor.environment()),
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"file"')]

    def state(self) -> object:
        """Everything a load could change: persons, their history, events waiting or sent."""
        return (
            self.system.query(
                "anagrafe",
                "SELECT id, stato, version, indirizzo, codice_fiscale FROM residenti WHERE ente = %s ORDER BY id",
                (COMUNE,),
            ),
            self.system.query("anagrafe", "SELECT count(*) FROM residenti_storico"),
            self.system.query("anagrafe", "SELECT count(*) FROM outbox"),
        )


@pytest.fixture
def registry(system: System, tmp_path: Path) -> Registry:
    return Registry(system, tmp_path)


@pytest.fixture
def davide(sign_in: SignIn) -> Person:
    return sign_in("davide.gallo")


def test_bad_rows_are_told_by_line_and_column_and_the_others_are_loaded(
    registry: Registry, davide: Person
) -> None:
    lines = registry.lines()
    rows = [line.split(";") for line in lines]
    coded = [number for number, row in enumerate(rows) if len(row) > CF and len(row[CF]) == 16]
    wrong_code, wrong_date, wrong_place, short, formula, moved = coded[:6]
    rows[wrong_code][CF] = rows[wrong_code][CF][:15] + ("A" if rows[wrong_code][CF][15] != "A" else "B")
    rows[wrong_date][NASCITA] = "1980-02-30"
    rows[wrong_place][LUOGO] = "Q999"
    rows[short] = rows[short][:12]
    rows[formula][SESSO] = FORMULA
    rows[moved][INDIRIZZO] = f"Via della Prova {uuid4().hex[:8]}"
    people = registry.state()

    [result] = registry.load(registry.write([";".join(row) for row in rows]))

    told = davide.get("/caricamenti")["caricamenti"][0]
    refused = davide.get(f"/caricamenti/{told['id']}/righe-rifiutate")["righe"]
    assert (result["stato"], told["stato"], told["file"]) == (
        "completato",
        "completato",
        registry.newest.name,
    )
    assert {(row["riga"], row["colonna"]) for row in refused if not row["avviso"]} == {
        (wrong_code + 1, "codice_fiscale"), (wrong_date + 1, "data_nascita"), (wrong_place + 1, "luogo_nascita"),
        (short + 1, ""), (formula + 1, "sesso"),
    }  # fmt: skip
    reasons = {row["colonna"]: row["motivo"] for row in refused}
    assert reasons["data_nascita"] == "la data non esiste nel calendario"
    assert reasons["sesso"] == "il sesso deve essere M o F"
    assert reasons[""] == "la riga ha 12 colonne invece di 19"
    assert len(changed(people, registry.state())) == 1  # the one who moved; nobody left because a row was bad


def changed(before: object, after: object) -> list[object]:
    """Persons that differ between two states."""
    return sorted(set(after[0]) - set(before[0]))  # type: ignore[index]


def test_the_list_of_refused_rows_opens_in_a_spreadsheet_without_formulas(
    registry: Registry, davide: Person
) -> None:
    loads = davide.get("/caricamenti", limite=20)["caricamenti"]
    load = next(one for one in loads if one["rifiutate"])

    page = davide.page(f"/notte/{load['id']}/rifiutate.csv")

    assert page.headers["content-type"].startswith("text/csv")
    cells = [cell for line in page.text.lstrip("\ufeff").splitlines() for cell in line.split(";")]
    assert f"'{FORMULA}" in cells
    assert [cell for cell in cells if cell.strip('"').startswith(("=", "+", "@"))] == []


SPOILED: dict[str, tuple[Change, str]] = {
    "trailer missing": (lambda lines: lines[:-1], "manca la riga finale"),
    "cut in the middle of a row": (lambda lines: [*lines[:-3], lines[-3][:20]], "manca la riga finale"),
    "rows missing": (lambda lines: [*lines[:-4], lines[-1]], "è incompleto"),
    "a row too many": (lambda lines: [*lines[:-1], lines[-2], lines[-1]], "è incompleto"),
    "wrong header": (lambda lines: [lines[0].replace("cognome", "COGN"), *lines[1:]], "intestazione errata"),
    "a column too many": (lambda lines: [lines[0] + ";altro", *lines[1:]], "intestazione errata"),
    "empty": (lambda lines: [], "intestazione errata"),
}


def test_a_file_that_is_not_whole_is_refused_whole(registry: Registry, tmp_path: Path) -> None:
    before, lines = registry.state(), registry.lines()
    paths = []
    for what, (spoil, _) in SPOILED.items():
        registry.folder = tmp_path / what.replace(" ", "-")
        registry.folder.mkdir()
        paths.append(registry.write(spoil(lines)))

    results = registry.load(*paths)

    reasons = [one["motivo"] for one in results]
    assert [one["stato"] for one in results] == ["rifiutato"] * len(SPOILED)
    assert [
        (what, reasons) for what, (_, reason) in SPOILED.items() if not any(reason in r for r in reasons)
    ] == []
    assert registry.state() == before


def test_names_days_and_comuni_nobody_knows_are_refused(registry: Registry) -> None:
    lines, today = registry.lines(), day_of(registry.newest)
    names = {
        "residenti_X999_20261101.csv": "comune sconosciuto",
        f"residenti_{COMUNE}_20261332.csv": "data non valida",
        f"residenti_{COMUNE}_{date.today() + timedelta(days=400):%Y%m%d}.csv": "futuro",  # noqa: DTZ011
        f"residenti_{COMUNE}_{today - timedelta(days=30):%Y%m%d}.csv": "più vecchio",
        "elenco.csv": "nome del file non previsto",
    }
    before = registry.state()

    results = registry.load(*(registry.write(lines, name) for name in names))

    assert {one["stato"] for one in results} == {"rifiutato"}
    assert [one["file"] for one in results if names[one["file"]] not in one["motivo"]] == []
    assert registry.state() == before


def test_a_file_that_is_not_there_is_told(registry: Registry) -> None:
    [result] = registry.load(registry.folder / f"residenti_{COMUNE}_20261101.csv")

    assert result["stato"] == "rifiutato"
    assert "non leggibile" in result["motivo"]


def test_the_same_file_again_has_no_effect(registry: Registry) -> None:
    path = registry.write(registry.lines())
    registry.load(path)
    before = registry.state()

    [result] = registry.load(path)

    assert (result["stato"], result["motivo"]) == ("completato", "già caricato: nessun effetto")
    assert registry.state() == before


def test_a_file_that_would_remove_too_many_people_waits_for_a_person(
    registry: Registry, davide: Person, sign_in: SignIn
) -> None:
    lines = registry.lines()
    few = lines[: len(lines) // 2]
    before = registry.state()

    [result] = registry.load(registry.write([*few, f"#FINE;{len(few) - 1}"]))

    assert result["stato"] == "in_attesa"
    assert registry.state() == before
    waiting = davide.get("/caricamenti")["caricamenti"][0]
    refusal = davide.try_post(f"/caricamenti/{waiting['id']}/conferma")
    stranger = sign_in("paolo.neri").try_post(f"/caricamenti/{waiting['id']}/conferma")
    assert (refusal.status_code, stranger.status_code) == (403, 404)  # no right to; not of his comune
