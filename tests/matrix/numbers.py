"""Report tables a second time, in plain Python over plain facts: what may be counted and published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from random import Random
from uuid import UUID

from tests.system import Json

AREE = ("famiglia_minori", "disabili", "anziani")
STATI = ("aperta", "in_carico", "chiusa")
BANDS = ((14, "0-13"), (18, "14-17"), (35, "18-34"), (65, "35-64"), (75, "65-74"), (85, "75-84"))
SECOND_LEVEL = "(secondo livello)"
IN_CARICO = "in_carico"


@dataclass(frozen=True)
class Fact:
    """A case as cartella tells of it. `riservato`: the settore of its second level, or ""."""

    cartella: str
    persona: str
    ente: str
    settore: str
    area: str
    stato: str
    sesso: str
    anno: int
    riservato: str

    def value(self, dimension: str) -> str:
        if dimension == "fascia_eta":
            age = date.today().year - self.anno  # noqa: DTZ011 - ages are counted in whole years
            return next((name for limit, name in BANDS if age < limit), "85+")
        if dimension == "settore":
            return SECOND_LEVEL if self.riservato else self.settore
        return str(getattr(self, {"comune": "ente"}.get(dimension, dimension)))


def make_facts(random: Random, enti: Sequence[str], count: int = 150) -> list[Fact]:
    """Few settori, many persons, some of them with two cases: cells of every size."""
    people = [(str(UUID(int=random.getrandbits(128), version=4)), random.choice("MF"), random.randint(1930, 2024))
              for _ in range(count * 4 // 5)]  # fmt: skip
    facts = []
    for _ in range(count):
        persona, sesso, anno = random.choice(people)
        settore = random.choices(("minori", "adulti", "anziani"), (6, 3, 1))[0]
        facts.append(
            Fact(
                str(UUID(int=random.getrandbits(128), version=4)),
                persona,
                random.choices(enti, (6, 3, 2, 1)[: len(enti)])[0],
                settore,
                random.choice(AREE),
                random.choices(STATI, (2, 5, 1))[0],
                sesso,
                anno,
                settore if random.random() < 0.1 else "",
            )
        )
    return facts


def disagreements(table: Json, facts: list[Fact], request: Json, soglia: int) -> Iterator[str]:
    """Every published number is the true one; what counts few persons is not published, nor anything of which the
    second level could be told; nothing hidden can be had by one subtraction."""
    rows, columns = [tuple(one) for one in table["righe"]], [tuple(one) for one in table["colonne"]]
    measured = [fact for fact in facts if request["misura"] == "cartelle" or fact.stato == IN_CARICO]
    measured = [fact for fact in measured
                if all(fact.value(name) in values for name, values in request["filtri"].items())]  # fmt: skip
    dimensions = [*request["righe"], *request["colonne"]]
    for row, column in product((*rows, None), (*columns, None)):
        cell = _cell(table, rows, columns, row, column)
        inside = [fact for fact in measured
                  if _in(fact, request["righe"], row) and _in(fact, request["colonne"], column)]  # fmt: skip
        persons = {fact.persona for fact in inside}
        true = len(persons) if request["misura"] == IN_CARICO else len(inside)
        where = f"{request} {row} × {column}"
        if cell["valore"] is not None and cell["valore"] != true:
            yield f"{where}: {cell['valore']}, by hand {true}"
        if 0 < len(persons) < soglia and cell["valore"] is not None:
            yield f"{where}: {true} published, of {len(persons)} persons"
        if cell["protetta"] != (cell["valore"] is None):
            yield f"{where}: protected and a number"
    if "settore" in dimensions and SECOND_LEVEL in str(table["righe"]) + str(table["colonne"]):
        yield f"{request}: the second level stands among the settori"
    yield from _alone(table, request)
    yield from _missing(measured, request["righe"], rows, request)


def _missing(
    facts: list[Fact], names: list[str], rows: list[tuple[str, ...]], request: Json
) -> Iterator[str]:
    """Each value that some fact has stands there, second level apart."""
    expected = {tuple(fact.value(name) for name in names) for fact in facts}
    expected = {key for key in expected if SECOND_LEVEL not in key}
    if lost := expected - set(rows):
        yield f"{request}: rows {lost} are missing"


def _alone(table: Json, request: Json) -> Iterator[str]:
    """A line with one hidden cell alone would give it away, unless part of the line (a settore) is not in the table."""
    if "settore" in (*request["righe"], *request["colonne"]) or not request["colonne"]:
        return
    lines = [[*cells, total] for cells, total in zip(table["celle"], table["totali_righe"], strict=True)]
    lines.append([*table["totali_colonne"], table["totale"]])
    for line in (*lines, *map(list, zip(*lines, strict=True))):
        if sum(cell["valore"] is None for cell in line) == 1:
            yield f"{request}: a hidden cell alone in its line"


def _cell(table: Json, rows: list[tuple[str, ...]], columns: list[tuple[str, ...]], row: tuple[str, ...] | None,
          column: tuple[str, ...] | None) -> Json:  # fmt: skip
    if row is None and column is None:
        return dict(table["totale"])
    if row is None:
        assert column is not None
        return dict(table["totali_colonne"][columns.index(column)])
    if column is None:
        return dict(table["totali_righe"][rows.index(row)])
    return dict(table["celle"][rows.index(row)][columns.index(column)])


def _in(fact: Fact, names: list[str], key: tuple[str, ...] | None) -> bool:
    return key is None or tuple(fact.value(name) for name in names) == key
