"""What the access log says to the person it is about: who opened his file, on which day, in which role and why.

By day and coarsely: the hour or the section of a read could betray a private entry, or a second level. Names are left
out where the policy of the reader's ente says so, always in its protected settori, and always on a case of second
level. Who reached a case through an entry of second level alone is not there (accessi/lettori.py). Reads within
somebody else's case are not his to see, even where his own data were shown there: a relative's case would betray
itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import class_row
from psycopg_pool import AsyncConnectionPool

from contracts.cartella import CartellaOut
from contracts.condivisioni import Condivisione
from gateway.accessi.lettori import aperti, si_dice
from gateway.politica.contenuto import Contenuto

ROMA = ZoneInfo("Europe/Rome")
MONTHS = 24
MOST_ROWS = 5000
FASCICOLO, ANAGRAFE, PAGAMENTI = "fascicolo", "anagrafe", "pagamenti"
PARTS = {"anagrafe": ANAGRAFE, "fogli": PAGAMENTI, "liquidazioni": PAGAMENTI, "siuss": PAGAMENTI}
"""Section → the part of his data a citizen is told of; what is not here is his file."""
NOT_HIS_DATA = ("", "registro_accessi", "emergenze")
"""Sections whose rows read nothing of his: a page that asks why, the DPO's search in this log, the review of an
emergency (what was read during one is there, each row by itself)."""
QUERY = """
SELECT a.tipo, a.quando, a.operatore_id, a.ruolo, a.ente, a.settore, a.sezione, a.cartella_id, a.motivo,
       a.in_delega_di, coalesce(k.nome, '') AS programma
  FROM accessi a LEFT JOIN clienti k ON a.tipo = 'client' AND k.id = a.operatore_id
 WHERE (a.cartella_id = ANY(%(casi)s) OR (a.residente_id = ANY(%(residenti)s) AND a.cartella_id IS NULL))
   AND a.tipo IN ('operatore', 'client') AND a.sezione <> ALL(%(fuori)s) AND a.azione <> 'motivo'
   AND a.esito < 400 AND a.quando > now() - make_interval(months => %(mesi)s)
 ORDER BY a.quando DESC LIMIT %(limite)s
"""
POLICIES = "SELECT ente, mostra_nomi, mostra_motivi, settori_protetti FROM registro_politiche"


@dataclass(frozen=True, slots=True)
class Lettura:
    """One line a citizen reads. `operatore_id` is None where the name is not said, and for a program; `parti`:
    FASCICOLO, ANAGRAFE, PAGAMENTI; `motivi`: as they were written, none where they are not shown. `programma`: name of
    the machine client that read, by itself, for the purpose in `motivi`."""

    giorno: date
    operatore_id: UUID | None
    ruolo: str
    ente: str
    settore: str
    parti: tuple[str, ...]
    motivi: tuple[str, ...]
    delegato: bool
    programma: str = ""


@dataclass(frozen=True, slots=True)
class Politica:
    mostra_nomi: bool
    mostra_motivi: bool
    settori_protetti: frozenset[str]


@dataclass(frozen=True, slots=True)
class Row:
    tipo: str
    quando: datetime
    operatore_id: UUID
    ruolo: str
    ente: str
    settore: str
    sezione: str
    cartella_id: UUID | None
    motivo: str
    in_delega_di: UUID | None
    programma: str = ""


async def letture_of(
    pool: AsyncConnectionPool[Any],
    residenti: Sequence[UUID],
    cartelle: Sequence[tuple[CartellaOut, Sequence[Condivisione]]],
    contenuto: Contenuto,
) -> tuple[list[Lettura], bool]:
    """Newest day first; True when there were more rows than one page can hold. `residenti`: his own ids; `cartelle`:
    his own, each with all the grants it ever had; `contenuto`: of the policy in force."""
    casi = [cartella.id for cartella, _ in cartelle]
    values = {
        "casi": casi,
        "residenti": list(residenti),
        "mesi": MONTHS,
        "limite": MOST_ROWS,
        "fuori": list(NOT_HIS_DATA),
    }
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=class_row(Row))
        await cursor.execute(QUERY, values)
        rows = await cursor.fetchall()
        policies = {
            ente: Politica(names, reasons, frozenset(settori))
            for ente, names, reasons, settori in await (await connection.execute(POLICIES)).fetchall()
        }
    riservate = frozenset(cartella.id for cartella, _ in cartelle if cartella.settore_riservato)
    how = await aperti(pool, cartelle)
    told = [
        row
        for row in rows
        if row.cartella_id is None or si_dice(row, row.ente, how.get(row.cartella_id), contenuto)
    ]
    return group(told, policies, riservate), len(rows) == MOST_ROWS


def group(rows: Iterable[Row], policies: dict[str, Politica], riservate: frozenset[UUID]) -> list[Lettura]:
    """One line by day and person; nameless readers of one role and settore share theirs: they cannot be counted."""
    lines: dict[tuple[date, UUID | None, str, str, str, bool, str], tuple[set[str], dict[str, None]]] = {}
    for row in rows:
        policy = policies.get(row.ente) or policies[""]
        covered = row.settore in policy.settori_protetti or row.cartella_id in riservate
        machine = (
            row.tipo == "client"
        )  # nobody's name: an ente that hides its people's still says its programs
        who = row.operatore_id if policy.mostra_nomi and not covered and not machine else None
        key = (
            row.quando.astimezone(ROMA).date(), who, row.ruolo, row.ente, row.settore,
            row.in_delega_di is not None and who is not None, "" if covered else row.programma,
        )  # fmt: skip
        parts, reasons = lines.setdefault(key, (set(), {}))
        parts.add(PARTS.get(row.sezione, FASCICOLO))
        if row.motivo and (policy.mostra_motivi or machine) and not covered:
            reasons[row.motivo] = None
    return [
        Lettura(giorno, who, ruolo, ente, settore, tuple(sorted(parts)), tuple(reasons), delegated, programma)
        for (giorno, who, ruolo, ente, settore, delegated, programma), (parts, reasons) in lines.items()
    ]
