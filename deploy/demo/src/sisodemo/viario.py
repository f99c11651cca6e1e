"""Invented streets with civic numbers around the centre of a comune."""

from dataclasses import dataclass
from math import cos, radians, sin
from random import Random

from sisodemo.comuni import Comune
from sisodemo.names import COGNOMI, NOMI_F, NOMI_M, SPECIE, STRADE, words

_RESIDENTI_PER_VIA = 130
_RAGGIO = 0.016  # degrees, about 1.5 km


@dataclass(frozen=True, slots=True)
class Civico:
    """One civic number: street code and name as printed, coordinates in degrees with six decimals."""

    codice_via: str
    specie: str
    denominazione: str
    numero: str
    lat: str
    lon: str

    @property
    def indirizzo(self) -> str:
        return f"{self.specie} {self.denominazione}"


def _street_names(rng: Random, count: int) -> list[tuple[str, str]]:
    common = list(words(STRADE))
    rng.shuffle(common)
    names = [(rng.choice(SPECIE), name) for name in common[:count]]
    seen = set(common)
    nomi, cognomi = words(NOMI_M) + words(NOMI_F), words(COGNOMI)
    while len(names) < count:
        person = f"{rng.choice(nomi)} {rng.choice(cognomi)}"
        if person not in seen:
            seen.add(person)
            names.append(("Via", person))
    return names


def make_viario(rng: Random, comune: Comune, residenti: int) -> list[Civico]:
    """Streets enough for these residents; each is a segment, numbers run along it, odd on one side."""
    civici: list[Civico] = []
    for index, (specie, name) in enumerate(
        _street_names(rng, max(8, residenti // _RESIDENTI_PER_VIA)), start=1
    ):
        angle, distance = rng.random() * 6.2832, _RAGGIO * rng.random() ** 0.7
        lat0, lon0 = (
            comune.lat + distance * sin(angle),
            comune.lon + distance * cos(angle) / cos(radians(comune.lat)),
        )
        heading = rng.random() * 6.2832
        for number in range(1, rng.randint(8, 44)):
            step, side = 0.00012 * number, 0.00006 * (1 if number % 2 else -1)
            lat = lat0 + step * sin(heading) + side * cos(heading)
            lon = lon0 + step * cos(heading) - side * sin(heading)
            text = f"{number}/A" if rng.random() < 0.03 else str(number)
            civici.append(
                Civico(f"{comune.belfiore}{index:05d}", specie, name, text, f"{lat:.6f}", f"{lon:.6f}")
            )
    return civici
