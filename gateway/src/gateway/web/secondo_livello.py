"""Who would lose a case that enters the second level of its settore: the readers before, less those after."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from contracts.cartella import CartellaOut
from contracts.condivisioni import AccessoOut, ExplainAccesso
from gateway.auth import Caller
from gateway.chi_legge import SEZIONI_DEL_CASO, Fatti, Posto, raggiunge
from gateway.politica.contenuto import Contenuto
from gateway.politica.posti import list_posti
from gateway.politica.versioni import Versioni
from gateway.resources import Gateway


@dataclass(frozen=True, slots=True)
class Perde:
    """`equipe`: works at the case now, and stays written there. `resta`: sections a grant goes on opening to him."""

    nome: str
    posti: tuple[Posto, ...]
    equipe: bool
    resta: tuple[str, ...]


async def who_loses(gateway: Gateway, caller: Caller, cartella: CartellaOut) -> list[Perde]:
    """By the policy and the incarichi in force now; the team first, then by name."""
    accesso: AccessoOut = await caller.call(
        "cartella", "explain_accesso", ExplainAccesso(cartella_id=cartella.id)
    )
    contenuto = await Versioni(gateway.pool).contenuto(caller.identity.policy_version or 0)
    fatti = Fatti(cartella.ente, cartella.settore, cartella.team, "", accesso.condivisioni)
    return losing(contenuto, await list_posti(gateway.pool), fatti, datetime.now(UTC))


def losing(contenuto: Contenuto, posti: Iterable[Posto], fatti: Fatti, now: datetime) -> list[Perde]:
    """Each person once, whatever his posts: one of them may still reach what another loses."""
    marked = replace(fatti, settore_riservato=fatti.settore)
    by_person: dict[UUID, list[Posto]] = {}
    for posto in posti:
        by_person.setdefault(posto.operatore_id, []).append(posto)
    found = []
    for operatore_id, own in by_person.items():
        before, after = (_sections(contenuto, own, case, now) for case in (fatti, marked))
        if after != before:
            through = tuple(p for p in own if _sections(contenuto, [p], fatti, now))
            found.append(Perde(own[0].nome, through, operatore_id in fatti.team, tuple(after)))
    return sorted(found, key=lambda one: (not one.equipe, one.nome))


def _sections(contenuto: Contenuto, posti: Iterable[Posto], fatti: Fatti, now: datetime) -> list[str]:
    everywhere = list(posti)
    return [
        sezione
        for sezione in SEZIONI_DEL_CASO
        if any(raggiunge(contenuto, posto, f"{sezione}:leggi", fatti, now) for posto in everywhere)
    ]
