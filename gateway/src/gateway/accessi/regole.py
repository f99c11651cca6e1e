"""The rules that look for anomalous reading, set-based over the rows that came in between two seals.

Each takes the seals after `da` up to `a` and its parameters (data: `regole_anomalia`), and gives its findings. A
finding has a key: the same one twice is one finding. Explanations hold numbers, never a name.
"""

import unicodedata
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from psycopg.rows import class_row, dict_row

from contracts.anagrafe import ResidenteOut
from contracts.cartella import CartellaOut, StatoCartella
from gateway.accessi.fatti import Fatti
from gateway.accessi.feste import is_holiday
from gateway.accessi.sigilli import Connection

ROMA = ZoneInfo("Europe/Rome")
MOST_ROWS = 200
"""Rows a finding points at; its number counts them all."""
NEW = """
SELECT a.catena, a.seq, a.quando, a.operatore_id, a.in_delega_di, a.ruolo, a.ente, a.settore, a.cartella_id,
       a.residente_id, a.rotta, a.motivo
  FROM accessi_teste t JOIN accessi a ON a.catena = t.catena AND a.seq BETWEEN t.da AND t.seq
 WHERE t.numero > %(da)s AND t.numero <= %(a)s AND a.tipo = 'operatore' AND a.esito < 400
   AND (a.cartella_id IS NOT NULL OR a.residente_id IS NOT NULL) AND (a.ente = ANY(%(enti)s)) <> %(altri)s
"""
"""New rows of operators, on somebody, that were answered, of the enti that a rule with these parameters is for."""
MANY = f"""
WITH nuove AS ({NEW})
SELECT n.operatore_id, n.ente, n.ruolo, n.settore, n.quando, w.casi, w.dal, w.righe
  FROM nuove n CROSS JOIN LATERAL (
       SELECT count(DISTINCT cartella_id) AS casi, min(quando) AS dal,
              (array_agg(ARRAY[catena::text, seq::text] ORDER BY quando DESC))[1:{MOST_ROWS}] AS righe
         FROM accessi
        WHERE operatore_id = n.operatore_id AND ente = n.ente AND cartella_id IS NOT NULL AND esito < 400
          AND tipo = 'operatore' AND quando > n.quando - make_interval(mins => %(minuti)s) AND quando <= n.quando) w
 WHERE n.cartella_id IS NOT NULL AND w.casi >= %(casi)s
 ORDER BY w.casi
"""


@dataclass(frozen=True, slots=True)
class Row:
    catena: UUID
    seq: int
    quando: datetime
    operatore_id: UUID
    in_delega_di: UUID | None
    ruolo: str
    ente: str
    settore: str
    cartella_id: UUID | None
    residente_id: UUID | None
    rotta: str
    motivo: str


@dataclass(frozen=True, slots=True)
class Finding:
    """`righe`: chain and number of the rows it points at."""

    chiave: str
    ente: str
    operatore_id: UUID
    ruolo: str
    settore: str
    dal: datetime
    al: datetime
    righe: list[list[Any]]
    conteggio: int
    spiegazione: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What one evaluation looks at: operators of `enti`, or with `altri` of all but these. `fatti` is opened when a
    rule has something to ask."""

    connection: Connection
    da: int
    a: int
    parametri: dict[str, Any]
    enti: tuple[str, ...]
    altri: bool
    fatti: Callable[[], Awaitable[Fatti]]

    @property
    def values(self) -> dict[str, Any]:
        """Of the placeholders in NEW."""
        return {"da": self.da, "a": self.a, "enti": list(self.enti), "altri": self.altri}


Rule = Callable[[Scope], Awaitable[list[Finding]]]


async def molti_casi(scope: Scope) -> list[Finding]:
    """`casi` different cases within `minuti`; one finding by operator and hour, with the most that were counted."""
    values = scope.values | {name: int(scope.parametri[name]) for name in ("casi", "minuti")}
    found: dict[str, Finding] = {}
    async with scope.connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(MANY, values)
        for row in await cursor.fetchall():
            hour = row["quando"].astimezone(ROMA).strftime("%Y-%m-%dT%H")
            key = f"{row['operatore_id']} {row['ente']} {hour}"
            found[key] = Finding(
                key, row["ente"], row["operatore_id"], row["ruolo"], row["settore"], row["dal"], row["quando"],
                [[catena, int(seq)] for catena, seq in row["righe"]], row["casi"],
                f"{row['casi']} casi diversi in meno di {values['minuti']} minuti",
            )  # fmt: skip
    return list(found.values())


async def fuori_orario(scope: Scope) -> list[Finding]:
    """Between `dalle` and `alle` of Rome, and with `festivi` on Saturdays, Sundays and holidays; one by operator and
    night. A night belongs to the day on which it began."""
    start, end = int(scope.parametri["dalle"]), int(scope.parametri["alle"])
    spared = set(scope.parametri.get("ruoli_esclusi", ()))
    groups: dict[str, list[Row]] = {}
    for row in await new_rows(scope):
        local = row.quando.astimezone(ROMA)
        late = local.hour >= start or local.hour < end
        feast = scope.parametri.get("festivi") and (local.weekday() >= 5 or is_holiday(local.date()))
        if row.ruolo not in spared and (late or feast):
            day = local.date() if local.hour >= end else local.date().fromordinal(local.toordinal() - 1)
            groups.setdefault(f"{row.operatore_id} {row.ente} {day}", []).append(row)
    return [
        gather(key, rows, f"Accessi fuori orario: dalle {end} alle {start} nei giorni feriali si lavora")
        for key, rows in groups.items()
    ]


async def stesso_cognome(scope: Scope) -> list[Finding]:
    """The person read has the reader's surname; one by operator, person and month."""
    return await _like_the_reader(scope, _surname_of, "La persona letta ha lo stesso cognome di chi legge")


async def stesso_indirizzo(scope: Scope) -> list[Finding]:
    """The person read lives where the reader does, whatever the household; one by operator, person and month."""
    return await _like_the_reader(
        scope, _address_of, "La persona letta abita allo stesso indirizzo di chi legge"
    )


Trait = Callable[[ResidenteOut], str]


def _surname_of(person: ResidenteOut) -> str:
    return plain_name(person.cognome)


def _address_of(person: ResidenteOut) -> str:
    """ "" where the street or the number is not known: nobody lives like nobody."""
    street = person.indirizzo.codice_via or plain_name(person.via)
    comune = person.indirizzo.comune or person.ente
    return f"{comune}|{street}|{plain_name(person.civico)}" if street and person.civico else ""


async def _like_the_reader(scope: Scope, trait: Trait, words: str) -> list[Finding]:
    rows = await new_rows(scope)
    if not rows:
        return []
    fatti = await scope.fatti()
    subjects = await _subjects(fatti, rows)
    people = await fatti.residenti(subjects.values())
    own = await _own_traits(scope, fatti, {row.operatore_id for row in rows}, trait)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        subject = people.get(subjects[row.catena, row.seq]) if (row.catena, row.seq) in subjects else None
        if subject is not None and trait(subject) in own.get(row.operatore_id, set()) - {""}:
            month = row.quando.astimezone(ROMA).strftime("%Y-%m")
            groups.setdefault(f"{row.operatore_id} {row.ente} {subject.id} {month}", []).append(row)
    return [gather(key, found, words) for key, found in groups.items()]


async def _subjects(fatti: Fatti, rows: Iterable[Row]) -> dict[tuple[UUID, int], UUID]:
    """Whom each row is about: the person of the case, where there is a case; rows of unknown cases are left out."""
    rows = list(rows)
    cases = await fatti.cartelle(row.cartella_id for row in rows if row.cartella_id is not None)
    found = {}
    for row in rows:
        case = cases.get(row.cartella_id) if row.cartella_id else None
        subject = case.residente_id if case else row.residente_id
        if subject is not None:
            found[row.catena, row.seq] = subject
    return found


async def _own_traits(scope: Scope, fatti: Fatti, operators: set[UUID], trait: Trait) -> dict[UUID, set[str]]:
    """What the readers themselves are like: surname as the registry of operators has it, and what anagrafe knows."""
    cursor = await scope.connection.execute(
        "SELECT id, codice_fiscale, cognome FROM operatori WHERE id = ANY(%s)", (list(operators),)
    )
    found: dict[UUID, set[str]] = {}
    for operatore_id, codice_fiscale, cognome in await cursor.fetchall():
        people = await fatti.residenti(await fatti.residenti_of(codice_fiscale))
        found[operatore_id] = {trait(person) for person in people.values()}
        if trait is _surname_of:
            found[operatore_id].add(plain_name(cognome))
    return found


ANSWERS = frozenset(
    root + "/condivisioni/{condivisione_id}/" + end
    for root, ends in (("", ("decidi", "revoca")), ("/api/v1", ("decisione", "revoca")))
    for end in ends
)
"""Routes that accept, refuse or give back an offer to share a case, and show nothing of it."""


async def senza_assegnazione(scope: Scope) -> list[Finding]:
    """A case that is not assigned to the reader, opened without saying why; one by operator, case and day. A case that
    waits to be taken in charge is everybody's of its settore; answering an offer to share one opens nothing of it."""
    roles = set(scope.parametri["ruoli"])
    rows = [
        row
        for row in await new_rows(scope)
        if row.cartella_id and row.ruolo in roles and not row.motivo and row.rotta not in ANSWERS
    ]
    if not rows:
        return []
    cases = await (await scope.fatti()).cartelle(row.cartella_id for row in rows if row.cartella_id)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        case = cases.get(row.cartella_id) if row.cartella_id else None
        if case is not None and not _assigned(row, case):
            day = row.quando.astimezone(ROMA).date()
            groups.setdefault(f"{row.operatore_id} {row.ente} {case.id} {day}", []).append(row)
    words = "Un caso che non è assegnato a chi legge, aperto senza un motivo"
    return [gather(key, found, words) for key, found in groups.items()]


def _assigned(row: Row, case: CartellaOut) -> bool:
    people = {row.operatore_id, row.in_delega_di} - {None}
    waits = case.stato is StatoCartella.APERTA and (row.ente, row.settore) == (case.ente, case.settore)
    return waits or bool(people & {case.responsabile_id, *case.team})


RULES: dict[str, Rule] = {
    "molti_casi": molti_casi,
    "fuori_orario": fuori_orario,
    "stesso_cognome": stesso_cognome,
    "stesso_indirizzo": stesso_indirizzo,
    "senza_assegnazione": senza_assegnazione,
}


async def new_rows(scope: Scope) -> list[Row]:
    async with scope.connection.cursor(row_factory=class_row(Row)) as cursor:
        await cursor.execute(f"{NEW} ORDER BY a.quando", scope.values)
        return await cursor.fetchall()


def gather(key: str, rows: list[Row], words: str) -> Finding:
    first, last = rows[0], rows[-1]
    return Finding(
        key, first.ente, first.operatore_id, last.ruolo, last.settore, first.quando, last.quando,
        [[str(row.catena), row.seq] for row in rows[-MOST_ROWS:]], len(rows), words,
    )  # fmt: skip


def plain_name(text: str) -> str:
    """Letters and digits alone, without accents or case: D'Amico, D’AMICO and DAMICO are one surname."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if c.isalnum())
