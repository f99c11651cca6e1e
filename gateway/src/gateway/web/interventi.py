"""Fogli amministrativi: those of a case, one of them, the decision, the inbox of approvals."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.cartella import IseeListOut, ListIsee
from contracts.erogazioni import (
    DecideFoglio,
    ErogazioneOut,
    ErogazioniOut,
    FoglioOut,
    FogliOut,
    GetFoglio,
    ListErogazioni,
    ListFogli,
    ProposeErogazione,
    StatoFoglio,
)  # fmt: skip
from contracts.errors import NotFound
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import formats, labels
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.conflict import conflict_page
from gateway.web.forms import Form, read_form
from gateway.web.pagatori import offices_to_ask
from gateway.web.page import Gathering, done, page_count, page_number, page_scope, respond
from gateway.web.people import name_of, operator_name, residents

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 30
NO_PAYMENTS = ErogazioniOut(erogazioni=(), totale=0, totale_importo=0)
NO_ISEE = IseeListOut(isee=())

SECTION = ("liquidazioni:leggi", "liquidazioni:scrivi", "liquidazioni:liquida", "fogli:approva")
CaseReader = Annotated[Caller, Depends(case_scope("fogli:leggi", optional=(*SECTION, "condivisioni:leggi")))]
Reader = Annotated[
    Caller, Depends(page_scope("fogli:leggi", optional=("anagrafe:leggi", "isee:leggi", *SECTION)))
]
Decider = Annotated[
    Caller,
    Depends(
        page_scope(
            "fogli:approva",
            "fogli:leggi",
            optional=("anagrafe:leggi", "isee:leggi", "presa_in_carico:leggi", *SECTION),
        )
    ),
]
Payer = Annotated[
    Caller,
    Depends(
        page_scope(
            "liquidazioni:scrivi",
            "fogli:leggi",
            optional=("anagrafe:leggi", "isee:leggi", "presa_in_carico:leggi", *SECTION),
        )
    ),
]


async def payments_of(caller: Caller, wanted: ListErogazioni, gathering: Gathering) -> ErogazioniOut:
    if not caller.can("liquidazioni:leggi"):
        return NO_PAYMENTS
    found: ErogazioniOut = await gathering.optional(
        "i pagamenti", caller.call("erogazioni", "list_erogazioni", wanted), NO_PAYMENTS
    )
    return found


async def payment_names(caller: Caller, payments: Sequence[ErogazioneOut]) -> dict[str, dict[UUID, str]]:
    """Who proposed and who liquidated, by payment."""
    names = await caller.nomi([*(p.proponente_id for p in payments), *(p.liquidatore_id for p in payments)])
    return {
        "pagatori": {p.id: operator_name(names, p.proponente_id, caller, "te") for p in payments},
        "liquidatori": {p.id: operator_name(names, p.liquidatore_id, caller, "te") for p in payments},
    }


async def proposers(caller: Caller, fogli: Sequence[FoglioOut]) -> dict[UUID, str]:
    names = await caller.nomi(f.proponente_id for f in fogli)
    return {f.id: operator_name(names, f.proponente_id, caller, "te") for f in fogli}


@router.get("/casi/{cartella_id}/interventi")
async def show_interventi(request: Request, cartella_id: UUID, caller: CaseReader) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    fogli, payments = await asyncio.gather(
        caller.call("erogazioni", "list_fogli", ListFogli(cartella_id=cartella_id)),
        payments_of(caller, ListErogazioni(cartella_id=cartella_id), gathering),
    )
    return await respond_caso(
        request, caller, caso, gathering, "interventi", "interventi.html", fogli=fogli.fogli,
        proponenti=await proposers(caller, fogli.fogli), erogazioni=payments,
        **await payment_names(caller, payments.erogazioni),
    )  # fmt: skip


@router.get("/casi/{cartella_id}/interventi/{foglio_id}")
async def show_foglio_of_caso(
    request: Request, cartella_id: UUID, foglio_id: UUID, caller: CaseReader
) -> Response:
    return await _foglio_page(request, caller, foglio_id, Form(), of_case=cartella_id)


@router.get("/interventi/{foglio_id}")
async def show_foglio(request: Request, foglio_id: UUID, caller: Reader) -> Response:
    return await _foglio_page(request, caller, foglio_id, Form())


async def _foglio_page(
    request: Request, caller: Caller, foglio_id: UUID, form: Form, of_case: UUID | None = None
) -> Response:
    """In the case for who may open the case, by itself for the administrative office. `of_case`: the case of the
    address, which the access log names."""
    gathering = Gathering()
    foglio: FoglioOut = await caller.call("erogazioni", "get_foglio", GetFoglio(foglio_id=foglio_id))
    if of_case not in (None, foglio.cartella_id):
        raise NotFound("foglio.non_trovato", "Intervento non trovato.")
    if not form.failed:
        form = Form.of(mese=formats.today().strftime("%Y-%m"))
    payments, names, waiting, isee = await asyncio.gather(
        payments_of(caller, ListErogazioni(foglio_id=foglio_id), gathering),
        caller.nomi([foglio.proponente_id, foglio.approvatore_id]),
        waiting_fogli(caller, gathering),
        _isee_of(caller, foglio, gathering),
    )
    context: dict[str, Any] = {
        "form": form, "status": form.status, "foglio": foglio, "erogazioni": payments,
        "url_foglio": f"/interventi/{foglio_id}",
        "proponente": operator_name(names, foglio.proponente_id, caller, "te"), "isee": isee,
        "approvatore": operator_name(names, foglio.approvatore_id, caller, "te"),
        "prossimo": any(other.id != foglio_id for other in waiting.fogli),
        "title": f"Intervento {foglio.numero}", "uffici": [], **await payment_names(caller, payments.erogazioni),
    }  # fmt: skip
    if "presa_in_carico:leggi" in caller.scopes:
        caso, missing = await load_caso(caller, foglio.cartella_id)
        missing.missing += gathering.missing
        context["uffici"] = await offices_to_ask(request, caller, caso, missing)
        return await respond_caso(request, caller, caso, missing, "interventi", "foglio.html", **context)
    people = await gathering.optional("i nomi", residents(caller, [foglio.residente_id]), {})
    context["mancanti"] = gathering.missing
    return await respond(
        request,
        caller,
        "pagine/foglio.html",
        section="interventi",
        chi=name_of(people, foglio.residente_id),
        **context,
    )


async def waiting_fogli(caller: Caller, gathering: Gathering, limit: int = 2) -> FogliOut:
    """Those that wait for this person's decision; none for who decides nothing."""
    none = FogliOut(fogli=(), totale=0)
    if "fogli:approva" not in caller.scopes:
        return none
    wanted = ListFogli(da_approvare=True, limite=limit)
    return await gathering.optional(
        "gli interventi da approvare", caller.call("erogazioni", "list_fogli", wanted), none
    )


async def _isee_of(caller: Caller, foglio: FoglioOut, gathering: Gathering) -> Any:
    """The ISEE the foglio stands on, where the reader may see it."""
    if foglio.isee_id is None or "isee:leggi" not in caller.scopes:
        return None
    wanted = ListIsee(cartella_id=foglio.cartella_id)
    found: IseeListOut = await gathering.optional(
        "l’ISEE", caller.call("cartella", "list_isee", wanted), NO_ISEE
    )
    return next((i for i in found.isee if i.id == foglio.isee_id), None)


@router.post("/interventi/{foglio_id}/decidi")
async def decide_foglio(request: Request, foglio_id: UUID, caller: Decider) -> Response:
    """Approves or refuses; who proposed cannot decide. "Approva e passa al prossimo" opens the next that waits."""
    form = await read_form(request)
    approves = form.get("esito").startswith("approva")
    if not approves and not form.get("motivo").strip():
        form.refuse("motivo", "Scrivi perché lo respingi: lo legge chi l’ha proposto.")
    with form.collecting():
        command = form.build(DecideFoglio, foglio_id=foglio_id, approva=approves)
        foglio: FoglioOut = await caller.call("erogazioni", "decide_foglio", command)
        notice = "approvato" if approves else "respinto"
        if form.get("esito") == "approva_e_prossimo":
            waiting = await waiting_fogli(caller, Gathering())
            following = next(iter(waiting.fogli), None)
            return done(
                f"/interventi/{following.id}" if following else "/interventi?stato=da_approvare", notice
            )
        return done(_where(caller, foglio), notice)
    if form.conflict:
        return await conflict_page(
            request, caller, form, "questo intervento", f"/interventi/{foglio_id}", section="interventi"
        )
    return await _foglio_page(request, caller, foglio_id, form)


def _where(caller: Caller, foglio: FoglioOut) -> str:
    inside = f"/casi/{foglio.cartella_id}" if caller.can("presa_in_carico:leggi") else ""
    return f"{inside}/interventi/{foglio.id}"


@router.post("/interventi/{foglio_id}/pagamento")
async def propose_payment(request: Request, foglio_id: UUID, caller: Payer) -> Response:
    form = await read_form(request)
    with form.collecting():
        command = form.build(ProposeErogazione, money=("importo",), foglio_id=foglio_id)
        await caller.call("erogazioni", "propose_erogazione", command)
        return done(f"/interventi/{foglio_id}", "erogazione")
    return await _foglio_page(request, caller, foglio_id, form)


FILTERS = [
    ("da_approvare", "Da approvare, e tocca a me"),
    *((s.value, labels.state(s, "foglio").text) for s in StatoFoglio),
]


@router.get("/interventi")
async def show_all(request: Request, caller: Reader) -> Response:
    """All fogli in sight; for who approves, first those that wait for him."""
    gathering, number = Gathering(), page_number(request)
    mine = caller.can("fogli:approva")
    shown = request.query_params.get("stato", "da_approvare" if mine else "")
    wanted = ListFogli(
        da_approvare=shown == "da_approvare", limite=SIZE, salta=(number - 1) * SIZE,
        stato=StatoFoglio(shown) if shown in set(StatoFoglio) else None,
    )  # fmt: skip
    answer: FogliOut = await caller.call("erogazioni", "list_fogli", wanted)
    people, names = await asyncio.gather(
        gathering.optional("i nomi", residents(caller, (f.residente_id for f in answer.fogli)), {}),
        proposers(caller, answer.fogli),
    )
    return await respond(
        request, caller, "pagine/interventi.html", title="Interventi", section="interventi", fogli=answer.fogli,
        totale=answer.totale, pagina=number, pagine=page_count(answer.totale, SIZE), mancanti=gathering.missing,
        persone={f.id: name_of(people, f.residente_id) for f in answer.fogli}, proponenti=names,
        filtri=Form.of(stato=shown), stati=FILTERS if mine else FILTERS[1:],
    )  # fmt: skip
