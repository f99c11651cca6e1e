"""A cast brought into the running system.

Through its own doors: residents by the registry's night job, sign-in by the test identities. Through the gateway's
database, as `chassis seed` does: operators and incarichi (told to the others by the outbox), the world's own roles
and territories as a new version of the policy, which keeps every rule of the one before.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
from tests.matrix.oracle import Incarico, Policy, Viewer, World
from tests.matrix.worlds import Cast, Person
from tests.system import Person as SignedIn
from tests.system import System

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = ("anagrafe", "cartella", "documenti", "erogazioni", "notifiche", "report")


class Seat:
    """An operator of the world at work: how the oracle knows him, how the system does. `signed`: who is signed in
    otherwise than as a test identity."""

    def __init__(
        self, system: System, world: World, viewer: Viewer, identita: str, signed: SignedIn | None = None
    ) -> None:
        self.system = system
        self.world = world
        self.viewer = viewer
        self.name = f"{identita} ({viewer.incarico.ruolo})"
        self.http = signed or SignedIn(system.base_url, identita)
        self.http.http.headers.pop("X-Motivo", None)  # said where it is meant to be said

    @property
    def id(self) -> str:
        return self.viewer.operatore

    def has_said_why(self, case_id: str) -> bool:
        """Whether he gave a reason for this case today: that is remembered."""
        rows = self.system.query(
            "gateway",
            "SELECT 1 FROM motivi_accesso WHERE operatore_id = %s AND cartella_id = %s"
            " AND giorno = (now() AT TIME ZONE 'Europe/Rome')::date",
            (self.id, case_id),
        )
        return bool(rows)

    def token(
        self, *scopes: str, motivo: str = "Matrice", audience: tuple[str, ...] = SERVICES, **claims: Any
    ) -> str:
        """A mandate with these scopes as far as the policy of the world gives them, signed with the test key."""
        from contracts.mandato import Emergenza, Mandato

        world, viewer = self.world, self.viewer
        mine = viewer.incarico
        named = (*scopes, "secondo_livello:leggi")
        estensioni = {scope: found for scope in named if (found := world.extent(viewer, scope)) != "nessuno"}
        emergenza = None
        if viewer.emergenza is not None:
            opened = tuple(scope for scope in named if scope in world.policy.get("emergenza", {}))
            estensioni = {s: "propri" for s in opened if s != "secondo_livello:leggi"} | estensioni
            emergenza = Emergenza(residente_id=UUID(viewer.emergenza), scopi=opened) if opened else None
        values = {
            "operatore_id": viewer.operatore, "incarico_id": str(UUID(int=9)), "ruolo": mine.ruolo, "ente": mine.ente,
            "settore": mine.settore, "estensioni": estensioni, "motivo": motivo,
            "enti_ambito": _territory(world.ambiti, mine.ente), "enti_provincia": _territory(world.province, mine.ente),
            "esclusi": sorted(viewer.esclusi), "in_delega_di": viewer.delegante, "emergenza": emergenza,
            "tipo": "operatore" if viewer.estensioni is None else "client",
        } | claims  # fmt: skip
        return self.system.bus.token(Mandato.model_validate(values), *audience)


def _territory(groups: dict[str, tuple[str, ...]], ente: str) -> tuple[str, ...]:
    return next((enti for enti in groups.values() if ente in enti), ())


def load(system: System, cast: Cast, folder: Path) -> World:
    """The world as it stands before the first case: everybody in the registry, everybody able to sign in."""
    ids = load_people(system, cast, folder)
    policy = approve_policy(system, cast)
    enable(system, cast)
    nuclei: dict[str, set[str]] = {}
    for person in cast.people:
        nuclei.setdefault(person.nucleo, set()).add(ids[person.key])
    return World(
        policy=policy,
        ambiti={cast.name: cast.ambito},
        province={cast.name: cast.provincia},
        incarichi=[Incarico(w.id, w.ruolo, w.ente, w.settore) for w in cast.workers],
        nuclei={ids[p.key]: frozenset(nuclei[p.nucleo]) for p in cast.people},
        codici={w.id: ids[w.persona] for w in cast.workers if w.persona},
        ids=ids,
    )


def load_people(system: System, cast: Cast, folder: Path) -> dict[str, str]:
    """Residents by the files of the night; the id the system gave each, by the key the comune gave."""
    from sisolocal.city import tool_environment

    paths = [_write_file(folder, ente, cast.of(ente)) for ente in cast.enti]
    supervisor = system.supervisor
    done = subprocess.run(
        [sys.executable, "-m", "chassis", "job", "anagrafe", "notte", *map(str, paths)],
        env=tool_environment(supervisor.layout, supervisor.environment()),
        capture_output=True,
        text=True,
        check=False,
    )
    rows = system.query(
        "anagrafe", "SELECT id_anagrafe, id::text FROM residenti WHERE ente = ANY(%s)", (list(cast.enti),)
    )
    ids = dict(rows)
    missing = {person.key for person in cast.people} - ids.keys()
    assert not missing, (
        f"{sorted(missing)[:3]} not in the registry: {done.stdout[-800:]} {done.stderr[-800:]}"
    )
    return ids


def _write_file(folder: Path, ente: str, people: list[Person]) -> Path:
    from sisodemo.files import COLONNE

    today = date.today()  # noqa: DTZ011 - the file is named after the day of whoever writes it
    path = folder / f"residenti_{ente}_{today:%Y%m%d}.csv"
    first: set[str] = set()
    lines = []
    for person in people:
        fields = dict.fromkeys(COLONNE, "") | {
            "id_anagrafe": person.key, "codice_fiscale": person.codice_fiscale, "cognome": person.cognome,
            "nome": person.nome, "sesso": "F", "data_nascita": person.nascita.isoformat(), "luogo_nascita": "F205",
            "cittadinanza": "380", "stato_civile": "1", "id_nucleo": person.nucleo,
            "relazione": "13" if person.nucleo in first else "1", "codice_via": "V1", "indirizzo": "Via della Prova",
            "civico": "1", "stato_anagrafico": "R", "data_iscrizione": "2010-01-01",
        }  # fmt: skip
        first.add(person.nucleo)
        lines.append(";".join(fields[column] for column in COLONNE))
    path.write_text("\n".join([";".join(COLONNE), *lines, f"#FINE;{len(lines)}"]) + "\n", encoding="utf-8")
    return path


@contextmanager
def gateway_database(system: System) -> Iterator[Any]:
    """One transaction as the gateway's migrator."""
    with psycopg.connect(system.supervisor.infra.postgres.role_url("gateway", "migrator")) as connection:
        yield connection


def approve_policy(system: System, cast: Cast, change: Policy | None = None) -> Policy:
    """A new version of the policy: the one in force, with the world's roles and territories. `change`: the scopes of
    these roles instead of those they have."""
    with gateway_database(system) as db:
        [old] = db.execute("SELECT max(version) FROM politiche WHERE stato = 'approvata'").fetchone()
        [new] = db.execute("SELECT max(version) + 1 FROM politiche").fetchone()
        rules: Policy = {}
        for ruolo, sezione, azione, estensione in db.execute(
            "SELECT ruolo, sezione, azione, estensione FROM politica_regole WHERE version = %s", (old,)
        ):
            rules.setdefault(ruolo, {})[f"{sezione}:{azione}"] = estensione
        rules |= cast.ruoli | (change or {})
        db.execute("INSERT INTO politiche (version, motivo, stato) VALUES (%s, 'Matrice', 'bozza')", (new,))
        rows = [
            (new, ruolo, *scope.split(":"), extent)
            for ruolo, scopes in rules.items()
            for scope, extent in scopes.items()
        ]
        db.cursor().executemany("INSERT INTO politica_regole VALUES (%s, %s, %s, %s, %s)", rows)
        territories = db.execute(
            "SELECT tipo, codice, ente FROM politica_territori WHERE version = %s", (old,)
        ).fetchall()
        mine = [("ambito", cast.name, ente) for ente in cast.ambito]
        mine += [("provincia", cast.name, ente) for ente in cast.provincia]
        db.cursor().executemany(
            "INSERT INTO politica_territori VALUES (%s, %s, %s, %s)",
            [(new, *row) for row in {*map(tuple, territories), *mine}],
        )
        db.execute(
            "INSERT INTO politica_ruoli SELECT %s, ruolo, livello FROM politica_ruoli WHERE version = %s",
            (new, old),
        )
        db.execute("UPDATE politiche SET stato = 'approvata', attiva_dal = now() WHERE version = %s", (new,))
    return rules


def enable(system: System, cast: Cast) -> None:
    """Operators with one incarico each, as the seed of the demo makes them."""
    from chassis.sql import SqlDatabase
    from gateway.seed import seed_identity
    from gateway.seed.operatori import TestIdentity
    from gateway.settings import Settings

    with environment(system.supervisor.environment()):
        database = SqlDatabase(Settings())
    with database.transaction() as tx:
        for one in cast.workers:
            seed_identity(
                tx, TestIdentity(one.identita, one.codice_fiscale, one.ruolo, one.ente, one.settore)
            )
    database.close()


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """These values in the environment while settings are read."""
    kept = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def sit_down(system: System, world: World, cast: Cast) -> dict[str, Seat]:
    """Everybody signed in, by operator id."""
    return {w.id: Seat(system, world, world.viewer(w.id), w.identita) for w in cast.workers}


def now() -> datetime:
    return datetime.now(UTC)
