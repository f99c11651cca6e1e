"""A citizen's own pages: for now, who has read his file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Forbidden
from gateway.accessi.cittadino import ANAGRAFE, FASCICOLO, PAGAMENTI, Lettura, letture_of
from gateway.accessi.fatti import Fatti
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import labels
from gateway.web.page import ente_names, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
PARTS = {
    FASCICOLO: "il tuo fascicolo sociale",
    ANAGRAFE: "i tuoi dati anagrafici",
    PAGAMENTI: "i tuoi interventi e pagamenti",
}


async def citizen(caller: Caller = Depends(page_scope("registro_accessi:leggi"))) -> Caller:
    """Of a citizen's page: an operator reads the log of his ente on its own pages."""
    if caller.tipo != "cittadino":
        raise Forbidden("cittadino.altro_accesso", "Questa pagina è per chi entra come cittadino.")
    return caller


Citizen = Annotated[Caller, Depends(citizen)]


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
    return await respond(request, caller, "pagine/cittadino.html", title="Le mie pagine", section="cittadino")


@router.get("/cittadino/accessi")
async def show_letture(request: Request, caller: Citizen) -> Response:
    """Raises Unavailable when the registry does not answer: nobody is told that nobody read."""
    gateway = request.app.state.gateway
    fatti = Fatti(gateway.sistema)
    residenti = await fatti.residenti_of(caller.codice_fiscale)
    caller.touch(residente_id=next(iter(residenti), None), sezione="registro_accessi")
    letture, tronco = await letture_of(gateway.pool, residenti, await fatti.cartelle_of(residenti))
    names = await caller.nomi(one.operatore_id for one in letture)
    await ente_names.name(caller, next((one.ente for one in letture), ""))
    return await respond(
        request, caller, "pagine/cittadino_accessi.html", title="Chi ha letto il mio fascicolo", section="letture",
        giornate=by_day(letture, lambda i: names.get(i, "Un operatore non più in servizio")), tronco=tronco,
        conosciuto=bool(residenti),
    )  # fmt: skip


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
        chi=name(one.operatore_id) if one.operatore_id else "Chi lavora in questo settore",
        ruolo=labels.word(one.ruolo, "ruolo") + (", al posto di un collega assente" if one.delegato else ""),
        dove=f"{ente}, settore {settore}" if settore else ente,
        che_cosa=" e ".join(parts) if len(parts) < 3 else f"{parts[0]}, {parts[1]} e {parts[2]}",
        perche="; ".join(one.motivi) or "Nel suo lavoro per i servizi sociali",
    )
