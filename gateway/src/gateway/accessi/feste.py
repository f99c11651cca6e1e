"""National holidays of Italy (law 260/1949 and later; 4 October again since law 151/2025)."""

from datetime import date, timedelta

FIXED = {
    (1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (10, 4), (11, 1), (12, 8), (12, 25), (12, 26),
}  # fmt: skip


def easter(year: int) -> date:
    """Sunday of Easter, by Gauss's rule in the form of Meeus, Jones and Butcher."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def is_holiday(day: date) -> bool:
    """Whether offices are closed for a holiday; Saturdays and Sundays apart."""
    return (day.month, day.day) in FIXED or day == easter(day.year) + timedelta(days=1)
