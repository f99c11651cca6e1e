"""The diary of a case, and its ISEE."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.cartella import (
    AddIsee,
    AddVoceDiario,
    AnnulVoceDiario,
    CartellaOut,
    GetVoceDiario,
    IseeListOut,
    IseeOut,
    ListIsee,
    ListVociDiario,
    RectifyVoceDiario,
    TipoVoce,
    VoceDiarioOut,
    VociDiarioOut,
)  # fmt: skip
from gateway.auth import Caller
from gateway.fascicolo import check_settore
from gateway.logged import LoggedRoute
from gateway.web import formats, labels
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.conflict import conflict_page
from gateway.web.forms import Form, read_form
from gateway.web.page import done, page_count, page_number
from gateway.web.people import operator_name

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 20

Reader = Annotated[Caller, Depends(case_scope("diario:leggi"))]
Writer = Annotated[
    Caller, Depends(case_scope("diario:scrivi", "diario:leggi", optional=("secondo_livello:scrivi",)))
]
IseeReader = Annotated[Caller, Depends(case_scope("isee:leggi"))]
IseeWriter = Annotated[Caller, Depends(case_scope("isee:scrivi", "isee:leggi"))]


def new_entry() -> Form:
    return Form.of(tipo=TipoVoce.COLLOQUIO, quando=formats.input_moment(formats.now()))


async def second_levels(caller: Caller, cartella: CartellaOut) -> list[tuple[str, str]]:
    """The settori whose second level an entry of this case may be of, for who may say so: those of its ente."""
    if not caller.can("secondo_livello:scrivi") or cartella.ente != caller.ente:
        return []
    settori = sorted({incarico.settore for incarico in await caller.colleghi() if incarico.settore})
    return [(s, f"Secondo livello: tu e il settore {labels.word(s, 'settore')}") for s in settori]


def localize(form: Form) -> None:
    """`quando` is typed on the clock of Rome; it travels with its offset."""
    typed = form.get("quando").strip()
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        return
    form.values["quando"] = (
        [moment.replace(tzinfo=formats.ROMA).isoformat()] if moment.tzinfo is None else [typed]
    )


def unlocalize(form: Form) -> None:
    """Back to what the field shows, when the form is shown again."""
    try:
        form.values["quando"] = [formats.input_moment(datetime.fromisoformat(form.get("quando")))]
    except ValueError:
        return


@router.get("/casi/{cartella_id}/diario")
async def show_diario(request: Request, cartella_id: UUID, caller: Reader) -> Response:
    return await _diario_page(request, caller, cartella_id, new_entry())


async def _diario_page(request: Request, caller: Caller, cartella_id: UUID, form: Form) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    query, number = request.query_params, page_number(request)
    kind = query.get("tipo_filtro", "")
    wanted = ListVociDiario(
        cartella_id=cartella_id, tipo=TipoVoce(kind) if kind in set(TipoVoce) else None, limite=SIZE,
        testo=query.get("parole", "").strip(), salta=(number - 1) * SIZE,
    )  # fmt: skip
    answer: VociDiarioOut = await caller.call("cartella", "list_voci_diario", wanted)
    names = await caller.nomi(voce.autore_id for voce in answer.voci)
    return await respond_caso(
        request, caller, caso, gathering, "diario", "diario.html", form=form, status=form.status, voci=answer.voci,
        totale=answer.totale, pagina=number, pagine=page_count(answer.totale, SIZE),
        filtri=Form.of(tipo_filtro=kind, parole=query.get("parole", "")),
        autori={voce.id: operator_name(names, voce.autore_id, caller, "te") for voce in answer.voci},
        settori_riservati=await second_levels(caller, caso.cartella),
    )  # fmt: skip


@router.post("/casi/{cartella_id}/diario")
async def add_voce(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    localize(form)
    with form.collecting():
        command = form.build(AddVoceDiario, flags=("privata",), cartella_id=cartella_id)
        await check_settore(caller, command.settore_riservato)
        await caller.call("cartella", "add_voce_diario", command)
        return done(f"/casi/{cartella_id}/diario", "diario")
    unlocalize(form)
    return await _diario_page(request, caller, cartella_id, form)


@router.get("/casi/{cartella_id}/diario/{voce_id}")
async def show_voce(request: Request, cartella_id: UUID, voce_id: UUID, caller: Reader) -> Response:
    return await _voce_page(request, caller, cartella_id, voce_id, None)


async def _voce_page(
    request: Request, caller: Caller, cartella_id: UUID, voce_id: UUID, form: Form | None
) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    wanted = GetVoceDiario(cartella_id=cartella_id, voce_id=voce_id)
    voce: VoceDiarioOut = await caller.call("cartella", "get_voce_diario", wanted)
    names = await caller.nomi([voce.autore_id])
    form = form or Form.of(
        tipo=voce.tipo,
        quando=formats.input_moment(voce.quando),
        con_chi=voce.con_chi,
        dove=voce.dove,
        testo=voce.testo,
        settore_riservato=voce.settore_riservato,
    )
    return await respond_caso(
        request, caller, caso, gathering, "diario", "voce.html", form=form, status=form.status, voce=voce,
        autore=operator_name(names, voce.autore_id, caller, "te"),
        mia=voce.autore_id == caller.operatore_id and caller.can("diario:scrivi"),
        title=f"Voce di diario, caso {caso.cartella.numero}",
        settori_riservati=await second_levels(caller, caso.cartella),
    )  # fmt: skip


@router.post("/casi/{cartella_id}/diario/{voce_id}")
async def rectify_voce(request: Request, cartella_id: UUID, voce_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    localize(form)
    with form.collecting():
        # the choice is on the form only for who may make it; left out, it stays as it is
        chosen = form.get("settore_riservato") if form.get("riservatezza_scelta") else None
        command = form.build(
            RectifyVoceDiario, cartella_id=cartella_id, voce_id=voce_id, settore_riservato=chosen
        )
        await check_settore(caller, command.settore_riservato)
        await caller.call("cartella", "rectify_voce_diario", command)
        return done(f"/casi/{cartella_id}/diario/{voce_id}", "diario_rettificato")
    return await _refused_voce(request, caller, cartella_id, voce_id, form)


@router.post("/casi/{cartella_id}/diario/{voce_id}/annulla")
async def annul_voce(request: Request, cartella_id: UUID, voce_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    reason = form.get("motivo_annullamento").strip()
    if not reason:
        form.refuse("motivo_annullamento", "Scrivi perché: resta accanto alla voce.")
    with form.collecting():
        command = form.build(AnnulVoceDiario, cartella_id=cartella_id, voce_id=voce_id, motivo=reason or "-")
        await caller.call("cartella", "annul_voce_diario", command)
        return done(f"/casi/{cartella_id}/diario", "diario_annullato")
    return await _refused_voce(request, caller, cartella_id, voce_id, form)


async def _refused_voce(
    request: Request, caller: Caller, cartella_id: UUID, voce_id: UUID, form: Form
) -> Response:
    unlocalize(form)
    if form.conflict:
        return await conflict_page(
            request, caller, form, "questa voce", f"/casi/{cartella_id}/diario/{voce_id}"
        )
    return await _voce_page(request, caller, cartella_id, voce_id, form)


@router.get("/casi/{cartella_id}/isee")
async def show_isee(request: Request, cartella_id: UUID, caller: IseeReader) -> Response:
    return await _isee_page(request, caller, cartella_id, Form.of(tipo="ordinario"))


async def _isee_page(request: Request, caller: Caller, cartella_id: UUID, form: Form) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    answer: IseeListOut = await caller.call("cartella", "list_isee", ListIsee(cartella_id=cartella_id))
    return await respond_caso(
        request, caller, caso, gathering, "isee", "isee.html", form=form, status=form.status, isee=answer.isee
    )


@router.post("/casi/{cartella_id}/isee")
async def add_isee(request: Request, cartella_id: UUID, caller: IseeWriter) -> Response:
    form = await read_form(request)
    with form.collecting():
        form.values["protocollo_dsu"] = [form.get("protocollo_dsu").strip().upper()]
        command = form.build(
            AddIsee, money=("ise", "isee", "scala"), flags=("omissioni",), cartella_id=cartella_id
        )
        added: IseeOut = await caller.call("cartella", "add_isee", command)
        return done(f"/casi/{added.cartella_id}/isee", "isee")
    return await _isee_page(request, caller, cartella_id, form)
