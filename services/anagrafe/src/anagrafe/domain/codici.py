"""Checks of the codice fiscale (DM 12 marzo 1974; DM 23 dicembre 1976 for omocodia), on python-codicefiscale.

The library decides what is valid. Because it parses dates and places anew for each code (0.7 ms), a code that
agrees in every part with the person's own data is accepted after comparing the parts and the check letter alone.
"""

import re
from datetime import date
from functools import cache, lru_cache

from codicefiscale import codicefiscale
from codicefiscale.data import get_countries_data, get_municipalities_data

_MESI = "ABCDEHLMPRST"
_OMOCODIA = str.maketrans("LMNPQRSTUV", "0123456789")
_FORMA = re.compile(
    r"^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$"
)
_PROVVISORIO = re.compile(r"^[0-9]{11}$")
_encode_cognome = lru_cache(maxsize=50_000)(codicefiscale.encode_lastname)
_encode_nome = lru_cache(maxsize=50_000)(codicefiscale.encode_firstname)


@cache
def luoghi() -> frozenset[str]:
    """Codes of all comuni and nations, of today and ceased (births refer to both)."""
    return frozenset(row["code"] for row in [*get_municipalities_data(), *get_countries_data()])


def luoghi_datati() -> list[tuple[str, date, str, str, date | None]]:
    """Every comune and nation: code, since when, name, province (`EE` abroad), until when."""
    rows: dict[tuple[str, date], tuple[str, date, str, str, date | None]] = {}
    for row in [*get_municipalities_data(), *get_countries_data()]:
        since = date.fromisoformat(row["date_created"][:10]) if row["date_created"] else date(1861, 3, 17)
        until = date.fromisoformat(row["date_deleted"][:10]) if row["date_deleted"] else None
        rows[row["code"], since] = (row["code"], since, row["name"], row["province"], until)
    return list(rows.values())


@cache
def comuni_attivi() -> dict[str, tuple[str, str]]:
    """Belfiore code → name and province of the comuni in being."""
    return {r["code"]: (r["name"], r["province"]) for r in get_municipalities_data() if r["active"]}


def without_omocodia(codice: str) -> str:
    """The first 15 characters with the digits that omocodia replaced by letters put back."""
    return (
        codice[:6]
        + codice[6:8].translate(_OMOCODIA)
        + codice[8]
        + codice[9:11].translate(_OMOCODIA)
        + codice[11]
        + codice[12:15].translate(_OMOCODIA)
    )


def expected_root(sesso: str, nascita: date, luogo: str) -> str:
    """Characters 7–15 of the code of a person with this birth."""
    day = nascita.day + (40 if sesso == "F" else 0)
    return f"{nascita.year % 100:02d}{_MESI[nascita.month - 1]}{day:02d}{luogo}"


def refusal(codice: str, sesso: str, nascita: date, luogo: str) -> str:
    """Why the code is not valid, in Italian; empty when it is. Eleven digits are a provisional code."""
    if _PROVVISORIO.match(codice):
        return "" if _is_provisional(codice) else "codice fiscale provvisorio con cifra di controllo errata"
    if not _FORMA.match(codice):
        return "il codice fiscale non ha la forma prevista (16 caratteri)"
    if codicefiscale.encode_cin(codice) != codice[15]:
        return "il carattere di controllo del codice fiscale è errato"
    root = without_omocodia(codice)
    if root[6:] == expected_root(sesso, nascita, luogo) or codicefiscale.is_valid(codice):
        return ""
    return "il codice fiscale contiene una data o un luogo di nascita inesistente"


def incoherence(codice: str, cognome: str, nome: str, sesso: str, nascita: date, luogo: str) -> str:
    """Where a valid code disagrees with the person's data, in Italian; empty when it agrees. A warning only."""
    if len(codice) != 16:
        return ""
    root, expected = without_omocodia(codice), expected_root(sesso, nascita, luogo)
    wrong = []
    if root[6:9] != expected[:3] or int(root[9:11]) % 40 != nascita.day:
        wrong.append("la data di nascita")
    if (int(root[9:11]) > 40) != (sesso == "F"):
        wrong.append("il sesso")
    if root[11:] != luogo:
        wrong.append("il luogo di nascita")
    if root[:3] != _encode_cognome(cognome) or root[3:6] != _encode_nome(nome):
        wrong.append("cognome e nome")
    return f"il codice fiscale non concorda con {', '.join(wrong)}" if wrong else ""


def omocodes(codice: str) -> tuple[str, ...]:
    """All 128 forms of a code, so that a search by one finds the person registered under another."""
    return tuple(codicefiscale.decode(codice)["omocodes"]) if codicefiscale.is_valid(codice) else (codice,)


def _is_provisional(codice: str) -> bool:
    total = sum(int(c) if i % 2 == 0 else sum(divmod(2 * int(c), 10)) for i, c in enumerate(codice))
    return total % 10 == 0
