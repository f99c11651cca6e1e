"""People of the registry: search as you type, the person, and opening a case."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from contracts.anagrafe import (
    GetResidente,
    ListVariazioni,
    ResidenteOut,
    ResidentiTrovati,
    SearchResidenti,
    VariazioniOut,
)
from contracts.base import Command
from contracts.cartella import Area, CartellaOut, CartelleOut, ListCartelle, StatoCartella
from gateway.auth import Caller
from gateway.fascicolo import open_cartella
from gateway.logged import LoggedRoute
from gateway.web.forms import Form, FormInvalid, read_form
from gateway.web.page import Gathering, done, nothing, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
NO_CASES = CartelleOut(cartelle=(), totale=0)
NOBODY = ResidentiTrovati(residenti=(), totale=0)
FOUND = 20
CASE_NUMBER_HAS = 3
"""Digits a text needs to be tried as the number of a case."""


class CaseRequest(Command):
    """What is typed to open a case; the rest the registry knows."""

    area: Area
    motivo: Annotated[str, Field(min_length=1, max_length=2000)]


Reader = Annotated[Caller, Depends(page_scope("anagrafe:leggi", optional=("presa_in_carico:leggi",)))]
Opener = Annotated[
    Caller,
    Depends(page_scope("presa_in_carico:scrivi", "anagrafe:leggi", optional=("presa_in_carico:leggi",))),
]


@router.get("/persone")
async def search(request: Request, caller: Reader) -> Response:
    """The page, or only the results for htmx. The access log has the search; what was typed is in no log."""
    form, gathering = Form.of(testo=request.query_params.get("testo", "").strip()), Gathering()
    found, cases, with_case = NOBODY, NO_CASES, NO_CASES
    wanted = len(form.get("testo")) >= 2
    if form.get("testo") and not wanted:
        form.refuse("testo", "Scrivi almeno due lettere.")
    if wanted:
        try:
            query = form.build(SearchResidenti, limite=FOUND)
        except FormInvalid:
            wanted = False
        else:
            found, cases = await asyncio.gather(
                caller.call("anagrafe", "search_residenti", query),
                _by_number(caller, gathering, form.get("testo")),
            )
            with_case = await _cases_of(caller, gathering, tuple(r.id for r in found.residenti))
    return await respond(
        request, caller, "pagine/persone.html", title="Persone", section="persone", form=form,
        part="risultati" if request.headers.get("hx-request") else "", status=form.status, cercato=wanted,
        trovati=found, casi=cases.cartelle, con_caso={c.residente_id: c for c in sorted(with_case.cartelle, key=_age)},
    )  # fmt: skip


def _age(cartella: CartellaOut) -> tuple[bool, datetime]:
    """Closed before open, old before new: of several cases of a person the last one leads on."""
    return cartella.stato is not StatoCartella.CHIUSA, cartella.aperta_il


async def _by_number(caller: Caller, gathering: Gathering, text: str) -> CartelleOut:
    if sum(char.isdigit() for char in text) < CASE_NUMBER_HAS or not caller.can("presa_in_carico:leggi"):
        return NO_CASES
    wanted = ListCartelle(numero=text, limite=5)
    return await gathering.optional("i casi", caller.call("cartella", "list_cartelle", wanted), NO_CASES)


async def _cases_of(caller: Caller, gathering: Gathering, ids: tuple[UUID, ...]) -> CartelleOut:
    """Cases of these people that the reader may know of; of the others nothing is said."""
    if not ids or not caller.can("presa_in_carico:leggi"):
        return NO_CASES
    wanted = ListCartelle(residenti_id=ids, limite=100)
    return await gathering.optional("i casi", caller.call("cartella", "list_cartelle", wanted), NO_CASES)


@router.get("/persone/{residente_id}")
async def show_persona(request: Request, residente_id: UUID, caller: Reader) -> Response:
    return await _persona_page(request, caller, residente_id, Form.of(area=""))


async def _persona_page(request: Request, caller: Caller, residente_id: UUID, form: Form) -> Response:
    gathering = Gathering()
    residente: ResidenteOut = await caller.call(
        "anagrafe", "get_residente", GetResidente(residente_id=residente_id)
    )
    changes, cases = await asyncio.gather(
        gathering.optional(
            "la storia in anagrafe",
            caller.call("anagrafe", "list_variazioni", ListVariazioni(residente_id=residente_id)),
            VariazioniOut(variazioni=()),
        ),
        gathering.optional(
            "i casi", caller.call("cartella", "list_cartelle", ListCartelle(residente_id=residente_id)), NO_CASES
        )
        if caller.can("presa_in_carico:leggi") else nothing(NO_CASES),
    )  # fmt: skip
    context: dict[str, Any] = {
        "persona": residente, "variazioni": changes.variazioni, "casi": cases.cartelle,
        "casi_aperti": [c for c in cases.cartelle if c.stato is not StatoCartella.CHIUSA],
    }  # fmt: skip
    return await respond(
        request, caller, "pagine/persona.html", title="Persona", section="persone", form=form, status=form.status,
        mancanti=gathering.missing, **context,
    )  # fmt: skip


@router.post("/persone/{residente_id}/caso")
async def open_caso(request: Request, residente_id: UUID, caller: Opener) -> Response:
    """Opens a case; what the registry knows is taken from there, never typed."""
    form = await read_form(request)
    with form.collecting():
        typed = form.build(CaseRequest)
        opened = await open_cartella(
            caller,
            residente_id=residente_id,
            area=typed.area,
            motivo=typed.motivo,
            idempotency_key=typed.idempotency_key,
        )
        return done(f"/casi/{opened.id}", "caso_aperto")
    return await _persona_page(request, caller, residente_id, form)
