"""The invented people who can sign in: a JSON list written by whoever starts the process, read again when changed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

MONTHS = "ABCDEHLMPRST"
OMOCODIA = str.maketrans("LMNPQRSTUV", "0123456789")
CODICE_FISCALE = re.compile(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]")


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist. `gruppo` and `nota` are for the list of the login page."""

    codice_fiscale: str
    nome: str
    cognome: str
    gruppo: str = ""
    nota: str = ""
    email: str = ""

    @property
    def born(self) -> date:
        """From the codice fiscale; of two centuries, the one that makes the person younger than 100."""
        digits = self.codice_fiscale[6:8].translate(OMOCODIA)
        day = int(self.codice_fiscale[9:11].translate(OMOCODIA)) % 40
        month = MONTHS.index(self.codice_fiscale[8]) + 1
        century = 2000 if int(digits) <= datetime.now(UTC).year % 100 else 1900
        return date(century + int(digits), month, day)

    @property
    def gender(self) -> str:
        return "F" if int(self.codice_fiscale[9:11].translate(OMOCODIA)) > 40 else "M"

    def attributes(self) -> dict[str, str]:
        """By SPID's names, in the forms of its rules."""
        return {
            "fiscalNumber": f"TINIT-{self.codice_fiscale}",
            "name": self.nome,
            "familyName": self.cognome,
            "dateOfBirth": self.born.isoformat(),
            "spidCode": f"PROV{sha256(self.codice_fiscale.encode()).hexdigest()[:10].upper()}",
            "gender": self.gender,
            "placeOfBirth": self.codice_fiscale[11] + self.codice_fiscale[12:15].translate(OMOCODIA),
            "email": self.email or f"{self.codice_fiscale.lower()}@posta.example",
        }


def make_person(codice_fiscale: str, nome: str, cognome: str) -> Person | None:
    """Somebody typed in by hand; None when the codice fiscale has not the shape of one."""
    codice = codice_fiscale.strip().upper()
    person = Person(codice, nome.strip() or "Nome", cognome.strip() or "Cognome")
    if not CODICE_FISCALE.fullmatch(codice):
        return None
    try:
        person.attributes()
    except ValueError:
        return None
    return person


class People:
    """The list in the file, by codice fiscale, in its order."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read_at = 0
        self._people: dict[str, Person] = {}

    def all(self) -> dict[str, Person]:
        changed = self.file.stat().st_mtime_ns
        if changed != self._read_at:
            rows = json.loads(self.file.read_text(encoding="utf-8"))
            self._people = {row["codice_fiscale"]: Person(**row) for row in rows}
            self._read_at = changed
        return self._people

    def groups(self) -> dict[str, list[Person]]:
        grouped: dict[str, list[Person]] = {}
        for person in self.all().values():
            grouped.setdefault(person.gruppo, []).append(person)
        return grouped
