"""What a person typed into the search → what to look for."""

import re
from dataclasses import dataclass
from datetime import date

from anagrafe.domain.codici import omocodes
from anagrafe.domain.testo import normalise, read_date

_CODICE = re.compile(r"^[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z0-9]{0,8}$")
_PROVVISORIO = re.compile(r"^\d{11}$")
_COMPLETO = 16


@dataclass(frozen=True)
class Ricerca:
    """Either codes (exact, with the omocodes), or a prefix of a code, or words and perhaps a date of birth."""

    words: tuple[str, ...] = ()
    born: date | None = None
    codici: tuple[str, ...] = ()
    codice_prefix: str = ""


def read_query(testo: str) -> Ricerca:
    """Reads `rossi mario`, `d'angelo 3/2/1980`, `RSSMRA85…`, `12345678903`; everything in any order."""
    single = "".join(testo.split()).upper()
    if _looks_like_code(single):
        if len(single) == _COMPLETO:
            return Ricerca(codici=omocodes(single))
        return Ricerca(codice_prefix=single)
    born: date | None = None
    rest = []
    for part in testo.split():
        found = read_date(part.strip(",;()"))
        if found and born is None:
            born = found
        else:
            rest.append(part)
    return Ricerca(words=tuple(dict.fromkeys(normalise(" ".join(rest)).split())), born=born)


def _looks_like_code(text: str) -> bool:
    """Whether it is (the beginning of) a code and not letters that a name may have, as in `brambilla paolo`."""
    if _PROVVISORIO.match(text):
        return True
    return bool(_CODICE.match(text)) and (any(c.isdigit() for c in text) or len(omocodes(text)) > 1)
