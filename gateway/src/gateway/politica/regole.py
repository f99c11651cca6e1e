"""What a policy may never say, and what it may say only if somebody has looked twice."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from contracts.mandato import SEZIONI, Extent
from gateway.chi_legge import SECOND_LEVEL, Posto
from gateway.politica.anteprima import differenza
from gateway.politica.contenuto import Contenuto, is_scope

AMMINISTRATORE, CITTADINO, EMERGENZA, RPD = "amministratore_sistema", "cittadino", "emergenza", "rpd"
WRITES, APPROVES, READS = "politica:scrivi", "politica:approva", "politica:leggi"
SENZA_PERSONE = frozenset({"operatori", "politica", "caricamenti", "registro_accessi", "report"})
"""Sections in which nobody's file can be met."""
FASCICOLO = tuple(sezione for sezione in SEZIONI if sezione not in SENZA_PERSONE)
AFFIDATE = frozenset({"operatori:scrivi", WRITES, APPROVES})
"""Who holds one of these decides what he and everybody else may open: he opens no case himself."""
SENZA_CASI = SENZA_PERSONE | {"avvisi"}
"""What such a role may hold all the same: alerts reach whom they are for."""
RISERVATI = frozenset({"client", "operatore", "sistema"})
"""What the gateway itself calls those who have no role: a machine, a person who has not chosen, its own jobs."""
ALTRUI = frozenset({*FASCICOLO, "registro_accessi", "operatori"})
"""Sections that say something of people in enti where one does not work."""
WIDE = (Extent.AMBITO, Extent.PROVINCIA)


@dataclass(frozen=True, slots=True)
class Divieto:
    """Why a version is refused outright. `codice` is stable; `ruolo`, `scope` where one cell is to blame."""

    codice: str
    ruolo: str = ""
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Pericolo:
    """What a change newly allows and somebody should look at twice. `codice`: territorio, secondo_livello,
    emergenza_secondo_livello, emergenza_nuova, contenuto_rpd, due_persone."""

    codice: str
    ruolo: str = ""
    scope: str = ""
    estensione: Extent = Extent.NESSUNO


def divieti(contenuto: Contenuto) -> tuple[Divieto, ...]:
    """Everything that refuses this content, whatever was in force before."""
    reserved = sorted(RISERVATI & {*contenuto.regole, *contenuto.livelli})
    names = (Divieto("ruolo_riservato", ruolo) for ruolo in reserved)
    return (*names, *_forbidden_cells(contenuto), *_no_way_back(contenuto))


def _forbidden_cells(contenuto: Contenuto) -> Iterator[Divieto]:
    for ruolo, own in contenuto.regole.items():
        governs = not AFFIDATE.isdisjoint(own)
        for scope, extent in own.items():
            if not is_scope(scope):
                yield Divieto("scopo_sconosciuto", ruolo, scope)
            elif codice := _forbidden(ruolo, scope, extent):
                yield Divieto(codice, ruolo, scope)
            elif governs and scope.partition(":")[0] not in SENZA_CASI:
                yield Divieto("governo_fascicolo", ruolo, scope)


def _forbidden(ruolo: str, scope: str, extent: Extent) -> str:
    """Why this role may never reach so far with this scope, whatever else it holds; "" where it may."""
    inside = scope.partition(":")[0] in FASCICOLO
    if ruolo == AMMINISTRATORE and inside:
        return "amministratore_fascicolo"
    if scope == SECOND_LEVEL and extent is Extent.PROPRI and ruolo != EMERGENZA:
        return "secondo_livello_propri"
    if ruolo == CITTADINO and extent is not Extent.PROPRI:
        return "cittadino_oltre"
    if ruolo == EMERGENZA and extent is not Extent.PROPRI:
        return "emergenza_oltre"
    if ruolo == EMERGENZA and not inside:
        return "emergenza_sezione"
    return ""


def choices(ruolo: str, scope: str) -> tuple[Extent, ...]:
    """How far a role may be let reach with a scope: what a page offers to choose from."""
    return tuple(
        extent for extent in Extent if extent is Extent.NESSUNO or not _forbidden(ruolo, scope, extent)
    )


def _no_way_back(contenuto: Contenuto) -> Iterator[Divieto]:
    """A policy that nobody could change again."""
    working = [own for ruolo, own in contenuto.regole.items() if ruolo not in (CITTADINO, EMERGENZA)]
    if not any(APPROVES in own and READS in own for own in working):
        yield Divieto("nessun_approvatore", scope=APPROVES)
    if not any(WRITES in own and READS in own for own in working):
        yield Divieto("nessun_autore", scope=WRITES)


def pericoli(prima: Contenuto, dopo: Contenuto, posti: Iterable[Posto]) -> tuple[Pericolo, ...]:
    """Of what the change allows anew. Of the posts only the roles and persons matter."""
    found = [*_dangerous_cells(prima, dopo)]
    if not _two_people(dopo, list(posti)):
        found.append(Pericolo("due_persone"))
    return tuple(found)


def _dangerous_cells(prima: Contenuto, dopo: Contenuto) -> Iterator[Pericolo]:
    for change in differenza(prima, dopo).regole:
        ruolo, scope, extent = change.ruolo, change.scope, change.dopo
        sezione = scope.partition(":")[0]
        if extent is Extent.NESSUNO:
            continue
        if ruolo == EMERGENZA:
            if scope == SECOND_LEVEL:
                yield Pericolo("emergenza_secondo_livello", ruolo, scope, extent)
            continue
        if sezione in ALTRUI and extent in WIDE:
            yield Pericolo("territorio", ruolo, scope, extent)
        if scope == SECOND_LEVEL and extent is not Extent.SETTORE:
            yield Pericolo("secondo_livello", ruolo, scope, extent)
        if scope == "emergenze:scrivi" and change.prima is Extent.NESSUNO:
            yield Pericolo("emergenza_nuova", ruolo, scope, extent)
        if ruolo == RPD and sezione in FASCICOLO and sezione != "emergenze":
            yield Pericolo("contenuto_rpd", ruolo, scope, extent)


def _two_people(contenuto: Contenuto, posti: list[Posto]) -> bool:
    """Whether somebody could propose the next change and somebody else approve it."""

    def who(scope: str) -> set[UUID]:
        return {p.operatore_id for p in posti if contenuto.extent(p.ruolo, scope) is not Extent.NESSUNO}

    writers, approvers = who(WRITES), who(APPROVES)
    return any(approvers - {writer} for writer in writers)
