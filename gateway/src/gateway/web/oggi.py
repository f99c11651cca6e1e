"""The first page, and the list of cases it shares its table with."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.cartella import Area, CartelleOut, IseeListOut, ListCartelle, ListIsee, StatoCartella
from contracts.erogazioni import ErogazioniOut, ListErogazioni, StatoErogazione
from contracts.notifiche import AvvisiOut, ListAvvisi
from gateway.auth import Caller, authorize
from gateway.logged import LoggedRoute
from gateway.web import attese, formats
from gateway.web.avvisi import list_rows
from gateway.web.forms import Form
from gateway.web.interventi import NO_PAYMENTS, payments_of, waiting_fogli
from gateway.web.page import (
    Gathering,
    first_page,
    has_oggi,
    nothing,
    page_count,
    page_number,
    page_scope,
    respond,
    unsigned_emergenze,
)
from gateway.web.people import name_of, operator_name, residents

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 25
DEADLINE_DAYS = 30
DEADLINE_CASES = 10
"""Cases whose ISEE is looked at on the first page; the deadlines of all come from notifiche later."""

NO_ALERTS = AvvisiOut(avvisi=(), totale=0, non_letti=0)
NO_CASES = CartelleOut(cartelle=(), totale=0)


@dataclass(frozen=True)
class Filters:
    form: Form
    solo_mie: bool
    attivi: bool
    stato: StatoCartella | None
    area: Area | None


def read_filters(request: Request, default: str) -> Filters:
    """Filters of the list of cases, from the address; an unknown value filters nothing."""
    query = request.query_params
    chi = query.get("chi", default)
    stato = StatoCartella(query["stato"]) if query.get("stato") in set(StatoCartella) else None
    area = Area(query["area"]) if query.get("area") in set(Area) else None
    return Filters(
        Form.of(stato=stato, area=area, chi=chi),
        chi == "miei",
        bool(stato or area or chi != default),
        stato,
        area,
    )


async def list_casi(caller: Caller, filters: Filters, number: int, gathering: Gathering) -> dict[str, Any]:
    """One page of cases as rows with names."""
    wanted = ListCartelle(
        solo_mie=filters.solo_mie,
        stato=filters.stato,
        area=filters.area,
        limite=SIZE,
        salta=(number - 1) * SIZE,
    )
    answer: CartelleOut = await caller.call("cartella", "list_cartelle", wanted)
    people, names = await asyncio.gather(
        gathering.optional("i nomi", residents(caller, (c.residente_id for c in answer.cartelle)), {}),
        caller.nomi(c.responsabile_id for c in answer.cartelle),
    )
    rows = [
        {
            "id": c.id, "numero": c.numero, "area": c.area, "stato": c.stato, "aperta_il": c.aperta_il,
            "persona": name_of(people, c.residente_id),
            "nascita": people[c.residente_id].data_nascita if c.residente_id in people else None,
            "deceduto": c.residente_id in people and people[c.residente_id].stato == "deceduto",
            "responsabile": operator_name(names, c.responsabile_id, caller) or "nessuno",
        }
        for c in answer.cartelle
    ]  # fmt: skip
    return {
        "righe": rows,
        "totale": answer.totale,
        "pagina": number,
        "pagine": page_count(answer.totale, SIZE),
    }


async def isee_deadlines(caller: Caller, gathering: Gathering) -> list[dict[str, Any]]:
    """ISEE of my own cases that end within a month."""
    mine = ListCartelle(solo_mie=True, stato=StatoCartella.IN_CARICO, limite=DEADLINE_CASES)
    cases: CartelleOut = await gathering.optional(
        "le scadenze", caller.call("cartella", "list_cartelle", mine), NO_CASES
    )
    empty = IseeListOut(isee=())
    answers = await asyncio.gather(
        *(
            gathering.optional(
                "le scadenze", caller.call("cartella", "list_isee", ListIsee(cartella_id=c.id)), empty
            )
            for c in cases.cartelle
        )
    )
    found = []
    for case, answer in zip(cases.cartelle, answers, strict=True):
        newest = next(iter(answer.isee), None)
        if newest and (newest.scadenza - formats.today()).days <= DEADLINE_DAYS:
            word = "scaduto" if newest.scadenza < formats.today() else "in scadenza"
            found.append(
                {
                    "data": newest.scadenza,
                    "cosa": f"ISEE {word}, caso {case.numero}",
                    "url": f"/casi/{case.id}/isee",
                }
            )
    return sorted(found, key=lambda row: row["data"])


OPTIONAL = (
    "presa_in_carico:leggi", "anagrafe:leggi", "isee:leggi", "fogli:leggi", "fogli:approva", "liquidazioni:leggi",
    "liquidazioni:liquida", "liquidazioni:scrivi", *attese.NEEDED,
)  # fmt: skip


Anybody = Annotated[Caller, Depends(authorize(optional=(*OPTIONAL, "avvisi:leggi"), per="chiunque"))]


@router.get("/")
async def show_oggi(request: Request, caller: Anybody) -> Response:
    """Whoever nothing ever waits for, and a citizen, goes on to what he has."""
    gathering, filters = Gathering(), read_filters(request, "miei")
    cases = caller.can("presa_in_carico:leggi")
    if not has_oggi(caller):
        return RedirectResponse(first_page(caller), status_code=303)
    alerts, casi, da_approvare, da_liquidare, scadenze, aspettano = await asyncio.gather(
        gathering.optional("gli avvisi", list_rows(caller, ListAvvisi(limite=10), gathering), ([], NO_ALERTS))
        if caller.can("avvisi:leggi") else nothing(([], NO_ALERTS)),
        gathering.optional("i casi", list_casi(caller, filters, page_number(request), gathering), _no_rows())
        if cases else nothing(_no_rows()),
        waiting_fogli(caller, gathering, 5),
        waiting_payments(caller, gathering),
        isee_deadlines(caller, gathering) if cases and caller.can("isee:leggi") else nothing([]),
        attese.attese_of(request, caller, gathering),
    )  # fmt: skip
    rows, answer = alerts
    unsigned = await unsigned_emergenze(request, caller)
    waiting = (*da_approvare.fogli, *da_liquidare.erogazioni)
    people = await gathering.optional("i nomi", residents(caller, (w.residente_id for w in waiting)), {})
    return await respond(
        request, caller, "pagine/oggi.html", title="Oggi", section="oggi", casi=casi,
        avvisi={"righe": rows, "totale": answer.totale}, filtri=filters, da_approvare=da_approvare,
        da_liquidare=da_liquidare, persone={w.id: name_of(people, w.residente_id) for w in waiting},
        scadenze=scadenze, mancanti=gathering.missing, emergenze=unsigned, aspettano=aspettano,
        arrivano=attese.arriving(caller),
    )  # fmt: skip


async def waiting_payments(caller: Caller, gathering: Gathering) -> ErogazioniOut:
    """Payments that wait to be liquidated, for who proposes or liquidates them."""
    if not (caller.can("liquidazioni:liquida") or caller.can("liquidazioni:scrivi")):
        return NO_PAYMENTS
    return await payments_of(caller, ListErogazioni(stato=StatoErogazione.PROPOSTA, limite=5), gathering)


def _no_rows() -> dict[str, Any]:
    return {"righe": [], "totale": 0, "pagina": 1, "pagine": 1}


CasesReader = Annotated[Caller, Depends(page_scope("presa_in_carico:leggi", optional=("anagrafe:leggi",)))]


@router.get("/casi")
async def show_casi(request: Request, caller: CasesReader) -> Response:
    gathering, filters = Gathering(), read_filters(request, "tutti")
    casi = await list_casi(caller, filters, page_number(request), gathering)
    return await respond(
        request, caller, "pagine/casi.html", title="Casi", section="casi", casi=casi, filtri=filters,
        mancanti=gathering.missing,
    )  # fmt: skip
