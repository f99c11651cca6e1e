"""What a citizen is told of who read his file: the rule in words, over the rows of the log as they are.

Every reading of his own data or case by somebody at work or by a program, by day, with role, place and reason; nameless
where the reader's ente keeps its people's names for itself, in its protected settori, and on a marked case. Not told:
what was refused, what read nothing of his, and who reached a case through an entry of another settore alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from tests.matrix import loader
from tests.matrix.asking import Asking
from tests.matrix.campaign import Played
from tests.matrix.loader import Seat
from tests.matrix.oracle import HEADING, Case, Grant, Incarico, Viewer, World
from tests.system import System

ROMA = ZoneInfo("Europe/Rome")
ROWS = """
SELECT a.tipo, a.quando, a.operatore_id::text, a.ruolo, a.ente, a.settore, a.sezione, a.azione, a.cartella_id::text,
       a.residente_id::text, a.motivo, a.in_delega_di::text, a.esito, coalesce(k.nome, '')
  FROM accessi a LEFT JOIN clienti k ON k.id = a.operatore_id
 WHERE a.residente_id = %s OR a.cartella_id = ANY(%s::uuid[])
"""
NOTHING_OF_HIS = ("", "registro_accessi", "emergenze")
Glasses = dict[str, list[tuple[str, datetime, datetime]]]
"""Residente → who broke the glass for him, from when to when."""
MONEY = ("fogli", "liquidazioni", "siuss")


@dataclass(frozen=True)
class Row:
    tipo: str
    quando: datetime
    operatore: str
    ruolo: str
    ente: str
    settore: str
    sezione: str
    azione: str
    cartella: str | None
    residente: str | None
    motivo: str
    delegante: str | None
    esito: int
    programma: str


@dataclass(frozen=True)
class Terms:
    """What an ente says of its readers."""

    nomi: bool
    motivi: bool
    protetti: frozenset[str]


def keep_to_itself(played: Played, ente: str) -> None:
    """An ente that says neither names nor reasons; elsewhere settori of minors are protected, as at the start."""
    one, other = (worker.id for worker in played.cast.workers[:2])
    termini = str(uuid4())
    with loader.gateway_database(played.history.system) as db:
        db.execute(
            "INSERT INTO registro_termini (id, ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, motivo,"
            " proposti_da) VALUES (%s, %s, 24, false, false, '{}', 'Prova della matrice', %s)",
            (termini, ente, one),
        )
        db.execute(
            "INSERT INTO registro_decisioni (termini_id, approvati, decisi_da) VALUES (%s, true, %s)",
            (termini, other),
        )


def told(system: System, world: World, residente: str) -> set[tuple[Any, ...]]:
    """(day, who or None, role, ente, settore, parts, reasons, instead of somebody, program)."""
    mine = {case.id: case for case in world.cases if case.residente == residente}
    rows = [Row(*row) for row in system.query("gateway", ROWS, (residente, list(mine)))]
    terms = {
        ente: Terms(names, reasons, frozenset(kept))
        for ente, names, reasons, kept in system.query(
            "gateway", "SELECT ente, mostra_nomi, mostra_motivi, settori_protetti FROM registro_politiche"
        )
    }
    lines: dict[tuple[Any, ...], tuple[set[str], set[str]]] = {}
    for row in _of_his(rows, world, mine, read_glasses(system)):
        own = terms.get(row.ente, terms[""])
        case = mine.get(row.cartella or "")
        covered = row.settore in own.protetti or (case is not None and bool(case.riservato))
        program = row.tipo == "client"
        who = row.operatore if own.nomi and not covered and not program else None
        instead = bool(row.delegante) and who is not None
        day = row.quando.astimezone(ROMA).date().isoformat()
        name = "" if covered else row.programma
        parts, reasons = lines.setdefault(
            (day, who, row.ruolo, row.ente, row.settore, instead, name), (set(), set())
        )
        parts.add(
            "anagrafe" if row.sezione == "anagrafe" else "pagamenti" if row.sezione in MONEY else "fascicolo"
        )
        if row.motivo and not covered and (own.motivi or program):
            reasons.add(row.motivo)
    return {
        (*line[:5], frozenset(parts), frozenset(reasons), *line[5:])
        for line, (parts, reasons) in lines.items()
    }


def _of_his(rows: Iterable[Row], world: World, mine: dict[str, Case], glasses: Glasses) -> Iterable[Row]:
    for row in rows:
        if row.tipo not in ("operatore", "client") or row.esito >= 400:
            continue
        if row.sezione in NOTHING_OF_HIS or row.azione == "motivo":
            continue
        if row.cartella is not None and row.cartella not in mine:
            continue  # another's case: it would betray itself
        if row.cartella is None or row.tipo == "client" or _knew_it(row, world, mine[row.cartella], glasses):
            yield row


def _knew_it(row: Row, world: World, case: Case, glasses: Glasses) -> bool:
    """The case itself was open to the reader: by his role over all it has been, by a grant, by an emergency."""
    if any(
        row.operatore == who and since <= row.quando <= to
        for who, since, to in glasses.get(case.residente, [])
    ):
        return True
    place = Incarico(row.operatore, row.ruolo, row.ente, row.settore)
    reader = Viewer(row.operatore, place, row.delegante)
    scope = "stampe:stampa" if row.sezione == "stampe" else f"{row.sezione}:leggi"
    grants = [_as_it_was(grant) for grant in case.grants if grant.stato in ("accettata", "revocata")]
    for settore in case.settori:
        been = replace(case, settore=settore, riservato="", team=frozenset(case.lavoratori), grants=grants)
        if any(world.by_role(reader, one, been) for one in (scope, HEADING)):
            return True
        if world.by_grant(reader, scope, been, row.quando):
            return True
        shared = {sezione for grant in grants for sezione in grant.sezioni}
        if scope == HEADING and any(world.by_grant(reader, f"{s}:leggi", been, row.quando) for s in shared):
            return True
    return False


def _as_it_was(grant: Grant) -> Grant:
    return replace(grant, stato="accettata", al=min(grant.al, grant.revocata_il or grant.al))


def read_glasses(system: System) -> Glasses:
    query = (
        "SELECT residente_id::text, operatore_id::text, aperta_il, least(chiusa_il, scade_il) FROM emergenze"
    )
    found: Glasses = {}
    for residente, who, since, to in system.query("gateway", query):
        found.setdefault(residente, []).append((who, since, to))
    return found


def compare(played: Played, seat: Seat, residente: str) -> list[str]:
    """His own page against the rule: lines, names; and that the page in words says no name that is withheld."""
    system, asking = played.history.system, Asking(played.world, seat)
    expected = told(system, played.world, residente)
    reply = asking.get("/api/v1/cittadino/accessi", motivo=False)
    answer = reply.json()
    found = {
        (
            line["giorno"], line["operatore_id"], line["ruolo"], line["ente"], line["settore"],
            frozenset(line["parti"]), frozenset(line["motivi"]), line["delegato"], line["programma"],
        )
        for line in answer["letture"]
    }  # fmt: skip
    asking.same("GET /cittadino/accessi: lines", found ^ expected, set())
    named = {line[1] for line in expected if line[1] is not None}
    asking.same("GET /cittadino/accessi: names", set(answer["operatori"]) - named, set())
    page = asking.get("/cittadino/accessi", motivo=False).text
    for worker in played.cast.workers:
        name = " ".join(part.capitalize() for part in worker.identita.split("."))
        if worker.id not in named and re.search(rf"{name}\b", page):
            asking.wrong("GET /cittadino/accessi", f"names {worker.identita}")
    if others := [case.numero for case in played.world.cases if case.numero in page]:
        asking.wrong("GET /cittadino/accessi", f"tells {others}")
    return asking.found.wrong
