"""The synthetic city: files for the 55 comuni, the same for the same seed, size and day."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random

from sisodemo.codici import CodiciFiscali
from sisodemo.comuni import Comune, all_comuni, residents_by_comune
from sisodemo.famiglie import make_famiglia
from sisodemo.files import COLONNE, COLONNE_VIARIO, Riga, residenti_path, viario_path, write_rows
from sisodemo.persone import Persona
from sisodemo.viario import Civico, make_viario

GIORNO_ZERO = date(2026, 10, 31)
OMONIMI = 1 / 4000  # people who share name, birth and place with the one before: their codes clash
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Citta:
    """What was generated."""

    residenti: int
    omocodie: int
    files: tuple[Path, ...]


class _Comune:
    """Streams the rows of one comune. Ids are `MB`, the comune's place in the list and a running number."""

    def __init__(
        self, seed: int, indice: int, comune: Comune, residenti: int, giorno: date, cf: CodiciFiscali
    ) -> None:
        self.rng = Random(f"{seed}:{comune.belfiore}")
        self.prefix, self.comune, self.residenti, self.giorno, self.cf = (
            f"MB{indice:02d}",
            comune,
            residenti,
            giorno,
            cf,
        )
        self.viario = make_viario(Random(f"{seed}:{comune.belfiore}:viario"), comune, residenti)
        self.count = 0

    def rows(self) -> Iterator[Riga]:
        nucleo = 0
        while self.count < self.residenti:
            nucleo += 1
            persone = make_famiglia(self.rng, self.giorno, self.comune.belfiore)[
                : self.residenti - self.count
            ]
            civico = self.rng.choice(self.viario)
            for persona in persone:
                yield self._row(persona, f"{self.comune.belfiore}N{nucleo:06d}", civico)
            if self.rng.random() < OMONIMI * len(persone) and self.count < self.residenti:
                nucleo += 1
                yield self._row(self._namesake(persone[0]), f"{self.comune.belfiore}N{nucleo:06d}", civico)

    def _namesake(self, other: Persona) -> Persona:
        return Persona(
            other.cognome, other.nome, other.sesso, other.nascita, other.luogo, other.cittadinanza, "1", "1"
        )

    def _row(self, p: Persona, nucleo: str, civico: Civico) -> Riga:
        self.count += 1
        codice = "" if p.senza_codice else self.cf.assign(p.cognome, p.nome, p.sesso, p.nascita, p.luogo)
        return make_row(f"{self.prefix}{self.count:06d}", codice, p, nucleo, civico, self._iscrizione(p))

    def _iscrizione(self, p: Persona) -> date:
        days = (self.giorno - p.nascita).days
        return (
            p.nascita
            if self.rng.random() < 0.5
            else p.nascita + timedelta(days=int(days * self.rng.random()))
        )


def make_row(
    id_anagrafe: str, codice: str, p: Persona, nucleo: str, civico: Civico, iscrizione: date
) -> Riga:
    """The row of a living resident."""
    return [
        id_anagrafe, codice, p.cognome, p.nome, p.sesso, p.nascita.isoformat(), p.luogo, p.cittadinanza,
        p.stato_civile, nucleo, p.relazione, civico.codice_via, civico.indirizzo, civico.numero, civico.lat,
        civico.lon, "R",
        iscrizione.isoformat(), "",
    ]  # fmt: skip


def _viario_rows(viario: list[Civico]) -> Iterator[tuple[str, ...]]:
    return ((c.codice_via, c.specie, c.denominazione, c.numero, c.lat, c.lon) for c in viario)


def generate(
    directory: Path,
    residenti: int,
    seed: int = 1,
    giorno: date = GIORNO_ZERO,
    progress: Progress | None = None,
) -> Citta:
    """Writes the residents' and streets' files of every comune; about 25,000 residents a second."""
    directory.mkdir(parents=True, exist_ok=True)
    counts, cf, files, total = residents_by_comune(residenti), CodiciFiscali(), [], 0
    for indice, comune in enumerate(all_comuni(), start=1):
        part = _Comune(seed, indice, comune, counts[comune.belfiore], giorno, cf)
        write_rows(viario_path(directory, comune.belfiore), COLONNE_VIARIO, _viario_rows(part.viario))
        path = residenti_path(directory, comune.belfiore, giorno)
        written = write_rows(path, COLONNE, part.rows())
        files.append(path)
        total += written
        if progress:
            progress(comune.nome, written)
    return Citta(total, cf.omocodie, tuple(files))
