"""Break-the-glass: finding the person, saying why, closing; and the queue of what waits for a signature."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.anagrafe import GetResidente, ResidenteOut, ResidentiTrovati, SearchResidenti
from gateway.auth import Caller
from gateway.emergenze import CATEGORIE, Emergenze, motivo_of
from gateway.logged import LoggedRoute
from gateway.web import formats
from gateway.web.forms import Form, FormInvalid, read_form
from gateway.web.page import done, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
FOUND = 20
NOBODY = ResidentiTrovati(residenti=(), totale=0)
ESITI = (("giustificata", "Giustificata"), ("non_giustificata", "Non giustificata"))

Opener = Annotated[Caller, Depends(page_scope("emergenze:scrivi", "anagrafe:leggi"))]
Anyone = Annotated[Caller, Depends(page_scope())]
Reader = Annotated[Caller, Depends(page_scope("emergenze:leggi", optional=("emergenze:approva",)))]
Reviewer = Annotated[Caller, Depends(page_scope("emergenze:approva", "emergenze:leggi"))]


def emergenze_of(request: Request) -> Emergenze:
    gateway = request.app.state.gateway
    return Emergenze(gateway.pool, gateway.settings.emergency_minutes, gateway.settings.emergencies_a_day)


@router.get("/emergenza")
async def find_person(request: Request, caller: Opener) -> Response:
    """The person is looked for in the registry, as everywhere; what was typed is in no log."""
    form = Form.of(testo=request.query_params.get("testo", "").strip())
    found, wanted = NOBODY, len(form.get("testo")) >= 2
    if form.get("testo") and not wanted:
        form.refuse("testo", "Scrivi almeno due lettere.")
    if wanted:
        try:
            found = await caller.call(
                "anagrafe", "search_residenti", form.build(SearchResidenti, limite=FOUND)
            )
        except FormInvalid:
            wanted = False
    return await respond(
        request, caller, "pagine/emergenza_cerca.html", title="Apri un’emergenza", section="emergenza", form=form,
        status=form.status, cercato=wanted, trovati=found, minuti=emergenze_of(request).minuti,
    )  # fmt: skip


@router.post("/emergenza/chiudi")
async def close(request: Request, caller: Anyone) -> Response:
    """Whoever opened it may end it at any time, whatever his role is by now."""
    caller.touch(residente_id=caller.identity.emergenza, sezione="emergenze", azione="chiudi")
    closed = await emergenze_of(request).close(caller.session_id)
    return done("/", "emergenza_chiusa" if closed else "")


@router.get("/emergenza/{residente_id}")
async def ask_reason(request: Request, residente_id: UUID, caller: Opener) -> Response:
    return await _reason_page(request, caller, residente_id, Form.of())


async def _reason_page(request: Request, caller: Caller, residente_id: UUID, form: Form) -> Response:
    """NotFound for a person the registry does not show to this operator: himself and his household too."""
    persona: ResidenteOut = await caller.call(
        "anagrafe", "get_residente", GetResidente(residente_id=residente_id)
    )
    return await respond(
        request, caller, "pagine/emergenza_motivo.html", title="Perché apri un’emergenza", section="emergenza",
        form=form, status=form.status, persona=persona, categorie=CATEGORIE.items(),
        minuti=emergenze_of(request).minuti,
    )  # fmt: skip


@router.post("/emergenza/{residente_id}")
async def open_emergenza(request: Request, residente_id: UUID, caller: Opener) -> Response:
    form = await read_form(request)
    caller.touch(residente_id=residente_id, azione="apri")
    with form.collecting():
        motivo = motivo_of(form.get("categoria"), form.get("testo"))
        persona: ResidenteOut = await caller.call(
            "anagrafe", "get_residente", GetResidente(residente_id=residente_id)
        )
        await emergenze_of(request).open(caller, persona.id, formats.full_name(persona), motivo)
        caller.touch(motivo=motivo)
        return done(f"/persone/{residente_id}", "emergenza_aperta")
    return await _reason_page(request, caller, residente_id, form)


@router.get("/emergenze")
async def show_queue(request: Request, caller: Reader) -> Response:
    rows = await emergenze_of(request).list_emergenze(caller)
    return await respond(
        request, caller, "pagine/emergenze.html", title="Emergenze", section="emergenze",
        da_rivedere=[e for e in rows if e.esito is None], riviste=[e for e in rows if e.esito is not None],
    )  # fmt: skip


@router.get("/emergenze/{emergenza_id}")
async def show_emergenza(request: Request, emergenza_id: UUID, caller: Reader) -> Response:
    return await _emergenza_page(request, caller, emergenza_id, Form.of())


async def _emergenza_page(request: Request, caller: Caller, emergenza_id: UUID, form: Form) -> Response:
    """What was read stands above the signature: one signs what one has seen."""
    emergenze = emergenze_of(request)
    found = await emergenze.get(caller, emergenza_id)
    caller.touch(residente_id=found.residente_id)
    mine = found.operatore_id == caller.operatore_id
    return await respond(
        request, caller, "pagine/emergenza.html", title="Emergenza", section="emergenze", form=form,
        status=form.status, emergenza=found, letture=await emergenze.letture(found), esiti=ESITI, mia=mine,
        firmabile=caller.can("emergenze:approva") and not mine and found.esito is None and not found.in_corso,
    )  # fmt: skip


@router.post("/emergenze/{emergenza_id}/revisione")
async def review(request: Request, emergenza_id: UUID, caller: Reviewer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await emergenze_of(request).review(caller, emergenza_id, form.get("esito"), form.get("nota"))
        return done(f"/emergenze/{emergenza_id}", "emergenza_rivista")
    return await _emergenza_page(request, caller, emergenza_id, form)
