"""Accesses over time as a picture: bars drawn on the server, with the same numbers in a table beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.accessi.read import BY_THE_HOUR, Conteggio
from gateway.web import formats

PERIOD = timedelta(days=30)
"""What is drawn where nobody asks for a period."""
WIDTH, HEIGHT = 720.0, 120.0


@dataclass(frozen=True, slots=True)
class Barra:
    """One hour or day. Places in the units of the picture: `alta` for all accesses, `rossa` for the refused ones."""

    nome: str
    righe: int
    rifiutate: int
    x: float
    larga: float
    alta: float
    rossa: float


@dataclass(frozen=True, slots=True)
class Disegno:
    barre: tuple[Barra, ...]
    massimo: int
    totale: int
    dal: str
    al: str
    unita: str
    larghezza: float = WIDTH
    altezza: float = HEIGHT


def draw(counts: Sequence[Conteggio], start: datetime, end: datetime) -> Disegno:
    """Every hour or day of the period has its place, those without accesses too."""
    hourly = end - start <= BY_THE_HOUR
    known = {formats.local(one.da).replace(tzinfo=None): one for one in counts}
    moment = formats.local(start).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    if not hourly:
        moment = moment.replace(hour=0)
    last, slots = formats.local(end).replace(tzinfo=None), list[datetime]()
    while moment < last:
        slots.append(moment)
        moment += timedelta(hours=1) if hourly else timedelta(days=1)
    most = max((one.righe for one in counts), default=0)
    step = WIDTH / max(len(slots), 1)
    bars = tuple(
        Barra(
            slot.strftime("%d/%m, ore %H" if hourly else "%d/%m/%Y"), one.righe if one else 0,
            one.rifiutate if one else 0, round(place * step, 2), round(max(step - 1, 0.5), 2),
            _tall(one.righe if one else 0, most), _tall(one.rifiutate if one else 0, most),
        )
        for place, slot in enumerate(slots)
        for one in (known.get(slot),)
    )  # fmt: skip
    return Disegno(
        bars, most, sum(one.righe for one in counts), formats.moment(start), formats.moment(end),
        "per ora" if hourly else "per giorno",
    )  # fmt: skip


def _tall(rows: int, most: int) -> float:
    """At least two units where there is anything: one access among thousands is seen too."""
    return round(max(rows / most * HEIGHT, 2.0), 2) if rows else 0.0
