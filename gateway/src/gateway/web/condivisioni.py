"""Sharing a case: offering it, answering an offer, ending it; on the case's side and on the receiver's."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.condivisioni import (
    CondivisioneOut,
    CondivisioniOut,
    DecideCondivisione,
    ListCondivisioni,
    ProposeCondivisione,
    RevokeCondivisione,
    StatoCondivisione,
)
from contracts.errors import NotFound
from gateway.auth import Caller
from gateway.fascicolo import check_receiver
from gateway.logged import LoggedRoute
from gateway.routes.condivisioni import OF_SECTIONS
from gateway.web import formats, labels, pagatori
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.conflict import conflict_page
from gateway.web.forms import Form, read_form
from gateway.web.page import done, ente_names, page_count, page_number, page_scope, respond
from gateway.web.people import operator_name

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 20
LOOKED_THROUGH = 500
"""Grants looked through, newest first, for the one an address names."""
SECTIONS = ("presa_in_carico", "diario", "isee", "documenti", "fogli", "liquidazioni", "stampe")
"""Sections of the fascicolo that have pages."""

CaseReader = Annotated[Caller, Depends(case_scope("condivisioni:leggi"))]
Lender = Annotated[
    Caller, Depends(case_scope("condivisioni:leggi", "condivisioni:scrivi", optional=OF_SECTIONS))
]
Receiver = Annotated[Caller, Depends(page_scope("condivisioni:leggi"))]
Decider = Annotated[Caller, Depends(page_scope("condivisioni:leggi", "condivisioni:scrivi"))]


@dataclass(frozen=True)
class Riga:
    """A grant as a page shows it."""

    condivisione: CondivisioneOut
    stato: str
    a_chi: str
    da_chi: str
    cosa: str

    @property
    def aperta(self) -> bool:
        """Whether there is still something to end."""
        return self.stato in ("proposta", "accettata", "futura")


def state_of(condivisione: CondivisioneOut) -> str:
    """Its state in the words of the page: an accepted grant has not begun, runs, or is over."""
    if condivisione.stato is not StatoCondivisione.ACCETTATA:
        return condivisione.stato.value
    if condivisione.in_vigore:
        return "accettata"
    return "futura" if condivisione.dal > formats.now() else "scaduta"


async def rows_of(caller: Caller, found: Iterable[CondivisioneOut]) -> list[Riga]:
    """Grants with the names of places and people."""
    grants = list(found)
    names = await caller.nomi([*(g.proposta_da for g in grants), *(g.operatore_id for g in grants)])
    rows = []
    for grant in grants:
        receiver = await _place(caller, grant.ente, grant.settore)
        if grant.operatore_id:
            receiver = f"{operator_name(names, grant.operatore_id, caller, 'te')}, {receiver}"
        sender = await _place(caller, grant.da_ente, grant.da_settore)
        proposer = operator_name(names, grant.proposta_da, caller, "te")
        what = ", ".join(labels.word(sezione, "sezione") for sezione in grant.sezioni)
        rows.append(Riga(grant, state_of(grant), receiver, f"{proposer}, {sender}", what))
    return rows


async def _place(caller: Caller, ente: str, settore: str) -> str:
    """The settore, with the comune where it is another one."""
    word = f"settore {labels.word(settore, 'settore')}"
    return word if ente == caller.ente else f"{word} di {await ente_names.name(caller, ente)}"


# On the case's side


@router.get("/casi/{cartella_id}/condivisioni")
async def show_of_caso(request: Request, cartella_id: UUID, caller: CaseReader) -> Response:
    return await _of_caso(request, caller, cartella_id, pagatori.prefilled(request))


async def _of_caso(request: Request, caller: Caller, cartella_id: UUID, form: Form) -> Response:
    caso, gathering = await load_caso(caller, cartella_id, whole=True)
    number = page_number(request)
    wanted = ListCondivisioni(cartella_id=cartella_id, limite=SIZE, salta=(number - 1) * SIZE)
    answer: CondivisioniOut = await caller.call("cartella", "list_condivisioni", wanted)
    case = caso.cartella
    places = [place for place in await caller.settori() if place != (case.ente, case.settore)]
    people = [i for i in await caller.colleghi() if i.settore and i.operatore_id != caller.operatore_id]
    return await respond_caso(
        request, caller, caso, gathering, "carico", "condivisioni.html", form=form, status=form.status,
        title=f"Condivisioni, caso {case.numero}", righe=await rows_of(caller, answer.condivisioni),
        totale=answer.totale, pagina=number, pagine=page_count(answer.totale, SIZE),
        destinatari=[(f"{ente}|{settore}", await _place(caller, ente, settore)) for ente, settore in places],
        persone=[(i.operatore_id, f"{i.nome}, {labels.word(i.settore, 'settore')}") for i in people],
        sezioni=[(s, labels.word(s, "sezione")) for s in SECTIONS if _uses(caller, s)],
    )  # fmt: skip


def _uses(caller: Caller, sezione: str) -> bool:
    return caller.can("stampe:stampa" if sezione == "stampe" else f"{sezione}:leggi")


@router.post("/casi/{cartella_id}/condivisioni")
async def propose(request: Request, cartella_id: UUID, caller: Lender) -> Response:
    form = await read_form(request)
    ente, _, settore = form.get("destinatario").partition("|")
    if (person := form.get("operatore_id")) and not settore:
        works = next(
            (i for i in await caller.colleghi() if str(i.operatore_id) == person and i.settore), None
        )
        ente, settore = (works.ente, works.settore) if works else ("", "")
    if not settore:
        form.refuse("destinatario", "Scegli a quale settore, o a quale persona.")
    if not form.all("sezioni_condivise"):
        form.refuse("sezioni_condivise", "Scegli almeno una parte del caso.")
    if not form.get("motivo").strip():
        form.refuse("motivo", "Scrivi perché: chi riceve la proposta lo legge.")
    last = _day(form.get("al"))
    if last is None:
        form.refuse("al", "Scrivi fino a quando: una condivisione finisce sempre.")
    with form.collecting():
        command = form.build(
            ProposeCondivisione, flags=("scrive", "nascondi_prima"), cartella_id=cartella_id, ente=ente or None,
            settore=settore or "-", sezioni=tuple(form.all("sezioni_condivise")) or ("-",),
            dal=_beginning(form.get("dal")), al=_end(last or formats.today()), motivo=form.get("motivo").strip() or "-",
        )  # fmt: skip
        await check_receiver(caller, command)
        await caller.call("cartella", "propose_condivisione", command)
        return done(f"/casi/{cartella_id}/condivisioni", "condivisione_proposta")
    for theirs, ours in (("sezioni", "sezioni_condivise"), ("settore", "destinatario")):
        if theirs in form.errors:
            form.refuse(ours, form.errors.pop(theirs))
    return await _of_caso(request, caller, cartella_id, form)


@router.get("/casi/{cartella_id}/condivisioni/{condivisione_id}")
async def show_one_of_caso(
    request: Request, cartella_id: UUID, condivisione_id: UUID, caller: CaseReader
) -> Response:
    return await _one_of_caso(request, caller, cartella_id, condivisione_id, Form())


async def _one_of_caso(
    request: Request, caller: Caller, cartella_id: UUID, condivisione_id: UUID, form: Form
) -> Response:
    caso, gathering = await load_caso(caller, cartella_id, whole=True)
    row = await _find(
        caller, condivisione_id, ListCondivisioni(cartella_id=cartella_id, limite=LOOKED_THROUGH)
    )
    return await respond_caso(
        request, caller, caso, gathering, "carico", "condivisione.html", form=form, status=form.status, riga=row,
        title=f"Condivisione, caso {caso.cartella.numero}",
    )  # fmt: skip


@router.post("/casi/{cartella_id}/condivisioni/{condivisione_id}/revoca")
async def revoke_of_caso(
    request: Request, cartella_id: UUID, condivisione_id: UUID, caller: Lender
) -> Response:
    caller.touch(cartella_id=cartella_id)
    form, here = await read_form(request), f"/casi/{cartella_id}/condivisioni"
    # the access log, and the reason of today, are those of the case in the address: it must be the grant's
    await _find(caller, condivisione_id, ListCondivisioni(cartella_id=cartella_id, limite=LOOKED_THROUGH))
    if await _revoked(caller, condivisione_id, form):
        return done(here, "condivisione_revocata")
    if form.conflict:
        return await conflict_page(request, caller, form, "questa condivisione", f"{here}/{condivisione_id}")
    return await _one_of_caso(request, caller, cartella_id, condivisione_id, form)


# On the receiver's side


@router.get("/condivisioni")
async def show_received(request: Request, caller: Receiver) -> Response:
    number, waiting = page_number(request), request.query_params.get("quali", "attesa") == "attesa"
    wanted = ListCondivisioni(in_attesa=waiting, limite=SIZE, salta=(number - 1) * SIZE)
    answer: CondivisioniOut = await caller.call("cartella", "list_condivisioni", wanted)
    return await respond(
        request, caller, "pagine/condivisioni.html", title="Condivisioni", section="condivisioni",
        righe=await rows_of(caller, answer.condivisioni), totale=answer.totale, pagina=number, in_attesa=waiting,
        pagine=page_count(answer.totale, SIZE),
    )  # fmt: skip


@router.get("/condivisioni/{condivisione_id}")
async def show_one(request: Request, condivisione_id: UUID, caller: Receiver) -> Response:
    return await _one(request, caller, condivisione_id, Form())


async def _one(request: Request, caller: Caller, condivisione_id: UUID, form: Form) -> Response:
    row = await _find(caller, condivisione_id, ListCondivisioni(limite=LOOKED_THROUGH))
    return await respond(
        request, caller, "pagine/condivisione.html", title=f"Condivisione del caso {row.condivisione.numero}",
        section="condivisioni", form=form, status=form.status, riga=row,
    )  # fmt: skip


@router.post("/condivisioni/{condivisione_id}/decidi")
async def decide(request: Request, condivisione_id: UUID, caller: Decider) -> Response:
    form = await read_form(request)
    accepts = form.get("esito") == "accetta"
    with form.collecting():
        command = form.build(DecideCondivisione, condivisione_id=condivisione_id, accetta=accepts)
        await caller.call("cartella", "decide_condivisione", command)
        notice = "condivisione_accettata" if accepts else "condivisione_rifiutata"
        return done(f"/condivisioni/{condivisione_id}", notice)
    return await _refused(request, caller, condivisione_id, form)


@router.post("/condivisioni/{condivisione_id}/revoca")
async def revoke(request: Request, condivisione_id: UUID, caller: Decider) -> Response:
    form = await read_form(request)
    if await _revoked(caller, condivisione_id, form):
        return done("/condivisioni", "condivisione_revocata", "quali=tutte")
    return await _refused(request, caller, condivisione_id, form)


async def _refused(request: Request, caller: Caller, condivisione_id: UUID, form: Form) -> Response:
    if form.conflict:
        here = f"/condivisioni/{condivisione_id}"
        return await conflict_page(request, caller, form, "questa condivisione", here, section="condivisioni")
    return await _one(request, caller, condivisione_id, form)


async def _revoked(caller: Caller, condivisione_id: UUID, form: Form) -> bool:
    reason = form.get("motivo").strip()
    if not reason:
        form.refuse("motivo", "Scrivi perché: l’altra parte lo legge.")
    with form.collecting():
        command = form.build(RevokeCondivisione, condivisione_id=condivisione_id, motivo=reason or "-")
        await caller.call("cartella", "revoke_condivisione", command)
        return True
    return False


async def _find(caller: Caller, condivisione_id: UUID, wanted: ListCondivisioni) -> Riga:
    answer: CondivisioniOut = await caller.call("cartella", "list_condivisioni", wanted)
    found = [grant for grant in answer.condivisioni if grant.id == condivisione_id]
    if not found:
        raise NotFound("condivisione.non_trovata", "Condivisione non trovata.")
    return (await rows_of(caller, found))[0]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _beginning(text: str) -> datetime | None:
    """From now, unless another day is written: then from its beginning, on the clock of Rome."""
    day = _day(text)
    return None if day is None or day == formats.today() else datetime.combine(day, time.min, formats.ROMA)


def _end(day: date) -> datetime:
    return datetime.combine(day, time(23, 59, 59), formats.ROMA)
