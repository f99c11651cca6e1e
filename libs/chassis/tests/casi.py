"""The mandate read in plain Python, case by case: a second opinion on the compiled filters. And worlds to try it on.

Written from design.md section 5 and docs/adr/0019, not from chassis.reach: it may not import it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from contracts.cartella import CondivisioneAttiva
from contracts.mandato import Emergenza, Extent, Mandato

NOW = datetime.now(UTC)
ENTI = ("F704", "B212", "M017", "H501")
SETTORI = ("minori", "adulti", "anziani")
SCOPES = ("diario:leggi", "diario:scrivi", "documenti:leggi")
OPERATORI = tuple(UUID(int=number) for number in range(1, 7))
RESIDENTI = tuple(UUID(int=number) for number in range(101, 113))


@dataclass(frozen=True)
class Caso:
    """A case, or a row of one that came to be at `creato`."""

    id: UUID
    ente: str
    settore: str
    team: tuple[UUID, ...]
    residente: UUID
    riservata: str
    condivisioni: tuple[CondivisioneAttiva, ...]
    creato: datetime


def may(mandato: Mandato, scope: str, caso: Caso, *, rows: bool = False) -> bool:
    """Whether a scope reaches a case; with `rows`, also by what a grant hides of its past."""
    if caso.residente in mandato.esclusi:
        return False
    if _within(mandato, scope, caso) and (not caso.riservata or _behind_the_mark(mandato, scope, caso)):
        return True
    if mandato.extent(scope) is Extent.NESSUNO:
        return False
    return any(_grants(one, mandato, scope, caso.creato if rows else None) for one in caso.condivisioni)


def _behind_the_mark(mandato: Mandato, asked: str, caso: Caso) -> bool:
    """The second level is its settore's: to be of the team, or in an emergency about something else, is not enough."""
    scope = "secondo_livello:leggi"
    if _broken_glass(mandato, scope, caso) and _broken_glass(mandato, asked, caso):
        return True
    extent = mandato.extent(scope)
    if extent is Extent.NESSUNO:
        return False
    if (caso.ente, caso.riservata) == (mandato.ente, mandato.settore):
        return True
    return caso.ente in _territory(mandato, extent)


def _broken_glass(mandato: Mandato, scope: str, caso: Caso) -> bool:
    emergenza = mandato.emergenza
    return bool(emergenza and scope in emergenza.scopi and emergenza.residente_id == caso.residente)


def _territory(mandato: Mandato, extent: Extent) -> set[str]:
    wide = {Extent.ENTE: {mandato.ente}, Extent.AMBITO: set(mandato.enti_ambito)}
    wide[Extent.PROVINCIA] = set(mandato.enti_provincia)
    return wide.get(extent, set())


def _within(mandato: Mandato, scope: str, caso: Caso) -> bool:
    if _broken_glass(mandato, scope, caso):
        return True
    extent = mandato.extent(scope)
    if extent is Extent.NESSUNO:
        return False
    if mandato.operatore_id in caso.team or mandato.in_delega_di in caso.team:
        return True
    if extent is Extent.SETTORE:
        return (caso.ente, caso.settore) == (mandato.ente, mandato.settore)
    return caso.ente in _territory(mandato, extent)


def _grants(one: CondivisioneAttiva, mandato: Mandato, scope: str, creato: datetime | None) -> bool:
    sezione, azione = scope.split(":")
    if sezione not in one.sezioni or not one.dal <= NOW < one.al:
        return False
    if azione not in ("leggi", "stampa", "esporta") and not one.scrive:
        return False
    if one.nascondi_prima and creato is not None and creato < one.dal:
        return False
    if one.operatore_id not in (None, mandato.operatore_id, mandato.in_delega_di):
        return False
    return (one.ente, one.settore) == (mandato.ente, mandato.settore)


def make_casi(seed: int, number: int) -> list[Caso]:
    """Cases of every kind; a third second level, half of them shared one way or another."""
    dice = Random(seed)
    return [
        Caso(
            id=UUID(int=dice.getrandbits(128)),
            ente=dice.choice(ENTI),
            settore=dice.choice(SETTORI),
            team=tuple(dice.sample(OPERATORI, dice.randint(0, 2))),
            residente=dice.choice(RESIDENTI),
            riservata=dice.choice(("", "", *SETTORI[:2])),
            condivisioni=tuple(_condivisione(dice) for _ in range(dice.choice((0, 0, 1, 2)))),
            creato=NOW - timedelta(days=dice.randint(0, 60)),
        )
        for _ in range(number)
    ]


def _condivisione(dice: Random) -> CondivisioneAttiva:
    dal = NOW - timedelta(days=dice.randint(-5, 40))
    return CondivisioneAttiva(
        ente=dice.choice(ENTI[:2]),
        settore=dice.choice(SETTORI),
        operatore_id=dice.choice((None, None, *OPERATORI[:2])),
        sezioni=tuple(dice.sample(("diario", "documenti", "pai"), dice.randint(1, 2))),
        scrive=dice.random() < 0.5,
        dal=dal,
        al=dal + timedelta(days=dice.randint(1, 60)),
        nascondi_prima=dice.random() < 0.5,
    )


def make_mandato(seed: int) -> Mandato:
    """A mandate of any shape: extents of three scopes and of the second level, exclusions, delegation, emergency."""
    dice = Random(seed)
    scopes = (*SCOPES, "secondo_livello:leggi")
    emergenza = Emergenza(
        residente_id=dice.choice(RESIDENTI), scopi=tuple(dice.sample(scopes, dice.randint(1, len(scopes))))
    )
    return Mandato(
        operatore_id=OPERATORI[0],
        incarico_id=UUID(int=1),
        ruolo="prova",
        ente=dice.choice(ENTI[:2]),
        settore=dice.choice(SETTORI),
        estensioni={scope: dice.choice(list(Extent)) for scope in scopes if dice.random() < 0.9},
        enti_ambito=ENTI[:2],
        enti_provincia=ENTI[:3],
        esclusi=tuple(dice.sample(RESIDENTI, dice.choice((0, 0, 1, 3)))),
        in_delega_di=dice.choice((None, OPERATORI[1])),
        emergenza=dice.choice((None, emergenza)),
    )
