"""How dates, hours, money and codes are written for Italian readers."""

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

ROME = ZoneInfo("Europe/Rome")


def date_text(value: date | None) -> str:
    """31/12/2026, or a dash."""
    return value.strftime("%d/%m/%Y") if value else "–"


def datetime_text(value: datetime | None) -> str:
    """31/12/2026, ore 15:40 (hour of Rome), or a dash."""
    return value.astimezone(ROME).strftime("%d/%m/%Y, ore %H:%M") if value else "–"


def day_text(value: datetime | None) -> str:
    """The Roman day of an instant."""
    return date_text(value.astimezone(ROME).date()) if value else "–"


def month_text(value: str) -> str:
    """`2026-11` → `11/2026`."""
    year, _, month = value.partition("-")
    return f"{month}/{year}"


def euro_text(value: Decimal) -> str:
    """1.234,50 €"""
    return f"{decimal_text(value)} €"


def decimal_text(value: Decimal) -> str:
    """1.234,50: two decimals, dot between thousands."""
    return f"{value:,.2f}".translate(str.maketrans(",.", ".,"))


def size_text(value: int) -> str:
    """Bytes as kB or MB with one decimal."""
    unit, divisor = ("MB", 1_000_000) if value >= 1_000_000 else ("kB", 1_000)
    return f"{value / divisor:.1f} {unit}".replace(".", ",")


def code_text(value: str) -> str:
    """`presa_in_carico` → `Presa in carico`."""
    return value.replace("_", " ").capitalize()
