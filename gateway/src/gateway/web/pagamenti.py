"""Payments of the administrative office: what to propose, what to liquidate, what is done."""

import asyncio
from typing import Annotated
from uuid import UUID, uuid5

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.erogazioni import (
    AnnulErogazione,
    ErogazioniOut,
    FogliOut,
    LiquidateErogazione,
    ListErogazioni,
    ListFogli,
    ProposeErogazione,
    StatoErogazione,
    StatoFoglio,
)  # fmt: skip
from contracts.errors import NotFound
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.login import safe_return
from gateway.web import formats
from gateway.web.conflict import conflict_page
from gateway.web.forms import Form, read_form
from gateway.web.interventi import payment_names
from gateway.web.page import Gathering, as_uuid, done, page_count, page_number, page_scope, respond
from gateway.web.people import name_of, residents

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 40
VIEWS = {
    "da_proporre": "Da proporre",
    "da_liquidare": "Da liquidare",
    "liquidate": "Liquidati",
    "tutti": "Tutti",
}
STATES = {"da_liquidare": StatoErogazione.PROPOSTA, "liquidate": StatoErogazione.LIQUIDATA}
SECTION = ("anagrafe:leggi", "fogli:leggi", "liquidazioni:scrivi", "liquidazioni:liquida")

Reader = Annotated[Caller, Depends(page_scope("liquidazioni:leggi", optional=SECTION))]
Proposer = Annotated[
    Caller, Depends(page_scope("liquidazioni:scrivi", "liquidazioni:leggi", optional=SECTION))
]
Payer = Annotated[Caller, Depends(page_scope("liquidazioni:liquida", "liquidazioni:leggi", optional=SECTION))]


def month_of(text: str) -> str:
    """AAAA-MM as asked, or the current month."""
    year, _, number = text.partition("-")
    valid = (
        len(year) == 4 and year.isdigit() and len(number) == 2 and number.isdigit() and 1 <= int(number) <= 12
    )
    return text if valid else formats.today().strftime("%Y-%m")


@router.get("/pagamenti")
async def show_pagamenti(request: Request, caller: Reader) -> Response:
    return await _page(request, caller, Form())


async def _page(request: Request, caller: Caller, form: Form) -> Response:
    query, gathering, number = request.query_params, Gathering(), page_number(request)
    proposes = caller.can("liquidazioni:scrivi") and caller.can("fogli:leggi")
    views = {key: text for key, text in VIEWS.items() if key != "da_proporre" or proposes}
    view = query.get("vista", "")
    view = view if view in views else "da_liquidare"
    month = query.get("mese", "")
    wanted = ListErogazioni(
        stato=STATES.get(view), mese=month_of(month) if month else "", cartella_id=as_uuid(query.get("caso", "")),
        limite=SIZE, salta=(number - 1) * SIZE,
    )  # fmt: skip
    none = FogliOut(fogli=(), totale=0)
    approved = ListFogli(stato=StatoFoglio.APPROVATO, limite=SIZE, salta=(number - 1) * SIZE)
    payments: ErogazioniOut = await caller.call("erogazioni", "list_erogazioni", wanted)
    fogli: FogliOut = none
    if view == "da_proporre":
        fogli = await gathering.optional(
            "gli interventi", caller.call("erogazioni", "list_fogli", approved), none
        )
    ids = [*(p.residente_id for p in payments.erogazioni), *(f.residente_id for f in fogli.fogli)]
    people, names = await asyncio.gather(
        gathering.optional("i nomi", residents(caller, ids), {}), payment_names(caller, payments.erogazioni)
    )
    total = fogli.totale if view == "da_proporre" else payments.totale
    month = month_of(month)
    persons = {p.id: name_of(people, p.residente_id) for p in payments.erogazioni}
    persons |= {f.id: name_of(people, f.residente_id) for f in fogli.fogli}
    return await respond(
        request, caller, "pagine/pagamenti.html", title="Pagamenti", section="pagamenti", status=form.status, form=form,
        erogazioni=payments, fogli=fogli.fogli, persone=persons, vista=view, mese=month, mancanti=gathering.missing,
        viste=[(key, text, f"/pagamenti?vista={key}") for key, text in views.items()],
        filtri=Form.of(mese=query.get("mese", month if view == "da_proporre" else "")),
        # One key per foglio and month: a double click proposes one payment.
        chiavi={f.id: uuid5(f.id, month) for f in fogli.fogli},
        pagina=number, pagine=page_count(total, SIZE), pagatori=names["pagatori"],
        liquidatori=names["liquidatori"],
    )  # fmt: skip


@router.post("/pagamenti/proponi")
async def propose(request: Request, caller: Proposer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await caller.call("erogazioni", "propose_erogazione", form.build(ProposeErogazione))
        return done_at(form, "erogazione")
    return await _page(request, caller, form)


@router.post("/pagamenti/{erogazione_id}/liquida")
async def liquidate(request: Request, erogazione_id: UUID, caller: Payer) -> Response:
    """Four eyes: who proposed cannot liquidate; a known death blocks it."""
    form = await read_form(request)
    with form.collecting():
        command = form.build(LiquidateErogazione, erogazione_id=erogazione_id)
        await caller.call("erogazioni", "liquidate_erogazione", command)
        return done_at(form, "liquidata")
    if form.conflict:
        return await conflict_page(
            request, caller, form, "questo pagamento", "/pagamenti", section="pagamenti"
        )
    return await _page(request, caller, form)


def done_at(form: Form, notice: str) -> Response:
    """Back where the button was, query and all."""
    path, _, query = safe_return(form.get("poi") or "/pagamenti").partition("?")
    return done(path, notice, query)


@router.get("/pagamenti/{erogazione_id}/annulla")
async def show_annul(request: Request, erogazione_id: UUID, caller: Proposer) -> Response:
    return await _annul_page(request, caller, erogazione_id, request.query_params.get("foglio", ""), Form())


async def _annul_page(
    request: Request, caller: Caller, erogazione_id: UUID, foglio: str, form: Form
) -> Response:
    wanted = ListErogazioni(foglio_id=as_uuid(foglio), limite=500)
    answer: ErogazioniOut = await caller.call("erogazioni", "list_erogazioni", wanted)
    found = next((e for e in answer.erogazioni if e.id == erogazione_id), None)
    if found is None:
        raise NotFound("erogazione.non_trovata", "Questo pagamento non c’è.")
    caller.touch(cartella_id=found.cartella_id, residente_id=found.residente_id)
    form.values.setdefault("version", [str(found.version)])
    text = f"{found.voce_nome}, {formats.month(found.mese)}: {formats.euro(found.importo)}."
    return await respond(
        request, caller, "pagine/annulla_pagamento.html", title="Annulla il pagamento", section="pagamenti", form=form,
        status=form.status, erogazione_id=erogazione_id, foglio=foglio, descrizione=text,
        after=safe_return(form.get("poi") or request.query_params.get("poi") or "/pagamenti"),
    )  # fmt: skip


@router.post("/pagamenti/{erogazione_id}/annulla")
async def annul(request: Request, erogazione_id: UUID, caller: Proposer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await caller.call(
            "erogazioni", "annul_erogazione", form.build(AnnulErogazione, erogazione_id=erogazione_id)
        )
        return done_at(form, "annullata")
    if form.conflict:
        return await conflict_page(
            request, caller, form, "questo pagamento", "/pagamenti", section="pagamenti"
        )
    return await _annul_page(request, caller, erogazione_id, form.get("foglio"), form)
