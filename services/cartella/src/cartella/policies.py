"""Rules that change by law, as dated data: validity of an ISEE, and the scale it is divided by.

Sources: D.P.C.M. 5 December 2013, n. 159 (art. 9, 10 and all. 1); D.Lgs. 15 September 2017, n. 147, art. 10.
Nothing here refuses an attestazione of INPS: the rules propose a date and warn of what looks like a slip of the pen.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import product

from contracts.cartella import TipoIsee

COHERENCE_TOLERANCE = Decimal("0.02")
"""Euros between ISE / scale and ISEE that rounding explains."""


CONDIVISIONE_MONTHS = 12
"""Longest grant, in months. No law gives a number; limits of time and purpose (GDPR art. 5, par. 1, b and e) ask for an
end: after a year who shares a case looks at it again (docs/adr/0020)."""


FIRST_YEAR = 1998
"""D.Lgs. 31 March 1998, n. 109 made the ISE, and with it the ISEE."""


@dataclass(frozen=True)
class Validity:
    """A DSU presented from `dal` on holds until `giorno`/`mese` of the year of presentation + `anni`."""

    dal: date
    giorno: int
    mese: int
    anni: int
    fonte: str


VALIDITY = (
    Validity(date(2015, 1, 1), 15, 1, 1, "D.P.C.M. 159/2013, art. 10, c. 1"),
    Validity(date(2019, 1, 1), 31, 12, 0, "D.Lgs. 147/2017, art. 10, c. 4"),
)
CORRENTE_MONTHS = 6
"""Months of an ISEE corrente (D.Lgs. 147/2017, art. 10, c. 5); based on assets it lasts to 31/12: typed by hand."""


@dataclass(frozen=True)
class Scale:
    """The scala di equivalenza in force from `dal` on.

    `nucleo[n - 1]` is the parameter of a household of n, each further member adds `oltre`; `figli` maps a number of
    children (the last one: or more) to each surcharge an attestazione may carry; `lavoro` is what minors add.
    """

    dal: date
    nucleo: tuple[Decimal, ...]
    oltre: Decimal
    figli: dict[int, tuple[Decimal, ...]]
    lavoro: tuple[Decimal, ...]
    fonte: str


def _decimals(*values: str) -> tuple[Decimal, ...]:
    return tuple(Decimal(value) for value in values)


SCALES = (
    Scale(
        dal=date(2015, 1, 1),
        nucleo=_decimals("1.00", "1.57", "2.04", "2.46", "2.85"),
        oltre=Decimal("0.35"),
        figli={3: _decimals("0.20"), 4: _decimals("0.35"), 5: _decimals("0.50")},
        lavoro=_decimals("0.00", "0.20", "0.30"),
        fonte="D.P.C.M. 159/2013, all. 1",
    ),
    # From 2026 some family benefits use higher surcharges: both values are right on an attestazione.
    Scale(
        dal=date(2026, 1, 1),
        nucleo=_decimals("1.00", "1.57", "2.04", "2.46", "2.85"),
        oltre=Decimal("0.35"),
        figli={
            2: _decimals("0.00", "0.10"),
            3: _decimals("0.20", "0.25"),
            4: _decimals("0.35", "0.40"),
            5: _decimals("0.50", "0.55"),
        },
        lavoro=_decimals("0.00", "0.20", "0.30"),
        fonte="D.P.C.M. 159/2013, all. 1; legge di bilancio 2026",
    ),
)
LARGEST_HOUSEHOLD = 20


def expiry(tipo: TipoIsee, presentata: date) -> date:
    """Last day of validity of a DSU presented on that day."""
    if tipo is TipoIsee.CORRENTE:
        return add_months(presentata, CORRENTE_MONTHS)
    rule = max(
        (rule for rule in VALIDITY if rule.dal <= presentata), key=lambda r: r.dal, default=VALIDITY[0]
    )
    return date(presentata.year + rule.anni, rule.mese, rule.giorno)


def is_coherent(ise: Decimal, scala: Decimal, isee: Decimal) -> bool:
    """Whether ISEE is ISE divided by the scale, rounding apart (D.P.C.M. 159/2013, art. 2, c. 3)."""
    return abs(ise / scala - isee) <= COHERENCE_TOLERANCE


def fits_household(scala: Decimal, presentata: date) -> bool:
    """Whether any household of up to 20 can have this scale on that day."""
    scale = max(
        (scale for scale in SCALES if scale.dal <= presentata), key=lambda s: s.dal, default=SCALES[0]
    )
    return any(scala in _values(scale, members) for members in range(1, LARGEST_HOUSEHOLD + 1))


def _values(scale: Scale, members: int) -> set[Decimal]:
    known = len(scale.nucleo)
    base = scale.nucleo[min(members, known) - 1] + scale.oltre * max(0, members - known)
    children = {Decimal(0)}
    for number in range(1, members):
        children.update(scale.figli.get(min(number, max(scale.figli)), ()))
    work = scale.lavoro if members > 1 else scale.lavoro[:1]
    return {base + surcharge + extra for surcharge, extra in product(children, work)}


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + year, month + 1)[1]
    return date(day.year + year, month + 1, min(day.day, last))
