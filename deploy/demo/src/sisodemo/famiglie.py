"""Invented households of plausible kinds: who lives with whom, how old, in which ANPR kinship.

Kinship codes (ANPR, "Relazione di parentela"): 1 intestatario, 2 coniuge, 3 figlio, 4 nipote discendente,
6 genitore, 9 fratello, 17 suocero, 23 convivente con vincoli affettivi, 24 and 25 convivenza non affettiva,
28 unito civilmente.
Marital status codes: 1 celibe o nubile, 2 coniugato, 3 vedovo, 4 divorziato, 6 unito civilmente.
"""

from datetime import date
from itertools import accumulate
from random import Random

from sisodemo.persone import Origine, Persona, make_persona, pick_cognome, pick_origine

_TIPI = {
    "single": 18, "anziano": 15, "coppia": 9, "coppia_anziana": 16, "coppia_figli": 30, "monogenitore": 9,
    "tre_generazioni": 3, "fratelli": 1.5, "convivenza": 0.08,
}  # fmt: skip
_NOMI_TIPI = tuple(_TIPI)
_PESI_TIPI = tuple(accumulate(_TIPI.values()))
GEMELLI = 0.016


class Famiglia:
    """Builds one household; `persone` is the result, intestatario first."""

    def __init__(self, rng: Random, oggi: date, comune: str) -> None:
        self.rng, self.oggi, self.comune = rng, oggi, comune
        self.origine: Origine = pick_origine(rng)
        self.persone: list[Persona] = []

    def add(
        self, sesso: str, eta: float, stato_civile: str, relazione: str, cognome: str | None = None
    ) -> Persona:
        """Adds a person; the surname is a new one unless given."""
        persona = make_persona(
            self.rng, self.oggi, self.comune, self.origine, sesso, eta,
            cognome=cognome or pick_cognome(self.rng, self.origine), stato_civile=stato_civile,
            relazione=relazione, taken=[p.nome for p in self.persone],
        )  # fmt: skip
        self.persone.append(persona)
        return persona

    def couple(self, eta: float) -> tuple[Persona, Persona]:
        """Intestatario and spouse (or cohabitant, or civil partner)."""
        rng = self.rng
        roll = rng.random()
        partner_age = max(18.0, eta + rng.gauss(-2.5, 3.5))
        if roll < 0.012:
            sesso = rng.choice("MF")
            return self.add(sesso, eta, "6", "1"), self.add(sesso, partner_age, "6", "28")
        if roll < (0.25 if eta < 45 else 0.06):
            return self.add("M", eta, "1", "1"), self.add("F", partner_age, "1", "23")
        return self.add("M", eta, "2", "1"), self.add("F", partner_age, "2", "2")

    def children(
        self, mother_age: float, cognome: str, relazione: str = "3", low: int = 0, high: int = 33
    ) -> None:
        """One to four children of a mother of this age; now and then twins."""
        rng = self.rng
        count = rng.choices((1, 2, 3, 4), cum_weights=(46, 89, 98, 100))[0]
        eta = mother_age - rng.triangular(20, 42, 31)
        for _ in range(count):
            if low <= eta <= high:
                first = self.add(rng.choice("MF"), eta, "1", relazione, cognome)
                if rng.random() < GEMELLI:
                    twin = self.add(rng.choice("MF"), eta, "1", relazione, cognome)
                    twin.nascita, twin.luogo = first.nascita, first.luogo
            eta -= rng.triangular(1.5, 7, 3)


def _single(f: Famiglia) -> None:
    eta = f.rng.triangular(22, 68, 44)
    f.add(f.rng.choice("MMF"), eta, f.rng.choice("111144" if eta < 55 else "11443"), "1")


def _elder(f: Famiglia) -> None:
    f.add("F" if f.rng.random() < 0.74 else "M", f.rng.triangular(66, 101, 79), f.rng.choice("33333314"), "1")


def _couple(f: Famiglia) -> None:
    f.couple(f.rng.triangular(24, 66, 40))


def _elder_couple(f: Famiglia) -> None:
    f.couple(f.rng.triangular(64, 96, 74))


def _couple_with_children(f: Famiglia) -> None:
    father, mother = f.couple(f.rng.triangular(26, 66, 47))
    f.children(_age(f, mother), father.cognome)


def _single_parent(f: Famiglia) -> None:
    sesso = "F" if f.rng.random() < 0.82 else "M"
    eta = f.rng.triangular(24, 64, 46)
    parent = f.add(sesso, eta, f.rng.choice("114443"), "1")
    f.children(
        eta, pick_cognome(f.rng, f.origine) if sesso == "F" and f.rng.random() < 0.8 else parent.cognome
    )


def _three_generations(f: Famiglia) -> None:
    father, mother = f.couple(f.rng.triangular(32, 56, 44))
    f.children(_age(f, mother), father.cognome, high=24)
    if f.rng.random() < 0.5:
        f.add("F", _age(f, father) + f.rng.triangular(22, 34, 27), "3", "6")
    else:
        f.add("F", _age(f, mother) + f.rng.triangular(22, 34, 27), "3", "17", mother.cognome)


def _siblings(f: Famiglia) -> None:
    eta = f.rng.triangular(25, 85, 55)
    first = f.add(f.rng.choice("MF"), eta, "1", "1")
    f.add(f.rng.choice("MF"), max(19.0, eta - f.rng.triangular(1, 8, 3)), "1", "9", first.cognome)


def _institution(f: Famiglia) -> None:
    f.add("F", f.rng.triangular(35, 62, 48), "1", "24")
    for _ in range(f.rng.randint(8, 40)):
        f.add(
            "F" if f.rng.random() < 0.72 else "M", f.rng.triangular(72, 103, 87), f.rng.choice("33314"), "25"
        )


_BUILDERS = {
    "single": _single,
    "anziano": _elder,
    "coppia": _couple,
    "coppia_anziana": _elder_couple,
    "coppia_figli": _couple_with_children,
    "monogenitore": _single_parent,
    "tre_generazioni": _three_generations,
    "fratelli": _siblings,
    "convivenza": _institution,
}


def _age(f: Famiglia, persona: Persona) -> float:
    return (f.oggi - persona.nascita).days / 365.2425


def make_famiglia(rng: Random, oggi: date, comune: str) -> list[Persona]:
    """One household of a random kind."""
    famiglia = Famiglia(rng, oggi, comune)
    tipo = rng.choices(_NOMI_TIPI, cum_weights=_PESI_TIPI)[0]
    _BUILDERS[tipo](famiglia)
    return famiglia.persone
