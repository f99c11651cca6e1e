"""Search text: accents, apostrophes and case do not count; every part can be found in any order."""

import re
import unicodedata
from datetime import date
from functools import lru_cache

_APOSTROFI = dict.fromkeys(map(ord, "'’‘`´ʼ\""), None)
_SPECIALI = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d"})
_SEPARATORI = re.compile(r"[^a-z0-9]+")
_DATE = (
    re.compile(r"^(?P<g>\d{1,2})[/.\-](?P<m>\d{1,2})[/.\-](?P<a>\d{4})$"),
    re.compile(r"^(?P<a>\d{4})-(?P<m>\d{1,2})-(?P<g>\d{1,2})$"),
    re.compile(r"^(?P<g>\d{2})(?P<m>\d{2})(?P<a>(?:19|20)\d{2})$"),
)


@lru_cache(maxsize=200_000)
def normalise(testo: str) -> str:
    """Lower case, no accents, apostrophes closed up (`D'Angelo` → `dangelo`), other marks as one blank."""
    base = unicodedata.normalize("NFKD", testo.translate(_APOSTROFI).casefold()).translate(_SPECIALI)
    plain = base if base.isascii() else "".join(c for c in base if not unicodedata.combining(c))
    return _SEPARATORI.sub(" ", plain).strip()


def search_text(cognome: str, nome: str) -> str:
    """What a person is found by: ` surname name`, every word after a blank; a surname of many words also closed up."""
    parts = normalise(cognome)
    closed = f" {parts.replace(' ', '')}" if " " in parts else ""
    return f" {parts}{closed} {normalise(nome)}"


def read_date(testo: str) -> date | None:
    """A date as people write it (`3/2/1980`, `03.02.1980`, `1980-02-03`, `03021980`), or None."""
    for pattern in _DATE:
        if match := pattern.match(testo):
            try:
                return date(int(match["a"]), int(match["m"]), int(match["g"]))
            except ValueError:
                return None
    return None
