"""What a change of the policy would do: the difference in plain data, whom it reaches, what of it is dangerous.

Pure: two contents and the posts in force go in, sentences' material comes out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.mandato import Extent
from gateway.chi_legge import Posto, portata
from gateway.politica.contenuto import TERRITORI, Contenuto

EMERGENCY = "emergenza"
OPENS_GLASS = "emergenze:scrivi"


@dataclass(frozen=True, slots=True)
class Modifica:
    """One cell of the table."""

    ruolo: str
    scope: str
    prima: Extent
    dopo: Extent


@dataclass(frozen=True, slots=True)
class ModificaTerritorio:
    tipo: str
    codice: str
    aggiunti: tuple[str, ...]
    tolti: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModificaLivello:
    ruolo: str
    prima: int
    dopo: int


@dataclass(frozen=True, slots=True)
class Differenza:
    regole: tuple[Modifica, ...] = ()
    territori: tuple[ModificaTerritorio, ...] = ()
    livelli: tuple[ModificaLivello, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.regole or self.territori or self.livelli)


@dataclass(frozen=True, slots=True)
class Effetto:
    """The same operators gain and lose the same pieces (`propri`, `settore`, Belfiore codes) through one scope of one
    role. `in_emergenza`: only while the glass is broken."""

    ruolo: str
    scope: str
    guadagnano: frozenset[str]
    perdono: frozenset[str]
    prima: Extent
    dopo: Extent
    posti: tuple[Posto, ...]
    in_emergenza: bool = False


@dataclass(frozen=True, slots=True)
class Anteprima:
    effetti: tuple[Effetto, ...]
    livelli: tuple[tuple[ModificaLivello, tuple[Posto, ...]], ...]
    cittadini: bool
    """What citizens may do changes."""

    @property
    def di_piu(self) -> tuple[Posto, ...]:
        """Who would reach more, each person once."""
        return _persons(effetto.posti for effetto in self.effetti if effetto.guadagnano)

    @property
    def di_meno(self) -> tuple[Posto, ...]:
        return _persons(effetto.posti for effetto in self.effetti if effetto.perdono)


def differenza(prima: Contenuto, dopo: Contenuto) -> Differenza:
    """What changed, in the order of the table."""
    ruoli = tuple(dict.fromkeys((*prima.ruoli(), *dopo.ruoli())))
    scopes = tuple(dict.fromkeys((*prima.scopes(), *dopo.scopes())))
    return Differenza(
        tuple(
            Modifica(ruolo, scope, prima.extent(ruolo, scope), dopo.extent(ruolo, scope))
            for ruolo in ruoli
            for scope in scopes
            if prima.extent(ruolo, scope) is not dopo.extent(ruolo, scope)
        ),
        tuple(change for tipo in TERRITORI for change in _territories(tipo, prima, dopo)),
        tuple(
            ModificaLivello(ruolo, prima.livello(ruolo), dopo.livello(ruolo))
            for ruolo in ruoli
            if prima.livello(ruolo) != dopo.livello(ruolo)
        ),
    )


def _territories(tipo: str, prima: Contenuto, dopo: Contenuto) -> Iterable[ModificaTerritorio]:
    before, after = prima.territori[tipo], dopo.territori[tipo]
    for codice in sorted(before.keys() | after.keys()):
        old, new = set(before.get(codice, ())), set(after.get(codice, ()))
        if old != new:
            yield ModificaTerritorio(tipo, codice, tuple(sorted(new - old)), tuple(sorted(old - new)))


def riporta(base: Contenuto, bozza: Contenuto, nuova: Contenuto) -> Contenuto:
    """The changes that led from `base` to `bozza`, made again on `nuova`."""
    changes = differenza(base, bozza)
    found = nuova
    for rule in changes.regole:
        found = found.with_ruolo(rule.ruolo, {**found.regole.get(rule.ruolo, {}), rule.scope: rule.dopo})
    levels = {r: found.livello(r) for r in found.ruoli()} | {c.ruolo: c.dopo for c in changes.livelli}
    territories = {tipo: {c: set(enti) for c, enti in found.territori[tipo].items()} for tipo in TERRITORI}
    for change in changes.territori:
        group = territories[change.tipo].setdefault(change.codice, set())
        for other in territories[change.tipo].values():  # an ente is in one group alone
            other.difference_update(change.aggiunti)
        group.difference_update(change.tolti)
        group.update(change.aggiunti)
    sorted_out = {
        tipo: {c: tuple(sorted(enti)) for c, enti in groups.items() if enti}
        for tipo, groups in territories.items()
    }
    return found.with_livelli(levels).with_territori(sorted_out)


def anteprima(prima: Contenuto, dopo: Contenuto, posti: Iterable[Posto]) -> Anteprima:
    """Whom the change reaches, by name. Only what differs counts; territories count through the extents they widen."""
    everybody = list(posti)
    groups: dict[tuple[str, str, frozenset[str], frozenset[str], bool], list[Posto]] = {}
    for posto in everybody:
        for ruolo, glass in _worn_by(posto, dopo):
            for scope in _scopes_of(ruolo, prima, dopo):
                old, new = (portata(which, ruolo, posto.ente, scope) for which in (prima, dopo))
                if old != new:
                    groups.setdefault((ruolo, scope, new - old, old - new, glass), []).append(posto)
    effects = [
        Effetto(
            ruolo,
            scope,
            gained,
            lost,
            prima.extent(ruolo, scope),
            dopo.extent(ruolo, scope),
            tuple(found),
            glass,
        )
        for (ruolo, scope, gained, lost, glass), found in groups.items()
    ]
    order = {scope: n for n, scope in enumerate(dict.fromkeys((*dopo.scopes(), *prima.scopes())))}
    effects.sort(key=lambda e: (bool(e.perdono), e.in_emergenza, e.ruolo, order[e.scope]))
    changes = differenza(prima, dopo)
    levels = tuple(
        (change, tuple(p for p in everybody if p.ruolo == change.ruolo)) for change in changes.livelli
    )
    return Anteprima(tuple(effects), levels, any(c.ruolo == "cittadino" for c in changes.regole))


def _worn_by(posto: Posto, dopo: Contenuto) -> Sequence[tuple[str, bool]]:
    """Roles whose rules are this post's: its own, and break-the-glass where it may break it."""
    if dopo.extent(posto.ruolo, OPENS_GLASS) is Extent.NESSUNO:
        return ((posto.ruolo, False),)
    return ((posto.ruolo, False), (EMERGENCY, True))


def _scopes_of(ruolo: str, *contents: Contenuto) -> set[str]:
    return {scope for content in contents for scope in content.regole.get(ruolo, ())}


def _persons(groups: Iterable[tuple[Posto, ...]]) -> tuple[Posto, ...]:
    found = {posto.operatore_id: posto for posti in groups for posto in posti}
    return tuple(found.values())
