"""Small cells: which numbers of a table must not be published so that nobody can be counted out of it.

Primary: a cell with fewer than `soglia` persons, zero excepted (that nobody is there tells of nobody).
Complementary: further cells, so that a hidden one cannot be computed from the published ones. A table with totals is
a set of sums: each row adds up to its total, each column to its, the totals to the grand total. Seen as a flow
(total → row → column → total), hidden cells are the edges whose flow the reader does not know. He knows it is at
least 1, because zeros are published. A cell is safe when its flow can be raised at least to `soglia` along a
closed way of hidden edges: forward edges may carry more, backward ones must be able to spare it. Where there is no
such way, the cheapest one is hidden (Dijkstra; a hidden edge costs nothing, a published one its number). There
always is one: row, column and grand total.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

Grid = Sequence[Sequence[int]]
MARGIN_COST = 4
"""Totals are worth more than cells of the same size."""


@dataclass(frozen=True)
class _Edge:
    start: int
    end: int
    row: int
    column: int
    value: int
    cost: int


@dataclass(frozen=True)
class _Arc:
    edge: _Edge
    to: int
    forward: bool


def protect(values: Grid, sensitive: Sequence[Sequence[bool]], soglia: int) -> list[list[bool]]:
    """Which cells to hide. `values`: the table with its totals as last column and last row; `sensitive`: cells that
    are too small by themselves. A zero is never hidden."""
    arcs = _network(values)
    hidden = [
        [flag and value > 0 for flag, value in zip(*row, strict=True)] for row in _zip(sensitive, values)
    ]
    edges = {(arc.edge.row, arc.edge.column): arc.edge for out in arcs for arc in out}
    # the largest first: its way often serves the smaller ones too
    small = sorted((edge for at, edge in edges.items() if hidden[at[0]][at[1]]), key=lambda edge: -edge.value)
    for edge in small:
        for other in _cheapest_way(edge, max(1, soglia - edge.value), arcs, hidden):
            hidden[other.row][other.column] = True
    return hidden


def _zip(sensitive: Sequence[Sequence[bool]], values: Grid) -> Iterator[tuple[Sequence[bool], Sequence[int]]]:
    return zip(sensitive, values, strict=True)


def _network(values: Grid) -> list[list[_Arc]]:
    """Arcs leaving each node. Nodes: rows, columns, then the two ends of the grand total."""
    rows, columns = len(values) - 1, len(values[0]) - 1
    sink, source = rows + columns, rows + columns + 1
    arcs: list[list[_Arc]] = [[] for _ in range(rows + columns + 2)]
    for i, line in enumerate(values):
        for j, value in enumerate(line):
            if value == 0:
                continue
            start = (sink if i == rows else source) if j == columns else (rows + j if i == rows else i)
            end = (source if i == rows else i) if j == columns else (sink if i == rows else rows + j)
            margin = i == rows or j == columns
            edge = _Edge(start, end, i, j, value, value * MARGIN_COST if margin else value)
            arcs[start].append(_Arc(edge, end, True))
            arcs[end].append(_Arc(edge, start, False))
    return arcs


def _cheapest_way(edge: _Edge, need: int, arcs: list[list[_Arc]], hidden: list[list[bool]]) -> list[_Edge]:
    """Edges of the cheapest way from the edge's end back to its start that lets it carry `need` more."""
    costs, came_by = {edge.end: 0}, dict[int, _Arc]()
    queue = [(0, 0, edge.end)]
    while queue:
        cost, steps, node = heappop(queue)
        if node == edge.start:
            return _trace(edge, came_by)
        if cost > costs[node]:
            continue
        for arc in arcs[node]:
            if arc.edge is edge or not (arc.forward or arc.edge.value > need):
                continue
            price = cost + (0 if hidden[arc.edge.row][arc.edge.column] else arc.edge.cost)
            if price < costs.get(arc.to, price + 1):
                costs[arc.to], came_by[arc.to] = price, arc
                heappush(queue, (price, steps + 1, arc.to))
    raise ValueError("the totals of this table do not hold its cells")


def _trace(edge: _Edge, came_by: dict[int, _Arc]) -> list[_Edge]:
    way, node = [], edge.start
    while node != edge.end:
        arc = came_by[node]
        way.append(arc.edge)
        node = arc.edge.start if arc.forward else arc.edge.end
    return way
