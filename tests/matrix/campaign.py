"""A world played through: made, filled, changed step by step. `./siso test matrice --mondi N` plays many."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.matrix import driver, loader, rpc_run
from tests.matrix.history import History
from tests.matrix.loader import Seat
from tests.matrix.oracle import World
from tests.matrix.reading import Resident
from tests.matrix.worlds import Cast, make_cast
from tests.system import System

CASES = 5


@dataclass
class Played:
    """A world in the running system, with everybody at their seats. `people`: residents to look for."""

    cast: Cast
    world: World
    seats: dict[str, Seat]
    history: History
    people: list[Resident]

    def changes(self, count: int) -> list[str]:
        """So many things happen; after each, that case by everybody. The disagreements, after what happened."""
        wrong = []
        for _ in range(count):
            case = self.history.step()
            self.history.settle()
            found = driver.touched(self.world, self.seats, case)
            wrong += [f"after {self.history.log[-1]}: {one}" for one in found.wrong]
        return wrong


def play(system: System, seed: int, folder: Path, cases: int = CASES, workers: int = 8) -> Played:
    """A world with a first picture in it, which every service has heard of. In comuni where none was played before, so
    that on a fresh system the same seed is the same world."""
    played_before = system.query("gateway", "SELECT count(*) FROM politiche WHERE motivo = 'Matrice'")[0][0]
    cast = make_cast(seed, played_before, workers=workers)
    world = loader.load(system, cast, folder)
    seats = loader.sit_down(system, world, cast)
    history = History(system, cast, world, seats, seed)
    history.begin(cases)
    history.settle()
    return Played(cast, world, seats, history, _to_look_for(world, cast))


def _to_look_for(world: World, cast: Cast) -> list[Resident]:
    """Operators who are residents themselves, and some of whom there is a case."""
    by_id = {world.ids[person.key]: person for person in cast.people}
    wanted = [*world.codici.values(), *(case.residente for case in world.cases[:3])]
    return [(one, by_id[one].cognome, by_id[one].ente) for one in dict.fromkeys(wanted)]


def _say(what: str, wrong: list[str]) -> None:
    """At once: what follows takes minutes, and may fail."""
    sys.stdout.write(f"{what}: {len(wrong)} disaccordi\n")
    sys.stdout.writelines(f"  {one}\n" for one in wrong)
    sys.stdout.flush()


def campaign(system: System, worlds: int, first: int = 1) -> int:
    """Plays `worlds` whole worlds, each with twenty changes; prints what disagrees. The number of disagreements."""
    from tests.matrix import governing, letture, others, outside  # they need what is here

    total = asked = 0
    for seed in range(first, first + worlds):
        with TemporaryDirectory() as folder:
            played = play(system, seed, Path(folder), 12, 12)
        found = driver.full(played.world, played.seats, Random(seed), played.people)
        outsiders = others.admit(played)
        found += outside.run(played, outsiders)
        for what, seat in outsiders.citizens.items():
            found.wrong += letture.compare(played, seat, outsiders.residenti[what])
        governing.prepare(played)
        kept, changed = governing.run(played, [*played.seats.values(), *outsiders.machines.values()])
        found += kept
        found.wrong += [f"{table}: changed" for table in changed]
        heard = rpc_run.run(system, played.cast, played.world, seed, most=12)
        wrong = [*found.wrong, *(one for kind in heard.wrong.values() for one in kind)]
        if heard.after != heard.before:
            wrong.append("what was refused has changed something")
        _say(f"mondo {seed}, com'è", wrong)
        later = played.changes(20)
        _say(f"mondo {seed}, dopo venti cambiamenti", later)
        questions = found.asked + sum(heard.asked.values())
        total, asked = total + len(wrong) + len(later), asked + questions
    sys.stdout.write(f"{worlds} mondi, {asked} domande, {total} disaccordi con l'oracolo\n")
    return total
