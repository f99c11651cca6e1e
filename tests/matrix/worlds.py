"""Random worlds from a seed: places, people of the registry, operators, a policy. Pure: the same seed, the same world.

Each world lives in four comuni of its own, so that several of them, and the demo city, can share one running system.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from random import Random
from uuid import NAMESPACE_URL, UUID, uuid5

SETTORI = ("minori", "adulti")
CASE_SCOPES = (
    "presa_in_carico:leggi", "diario:leggi", "isee:leggi", "documenti:leggi", "fogli:leggi", "liquidazioni:leggi",
    "stampe:stampa", "presa_in_carico:scrivi", "diario:scrivi", "isee:scrivi", "documenti:scrivi", "fogli:scrivi",
    "presa_in_carico:assegna", "condivisioni:leggi", "condivisioni:scrivi", "liquidazioni:scrivi", "fogli:approva",
)  # fmt: skip
EXTENTS = ("nessuno", "propri", "settore", "ente", "ambito", "provincia")
LIKELY = (3, 3, 4, 2, 2, 2)
GOVERNING = ("operatori:leggi", "operatori:scrivi", "politica:leggi", "registro_accessi:leggi",
             "registro_accessi:esporta", "emergenze:leggi", "emergenze:approva", "riservatezza:leggi",
             "riservatezza:scrivi", "caricamenti:leggi", "caricamenti:approva", "siuss:leggi",
             "anagrafe:leggi")  # fmt: skip
SEEDED = ("assistente_sociale", "educatore", "psicologo", "amministrativo", "contabilita", "segretariato",
          "pronto_intervento", "fornitore", "dirigente", "rpd", "amministratore_sistema", "analista")  # fmt: skip
"""Roles of the policy the system starts with; `coordinatore` is everywhere."""
SYLLABLES = ("ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "bra", "cle")


@dataclass(frozen=True)
class Person:
    """Somebody of the registry. `key` is the id the comune gave him; the system's own comes later."""

    key: str
    ente: str
    nucleo: str
    cognome: str
    nome: str
    nascita: date
    codice_fiscale: str


@dataclass(frozen=True)
class Worker:
    """An operator with one incarico. `persona`: the key of the resident he is."""

    identita: str
    ruolo: str
    ente: str
    settore: str
    codice_fiscale: str
    persona: str | None = None

    @property
    def id(self) -> str:
        return str(uuid5(NAMESPACE_URL, f"urn:siso:operatore:{self.identita}"))

    @property
    def incarico_id(self) -> UUID:
        return uuid5(NAMESPACE_URL, f"urn:siso:incarico:{self.identita}")


@dataclass
class Cast:
    """Who and where, before anything has happened. `ruoli`: the world's own roles, scope by scope."""

    seed: int
    enti: tuple[str, str, str, str]
    people: list[Person] = field(default_factory=list)
    workers: list[Worker] = field(default_factory=list)
    ruoli: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of its territories and the stem of its roles: no two worlds of one system share it."""
        return f"matrice_{self.enti[0].lower()}"

    @property
    def ambito(self) -> tuple[str, ...]:
        return self.enti[:2]

    @property
    def provincia(self) -> tuple[str, ...]:
        """The fourth ente is outside."""
        return self.enti[:3]

    def of(self, ente: str) -> list[Person]:
        return [person for person in self.people if person.ente == ente]

    def settori(self, ente: str) -> tuple[str, ...]:
        """The far places have one settore, so that small worlds stay small."""
        return SETTORI if ente in self.ambito else SETTORI[:1]


def make_cast(seed: int, place: int | None = None, people: int = 14, workers: int = 9) -> Cast:
    """`people` residents in each of the first two comuni, half as many in the others; `workers` operators of random
    roles besides a coordinator in each settore. `place`: which four comuni, when not those of the seed."""
    place = seed if place is None else place
    random = Random(f"{seed} in {place}")  # nobody stands in two worlds of one system
    cast = Cast(seed, _places(place))
    for number, ente in enumerate(cast.enti):
        cast.people += _people(random, seed, ente, people if number < 2 else people // 2)
    cast.ruoli = {f"{cast.name}_{letter}": _role(random) for letter in "abc"}
    cast.workers = [*_coordinators(cast), *_staff(random, cast, workers)]
    cast.ruoli[f"{cast.name}_g"] = {scope: random.choice(EXTENTS[2:]) for scope in GOVERNING}
    cast.ruoli[f"{cast.name}_h"] = dict.fromkeys(GOVERNING, "settore")
    cast.workers += _officers(cast)
    return cast


@cache
def _comuni() -> tuple[str, ...]:
    """Today's comuni away from those of the demo city and its province."""
    from codicefiscale.data import get_municipalities_data

    found = {
        row["code"]
        for row in get_municipalities_data()
        if row["active"] and row["province"] in ("LC", "CO", "BG")
    }
    return tuple(sorted(found))


def _places(number: int) -> tuple[str, str, str, str]:
    comuni = _comuni()
    start = 4 * number % (len(comuni) - 4)
    return (comuni[start], comuni[start + 1], comuni[start + 2], comuni[start + 3])


def _people(random: Random, seed: int, ente: str, count: int) -> list[Person]:
    """Households of one to four; every surname of the world stands in one household alone."""
    made: list[Person] = []
    while len(made) < count:
        cognome, nucleo = _word(random, 4), f"N{seed}{ente}{len(made)}"
        for _ in range(min(random.choice((1, 2, 2, 3, 4)), count - len(made))):
            born = date(1950, 1, 1) + timedelta(days=random.randrange(18_000))
            nome = _word(random, 3)
            key = f"M{seed}{ente}{len(made)}"
            made.append(Person(key, ente, nucleo, cognome, nome, born, codice_fiscale(cognome, nome, born)))
    return made


def _word(random: Random, length: int) -> str:
    return "".join(random.choice(SYLLABLES) for _ in range(length)).capitalize()


def codice_fiscale(cognome: str, nome: str, nascita: date) -> str:
    """Of a woman born in Milan."""
    from codicefiscale import codicefiscale as library

    return str(library.encode(lastname=cognome, firstname=nome, gender="F", birthdate=nascita.isoformat(),
                              birthplace="F205"))  # fmt: skip


def _role(random: Random) -> dict[str, str]:
    """Scopes drawn one by one; a role that holds nothing would be a dull one."""
    drawn = {scope: random.choices(EXTENTS, LIKELY)[0] for scope in CASE_SCOPES}
    drawn["presa_in_carico:leggi"] = random.choice(EXTENTS[1:])
    drawn["anagrafe:leggi"] = random.choice(("ente", "ambito", "provincia"))
    drawn["secondo_livello:leggi"] = random.choice(("nessuno", "settore", "settore", "ente", "ambito"))
    drawn["secondo_livello:scrivi"] = random.choice(("nessuno", "settore"))
    drawn["avvisi:leggi"] = "settore"
    return {scope: extent for scope, extent in drawn.items() if extent != "nessuno"}


def _coordinators(cast: Cast) -> list[Worker]:
    return [
        _worker(cast, "coordinatore", ente, settore) for ente in cast.enti for settore in cast.settori(ente)
    ]


def _staff(random: Random, cast: Cast, count: int) -> list[Worker]:
    """First one of each of the world's own roles, then roles of the system; a third live in the registry themselves."""
    roles = [
        *cast.ruoli,
        "pronto_intervento",
        "amministrativo",
        *random.sample(SEEDED, len(SEEDED)),
        *cast.ruoli,
    ]
    found: list[Worker] = []
    for number in range(count):
        ente = random.choices(cast.enti, (5, 3, 2, 1))[0]
        settore = random.choice(cast.settori(ente))
        himself = random.choice(cast.people) if random.random() < 0.35 else None
        if himself is not None and any(worker.persona == himself.key for worker in found):
            himself = None
        found.append(_worker(cast, roles[number % len(roles)], ente, settore, himself, number))
    return found


def _officers(cast: Cast) -> list[Worker]:
    """Who keeps the registers: DPO and administrators, and roles of the world's own that govern, further or less."""
    near, far = cast.enti[:2]
    places = (("rpd", near, ""), ("amministratore_sistema", near, ""), ("amministratore_sistema", far, ""),
              (f"{cast.name}_g", near, "adulti"), (f"{cast.name}_h", near, "minori"))  # fmt: skip
    return [_worker(cast, *place, None, 50 + number) for number, place in enumerate(places)]


def _worker(
    cast: Cast, ruolo: str, ente: str, settore: str, himself: Person | None = None, number: int = 0
) -> Worker:
    # The test identities' names are made of their identity: given name, dot, surname.
    name = f"{ruolo.removeprefix('matrice_').replace('_', '')[:12]}{number}.m{cast.seed}{ente.lower()}{settore[:3]}"
    if himself is not None:
        return Worker(name, ruolo, ente, settore, himself.codice_fiscale, himself.key)
    return Worker(name, ruolo, ente, settore, _invented(name))


def _invented(name: str) -> str:
    """A codice fiscale of nobody in the registry."""
    random = Random(name)
    born = date(1940, 1, 1) + timedelta(days=random.randrange(3_000))
    return codice_fiscale(_word(random, 4), _word(random, 3), born)
