""" "Perché lo vedo?" and "chi può leggere", for one case: the rule that let the reader in, and who else gets in now."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from contracts.cartella import SEZIONI_CONDIVISIBILI
from contracts.condivisioni import AccessoOut, ExplainAccesso, TipoRegola
from gateway.auth import Caller
from gateway.chi_legge import Fatti, Lettore, chi_legge
from gateway.politica.posti import list_posti
from gateway.politica.versione import Versione
from gateway.politica.versioni import Versioni
from gateway.resources import Gateway

SCOPES = tuple(
    f"{sezione}:{'stampa' if sezione == 'stampe' else 'leggi'}" for sezione in SEZIONI_CONDIVISIBILI
)
"""What the question is about: every scope that reads a section of the fascicolo, as far as the role has it."""
PARTIAL = {TipoRegola.CONDIVISIONE, TipoRegola.VOCE_RISERVATA}
"""Who gets in by these alone sees a part of the case, and is not told who sees the rest."""


@dataclass(frozen=True, slots=True)
class Lettori:
    """The same people read all of these sections."""

    sezioni: tuple[str, ...]
    persone: tuple[Lettore, ...]


@dataclass(frozen=True, slots=True)
class Perche:
    """`motivo`: what the reader wrote today. `lettori` is None for who is shown a part of the case alone."""

    accesso: AccessoOut
    politica: Versione
    motivo: str
    lettori: tuple[Lettori, ...] | None


async def explain(gateway: Gateway, caller: Caller, cartella_id: UUID) -> Perche:
    """Raises NotFound where the caller does not reach the case."""
    accesso: AccessoOut = await caller.call(
        "cartella", "explain_accesso", ExplainAccesso(cartella_id=cartella_id)
    )
    versioni = Versioni(gateway.pool)
    version = caller.identity.policy_version or 0
    return Perche(
        accesso,
        await versioni.get(version),
        await gateway.motivi.of_today(caller.operatore_id, cartella_id),
        None if _partial(accesso) else await _readers(gateway, versioni, version, accesso),
    )


def _partial(accesso: AccessoOut) -> bool:
    return {rule.tipo for rule in accesso.regole} <= PARTIAL


async def _readers(
    gateway: Gateway, versioni: Versioni, version: int, accesso: AccessoOut
) -> tuple[Lettori, ...]:
    """Sections with the same readers together, in the order of the fascicolo."""
    fatti = Fatti(
        accesso.ente, accesso.settore, accesso.team, accesso.settore_riservato, accesso.condivisioni
    )
    found = chi_legge(
        await versioni.contenuto(version), await list_posti(gateway.pool), fatti, datetime.now(UTC)
    )
    groups: dict[tuple[Lettore, ...], list[str]] = {}
    for sezione, readers in found.items():
        groups.setdefault(tuple(readers), []).append(sezione)
    return tuple(Lettori(tuple(sezioni), persone) for persone, sezioni in groups.items())
