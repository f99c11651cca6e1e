"""Nobody can be counted out of a published table: shown by solving it."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.domain.protection import protect, protect_line

SOGLIA = 5
Table = list[list[int]]

tables = st.integers(1, 4).flatmap(
    lambda rows: st.integers(1, 4).flatmap(
        lambda columns: st.lists(
            st.lists(st.one_of(st.integers(0, 9), st.integers(0, 60)), min_size=columns, max_size=columns),
            min_size=rows,
            max_size=rows,
        )
    )
)


def with_totals(body: Table) -> Table:
    lines = [[*line, sum(line)] for line in body]
    return [*lines, [sum(column) for column in zip(*lines, strict=True)]]


def small(values: Table, soglia: int = SOGLIA) -> list[list[bool]]:
    return [[0 < value < soglia for value in line] for line in values]


def unknowns(hidden: list[list[bool]]) -> list[tuple[int, int]]:
    return [(i, j) for i, line in enumerate(hidden) for j, hide in enumerate(line) if hide]


def equations(values: Table, cells: list[tuple[int, int]]) -> list[list[Fraction]]:
    """One line per row and column of the table, over the hidden cells, the known ones on the right."""
    rows, columns = len(values), len(values[0])
    lines = []
    groups = [[(i, j) for j in range(columns)] for i in range(rows)]
    groups += [[(i, j) for i in range(rows)] for j in range(columns)]
    for group in groups:
        sign = {at: -1 if at == group[-1] else 1 for at in group}
        right = -sum(sign[at] * values[at[0]][at[1]] for at in group if at not in cells)
        lines.append([*(Fraction(sign.get(at, 0)) for at in cells), Fraction(right)])
    return lines


def determined(values: Table, cells: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Hidden cells with one solution only, by Gauss and Jordan over the rationals."""
    matrix = equations(values, cells)
    pivots: list[int] = []
    for column in range(len(cells)):
        at = next((r for r in range(len(pivots), len(matrix)) if matrix[r][column]), None)
        if at is None:
            continue
        top = len(pivots)
        matrix[top], matrix[at] = matrix[at], matrix[top]
        matrix[top] = [value / matrix[top][column] for value in matrix[top]]
        for row in range(len(matrix)):
            if row != top and matrix[row][column]:
                factor = matrix[row][column]
                matrix[row] = [a - factor * b for a, b in zip(matrix[row], matrix[top], strict=True)]
        pivots.append(column)
    free = set(range(len(cells))) - set(pivots)
    return {cells[p] for row, p in enumerate(pivots) if not any(matrix[row][column] for column in free)}


@settings(max_examples=200, deadline=None)
@given(tables)
def test_no_hidden_cell_is_determined_by_the_published_ones(body: Table) -> None:
    values = with_totals(body)

    cells = unknowns(protect(values, small(values), SOGLIA))

    assert determined(values, cells) == set()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(st.integers(0, 6), min_size=2, max_size=2), min_size=2, max_size=2))
def test_even_knowing_that_hidden_cells_are_not_zero_each_may_reach_the_threshold(body: Table) -> None:
    values = with_totals(body)
    hidden = protect(values, small(values), SOGLIA)
    cells = unknowns(hidden)

    possible = [
        filled
        for inner in product(
            *(range(1, 13) if hidden[i][j] else [body[i][j]] for i in (0, 1) for j in (0, 1))
        )
        if agrees(filled := with_totals([list(inner[:2]), list(inner[2:])]), values, hidden)
    ]

    assert values in possible
    for i, j in cells:
        assert len({filled[i][j] for filled in possible}) > 1
        if values[i][j] < SOGLIA:
            assert max(filled[i][j] for filled in possible) >= SOGLIA


def agrees(filled: Table, values: Table, hidden: list[list[bool]]) -> bool:
    """A table the reader cannot tell from ours: the published cells the same, the hidden ones not zero."""
    return all(
        (one > 0 if hide else one == value)
        for line, ours, hides in zip(filled, values, hidden, strict=True)
        for one, value, hide in zip(line, ours, hides, strict=True)
    )


@settings(max_examples=200, deadline=None)
@given(tables, st.integers(3, 8))
def test_every_small_cell_is_hidden_and_no_zero_is(body: Table, soglia: int) -> None:
    values = with_totals(body)

    hidden = protect(values, small(values, soglia), soglia)

    assert all(
        hide if 0 < value < soglia else value > 0 or not hide
        for line, hides in zip(values, hidden, strict=True)
        for value, hide in zip(line, hides, strict=True)
    )


def test_a_table_without_small_cells_is_published_whole() -> None:
    values = with_totals([[10, 20], [30, 0]])

    assert unknowns(protect(values, small(values), SOGLIA)) == []


def test_one_small_cell_costs_the_cheapest_square() -> None:
    values = with_totals([[3, 10, 90], [50, 11, 70], [60, 80, 99]])

    assert unknowns(protect(values, small(values), SOGLIA)) == [(0, 0), (0, 1), (1, 0), (1, 1)]


def test_two_ones_that_add_up_to_two_are_not_left_alone() -> None:
    """With two hidden cells and a published total of 2, both would have to be 1: the total goes too."""
    values = with_totals([[1, 1], [20, 30]])

    assert protect(values, small(values), SOGLIA)[0] == [True, True, True]


def test_a_bridge_between_hidden_squares_does_not_leak() -> None:
    """Each line has two hidden cells, yet the one that joins the squares could be computed from a cut."""
    body = [
        [2, 2, 40, 40, 40],
        [2, 2, 40, 40, 40],
        [40, 40, 2, 40, 40],
        [40, 40, 40, 2, 2],
        [40, 40, 40, 2, 2],
    ]
    values = with_totals(body)

    assert determined(values, unknowns(protect(values, small(values), SOGLIA))) == set()


@pytest.mark.parametrize("soglia", [3, 5, 10])
def test_the_threshold_is_the_first_number_published(soglia: int) -> None:
    values = with_totals([[soglia, 50], [50, 50]])

    assert unknowns(protect(values, small(values, soglia), soglia)) == []


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 30), min_size=1), st.integers(3, 8))
def test_what_a_line_hides_cannot_be_computed_unless_it_hides_everything(
    line: dict[str, int], soglia: int
) -> None:
    hidden = protect_line(line, soglia)

    rest = sum(line[name] for name in hidden)
    everything = {name for name, value in line.items() if value}
    if hidden != everything:
        assert all(line[name] >= soglia or rest - (len(hidden) - 1) >= soglia for name in hidden)
    assert {name for name, value in line.items() if 0 < value < soglia} <= hidden
