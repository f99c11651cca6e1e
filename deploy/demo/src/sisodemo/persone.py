"""One invented person: name, birth, place, citizenship. Everything comes from the given random generator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from sisodemo.comuni import ceased_comuni
from sisodemo.names import ALTRE_NASCITE, COGNOMI, NAZIONI, NOMI_F, NOMI_M, words

ITALIA = "380"
_ANNO = 365.2425


@dataclass(slots=True)
class Persona:
    """A person before registration; codes are those of ANPR's tables."""

    cognome: str
    nome: str
    sesso: str
    nascita: date
    luogo: str
    cittadinanza: str
    stato_civile: str
    relazione: str
    senza_codice: bool = False


@dataclass(frozen=True)
class Origine:
    """Where a household comes from: names and places to draw from."""

    cognomi: tuple[str, ...]
    nomi_m: tuple[str, ...]
    nomi_f: tuple[str, ...]
    cittadinanza: str
    nazione: str | None


_ITALIANA = Origine(words(COGNOMI), words(NOMI_M), words(NOMI_F), ITALIA, None)
_STRANIERE = tuple(
    Origine(words(cognomi), words(m), words(f), iso, codice)
    for codice, (iso, _, cognomi, m, f) in NAZIONI.items()
)
_PESI_STRANIERE = tuple(accumulate(row[1] for row in NAZIONI.values()))
_PESI_COGNOMI = tuple(accumulate(1 / (4 + i) for i in range(len(_ITALIANA.cognomi))))
_LUOGHI = tuple(codice for codice, _ in ALTRE_NASCITE)
_PESI_LUOGHI = tuple(accumulate(peso for _, peso in ALTRE_NASCITE))
QUOTA_STRANIERE = 0.1  # of households


def pick_origine(rng: Random) -> Origine:
    """Italian nine times out of ten, else one of the nations of Brianza."""
    if rng.random() >= QUOTA_STRANIERE:
        return _ITALIANA
    return rng.choices(_STRANIERE, cum_weights=_PESI_STRANIERE)[0]


def pick_cognome(rng: Random, origine: Origine) -> str:
    """A surname; the first of the Italian list are the most frequent; one in 400 is double."""
    if origine.nazione is not None:
        return rng.choice(origine.cognomi)
    cognome: str = rng.choices(origine.cognomi, cum_weights=_PESI_COGNOMI)[0]
    return f"{cognome} {rng.choice(origine.cognomi)}" if rng.random() < 0.0025 else cognome


def pick_nome(rng: Random, origine: Origine, sesso: str, taken: Sequence[str] = ()) -> str:
    """A first name not yet used in the household; one in twelve is double."""
    nomi = origine.nomi_m if sesso == "M" else origine.nomi_f
    nome = rng.choice(nomi)
    while nome in taken and len(taken) < len(nomi):
        nome = rng.choice(nomi)
    if rng.random() < 0.08:
        altro = rng.choice(nomi)
        return nome if altro == nome else f"{nome} {altro}"
    return nome


def birth_at(rng: Random, oggi: date, eta: float) -> date:
    """A date of birth for an age in years, somewhere in that year of age."""
    return oggi - timedelta(days=int((max(eta, 0.003) + rng.random() * 0.99) * _ANNO))


def pick_luogo(rng: Random, comune: str, nascita: date, origine: Origine, eta: float) -> str:
    """Code of the birthplace: the nation of origin, this comune, a near hospital, elsewhere, or a ceased
    comune.
    """
    if origine.nazione is not None and rng.random() > (0.75 if eta < 15 else 0.03):
        return origine.nazione
    iso = nascita.isoformat()
    if rng.random() < (0.06 if eta > 60 else 0.01):
        cessati = [c for c in rng.sample(ceased_comuni(), 8) if c.istituito <= iso <= c.cessato]
        if cessati:
            return cessati[0].belfiore
    if eta > 55 and rng.random() < 0.45:  # born at home, before the hospitals
        return comune
    return rng.choices(_LUOGHI, cum_weights=_PESI_LUOGHI)[0]


def make_persona(
    rng: Random, oggi: date, comune: str, origine: Origine, sesso: str, eta: float, *,
    cognome: str, stato_civile: str, relazione: str, taken: Sequence[str] = (),
) -> Persona:  # fmt: skip
    """A person of about this age; a few foreigners are naturalised, a few newcomers have no codice fiscale
    yet.
    """
    nascita = birth_at(rng, oggi, eta)
    luogo = pick_luogo(rng, comune, nascita, origine, eta)
    cittadinanza = origine.cittadinanza
    if origine.nazione and eta > 20 and rng.random() < 0.12:
        cittadinanza = ITALIA
    senza = rng.random() < (0.012 if origine.nazione else 0.0004)
    nome = pick_nome(rng, origine, sesso, taken)
    return Persona(cognome, nome, sesso, nascita, luogo, cittadinanza, stato_civile, relazione, senza)
