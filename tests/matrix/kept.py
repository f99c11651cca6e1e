"""What is kept about who works here, by what rules, who read what, and files by ente: all that there is, and the rule
of who may know of it, in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.matrix import families
from tests.matrix.doors import Door
from tests.matrix.oracle import Viewer, World
from tests.system import System

STATE = {
    "gateway": (
        "operatori", "incarichi", "operatori_fatti", "clienti", "clienti_chiavi", "deleghe", "politiche",
        "politica_regole", "politica_territori", "politica_ruoli", "registro_termini", "registro_decisioni",
        "regole_anomalia", "emergenze",
    ),
    "anagrafe": ("vincoli_riservatezza", "caricamenti"),
    "erogazioni": ("flussi",),
}  # fmt: skip
"""Tables in which nothing may have changed."""


@dataclass(frozen=True)
class Thing:
    """`enti`: whose it is. `persone`: for deleghe and emergenze, whose it is to know."""

    id: str
    enti: frozenset[str]
    settore: str = ""
    persone: frozenset[str] = frozenset()
    residente: str = ""


@dataclass
class Facts:
    """Everything that is there, by kind; `said`: the words by which operators and clients of an ente are known."""

    things: dict[str, list[Thing]] = field(default_factory=dict)
    said: dict[str, set[str]] = field(default_factory=dict)


QUERIES = {
    "operatori": ("gateway", "SELECT operatore_id::text, array_agg(DISTINCT ente), '', '{}'::text[], '' FROM incarichi"
                             " GROUP BY 1"),
    "incarichi": ("gateway", "SELECT id::text, ARRAY[ente], settore, ARRAY[operatore_id::text], '' FROM incarichi"
                             " WHERE revocato_il IS NULL AND (now() AT TIME ZONE 'Europe/Rome')::date"
                             " BETWEEN dal AND coalesce(al, 'infinity')"),
    "clienti": ("gateway", "SELECT id::text, ARRAY[ente], settore, '{}'::text[], '' FROM clienti"),
    "deleghe": ("gateway", "SELECT d.id::text, ARRAY[i.ente], i.settore, ARRAY[i.operatore_id::text,"
                           " d.delegato_id::text], '' FROM deleghe d JOIN incarichi i ON i.id = d.incarico_id"),
    "emergenze": ("gateway", "SELECT id::text, ARRAY[ente], settore, ARRAY[operatore_id::text], residente_id::text"
                             " FROM emergenze"),
    "anomalie": ("gateway", "SELECT id::text, ARRAY[ente], settore, '{}'::text[], '' FROM accessi_anomali"),
    "termini": ("gateway", "SELECT id::text, ARRAY[ente], '', '{}'::text[], '' FROM registro_termini"),
    "vincoli": ("anagrafe", "SELECT v.id::text, ARRAY[r.ente], '', '{}'::text[], r.id::text FROM vincoli_riservatezza v"
                            " JOIN residenti r ON r.id = v.residente_id"),
    "caricamenti": ("anagrafe", "SELECT id::text, ARRAY[ente], '', '{}'::text[], '' FROM caricamenti"),
    "flussi": ("erogazioni", "SELECT id::text, ARRAY[ente], '', '{}'::text[], '' FROM flussi"),
}  # fmt: skip


def read_facts(system: System) -> Facts:
    facts = Facts()
    for kind, (service, query) in QUERIES.items():
        rows = system.query(service, query)
        facts.things[kind] = [Thing(i, frozenset(e), s, frozenset(p), r) for i, e, s, p, r in rows]
    words = "SELECT i.ente, o.cognome FROM incarichi i JOIN operatori o ON o.id = i.operatore_id"
    for ente, word in system.query("gateway", f"{words} UNION SELECT ente, nome FROM clienti"):
        facts.said.setdefault(ente, set()).add(word)
    return facts


def state(system: System) -> dict[str, str]:
    """A fingerprint of each table."""
    digest = "SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {} t"
    found = {
        f"{service}.{table}": system.query(service, digest.format(table))[0][0]
        for service, tables in STATE.items()
        for table in tables
    }
    closed = system.query("gateway", "SELECT count(*) FROM accessi_anomali WHERE stato = 'chiusa'")
    return found | {"closed": str(closed)}


def whole_enti(world: World, viewer: Viewer, scope: str) -> set[str]:
    """Enti that a scope takes in as a whole: what is kept by ente is nobody's of one settore."""
    mine = viewer.incarico.ente
    match world.extent(viewer, scope):
        case "ente":
            return {mine}
        case "ambito":
            return set(next((enti for enti in world.ambiti.values() if mine in enti), ()))
        case "provincia":
            return set(next((enti for enti in world.province.values() if mine in enti), ()))
    return set()


def sees(world: World, viewer: Viewer, kind: str, thing: Thing) -> bool:
    """Whether he may know of it."""
    mine = viewer.incarico
    at_home = (mine.ente, mine.settore) == (min(thing.enti), thing.settore)
    if thing.residente in viewer.esclusi:
        return False
    match kind:
        case "operatori" | "clienti":
            return bool(thing.enti & whole_enti(world, viewer, "operatori:leggi"))
        case "incarichi":  # the list of who works in one's own ente
            return thing.enti <= whole_enti(world, viewer, "operatori:leggi") & {mine.ente}
        case "deleghe":  # who is away, who stands in, who assigns the work of that settore or ente
            if viewer.operatore in thing.persone:
                return True
            extent = "nessuno" if viewer.delegante else world.extent(viewer, "presa_in_carico:assegna")
            wide = extent in ("ente", "ambito", "provincia") and mine.ente in thing.enti
            return wide or (extent == "settore" and at_home)
        case "emergenze":
            extent = world.extent(viewer, "emergenze:leggi")
            if extent == "propri":
                return viewer.operatore in thing.persone
            if extent == "settore":
                return at_home
            return thing.enti <= whole_enti(world, viewer, "emergenze:leggi")
        case "anomalie":
            return thing.enti <= whole_enti(world, viewer, "registro_accessi:leggi") & {mine.ente}
        case "termini":
            return thing.enti <= whole_enti(world, viewer, "politica:leggi") & {mine.ente}
        case "vincoli":
            return thing.enti <= whole_enti(world, viewer, "riservatezza:leggi")
        case "caricamenti":
            return thing.enti <= whole_enti(world, viewer, "caricamenti:leggi")
        case _:
            return thing.enti <= whole_enti(world, viewer, "siuss:leggi")


def opens(world: World, viewer: Viewer, door: Door) -> bool:
    """Whether the door opens to his role at all. The log of an ente is read whole or not at all."""
    if not all(world.holds(viewer, scope) for scope in door.scopes):
        return False
    if viewer.estensioni is not None and (door.page or str(door) in families.NO_MACHINE):
        return False
    of_log = [scope for scope in door.scopes if scope.startswith("registro_accessi:")]
    return all(whole_enti(world, viewer, scope) for scope in of_log)
