"""What the person at the terminal sees: a live table on a terminal, plain lines elsewhere. Always on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from sisolocal.supervisor import Supervisor

CONSOLE = Console(stderr=True, highlight=False)
COLOURS = {"pronto": "green", "errore": "bold red", "riavvio": "yellow", "avvio": "cyan", "fermo": "dim"}


def say(message: str, style: str = "") -> None:
    """One line for people, outside any live table."""
    CONSOLE.print(Text(message, style=style), soft_wrap=True)


def state_text(state: str) -> Text:
    return Text(state, style=COLOURS.get(state.partition(" ")[0], ""))


def status_table(phase: str, rows: list[tuple[str, str, int | None, int]]) -> Table:
    """Processes of a stack, two side by side. `rows`: name, state, pid, restarts."""
    table = Table(
        title=f"Cartella Sociale Informatizzata · {phase}",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for _ in range(2):
        table.add_column("processo", no_wrap=True)
        table.add_column("stato", no_wrap=True)
        table.add_column("pid", justify="right", no_wrap=True)
    half = (len(rows) + 1) // 2
    for left, right in zip(rows[:half], [*rows[half:], None], strict=False):
        cells: list[RenderableType] = []
        for row in (left, right):
            if row is not None:
                name, state, pid, restarts = row
                shown = state_text(f"{state} ({restarts}↻)" if restarts else state)
                cells += [Text(name), shown, Text(str(pid or ""))]
        table.add_row(*cells)
    return table


@contextmanager
def following(supervisor: Supervisor) -> Iterator[None]:
    """Show how the stack fares while the block runs."""
    if not CONSOLE.is_terminal:
        seen: dict[str, str] = {}
        began = time.monotonic()

        def lines() -> None:
            for name, entry in list(supervisor.entries.items()):
                if seen.get(name) != entry.state and entry.state in ("pronto", "errore", "riavvio"):
                    say(f"{time.monotonic() - began:6.1f} s  {name}: {entry.state}")
                seen[name] = entry.state

        supervisor.on_change = lines
        try:
            yield
        finally:
            supervisor.on_change = lambda: None
        return

    def table() -> Table:
        rows = [(name, one.state, one.pid, one.restarts) for name, one in list(supervisor.entries.items())]
        return status_table(supervisor.phase, rows)

    with Live(get_renderable=table, console=CONSOLE, refresh_per_second=5, transient=False):
        yield
