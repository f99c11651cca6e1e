"""What may be asked of the registry of operators."""

import re
import unicodedata
from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from contracts.base import CodiceEnte


def _printable(text: str) -> str:
    """No control characters: they hide in lists and break files."""
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") for char in text):
        raise ValueError("control character")
    return text


Nome = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80), AfterValidator(_printable)
]
Atto = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200), AfterValidator(_printable)
]
"""The act that assigns an incarico: kind, number, date, as the ente writes it."""
Motivo = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=re.compile(r"^[^@\s\x00-\x1f]+@[^@\s]+\.[^@\s.]+$")
    ),
]
Settore = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=re.compile(r"^([a-z][a-z_]{0,39})?$"))
]


class NuovoIncarico(BaseModel):
    """`nuovo_settore`: the settore is not yet that of anybody in this ente, and that is meant."""

    ruolo: Annotated[str, Field(max_length=40)]
    ente: CodiceEnte
    settore: Settore = ""
    dal: date
    al: date | None = None
    atto: Atto
    nuovo_settore: bool = False


class NuovoOperatore(NuovoIncarico):
    """A person and his first incarico here. `conferma_nome`: the codice fiscale is right although it does not agree
    with cognome and nome (a changed surname, a foreign one)."""

    codice_fiscale: Annotated[str, Field(max_length=40)]
    cognome: Nome
    nome: Nome
    email: Email
    conferma_nome: bool = False


class Fine(BaseModel):
    """`al`: last day of the incarico; without it, it ends now."""

    al: date | None = None
    motivo: Motivo


class Revoca(BaseModel):
    motivo: Motivo


class NuovaDelega(BaseModel):
    """`incarico_id`: of whoever is away; `delegato_id`: the colleague who stands in."""

    incarico_id: UUID
    delegato_id: UUID
    dal: date
    al: date
    motivo: Motivo
