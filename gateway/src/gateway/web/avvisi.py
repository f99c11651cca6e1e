"""Alerts: the list, one of them with what changed, confirm or dispute, and the count for the bell."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contracts.anagrafe import ListVariazioni, VariazioniOut
from contracts.errors import NotFound
from contracts.notifiche import AvvisiOut, AvvisoOut, ConfirmAvviso, ListAvvisi, MarkAvvisoLetto
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.login import safe_return
from gateway.web.conflict import conflict_page
from gateway.web.forms import Form, read_form
from gateway.web.page import Gathering, done, page_count, page_number, page_scope, respond
from gateway.web.people import name_of, residents

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 30
STRAIGHT_TO = {
    "foglio_da_approvare": "interventi",
    "foglio_deciso": "interventi",
    "stampa_pronta": "stampa",
    "condivisione_decisa": "condivisioni",
}
"""Alerts about a part of a case."""
OUTSIDE_CASES = {
    "emergenza_aperta": "emergenze",
    "condivisione_proposta": "condivisioni",
    "accesso_anomalo": "registro-accessi/anomalie",
}
"""Alerts about a thing that has an address of its own."""
LISTED = {"riepilogo_accessi": "/registro-accessi/anomalie"}
"""Alerts about a whole list."""
LOOKED_THROUGH = 500
"""notifiche has no "get one": the alert is looked for among the newest of the caller's own."""

Reader = Annotated[Caller, Depends(page_scope("avvisi:leggi", optional=("anagrafe:leggi",)))]
Writer = Annotated[Caller, Depends(page_scope("avvisi:scrivi", "avvisi:leggi", optional=("anagrafe:leggi",)))]


@dataclass(frozen=True)
class AvvisoRow:
    """An alert as a row: the contract's fields, plus the name of the person it is about."""

    avviso: AvvisoOut
    chi: str

    @property
    def dove(self) -> str:
        """Where "Apri" leads: to the thing itself where the alert is only a pointer to it."""
        if listed := LISTED.get(self.avviso.tipo):
            return listed
        if (place := OUTSIDE_CASES.get(self.avviso.tipo)) and self.avviso.riferimento_id:
            return f"/{place}/{self.avviso.riferimento_id}"
        end = STRAIGHT_TO.get(self.avviso.tipo)
        if end is None or self.avviso.cartella_id is None:
            return f"/avvisi/{self.avviso.id}"
        return f"/casi/{self.avviso.cartella_id}/{end}"

    def __getattr__(self, name: str) -> Any:
        return getattr(self.avviso, name)


async def list_rows(
    caller: Caller, request: ListAvvisi, gathering: Gathering
) -> tuple[list[AvvisoRow], AvvisiOut]:
    """Alerts with names; without the registry they still show, nameless."""
    answer: AvvisiOut = await caller.call("notifiche", "list_avvisi", request)
    people = await gathering.optional(
        "i nomi", residents(caller, (a.residente_id for a in answer.avvisi)), {}
    )
    rows = [
        AvvisoRow(a, name_of(people, a.residente_id) if a.residente_id in people else "")
        for a in answer.avvisi
    ]
    return rows, answer


@router.get("/avvisi")
async def show_avvisi(request: Request, caller: Reader) -> Response:
    gathering, number = Gathering(), page_number(request)
    only_open = request.query_params.get("quali") != "tutti"
    wanted = ListAvvisi(solo_aperti=only_open, limite=SIZE, salta=(number - 1) * SIZE)
    rows, answer = await list_rows(caller, wanted, gathering)
    return await respond(
        request, caller, "pagine/avvisi.html", title="Avvisi", section="oggi", avvisi=rows, non_letti=answer.non_letti,
        aperti=only_open, pagina=number, pagine=page_count(answer.totale, SIZE), mancanti=gathering.missing,
    )  # fmt: skip


@router.get("/avvisi/conteggio")
async def count_avvisi(caller: Reader) -> Response:
    answer: AvvisiOut = await caller.call("notifiche", "list_avvisi", ListAvvisi(limite=1))
    return JSONResponse({"non_letti": answer.non_letti}, headers={"Cache-Control": "no-store"})


async def find_avviso(caller: Caller, avviso_id: UUID) -> AvvisoOut:
    wanted = ListAvvisi(solo_aperti=False, limite=LOOKED_THROUGH)
    answer: AvvisiOut = await caller.call("notifiche", "list_avvisi", wanted)
    for avviso in answer.avvisi:
        if avviso.id == avviso_id:
            return avviso
    raise NotFound("avviso.non_trovato", "Questo avviso non c’è.")


@router.get("/avvisi/{avviso_id}")
async def show_avviso(request: Request, avviso_id: UUID, caller: Reader) -> Response:
    return await _avviso_page(request, caller, avviso_id, Form())


async def _avviso_page(request: Request, caller: Caller, avviso_id: UUID, form: Form) -> Response:
    avviso, gathering = await find_avviso(caller, avviso_id), Gathering()
    caller.touch(cartella_id=avviso.cartella_id, residente_id=avviso.residente_id)
    changes_known = avviso.residente_id and caller.can("anagrafe:leggi")
    people, changes = await asyncio.gather(
        gathering.optional("i nomi", residents(caller, [avviso.residente_id]), {}),
        _changes(caller, gathering, avviso.residente_id if changes_known else None),
    )
    after = safe_return(request.query_params.get("poi") or form.get("poi") or "/avvisi")
    return await respond(
        request, caller, "pagine/avviso.html", title="Avviso", section="oggi", status=form.status, form=form,
        avviso=avviso, chi=name_of(people, avviso.residente_id) if people else "", after=after, bozza=avviso.id,
        variazioni=[
            v for v in changes.variazioni if v.campo in avviso.campi_variati or v.valida_dal == avviso.data_evento
        ],
    )  # fmt: skip


async def _changes(caller: Caller, gathering: Gathering, residente_id: UUID | None) -> VariazioniOut:
    none = VariazioniOut(variazioni=())
    if residente_id is None:
        return none
    wanted = ListVariazioni(residente_id=residente_id)
    return await gathering.optional("la storia", caller.call("anagrafe", "list_variazioni", wanted), none)


@router.post("/avvisi/{avviso_id}/conferma")
async def confirm_avviso(request: Request, avviso_id: UUID, caller: Writer) -> Response:
    """Confirms a registry change, or disputes it with a reason."""
    form = await read_form(request)
    disputed = bool(form.get("contesta"))
    if disputed and not form.get("motivo").strip():
        form.refuse("motivo", "Scrivi che cosa non torna: serve all’ufficio anagrafe.")
    with form.collecting():
        command = form.build(ConfirmAvviso, avviso_id=avviso_id, contesta=disputed)
        await caller.call("notifiche", "confirm_avviso", command)
    if form.conflict:
        return await conflict_page(request, caller, form, "questo avviso", f"/avvisi/{avviso_id}")
    if form.failed:
        return await _avviso_page(request, caller, avviso_id, form)
    return done(safe_return(form.get("poi")), "avviso_contestato" if disputed else "avviso_confermato")


@router.post("/avvisi/{avviso_id}/letto")
async def mark_letto(request: Request, avviso_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    await caller.call("notifiche", "mark_avviso_letto", MarkAvvisoLetto(avviso_id=avviso_id))
    return done(safe_return(form.get("poi")), "avviso_letto")
