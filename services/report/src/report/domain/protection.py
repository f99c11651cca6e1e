"""Small cells: which numbers of a table must not be published so that nobody can be counted out of it.

Primary: a cell with fewer than `soglia` persons, zero excepted (that nobody is there tells of nobody).
Complementary: further cells, so that a hidden one cannot be computed from the published ones. A table with totals is
a set of sums: each row adds up to its total, each column to its, the totals to the grand total. Seen as a flow
(total → row → column → total), hidden cells are the edges whose flow the reader does not know. He knows it is at
least 1, because zeros are published. A cell is safe when its flow can be raised at least to `soglia` along a
closed way of hidden edges: forward edges may carry more, backward ones must be able to spare it. Where there is no
such way, the cheapest one is hidden (a hidden edge costs nothing, a published one its number). There always is one:
row, column and grand total.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Grid = Sequence[Sequence[int]]
MARGIN_COST = 4
"""Totals are worth more than cells of the same size."""
FAR = np.int64(2**60)


def protect(
    values: Grid, sensitive: Sequence[Sequence[bool]], soglia: int, along: Sequence[Sequence[bool]] = ()
) -> list[list[bool]]:
    """Which cells to hide. `values`: the table with its totals as last column and last row; `sensitive`: cells that
    are too small, or secret, by themselves; `along`: cells to hide with them in any case. A zero is never hidden."""
    table = _Table(np.array(values, dtype=np.int64))
    for row, column in np.argwhere(np.array(along, dtype=bool) & (table.values > 0)) if along else ():
        table.hide(row, column)
    small = np.argwhere(np.array(sensitive, dtype=bool) & (table.values > 0))
    for row, column in small:
        table.hide(row, column)
    # the largest first: its way often serves the smaller ones too
    for row, column in sorted(small.tolist(), key=lambda at: -int(table.values[at[0], at[1]])):
        need = max(1, soglia - int(table.values[row, column]))
        for at in table.cheapest_way(row, column, need):
            table.hide(*at)
    hidden: list[list[bool]] = table.hidden.tolist()
    return hidden


def protect_line(line: Mapping[str, int], soglia: int, always: Collection[str] = ()) -> set[str]:
    """The same for one line whose total is known: the names to hide. Always the same ones, whatever is asked.

    `always`: names to hide however large they are; never one alone, which the total would give away.
    """
    secret = {name for name in always if line.get(name, 0) > 0}
    small = {name for name, value in line.items() if 0 < value < soglia}
    hidden = small | secret
    others = sorted((value, name) for name, value in line.items() if value >= soglia and name not in hidden)
    for _value, name in others:
        alone = bool(secret) and len(hidden) < 2
        if not alone and _line_is_safe([line[one] for one in hidden], soglia):
            break
        hidden.add(name)
    return hidden


def _line_is_safe(hidden: list[int], soglia: int) -> bool:
    """Whether each small hidden number could be `soglia` while the others stay at least 1."""
    smallest = min(hidden, default=soglia)
    return smallest >= soglia or sum(hidden) - (len(hidden) - 1) >= soglia


@dataclass(frozen=True)
class _Costs:
    """Price of going from a row to a column and back, for flows that must grow by some number; FAR where one cannot."""

    down: Any
    up: Any


class _Table:
    """The flow network of a table. Its nodes are the rows and columns, the totals being one more of each: a cell joins
    its row with its column. Flow goes from row to column in the body and in the grand total, from column to row in
    the other totals: so it closes."""

    def __init__(self, values: Any) -> None:
        self.values = values
        self.hidden = np.zeros(values.shape, dtype=bool)
        self._downward = np.ones(values.shape, dtype=bool)
        self._downward[-1, :-1] = self._downward[:-1, -1] = False
        self._price = values.copy()
        self._price[-1, :] *= MARGIN_COST
        self._price[:-1, -1] *= MARGIN_COST
        self._costs: dict[int, _Costs] = {}

    def hide(self, row: int, column: int) -> None:
        self.hidden[row, column] = True
        self._price[row, column] = 0
        for costs in self._costs.values():
            for matrix in (costs.down, costs.up):
                if matrix[row, column] < FAR:
                    matrix[row, column] = 0

    def _for(self, need: int) -> _Costs:
        """Along the flow every cell may carry more; against it only one that keeps at least 1."""
        if need not in self._costs:
            spares = self.values > need
            there = self.values > 0
            self._costs[need] = _Costs(
                down=np.where(there & (self._downward | spares), self._price, FAR),
                up=np.where(there & (~self._downward | spares), self._price, FAR),
            )
        return self._costs[need]

    def cheapest_way(self, row: int, column: int, need: int) -> list[tuple[int, int]]:
        """Cells of the cheapest way by which this cell's flow can grow by `need`, itself left out."""
        costs = self._for(need)
        own = costs.down[row, column], costs.up[row, column]
        costs.down[row, column] = costs.up[row, column] = FAR
        try:
            if self._downward[row, column]:
                return _search(costs.up, costs.down, column, row)
            return [(r, c) for c, r in _search(costs.down.T, costs.up.T, row, column)]
        finally:
            costs.down[row, column], costs.up[row, column] = own


def _search(up: Any, down: Any, start: int, goal: int) -> list[tuple[int, int]]:
    """Cheapest way from column `start` to row `goal` in alternating steps (Bellman and Ford, a whole step at once);
    `up[r, c]`: price from column c to row r, `down[r, c]`: from row r to column c."""
    rows, columns = up.shape
    row_cost, column_cost = np.full(rows, FAR), np.full(columns, FAR)
    row_from, column_from = np.full(rows, -1), np.full(columns, -1)
    column_cost[start] = 0
    while row_cost[goal] > 0:
        better_rows = _relax(up + column_cost[None, :], row_cost, row_from, axis=1)
        better_columns = _relax(down + row_cost[:, None], column_cost, column_from, axis=0)
        if not (better_rows or better_columns):
            break
    if row_cost[goal] >= FAR:
        raise ValueError("the totals of this table do not hold its cells")
    way, row = [], goal
    while True:
        column = int(row_from[row])
        way.append((row, column))
        if column == start:
            return way
        row = int(column_from[column])
        way.append((row, column))


def _relax(prices: Any, cost: Any, came_from: Any, axis: int) -> bool:
    """Takes the cheaper ways into `cost` and `came_from`; whether there was one."""
    best = prices.argmin(axis=axis)
    found = np.minimum(prices.min(axis=axis), FAR)
    better = found < cost
    cost[better], came_from[better] = found[better], best[better]
    return bool(better.any())
