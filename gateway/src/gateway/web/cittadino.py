"""A citizen's own pages: for now, who has read his file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Unavailable
from gateway.accessi.cittadino import ANAGRAFE, FASCICOLO, PAGAMENTI, Lettura
from gateway.accessi.ricerca import own_letture
from gateway.auth import Caller, authorize
from gateway.logged import LoggedRoute
from gateway.web import labels
from gateway.web.page import ente_names, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
PARTS = {
    FASCICOLO: "il tuo fascicolo sociale",
    ANAGRAFE: "i tuoi dati anagrafici",
    PAGAMENTI: "i tuoi interventi e pagamenti",
}

MACHINE = "client"
"""Role in the log of a program that reads by itself."""
Citizen = Annotated[Caller, Depends(authorize("registro_accessi:leggi", per="cittadini"))]


@dataclass(frozen=True)
class Voce:
    """One line in plain words."""

    chi: str
    ruolo: str
    dove: str
    che_cosa: str
    perche: str


@dataclass(frozen=True)
class Giornata:
    giorno: date
    voci: list[Voce]


@router.get("/cittadino")
async def show_home(request: Request, caller: Citizen) -> Response:
    """Begins with the newest readings; while the registry is away they are on no page, and nobody is told of none."""
    try:
        days, _, conosciuto = await _days(request, caller)
    except Unavailable:
        days, conosciuto = [], None
    return await respond(
        request, caller, "pagine/cittadino.html", title="Le mie pagine", section="cittadino",
        ultima=next(iter(days), None), conosciuto=conosciuto,
    )  # fmt: skip


@router.get("/cittadino/accessi")
async def show_letture(request: Request, caller: Citizen) -> Response:
    days, tronco, conosciuto = await _days(request, caller)
    return await respond(
        request, caller, "pagine/cittadino_accessi.html", title="Chi ha letto il mio fascicolo", section="letture",
        giornate=days, tronco=tronco, conosciuto=conosciuto,
    )  # fmt: skip


async def _days(request: Request, caller: Caller) -> tuple[list[Giornata], bool, bool]:
    """Days with their readings, whether there were more, whether the registry knows this person."""
    residenti, letture, tronco = await own_letture(request, caller)
    names = await caller.nomi(one.operatore_id for one in letture)
    await ente_names.name(caller, next((one.ente for one in letture), ""))
    days = by_day(letture, lambda i: names.get(i, "Un operatore non più in servizio"))
    return days, tronco, bool(residenti)


def by_day(letture: list[Lettura], name: Callable[[UUID], str]) -> list[Giornata]:
    """Newest day first, in the order the lines come."""
    days: dict[date, Giornata] = {}
    for one in letture:
        days.setdefault(one.giorno, Giornata(one.giorno, [])).voci.append(_in_words(one, name))
    return list(days.values())


def _in_words(one: Lettura, name: Callable[[UUID], str]) -> Voce:
    ente, settore = ente_names.known(one.ente), labels.word(one.settore, "settore")
    parts = [PARTS[part] for part in (FASCICOLO, ANAGRAFE, PAGAMENTI) if part in one.parti]
    return Voce(
        chi=_who(one, name),
        ruolo=_role(one),
        dove=f"{ente}, settore {settore}" if settore else ente,
        che_cosa=" e ".join(parts) if len(parts) < 3 else f"{parts[0]}, {parts[1]} e {parts[2]}",
        perche="; ".join(one.motivi) or "Nel suo lavoro per i servizi sociali",
    )


def _who(one: Lettura, name: Callable[[UUID], str]) -> str:
    if one.ruolo == MACHINE:
        return one.programma or "Programma di questo settore"
    return name(one.operatore_id) if one.operatore_id else "Operatore di questo settore"


def _role(one: Lettura) -> str:
    if one.ruolo == MACHINE:
        return "Programma"
    return labels.word(one.ruolo, "ruolo") + (", al posto di un collega assente" if one.delegato else "")
