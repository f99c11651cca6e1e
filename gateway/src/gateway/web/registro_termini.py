"""The terms of the access log: in force, proposed, and their story. The DPO proposes, who approves policies decides."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Forbidden
from gateway.accessi import termini
from gateway.accessi.ricerca import of_the_ente, with_connection
from gateway.accessi.sigilli import Connection
from gateway.auth import Authorize, Caller
from gateway.logged import LoggedRoute
from gateway.web import labels
from gateway.web.forms import Form, read_form
from gateway.web.page import done, page_scope, respond
from gateway.web.people import operator_name
from gateway.web.registro import TABS

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
PATH = "/registro-accessi/termini"
APPROVES = "politica:approva"
Reader = Annotated[
    Caller,
    Depends(
        page_scope(
            "politica:leggi",
            optional=("registro_accessi:leggi", "registro_accessi:scrivi", APPROVES),
        )
    ),
]
Proposer = Annotated[Caller, Depends(of_the_ente(page_scope("registro_accessi:scrivi", "politica:leggi")))]


def of_the_whole_ente(rule: Authorize) -> Callable[..., Awaitable[Caller]]:
    """Who approves policies for the ente: the terms are the ente's, not a settore's."""

    async def approver(caller: Caller = Depends(rule)) -> Caller:
        if caller.ente not in caller.enti(APPROVES):
            raise Forbidden("mandato.non_abilitato", "Il tuo ruolo non permette questa operazione.")
        return caller

    return approver


Approver = Annotated[Caller, Depends(of_the_whole_ente(page_scope(APPROVES, "politica:leggi")))]


@dataclass(frozen=True)
class Stato:
    in_vigore: termini.TerminiOut
    proposti: termini.TerminiOut | None
    storia: list[termini.TerminiOut]


@router.get(PATH)
async def show_termini(request: Request, caller: Reader) -> Response:
    found = await with_connection(request, lambda c: _read(c, caller.ente))
    now = found.in_vigore
    form = Form.of(mesi=now.mesi)
    form.values["settori_protetti"] = list(now.settori_protetti)
    form.values["mostra_nomi"] = ["1"] if now.mostra_nomi else []
    form.values["mostra_motivi"] = ["1"] if now.mostra_motivi else []
    return await _page(request, caller, found, form)


async def _read(connection: Connection, ente: str) -> Stato:
    return Stato(
        await termini.in_force(connection, ente),
        await termini.proposed(connection, ente),
        await termini.history(connection, ente),
    )


async def _page(request: Request, caller: Caller, found: Stato, form: Form) -> Response:
    open_one = found.proposti
    shown = [*found.storia, *([open_one] if open_one else [])]
    names = await caller.nomi(who for one in shown for who in (one.proposti_da, one.decisi_da))

    def chi(who: UUID | None) -> str:
        return operator_name(names, who, caller) if who else "insieme al sistema"

    settori = labels.options("settore")
    settori += [
        (s, labels.word(s, "settore")) for s in found.in_vigore.settori_protetti if s not in labels.SETTORI
    ]
    mine = open_one is not None and open_one.proposti_da == caller.operatore_id
    return await respond(
        request, caller, "pagine/registro_termini.html", title="Termini del registro degli accessi", section="accessi",
        status=form.status, form=form, schede=TABS if caller.can("registro_accessi:leggi") else (), stato=found,
        chi=chi, settori=settori, propone=open_one is None and caller.can("registro_accessi:scrivi"),
        decide=open_one is not None and not mine and caller.ente in caller.enti(APPROVES),
    )  # fmt: skip


@router.post(PATH)
async def propose(request: Request, caller: Proposer) -> Response:
    form = await read_form(request)
    with form.collecting():
        wanted = form.build(
            termini.Termini, flags=("mostra_nomi", "mostra_motivi"), lists=("settori_protetti",)
        )
        await with_connection(request, lambda c: termini.propose(c, caller.ente, caller.operatore_id, wanted))
        return done(PATH, "termini_proposti")
    return await _page(request, caller, await with_connection(request, lambda c: _read(c, caller.ente)), form)


@router.post(PATH + "/{termini_id}/decisione")
async def decide(request: Request, termini_id: UUID, caller: Approver) -> Response:
    form = await read_form(request)
    approved = form.get("decisione") == "approva"
    with form.collecting():
        await with_connection(
            request,
            lambda c: termini.decide(
                c, caller.ente, termini_id, caller.operatore_id, approved, form.get("motivo_decisione")
            ),
        )
        return done(PATH, "termini_approvati" if approved else "termini_respinti")
    return await _page(request, caller, await with_connection(request, lambda c: _read(c, caller.ente)), form)
