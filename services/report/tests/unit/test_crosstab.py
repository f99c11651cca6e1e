"""What may be asked, and how the answer is laid out."""

from typing import Any

import pytest
from services.report.tests.factories import make_mandato

from contracts.errors import Forbidden, Invalid, Unavailable
from contracts.mandato import Extent
from contracts.report import Cella, RunCrosstab
from report.adapters import cube
from report.domain.crosstab import NESSUNO, VUOTO, Conteggi, Conteggio, assemble, check, reachable_enti
from report.settings import Settings

PROTECTED = Cella(valore=None, protetta=True)


def counted(body: dict[tuple[str, str], int]) -> Conteggi:
    """Counts of a rows × columns table of persons, totals added up."""

    def total(keep: Any) -> Conteggio:
        number = sum(value for key, value in body.items() if keep(key))
        return Conteggio(number, number)

    rows, columns = {row for row, _ in body}, {column for _, column in body}
    return Conteggi(
        celle={((row,), (column,)): Conteggio(value, value) for (row, column), value in body.items()},
        righe={(row,): total(lambda key, row=row: key[0] == row) for row in rows},
        colonne={(column,): total(lambda key, column=column: key[1] == column) for column in columns},
        totale=total(lambda key: True),
    )


BY_AREA = RunCrosstab(righe=("comune",), colonne=("area",))


def test_a_mandate_without_extent_opens_nothing() -> None:
    for extent in (Extent.NESSUNO, Extent.PROPRI, Extent.SETTORE):
        with pytest.raises(Forbidden):
            reachable_enti(make_mandato(extent))


def test_a_provincial_mandate_reaches_its_enti_and_no_other() -> None:
    mandato = make_mandato(Extent.PROVINCIA, enti_provincia=("F704", "B212"))

    assert reachable_enti(mandato) == ("B212", "F704")


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"misura": "codici_fiscali"}, "misura"),
        ({"righe": ("nome",)}, "righe"),
        ({"colonne": ("comune",)}, "colonne"),
        ({"filtri": {"persona": ("1",)}}, "filtri"),
        ({"filtri": {"area": ()}}, "filtri"),
        ({"filtri": dict.fromkeys(("area", "sesso", "comune", "settore"), ("x",))}, "filtri"),
    ],
)
def test_what_is_not_in_the_dictionary_is_refused_at_its_field(
    request_fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        check(RunCrosstab(**request_fields))

    assert field in refused.value.fields


def test_cells_are_laid_out_by_row_and_column_with_zeros_where_nobody_is() -> None:
    conteggi = counted({("F704", "disabili"): 20, ("F704", "anziani"): 30, ("B212", "anziani"): 40})

    table = assemble(BY_AREA, conteggi, ("B212", "F704"), 5, None)

    assert table.righe == (("B212",), ("F704",))
    assert table.colonne == (("disabili",), ("anziani",))
    assert [[cell.valore for cell in line] for line in table.celle] == [[0, 40], [20, 30]]
    assert [cell.valore for cell in table.totali_righe] == [40, 50]
    assert [cell.valore for cell in table.totali_colonne] == [20, 70]
    assert table.totale.valore == 90


def test_a_small_cell_and_what_would_give_it_away_carry_no_number() -> None:
    body = {
        ("F704", "disabili"): 3,
        ("F704", "anziani"): 30,
        ("B212", "disabili"): 20,
        ("B212", "anziani"): 40,
    }

    table = assemble(BY_AREA, counted(body), ("B212", "F704"), 5, None)

    assert table.celle == ((PROTECTED, PROTECTED), (PROTECTED, PROTECTED))
    assert table.totale.valore == 93


def test_six_cases_of_one_person_are_one_person() -> None:
    one_family = Conteggio(valore=6, persone=1)
    conteggi = Conteggi({(("F704",), ()): one_family}, {("F704",): one_family}, {(): one_family}, one_family)

    table = assemble(RunCrosstab(misura="cartelle", colonne=()), conteggi, ("F704",), 5, None)

    assert table.celle == ((PROTECTED,),)
    assert table.totale == PROTECTED


@pytest.mark.parametrize(
    ("line", "asked", "protected"),
    [
        ({"M": 40, "F": 3}, {"M"}, True),
        ({"M": 40, "F": 30}, {"M"}, False),
        ({"a": 40, "b": 3, "c": 47}, {"a"}, True),
        ({"a": 40, "b": 3, "c": 47}, {"c"}, False),
        ({"a": 40, "b": 3, "c": 47}, {"a", "b"}, True),
        ({"a": 40, "b": 3, "c": 47}, {"a", "b", "c"}, False),
        ({"a": 40, "b": 3, "c": 4, "d": 47}, {"a"}, False),
    ],
    ids=lambda value: str(value),
)
def test_a_filter_takes_nothing_by_which_another_could_be_computed(
    line: dict[str, int], asked: set[str], protected: bool
) -> None:
    """43 with both and 40 with one would tell of the 3."""
    number = sum(line[value] for value in asked)
    filtered = Conteggio(valore=number, persone=number, linee=(line,))
    conteggi = Conteggi({(("F704",), ()): filtered}, {("F704",): filtered}, {(): filtered}, filtered)

    table = assemble(RunCrosstab(colonne=(), filtri={"area": tuple(asked)}), conteggi, ("F704",), 5, None)

    assert table.totale.protetta is protected


def test_without_facts_the_table_is_empty_and_its_total_zero() -> None:
    table = assemble(BY_AREA, VUOTO, ("F704",), 5, None)

    assert (table.righe, table.colonne, table.celle) == ((), (), ())
    assert table.totale == Cella(valore=0)


def test_ages_follow_life_and_not_the_alphabet() -> None:
    ages = {("F704", band): 10 for band in ("85+", "0-13", "n.d.", "14-17")}
    request = RunCrosstab(righe=("comune",), colonne=("fascia_eta",))

    table = assemble(request, counted(ages), ("F704",), 5, None)

    assert table.colonne == (("0-13",), ("14-17",), ("85+",), ("n.d.",))


def test_a_table_nobody_can_read_is_refused() -> None:
    rows = {(f"R{number}",): NESSUNO for number in range(3000)}
    columns = {(f"C{number}",): NESSUNO for number in range(10)}

    with pytest.raises(Invalid):
        assemble(BY_AREA, Conteggi({}, rows, columns, NESSUNO), ("F704",), 5, None)


def test_a_question_that_waits_too_long_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cube, "PATIENCE", 0.01)
    engine = cube.Engine(Settings(pseudonym_key="k" * 32, questions_at_once=1))

    with engine.slot(), pytest.raises(Unavailable), engine.slot():
        pass

    with engine.slot():
        pass


def test_a_threshold_below_three_is_refused() -> None:
    with pytest.raises(ValueError, match="soglia"):
        Settings(pseudonym_key="k" * 32, soglia=2)
