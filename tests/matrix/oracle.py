"""The privacy rules a second time, in plain Python over plain data: what each person may reach (docs/adr/0019).

Written from the words of the rule, not from the code that enforces it; nothing of the product is imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime

SECOND_LEVEL = "secondo_livello:leggi"
HEADING = "presa_in_carico:leggi"
READING_ACTIONS = ("leggi", "stampa", "esporta")
NEVER_WRITTEN_BY_GRANT = ("presa_in_carico",)
Policy = dict[str, dict[str, str]]
"""ruolo → `sezione:azione` → estensione; what is not named is `nessuno`."""


@dataclass(frozen=True)
class Incarico:
    """An operator at work in one place. Days are whole."""

    operatore: str
    ruolo: str
    ente: str
    settore: str
    dal: date = date(2020, 1, 1)
    al: date | None = None
    revocato: bool = False

    def in_force(self, day: date) -> bool:
        return not self.revocato and self.dal <= day and (self.al is None or day <= self.al)


@dataclass(frozen=True)
class Delega:
    """`delegato` stands in for who holds `incarico`."""

    incarico: Incarico
    delegato: str
    dal: date
    al: date
    revocata: bool = False

    def in_force(self, day: date) -> bool:
        return not self.revocata and self.dal <= day <= self.al and self.incarico.in_force(day)


@dataclass(frozen=True)
class Viewer:
    """Who looks: a person working in an incarico, perhaps for an absent colleague, perhaps with the glass broken."""

    operatore: str
    incarico: Incarico
    delegante: str | None = None
    esclusi: frozenset[str] = frozenset()
    emergenza: str | None = None
    """The residente for whom he has broken the glass."""
    estensioni: dict[str, str] | None = field(default=None, hash=False)
    """Of a machine client: it has no role but its own scopes, for a purpose that it says with each request."""

    @property
    def persone(self) -> set[str]:
        return {self.operatore} | ({self.delegante} if self.delegante else set())


@dataclass
class Grant:
    """A case shared. `id` names it in the running system once it is there."""

    ente: str
    settore: str
    sezioni: tuple[str, ...]
    dal: datetime
    al: datetime
    operatore: str | None = None
    scrive: bool = False
    nascondi_prima: bool = False
    stato: str = "proposta"
    id: str = ""
    revocata_il: datetime | None = None
    proposta_da: str = ""
    """Who offers is not who answers."""

    def in_force(self, now: datetime) -> bool:
        return self.stato == "accettata" and self.dal <= now < self.al

    def is_for(self, viewer: Viewer) -> bool:
        """Within the settore it was made to; to one person: him while he works there (docs/adr/0019)."""
        if (self.ente, self.settore) != (viewer.incarico.ente, viewer.incarico.settore):
            return False
        return self.operatore is None or self.operatore in viewer.persone


@dataclass
class Item:
    """Something that lies in a section of a case: a diary entry, a document, an ISEE, a foglio."""

    id: str
    sezione: str
    autore: str
    scritto: datetime
    privato: bool = False
    riservato: str = ""
    parola: str = ""
    """A word of its text that stands nowhere else in the world."""


@dataclass
class Case:
    id: str
    residente: str
    ente: str
    settore: str
    numero: str = ""
    responsabile: str | None = None
    team: frozenset[str] = frozenset()
    riservato: str = ""
    grants: list[Grant] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    chiusa: bool = False
    aperta_da: str = ""
    lavoratori: set[str] = field(default_factory=set)
    """Whoever has ever worked at it, and in which settori it has been."""
    settori: set[str] = field(default_factory=set)

    @property
    def workers(self) -> set[str]:
        return set(self.team) | ({self.responsabile} if self.responsabile else set())


@dataclass
class World:
    """Everything the rules look at. `nuclei`: residente → who lives with him, himself included. `codici`: operatore →
    the residente he is, where he is one. `ids`: what the registry calls whom the comune calls otherwise."""

    policy: Policy = field(default_factory=dict)
    ambiti: dict[str, tuple[str, ...]] = field(default_factory=dict)
    province: dict[str, tuple[str, ...]] = field(default_factory=dict)
    incarichi: list[Incarico] = field(default_factory=list)
    deleghe: list[Delega] = field(default_factory=list)
    nuclei: dict[str, frozenset[str]] = field(default_factory=dict)
    codici: dict[str, str] = field(default_factory=dict)
    cases: list[Case] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)

    def viewer(
        self, operatore: str, incarico: Incarico | None = None, emergenza: str | None = None
    ) -> Viewer:
        """Somebody in his (first) incarico, or in one that a delega lends him."""
        own = [one for one in self.incarichi if one.operatore == operatore]
        chosen = incarico or own[0]
        delegante = chosen.operatore if chosen.operatore != operatore else None
        himself = self.codici.get(operatore)
        esclusi = self.nuclei.get(himself, frozenset({himself})) if himself else frozenset()
        return Viewer(operatore, chosen, delegante, frozenset(esclusi), emergenza)

    # Who holds what

    def extent(self, viewer: Viewer, scope: str) -> str:
        return self._scopes(viewer).get(scope, "nessuno")

    def _scopes(self, viewer: Viewer) -> dict[str, str]:
        """His role's; a machine's own, of those that some role of people at work still has."""
        if viewer.estensioni is None:
            return self.policy.get(viewer.incarico.ruolo, {})
        working = (own for ruolo, own in self.policy.items() if ruolo not in ("emergenza", "cittadino"))
        held = {scope for own in working for scope, extent in own.items() if extent != "nessuno"}
        return {scope: extent for scope, extent in viewer.estensioni.items() if scope in held}

    def may_work(self, viewer: Viewer, day: date) -> bool:
        """His incarico, or the delega that lends it to him, is in force."""
        if viewer.delegante is None:
            return viewer.incarico.in_force(day)
        return any(d.incarico == viewer.incarico and d.delegato == viewer.operatore and d.in_force(day)
                   for d in self.deleghe)  # fmt: skip

    def holds(self, viewer: Viewer, scope: str) -> bool:
        """Whether his role does this at all, somewhere: else every door of it is shut (403)."""
        return self.extent(viewer, scope) != "nessuno" or self._emergency_opens(viewer, scope)

    def _emergency_opens(self, viewer: Viewer, scope: str) -> bool:
        return viewer.emergenza is not None and scope in self.policy.get("emergenza", {})

    def _covers(self, viewer: Viewer, scope: str, ente: str, settore: str, workers: Iterable[str]) -> bool:
        """Whether the extent of a scope takes in a place or a team."""
        mine = viewer.incarico
        match self.extent(viewer, scope):
            case "propri":
                return bool(viewer.persone & set(workers))
            case "settore":
                return (ente, settore) == (mine.ente, mine.settore)
            case "ente":
                return ente == mine.ente
            case "ambito":
                return ente in self._territory(self.ambiti, mine.ente)
            case "provincia":
                return ente in self._territory(self.province, mine.ente)
        return False

    @staticmethod
    def _territory(groups: dict[str, tuple[str, ...]], ente: str) -> tuple[str, ...]:
        return next((enti for enti in groups.values() if ente in enti), ())

    def registry_reaches(self, viewer: Viewer, residente: str, ente: str) -> bool:
        """A person of the registry: by territory alone, and never one's own household."""
        if residente in viewer.esclusi:
            return False
        return self._covers(viewer, "anagrafe:leggi", ente, "", ())

    # The second level

    def second_level_open(self, viewer: Viewer, case: Case, settore: str, by_emergency: bool = False) -> bool:
        """Whether what `settore` keeps for itself, a case or something in it, is open: he works there and his role
        holds the second level (how far it goes in the settore does not matter), or it reaches the whole ente."""
        if not settore:
            return True
        if by_emergency and SECOND_LEVEL in self.policy.get("emergenza", {}):
            return True
        if self.extent(viewer, SECOND_LEVEL) == "nessuno":
            return False
        works_there = (viewer.incarico.ente, viewer.incarico.settore) == (case.ente, settore)
        return works_there or self._covers(viewer, SECOND_LEVEL, case.ente, settore, ())

    # The formula

    def by_role(self, viewer: Viewer, scope: str, case: Case) -> bool:
        """Reached through the role: extent or team or emergency, and the second level besides."""
        if case.residente in viewer.esclusi:
            return False
        if self.extent(viewer, scope) != "nessuno":
            near = bool(viewer.persone & case.workers)
            if near or self._covers(viewer, scope, case.ente, case.settore, case.workers):
                if self.second_level_open(viewer, case, case.riservato):
                    return True
        broken = viewer.emergenza == case.residente and self._emergency_opens(viewer, scope)
        return broken and self.second_level_open(viewer, case, case.riservato, by_emergency=True)

    def by_grant(self, viewer: Viewer, scope: str, case: Case, now: datetime) -> list[Grant]:
        """The grants that let him do this in the case."""
        sezione, _, azione = scope.partition(":")
        if case.residente in viewer.esclusi or self.extent(viewer, scope) == "nessuno":
            return []
        writes = azione not in READING_ACTIONS
        if writes and sezione in NEVER_WRITTEN_BY_GRANT:
            return []
        return [grant for grant in case.grants
                if grant.in_force(now) and grant.is_for(viewer) and sezione in grant.sezioni
                and (grant.scrive or not writes)]  # fmt: skip

    def reaches(self, viewer: Viewer, scope: str, case: Case, now: datetime) -> bool:
        return self.by_role(viewer, scope, case) or bool(self.by_grant(viewer, scope, case, now))

    def answers(self, viewer: Viewer, scope: str, grant: Grant) -> bool:
        """Whether an offer is his to see or decide: he is the one named, or his role answers for the whole settore."""
        if grant.operatore is not None:
            return grant.is_for(viewer) and self.extent(viewer, scope) != "nessuno"
        return self._covers(viewer, scope, grant.ente, grant.settore, ())

    # What lies in a case

    def reads_item(self, viewer: Viewer, case: Case, item: Item, now: datetime, scope: str = "") -> bool:
        """One entry, document, ISEE, foglio … of a case; with `scope`, whether that scope reaches it."""
        scope = scope or f"{item.sezione}:leggi"
        if not self.holds(viewer, scope) or case.residente in viewer.esclusi:
            return False
        is_author = item.autore == viewer.operatore
        if item.privato and not is_author:
            return False
        if item.riservato and not item.privato and self._opens_entry(viewer, scope, case, item):
            return True
        if item.riservato and not is_author and not self.second_level_open(viewer, case, item.riservato):
            return False
        if self.by_role(viewer, scope, case):
            return True
        grants = self.by_grant(viewer, scope, case, now)
        mine = is_author and item.sezione in ("diario", "isee")  # what one wrote oneself is not hidden again
        return any(mine or not grant.nascondi_prima or item.scritto >= grant.dal for grant in grants)

    def _opens_entry(self, viewer: Viewer, scope: str, case: Case, item: Item) -> bool:
        """An entry of somebody's second level: for that settore, wherever the case is."""
        broken = viewer.emergenza == case.residente and self._emergency_opens(viewer, scope)
        if broken and self.second_level_open(viewer, case, item.riservato, by_emergency=True):
            return True
        reached = self.by_role(viewer, scope, case) or self._beyond_own(viewer, scope, case)
        return reached and self.second_level_open(viewer, case, item.riservato)

    def _beyond_own(self, viewer: Viewer, scope: str, case: Case) -> bool:
        """Whether the scope reaches more than one's own cases, where this one is: who is confined to his own is not led
        to another by an entry in it."""
        if self.extent(viewer, scope) == "settore":
            return case.ente == viewer.incarico.ente
        return self._covers(viewer, scope, case.ente, "", ())

    def knows_item(self, viewer: Viewer, case: Case, item: Item, now: datetime) -> bool:
        """Whether it may ever be named to him: some scope of its section reaches it, or a payment made from it."""
        sections = ("fogli", "liquidazioni") if item.sezione in ("fogli", "liquidazioni") else (item.sezione,)
        return any(self.reads_item(viewer, case, item, now, f"{sezione}:{azione}")
                   for sezione in sections for azione in ("leggi", "scrivi", "approva", "liquida"))  # fmt: skip

    def items(self, viewer: Viewer, case: Case, sezione: str, now: datetime) -> set[str]:
        found = (item for item in case.items if item.sezione == sezione)
        return {item.id for item in found if self.reads_item(viewer, case, item, now)}

    # The case itself

    def sees_whole(self, viewer: Viewer, case: Case, now: datetime) -> bool:
        return self.reaches(viewer, HEADING, case, now)

    def sees_heading(self, viewer: Viewer, case: Case, now: datetime) -> bool:
        """The case exists for him: whole, or its heading alone, because something in it is his to read."""
        if self.sees_whole(viewer, case, now):
            return True
        if not self.holds(viewer, HEADING) or case.residente in viewer.esclusi:
            return False
        if self.extent(viewer, HEADING) == "nessuno":
            return False
        shared = any(grant.in_force(now) and grant.is_for(viewer) for grant in case.grants)
        return shared or (self._beyond_own(viewer, HEADING, case) and any(
            item.riservato and item.sezione in ("diario", "documenti") and not item.privato
            and self.second_level_open(viewer, case, item.riservato)
            for item in case.items
        ))  # fmt: skip

    def knows(self, viewer: Viewer, case: Case, now: datetime) -> bool:
        """Whether anything of the case may ever stand in an answer to him, through any scope."""
        if case.residente in viewer.esclusi:
            return False
        scopes = set(self._scopes(viewer))
        if viewer.emergenza is not None:
            scopes |= set(self.policy.get("emergenza", {}))
        return (
            self.sees_heading(viewer, case, now)
            or any(self.reaches(viewer, scope, case, now) for scope in scopes if is_of_a_case(scope))
            or any(self.reads_item(viewer, case, item, now) for item in case.items)
        )

    def is_own(self, viewer: Viewer, case: Case) -> bool:
        """His, for whom no reason is asked: who works at it, and while nobody is responsible who opened it."""
        owners = case.workers | ({case.aperta_da} if case.aperta_da and not case.responsabile else set())
        return bool(viewer.persone & owners)

    def asks_reason(self, viewer: Viewer, case: Case, now: datetime) -> bool:
        """Whether a reason is asked before the case opens. One was said with an emergency, and with a grant to this
        person alone: one that names the case itself, or any where the heading alone is open."""
        if self.is_own(viewer, case) or viewer.emergenza == case.residente or viewer.estensioni is not None:
            return False
        personal = [
            g for g in case.grants if g.in_force(now) and g.is_for(viewer) and g.operatore in viewer.persone
        ]
        if self.sees_whole(viewer, case, now):
            personal = [g for g in personal if HEADING.partition(":")[0] in g.sezioni]
        return not personal

    def asks_reason_of_payments(self, viewer: Viewer, scope: str, case: Case, now: datetime) -> bool:
        """The same for its fogli and payments: an office whose scope is the whole ente's works on everybody's. A grant
        to this person alone that names the section has its reason, whatever else opens the case."""
        if self.is_own(viewer, case) or viewer.emergenza == case.residente or viewer.estensioni is not None:
            return False
        if self.extent(viewer, scope) != "settore" and self._covers(viewer, scope, case.ente, "", ()):
            return False
        return not any(
            g.in_force(now) and g.is_for(viewer) and g.operatore in viewer.persone
            and scope.partition(":")[0] in g.sezioni
            for g in case.grants
        )  # fmt: skip

    def listed_without_texts(self, viewer: Viewer, scope: str, case: Case, now: datetime) -> bool:
        """In a list of many cases no reason is at hand: of an emergency, only where it is what opens the section."""
        if not self._emergency_opens(viewer, scope):
            viewer = replace(viewer, emergenza=None)
        return self.asks_reason_of_payments(viewer, scope, case, now)

    def listed(self, viewer: Viewer, now: datetime) -> set[str]:
        """The cases in the list of cases."""
        return {case.id for case in self.cases if self.sees_heading(viewer, case, now)}


NOT_OF_A_CASE = ("anagrafe", "report", "avvisi", "caricamenti", "registro_accessi", "operatori", "politica",
                 "secondo_livello", "condivisioni", "riservatezza", "emergenze", "siuss",
                 "informazioni_governative")  # fmt: skip


def is_of_a_case(scope: str) -> bool:
    """Whether the scope opens a section of cases."""
    return scope.partition(":")[0] not in NOT_OF_A_CASE
