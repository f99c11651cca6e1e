"""Who may read a case, by the policy and the incarichi in force: the formula of `chassis.reach` read in plain Python,
with no I/O, for the page that says it and for the preview of a change of the policy."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.cartella import CondivisioneAttiva
from contracts.mandato import Extent
from gateway.politica.contenuto import Contenuto

SECOND_LEVEL = "secondo_livello:leggi"
PROPRI, SETTORE = "propri", "settore"
SEZIONI_DEL_CASO = (
    "presa_in_carico", "segretariato", "diario", "attivita", "pai", "isee", "valutazioni", "scuola", "tribunale",
    "documenti", "fogli", "liquidazioni",
)  # fmt: skip
"""Sections whose readers a page of the case names."""


@dataclass(frozen=True, slots=True)
class Posto:
    """An incarico in force as it is worked: by its holder, or by `operatore_id` who stands in for `titolare_id`."""

    operatore_id: UUID
    nome: str
    ruolo: str
    ente: str
    settore: str
    titolare_id: UUID | None = None
    titolare: str = ""

    @property
    def persone(self) -> frozenset[UUID]:
        """Whose cases are his own."""
        return frozenset(i for i in (self.operatore_id, self.titolare_id) if i is not None)


@dataclass(frozen=True, slots=True)
class Fatti:
    """What of a case decides who reaches it."""

    ente: str
    settore: str
    team: tuple[UUID, ...] = ()
    settore_riservato: str = ""
    condivisioni: tuple[CondivisioneAttiva, ...] = ()


@dataclass(frozen=True, slots=True)
class Lettore:
    """Who reaches a section. `perche`: team, settore, ente, ambito, provincia, condivisione."""

    posto: Posto
    perche: str


def portata(contenuto: Contenuto, ruolo: str, ente: str, scope: str) -> frozenset[str]:
    """What a scope reaches, as pieces that can be compared: `propri`, `settore`, Belfiore codes of whole enti."""
    extent = contenuto.extent(ruolo, scope)
    if extent is Extent.NESSUNO:
        return frozenset()
    enti = contenuto.enti(extent, ente)
    inside = {SETTORE} if extent is Extent.SETTORE or ente in enti else set()
    return frozenset({PROPRI, *inside, *enti})


def raggiunge(contenuto: Contenuto, posto: Posto, scope: str, fatti: Fatti, now: datetime) -> str:
    """Why this post reaches the case through `scope`, or "" when it does not."""
    if contenuto.extent(posto.ruolo, scope) is Extent.NESSUNO:
        return ""
    reached = _by_extent(contenuto, posto, scope, fatti)
    if reached and _second_level_open(contenuto, posto, fatti):
        return reached
    return "condivisione" if _granted(posto, scope, fatti, now) else ""


def _second_level_open(contenuto: Contenuto, posto: Posto, fatti: Fatti) -> bool:
    extent = contenuto.extent(posto.ruolo, SECOND_LEVEL)
    if not fatti.settore_riservato or extent is Extent.NESSUNO:
        return not fatti.settore_riservato
    in_settore = (posto.ente, posto.settore) == (fatti.ente, fatti.settore_riservato)
    return in_settore or fatti.ente in contenuto.enti(extent, posto.ente)


def _by_extent(contenuto: Contenuto, posto: Posto, scope: str, fatti: Fatti) -> str:
    extent = contenuto.extent(posto.ruolo, scope)
    if extent is Extent.NESSUNO:
        return ""
    if posto.persone & set(fatti.team):
        return "team"
    if extent is Extent.SETTORE and (posto.ente, posto.settore) == (fatti.ente, fatti.settore):
        return "settore"
    return extent.value if fatti.ente in contenuto.enti(extent, posto.ente) else ""


def _granted(posto: Posto, scope: str, fatti: Fatti, now: datetime) -> bool:
    """Of reading scopes alone: this module says who reads."""
    sezione = scope.partition(":")[0]
    return any(
        sezione in grant.sezioni
        and grant.dal <= now < grant.al
        and (grant.ente, grant.settore) == (posto.ente, posto.settore)
        and (grant.operatore_id is None or grant.operatore_id in posto.persone)
        for grant in fatti.condivisioni
    )


def chi_legge(
    contenuto: Contenuto, posti: Iterable[Posto], fatti: Fatti, now: datetime,
    sezioni: Sequence[str] = SEZIONI_DEL_CASO,
) -> dict[str, list[Lettore]]:  # fmt: skip
    """Readers of each section, in the order of `posti`; a person with several posts stands once for each."""
    everybody = list(posti)
    return {
        sezione: [
            Lettore(posto, why)
            for posto in everybody
            if (why := raggiunge(contenuto, posto, f"{sezione}:leggi", fatti, now))
        ]
        for sezione in sezioni
    }
