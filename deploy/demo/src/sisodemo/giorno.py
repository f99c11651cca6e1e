"""The next day of the city: given deaths, moves and births, and a plausible background of other changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random

from sisodemo.citta import make_row
from sisodemo.codici import CodiciFiscali
from sisodemo.famiglie import make_famiglia
from sisodemo.files import (
    CF,
    CITTADINANZA,
    CIVICO,
    COGNOME,
    COLONNE,
    DECESSO,
    ID,
    INDIRIZZO,
    ISCRIZIONE,
    LAT,
    LON,
    NASCITA,
    NUCLEO,
    RELAZIONE,
    STATO,
    STATO_CIVILE,
    VIA,
    Riga,
    day_of,
    latest_files,
    read_rows,
    residenti_path,
    viario_path,
    write_rows,
)  # fmt: skip
from sisodemo.persone import ITALIA, Origine, Persona, pick_nome, pick_origine
from sisodemo.viario import Civico

CONIUGI = frozenset({"2", "28"})
SFONDO = 0.0004  # share of residents with a change in an ordinary night: about one in seven a year
_FATTI = (
    "indirizzo",
    "stato_civile",
    "decesso",
    "nascita",
    "immigrazione",
    "emigrazione",
    "cambio_comune",
    "irreperibile",
)
_PESI = (34, 10, 14, 11, 13, 9, 8, 1)


@dataclass(frozen=True)
class Decesso:
    """A death; the day before the file's day unless given."""

    id_anagrafe: str
    data: date | None = None


@dataclass(frozen=True)
class Trasloco:
    """A move: to another address of the same comune, or to the comune of the city with this Belfiore code."""

    id_anagrafe: str
    comune: str | None = None


@dataclass(frozen=True)
class Nascita:
    """A birth in the household of this person."""

    id_genitore: str
    sesso: str = "F"


@dataclass
class Notte:
    """What `next_day` wrote: the files, how many facts of each kind, the ids of the new residents."""

    giorno: date
    files: list[Path] = field(default_factory=list)
    fatti: dict[str, int] = field(default_factory=dict)
    nati: list[str] = field(default_factory=list)


class _Registro:
    """One comune's rows, by id and by household; people who died or left yesterday are gone."""

    def __init__(self, belfiore: str, rows: list[Riga], directory: Path) -> None:
        self.belfiore, self.directory = belfiore, directory
        self.rows = {row[ID]: row for row in rows if row[STATO] == "R"}
        self.ids = list(self.rows)
        self.nuclei: dict[str, list[Riga]] = {}
        for row in self.rows.values():
            self.nuclei.setdefault(row[NUCLEO], []).append(row)
        self._viario: list[Civico] = []

    def pick(self, rng: Random, born: tuple[int, int] = (0, 9999)) -> Riga | None:
        """A resident born in these years, if some tries find one."""
        for _ in range(60):
            row = self.rows.get(rng.choice(self.ids)) if self.ids else None
            if row and row[STATO] == "R" and born[0] <= int(row[NASCITA][:4]) <= born[1]:
                return row
        return None

    def civico(self, rng: Random) -> Civico:
        if not self._viario:
            self._viario = [Civico(*row) for row in read_rows(viario_path(self.directory, self.belfiore))]
        return rng.choice(self._viario)

    def add(self, row: Riga) -> None:
        self.rows[row[ID]] = row
        self.ids.append(row[ID])
        self.nuclei.setdefault(row[NUCLEO], []).append(row)

    def living(self, nucleo: str) -> list[Riga]:
        return [row for row in self.nuclei[nucleo] if row[STATO] == "R"]


class _Giornata:
    """Applies facts to the registries of the city."""

    def __init__(self, directory: Path, giorno: date, seed: int) -> None:
        self.giorno, self.rng = giorno, Random(f"{seed}:{giorno}")
        newest = latest_files(directory)
        self.comuni = {b: _Registro(b, read_rows(path), directory) for b, path in newest.items()}
        self.dove = {i: registro for registro in self.comuni.values() for i in registro.rows}
        self.cf = CodiciFiscali()
        for registro in self.comuni.values():
            for row in registro.rows.values():
                if row[CF]:
                    self.cf.reserve(row[CF])
        self.notte = Notte(giorno)

    def count(self, fatto: str) -> None:
        self.notte.fatti[fatto] = self.notte.fatti.get(fatto, 0) + 1

    def find(self, id_anagrafe: str) -> tuple[_Registro, Riga]:
        registro = self.dove[id_anagrafe]
        return registro, registro.rows[id_anagrafe]

    def decesso(self, registro: _Registro, row: Riga, quando: date | None = None) -> None:
        row[STATO], row[DECESSO] = "D", (quando or self.giorno - timedelta(days=1)).isoformat()
        self._leave(registro, row, vedovo=True)

    def _leave(self, registro: _Registro, row: Riga, vedovo: bool = False) -> None:
        rest = registro.living(row[NUCLEO])
        if (
            vedovo
            and row[STATO_CIVILE] in ("2", "6")
            and (row[RELAZIONE] == "1" or row[RELAZIONE] in CONIUGI)
        ):
            other = next((r for r in rest if r[RELAZIONE] == "1" or r[RELAZIONE] in CONIUGI), None)
            if other:
                other[STATO_CIVILE] = "3" if row[STATO_CIVILE] == "2" else "7"
        if rest and not any(r[RELAZIONE] == "1" for r in rest):
            min(rest, key=lambda r: (r[RELAZIONE] not in CONIUGI, r[NASCITA]))[RELAZIONE] = "1"

    def indirizzo(self, registro: _Registro, row: Riga) -> None:
        civico = registro.civico(self.rng)
        for member in registro.living(row[NUCLEO]):
            _set_address(member, civico)

    def stato_civile(self, row: Riga) -> None:
        row[STATO_CIVILE] = {"1": "2", "2": "4", "4": "2", "3": "2", "6": "8"}.get(row[STATO_CIVILE], "1")

    def emigrazione(self, registro: _Registro, row: Riga) -> None:
        row[STATO] = "E"
        self._leave(registro, row)

    def irreperibile(self, registro: _Registro, row: Riga) -> None:
        self.emigrazione(registro, row)
        del registro.rows[row[ID]]

    def cambio_comune(self, registro: _Registro, row: Riga, belfiore: str) -> None:
        """Leaves one comune (row with state E there) and enters another alone, with the same id."""
        arrivo = self.comuni[belfiore]
        nuova = list(row)
        self.emigrazione(registro, row)
        nuova[NUCLEO], nuova[RELAZIONE], nuova[ISCRIZIONE] = self._new_nucleo(arrivo), "1", self._yesterday()
        _set_address(nuova, arrivo.civico(self.rng))
        arrivo.add(nuova)

    def nascita(self, registro: _Registro, genitore: Riga, sesso: str) -> None:
        italiano = genitore[CITTADINANZA] == ITALIA
        origine = Origine((), *_nomi(self.rng, italiano), genitore[CITTADINANZA], None)
        nome = pick_nome(self.rng, origine, sesso)
        giorno = self.giorno - timedelta(days=self.rng.randint(1, 6))
        relazione = "3" if genitore[RELAZIONE] in ("1", "2", "23", "28") else "4"
        neonato = Persona(
            genitore[COGNOME], nome, sesso, giorno, "F704", genitore[CITTADINANZA], "1", relazione
        )
        specie, _, via = genitore[INDIRIZZO].partition(" ")
        civico = Civico(genitore[VIA], specie, via, genitore[CIVICO], genitore[LAT], genitore[LON])
        self._register(registro, neonato, genitore[NUCLEO], civico, giorno)

    def immigrazione(self, registro: _Registro) -> None:
        nucleo, civico = self._new_nucleo(registro), registro.civico(self.rng)
        for persona in make_famiglia(self.rng, self.giorno, registro.belfiore)[:6]:
            self._register(registro, persona, nucleo, civico, self.giorno - timedelta(days=1))

    def _register(
        self, registro: _Registro, p: Persona, nucleo: str, civico: Civico, iscrizione: date
    ) -> None:
        identifier = f"MN{self.giorno:%y%m%d}{len(self.notte.nati) + 1:06d}"
        codice = "" if p.senza_codice else self.cf.assign(p.cognome, p.nome, p.sesso, p.nascita, p.luogo)
        registro.add(make_row(identifier, codice, p, nucleo, civico, iscrizione))
        self.notte.nati.append(identifier)

    def _new_nucleo(self, registro: _Registro) -> str:
        return f"{registro.belfiore}G{self.giorno:%y%m%d}{len(registro.nuclei):06d}"

    def _yesterday(self) -> str:
        return (self.giorno - timedelta(days=1)).isoformat()

    def background(self, registro: _Registro, facts: int) -> None:
        for fatto in self.rng.choices(_FATTI, weights=_PESI, k=facts):
            row = registro.pick(self.rng, self._born(fatto))
            if row is not None:
                self._apply(fatto, registro, row)
                self.count(fatto)

    def _born(self, fatto: str) -> tuple[int, int]:
        anno = self.giorno.year
        if fatto == "decesso":
            return (0, anno - (68 if self.rng.random() < 0.9 else 0))
        return {"nascita": (anno - 44, anno - 20), "stato_civile": (0, anno - 18)}.get(fatto, (0, 9999))

    def _apply(self, fatto: str, registro: _Registro, row: Riga) -> None:
        if fatto == "stato_civile":
            self.stato_civile(row)
        elif fatto == "nascita":
            self.nascita(registro, row, self.rng.choice("MF"))
        elif fatto == "immigrazione":
            self.immigrazione(registro)
        elif fatto == "cambio_comune":
            others = [b for b in self.comuni if b != registro.belfiore]
            self.cambio_comune(registro, row, self.rng.choice(others))
        else:
            {"indirizzo": self.indirizzo, "decesso": self.decesso, "emigrazione": self.emigrazione,
             "irreperibile": self.irreperibile}[fatto](registro, row)  # fmt: skip


def _nomi(rng: Random, italiano: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    origine = pick_origine(rng)
    while italiano != (origine.cittadinanza == ITALIA):
        origine = pick_origine(rng)
    return origine.nomi_m, origine.nomi_f


def _set_address(row: Riga, civico: Civico) -> None:
    row[VIA], row[INDIRIZZO], row[CIVICO] = civico.codice_via, civico.indirizzo, civico.numero
    row[LAT], row[LON] = civico.lat, civico.lon


def next_day(
    directory: Path,
    out: Path | None = None,
    *,
    deaths: Sequence[Decesso] = (),
    moves: Sequence[Trasloco] = (),
    births: Sequence[Nascita] = (),
    sfondo: float = SFONDO,
    seed: int = 1,
) -> Notte:
    """Writes the files of the day after the newest ones in `directory` (into `out`, the same folder unless
    given).

    `sfondo` is the share of residents touched by other changes. Raises KeyError for an unknown id,
    ValueError when the folder holds no files.
    """
    newest = latest_files(directory)
    if not newest:
        raise ValueError(f"Nessun file residenti_*.csv in {directory}")
    giorno = max(day_of(path) for path in newest.values()) + timedelta(days=1)
    giornata = _Giornata(directory, giorno, seed)
    for death in deaths:
        registro, row = giornata.find(death.id_anagrafe)
        giornata.decesso(registro, row, death.data)
    for move in moves:
        registro, row = giornata.find(move.id_anagrafe)
        if move.comune:
            giornata.cambio_comune(registro, row, move.comune)
        else:
            giornata.indirizzo(registro, row)
    for birth in births:
        giornata.nascita(*giornata.find(birth.id_genitore), birth.sesso)
    for registro in giornata.comuni.values():
        facts = sfondo * len(registro.rows)
        giornata.background(registro, int(facts) + (giornata.rng.random() < facts % 1))
    target = out or directory
    target.mkdir(parents=True, exist_ok=True)
    for belfiore, registro in giornata.comuni.items():
        path = residenti_path(target, belfiore, giorno)
        write_rows(path, COLONNE, registro.rows.values())
        giornata.notte.files.append(path)
    return giornata.notte


__all__ = ["Decesso", "Nascita", "Notte", "Trasloco", "next_day"]
