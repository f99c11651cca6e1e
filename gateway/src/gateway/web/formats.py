"""How values look on an Italian page: euros, dates, ages, sizes. Pure functions, used as Jinja filters."""

from datetime import UTC, date, datetime
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

ROMA = ZoneInfo("Europe/Rome")
MESI = (
    "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno",
    "luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre",
)  # fmt: skip


def local(value: datetime) -> datetime:
    """The moment on the clock of Rome; a naive value is taken as UTC."""
    return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(ROMA)


def now() -> datetime:
    return datetime.now(ROMA)


def today() -> date:
    return now().date()


def number(value: int | Decimal, decimals: int = 0) -> str:
    """1234567.8 → 1.234.568 (Italian separators)."""
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def euro(value: Decimal | None) -> str:
    """Euros to the cent: € 1.234,50."""
    return "" if value is None else f"€\u00a0{number(value, 2)}"


def day(value: date | datetime | None) -> str:
    """dd/mm/yyyy."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = local(value).date()
    return value.strftime("%d/%m/%Y")


def moment(value: datetime | None) -> str:
    """dd/mm/yyyy, HH:MM on the clock of Rome."""
    return "" if value is None else local(value).strftime("%d/%m/%Y, %H:%M")


def input_moment(value: datetime) -> str:
    """What an input of type datetime-local wants."""
    return local(value).strftime("%Y-%m-%dT%H:%M")


def since(value: datetime, reference: datetime | None = None) -> str:
    """How long ago, as a colleague would say it; older than a week is a date."""
    minutes = int(((reference or now()) - local(value)).total_seconds() // 60)
    if minutes < 1:
        return "adesso"
    if minutes < 60:
        return f"{minutes} min fa"
    if minutes < 24 * 60:
        return "1 ora fa" if minutes < 120 else f"{minutes // 60} ore fa"
    days = minutes // (24 * 60)
    if days == 1:
        return "ieri"
    return f"{days} giorni fa" if days < 7 else day(value)


def month(value: str) -> str:
    """ "2026-11" → novembre 2026."""
    year, _, number_of_month = value.partition("-")
    if not (number_of_month.isdigit() and 1 <= int(number_of_month) <= 12):
        return value
    return f"{MESI[int(number_of_month) - 1]} {year}"


def age(born: date | None, at: date | None = None) -> str:
    """Years of age in words; months under one year."""
    if born is None:
        return "età non nota"
    at = at or today()
    years = at.year - born.year - ((at.month, at.day) < (born.month, born.day))
    if years >= 1:
        return f"{years} anni" if years > 1 else "1 anno"
    months = max((at.year - born.year) * 12 + at.month - born.month - (at.day < born.day), 0)
    return "1 mese" if months == 1 else f"{months} mesi"


def size(value: int) -> str:
    """Bytes as a person reads them."""
    if value < 1024:
        return f"{value} byte"
    if value < 1024 * 1024:
        return f"{number(Decimal(value) / 1024)} KB"
    return f"{number(Decimal(value) / (1024 * 1024), 1)} MB"


def full_name(person: object) -> str:
    """COGNOME Nome, as registers write it."""
    return f"{getattr(person, 'cognome', '').upper()} {getattr(person, 'nome', '')}".strip()


def plural(count: int, one: str, many: str) -> str:
    """ "1 caso", "3 casi"."""
    return f"{number(count)} {one if count == 1 else many}"


def query(**values: str) -> str:
    """Parameters of an address."""
    return urlencode(values)


FILTERS = {
    "euro": euro, "data": day, "momento": moment, "da_quanto": since, "mese": month, "eta": age, "dimensione": size,
    "numero": number, "nome_intero": full_name, "campo_momento": input_moment, "plurale": plural,
}  # fmt: skip
