"""What the oracle lets through a single scope: the same rules, asked of what an RPC names."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.matrix.oracle import HEADING, Case, Grant, Item, Viewer, World
from tests.matrix.rpc_rows import Row
from tests.system import System

NOWHERE = "-"
"""The settore of what is of none: nobody's own, not even of who works for the whole ente."""


@dataclass(frozen=True)
class Avviso:
    """An alert, as notifiche keeps it. `destinatario`: "" for the inbox of ente and settore."""

    id: str
    destinatario: str
    ente: str
    settore: str
    cartella: str
    residente: str
    aperto: bool
    tipo: str


@dataclass(frozen=True)
class Stampa:
    id: str
    cartella: str
    di: str
    """Who asked for it."""


@dataclass(frozen=True)
class Thing:
    """Something a request may name: `ids` in the order of `Row.names`."""

    ids: tuple[str, ...]
    case: Case | None = None
    item: Any = None
    ente: str = ""


@dataclass
class Things:
    """What there is in a world besides cases: by `Row.about`."""

    residenti: dict[str, str] = field(default_factory=dict)
    """Residente → ente."""
    caricamenti: dict[str, str] = field(default_factory=dict)
    avvisi: list[Avviso] = field(default_factory=list)
    stampe: list[Stampa] = field(default_factory=list)
    vincoli: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Vincolo → residente and ente."""


def things_of(system: System, world: World, enti: tuple[str, ...]) -> Things:
    """Read from the stores themselves: what there is, whoever may see it."""
    where = (list(enti),)
    people = system.query("anagrafe", "SELECT id::text, ente FROM residenti WHERE ente = ANY(%s)", where)
    loads = system.query("anagrafe", "SELECT id::text, ente FROM caricamenti WHERE ente = ANY(%s)", where)
    kept = system.query(
        "anagrafe", "SELECT v.id::text, r.id::text, r.ente FROM vincoli_riservatezza v"
                    " JOIN residenti r ON r.id = v.residente_id WHERE r.ente = ANY(%s)", where,
    )  # fmt: skip
    told = system.query(
        "notifiche", "SELECT id::text, coalesce(destinatario_id::text, ''), ente, settore,"
        " coalesce(cartella_id::text, ''), coalesce(residente_id::text, ''), chiuso_il IS NULL, tipo FROM avvisi"
        " WHERE ente = ANY(%s)", where,
    )  # fmt: skip
    printed = system.query(
        "documenti", "SELECT id::text, cartella_id::text, richiedente_id::text FROM stampe WHERE ente = ANY(%s)", where,
    )  # fmt: skip
    return Things(
        dict(people), dict(loads), [Avviso(*row) for row in told], [Stampa(*row) for row in printed],
        {vincolo: (residente, ente) for vincolo, residente, ente in kept},
    )  # fmt: skip


def subjects(row: Row, world: World, things: Things) -> list[Thing]:
    """Everything of the world that a request of this row may name."""
    cases = {case.id: case for case in world.cases}
    match row.about:
        case "cartella":
            return [Thing((one.id,), one) for one in world.cases]
        case "condivisioni":
            return [Thing((grant.id,), one, grant) for one in world.cases for grant in one.grants]
        case "avvisi":
            return [Thing((one.id,), cases.get(one.cartella), one) for one in things.avvisi]
        case "stampe":
            return [Thing((one.id,), cases.get(one.cartella), one) for one in things.stampe]
        case "residenti":
            return [Thing((one,), None, one, ente) for one, ente in things.residenti.items()]
        case "caricamenti":
            return [Thing((one,), None, None, ente) for one, ente in things.caricamenti.items()]
        case "vincoli":
            return [Thing((one,), None, whose, ente) for one, (whose, ente) in things.vincoli.items()]
        case "diario" | "documenti" | "fogli" | "liquidazioni":
            found = [(one, item) for one in world.cases for item in one.items if item.sezione == row.about]
            return [
                Thing(((one.id, item.id) if len(row.names) > 1 else (item.id,)), one, item)
                for one, item in found
            ]
    return []


def reached(world: World, viewer: Viewer, row: Row, thing: Thing, now: datetime) -> bool:
    """Whether this scope of his reaches what the request names."""
    scope, case = row.scope, thing.case
    match row.about:
        case "cartella":
            sees = not scope.startswith("condivisioni:") or (
                case is not None and world.reaches(viewer, HEADING, case, now)
            )
            return sees and case is not None and case_reached(world, viewer, scope, case, now)
        case "condivisioni":
            return case is not None and _grant_reached(world, viewer, row, case, thing.item, now)
        case "avvisi":
            return alert_reached(world, viewer, scope, thing.item, case)
        case "stampe":
            return (
                case is not None
                and thing.item.di == viewer.operatore
                and world.reaches(viewer, scope, case, now)
            )
        case "residenti" | "vincoli":
            return person_reached(world, viewer, scope, thing.item, thing.ente)
        case "caricamenti":
            return world._covers(viewer, scope, thing.ente, NOWHERE, ())
    assert case is not None
    return item_reached(world, viewer, row, case, thing.item, now)


def case_reached(world: World, viewer: Viewer, scope: str, case: Case, now: datetime) -> bool:
    """A case by its id: also by its heading, or by the entries of a second level in the section."""
    if case.residente in viewer.esclusi:
        return False
    if scope == HEADING:
        return world.sees_heading(viewer, case, now)
    if world.reaches(viewer, scope, case, now):
        return True
    sezione = {"diario:leggi": "diario", "documenti:leggi": "documenti"}.get(scope)
    return sezione is not None and any(
        item.sezione == sezione and item.riservato and not item.privato
        and world._beyond_own(viewer, scope, case) and world.second_level_open(viewer, case, item.riservato)
        for item in case.items
    )  # fmt: skip


def item_reached(world: World, viewer: Viewer, row: Row, case: Case, item: Item, now: datetime) -> bool:
    if not world.reads_item(viewer, case, item, now, row.scope):
        return False
    if (
        row.kind == "act" and item.sezione == "diario"
    ):  # by its author; who may read it is told that it is not his
        mine = item.autore == viewer.operatore
        reads = mine or world.reads_item(viewer, case, item, now, "diario:leggi")
        return reads and world.reaches(viewer, row.scope, case, now)
    if row.kind == "act" and item.sezione == "documenti":  # the upload of somebody else is nobody's
        return item.autore == viewer.operatore and world.reaches(viewer, row.scope, case, now)
    return True


def _grant_reached(world: World, viewer: Viewer, row: Row, case: Case, grant: Grant, now: datetime) -> bool:
    """Received, or of a case that he sees himself."""
    if case.residente in viewer.esclusi:
        return False
    received = world.answers(viewer, row.scope, grant)
    return received or ("condivisione_id" in row.names and row.key == "" and not row.also.get("accetta", False)
                        and world.by_role(viewer, row.scope, case) and world.reaches(viewer, HEADING, case, now)
                        )  # fmt: skip


SPEAKS_OF = {
    "foglio_da_approvare": "fogli:leggi", "foglio_deciso": "fogli:leggi", "stampa_pronta": "stampe:stampa",
    "condivisione_proposta": "condivisioni:leggi", "condivisione_decisa": "condivisioni:leggi",
    "emergenza_aperta": "emergenze:leggi",
    "accesso_anomalo": "registro_accessi:leggi", "riepilogo_accessi": "registro_accessi:leggi",
}  # fmt: skip
"""Kind of alert → what one must be able to read there to find it in an inbox; the others speak of the case itself."""


def alert_reached(world: World, viewer: Viewer, scope: str, avviso: Avviso, case: Case | None) -> bool:
    """Addressed to him or to an inbox of his; not about his household; of no case closed to him by a second level."""
    if world.extent(viewer, scope) == "nessuno":
        return False
    needed = (scope, SPEAKS_OF.get(avviso.tipo, HEADING))
    inbox = not avviso.destinatario and all(
        world._covers(viewer, one, avviso.ente, avviso.settore, ()) for one in needed
    )
    if (
        avviso.tipo == "condivisione_proposta"
    ):  # an offer is of the settore it is made to, however far one reaches
        mine = viewer.incarico
        inbox = inbox and (avviso.ente, avviso.settore) == (mine.ente, mine.settore)
    about = {avviso.residente, case.residente if case else ""}
    if about & viewer.esclusi or not (avviso.destinatario in viewer.persone or inbox):
        return False
    emergency = world.policy.get("emergenza", {})
    broken = case is not None and viewer.emergenza == case.residente and scope in emergency
    if (
        case is not None and avviso.tipo == "altra_cartella"
    ):  # tells by itself that the settore keeps a case apart
        if not world.second_level_open(viewer, case, avviso.settore):
            return False
    return case is None or world.second_level_open(viewer, case, case.riservato, by_emergency=broken)


def person_reached(world: World, viewer: Viewer, scope: str, residente: str, ente: str) -> bool:
    """Somebody of the registry: by territory, or by an emergency on him."""
    if residente in viewer.esclusi:
        return False
    broken = viewer.emergenza == residente and scope in world.policy.get("emergenza", {})
    return broken or world._covers(viewer, scope, ente, NOWHERE, ())


MONEY = ("fogli", "liquidazioni")
"""An office whose scope is the whole ente's has everybody's payments for its daily work, and is not asked."""


def asks_reason(world: World, viewer: Viewer, scope: str, case: Case, now: datetime) -> bool | None:
    """Whether a reason is asked through this scope; None where the case is somehow one's own and services differ."""
    if case.residente == viewer.emergenza and scope in world.policy.get("emergenza", {}):
        return False
    if viewer.persone & case.workers:
        return False
    if scope.partition(":")[0] in MONEY and world.extent(viewer, scope) not in ("propri", "settore"):
        if world._covers(viewer, scope, case.ente, NOWHERE, ()):
            return False
    personal = [g for g in case.grants if g.in_force(now) and g.is_for(viewer) and g.operatore]
    if any(scope.partition(":")[0] in grant.sezioni for grant in personal):
        return False
    return None if personal or world.is_own(viewer, case) else True
