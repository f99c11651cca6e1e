"""The case: chronology, family, passages (charge, assign, close, reopen)."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.cartella import (
    AssignCartella,
    CartellaOut,
    CloseCartella,
    IseeListOut,
    ListIsee,
    ListVociDiario,
    Passaggio,
    ReopenCartella,
    TakeInCarico,
    VociDiarioOut,
)  # fmt: skip
from contracts.documenti import DocumentiOut, ListDocumenti
from contracts.erogazioni import ErogazioniOut, FogliOut, ListErogazioni, ListFogli
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import formats, labels
from gateway.web.caso import Caso, case_scope, load_caso, respond_caso
from gateway.web.conflict import conflict_page
from gateway.web.forms import Form, read_form
from gateway.web.page import Gathering, done
from gateway.web.people import operator_name

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
NEWEST = 30
EXCERPT = 280

SOURCES = (
    ("passaggi", "Passaggi", "presa_in_carico:leggi"),
    ("diario", "Diario", "diario:leggi"),
    ("interventi", "Interventi", "fogli:leggi"),
    ("pagamenti", "Pagamenti", "liquidazioni:leggi"),
    ("isee", "ISEE", "isee:leggi"),
    ("documenti", "Documenti", "documenti:leggi"),
)


@dataclass(frozen=True)
class Fatto:
    """One line of the chronology."""

    at: datetime
    tipo: str
    titolo: str
    testo: str = ""
    url: str = ""

    @property
    def quando(self) -> str:
        return formats.moment(self.at)


def excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT else text[:EXCERPT].rsplit(" ", 1)[0] + " …"


def passage_line(passaggio: Passaggio, names: dict[UUID, str], caller: Caller) -> Fatto:
    """A passage told in one line."""
    parts = []
    if passaggio.a_operatore_id:
        parts.append(f"a {operator_name(names, passaggio.a_operatore_id, caller)}")
    if passaggio.a_settore and passaggio.a_settore != passaggio.da_settore:
        parts.append(f"settore {labels.word(passaggio.a_settore, 'settore')}")
    parts.append(f"di {operator_name(names, passaggio.operatore_id, caller)}")
    return Fatto(
        passaggio.quando, labels.word(passaggio.tipo, "passaggio"), ", ".join(parts), passaggio.motivo
    )


async def chronology(caller: Caller, caso: Caso, only: str, gathering: Gathering) -> list[Fatto]:
    """Everything dated that this person may read of the case, newest first."""
    case_id, url = caso.cartella.id, caso.url
    wanted = [key for key, _, scope in SOURCES if caller.can(scope) and (not only or only == key)]
    calls: dict[str, tuple[str, str, Any, Any]] = {
        "diario": ("cartella", "list_voci_diario", ListVociDiario(cartella_id=case_id, limite=NEWEST), VociDiarioOut(voci=(), totale=0)),
        "interventi": ("erogazioni", "list_fogli", ListFogli(cartella_id=case_id), FogliOut(fogli=(), totale=0)),
        "pagamenti": ("erogazioni", "list_erogazioni", ListErogazioni(cartella_id=case_id),
                      ErogazioniOut(erogazioni=(), totale=0, totale_importo=0)),
        "isee": ("cartella", "list_isee", ListIsee(cartella_id=case_id), IseeListOut(isee=())),
        "documenti": ("documenti", "list_documenti", ListDocumenti(cartella_id=case_id, limite=NEWEST), DocumentiOut(documenti=(), totale=0)),
    }  # fmt: skip
    asked = [key for key in wanted if key in calls]
    answers = await asyncio.gather(
        *(gathering.optional(labels.plain(k).lower(), caller.call(*calls[k][:3]), calls[k][3]) for k in asked)
    )
    found = dict(zip(asked, answers, strict=True))
    names = await caller.nomi(_people_of(caso, found))
    facts: list[Fatto] = []
    if "passaggi" in wanted:
        facts += [passage_line(p, names, caller) for p in caso.cartella.passaggi]
    for voce in found["diario"].voci if "diario" in found else ():
        title = f"{labels.word(voce.tipo, 'tipo_voce')} ({operator_name(names, voce.autore_id, caller)})"
        text = "" if voce.annullata else excerpt(voce.testo)
        facts.append(
            Fatto(
                voce.quando,
                "Diario privato" if voce.privata else "Diario",
                title,
                text,
                f"{url}/diario#voce-{voce.id}",
            )
        )
    for foglio in found["interventi"].fogli if "interventi" in found else ():
        state = labels.state(foglio.stato, "foglio").text.lower()
        facts.append(
            Fatto(
                foglio.creato_il,
                "Intervento",
                f"{foglio.voce_nome}, {formats.euro(foglio.importo)}: {state}",
                "",
                f"{url}/interventi/{foglio.id}",
            )
        )
    for payment in found["pagamenti"].erogazioni if "pagamenti" in found else ():
        if payment.liquidata_il:
            facts.append(
                Fatto(
                    payment.liquidata_il,
                    "Pagamento",
                    f"Liquidati {formats.euro(payment.importo)}, {formats.month(payment.mese)}",
                    "",
                    f"{url}/interventi/{payment.foglio_id}",
                )
            )
    for isee in found["isee"].isee if "isee" in found else ():
        facts.append(
            Fatto(
                isee.scritto_il,
                "ISEE",
                f"{formats.euro(isee.isee)}, valido fino al {formats.day(isee.scadenza)}",
                "",
                f"{url}/isee",
            )
        )
    for documento in found["documenti"].documenti if "documenti" in found else ():
        facts.append(
            Fatto(
                documento.caricato_il,
                "Documento",
                documento.descrizione or documento.nome_file,
                "",
                f"{url}/documenti",
            )
        )
    return sorted(facts, key=lambda fact: fact.at, reverse=True)


def _people_of(caso: Caso, found: dict[str, Any]) -> set[UUID | None]:
    people = {p.operatore_id for p in caso.cartella.passaggi} | {
        p.a_operatore_id for p in caso.cartella.passaggi
    }
    if "diario" in found:
        people |= {voce.autore_id for voce in found["diario"].voci}
    return people


CHRONOLOGY = case_scope(optional=("diario:leggi", "diario:scrivi", "liquidazioni:leggi", "documenti:leggi"))


@router.get("/casi/{cartella_id}")
async def show_caso(
    request: Request, cartella_id: UUID, caller: Annotated[Caller, Depends(CHRONOLOGY)]
) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    kinds = [(key, text) for key, text, scope in SOURCES if caller.can(scope)]
    only = request.query_params.get("mostra", "")
    only = only if only in dict(kinds) else ""
    facts = await chronology(caller, caso, only, gathering)
    form = Form.of(tipo="colloquio", quando=formats.input_moment(formats.now()))
    return await respond_caso(
        request, caller, caso, gathering, "cronologia", "cronologia.html", form=form, fatti=facts, tipi=kinds,
        filtri=Form.of(mostra=only),
    )  # fmt: skip


FAMILY = case_scope("anagrafe:leggi")


@router.get("/casi/{cartella_id}/famiglia")
async def show_famiglia(
    request: Request, cartella_id: UUID, caller: Annotated[Caller, Depends(FAMILY)]
) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    nucleo = caso.residente.nucleo if caso.residente else ()
    return await respond_caso(request, caller, caso, gathering, "famiglia", "famiglia.html", nucleo=nucleo)


Reader = Annotated[Caller, Depends(case_scope())]
Writer = Annotated[Caller, Depends(case_scope("presa_in_carico:scrivi"))]
Assigner = Annotated[Caller, Depends(case_scope("presa_in_carico:assegna"))]


@router.get("/casi/{cartella_id}/carico")
async def show_carico(request: Request, cartella_id: UUID, caller: Reader) -> Response:
    return await _carico_page(request, caller, cartella_id, None)


async def _carico_page(request: Request, caller: Caller, cartella_id: UUID, form: Form | None) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    names = await caller.nomi(_people_of(caso, {}))
    colleagues = await request.app.state.gateway.operatori.list_incarichi(
        caso.cartella.ente, caso.cartella.settore
    )
    form = form or Form(values={"team": [str(member) for member in caso.cartella.team]})
    passages = sorted(caso.cartella.passaggi, key=lambda p: p.quando, reverse=True)
    return await respond_caso(
        request, caller, caso, gathering, "carico", "carico.html", form=form, status=form.status,
        passaggi=[passage_line(p, names, caller) for p in passages],
        colleghi=[(i.operatore_id, i.nome) for i in colleagues],
    )  # fmt: skip


async def _pass(
    request: Request, caller: Caller, cartella_id: UUID, form: Form, method: str, command: Any, notice: str
) -> Response:
    """One passage of the case, and back to the list of passages."""
    with form.collecting():
        answer: CartellaOut = await caller.call("cartella", method, command())
        return done(f"/casi/{answer.id}/carico", notice)
    if form.conflict:
        return await conflict_page(request, caller, form, "questo caso", f"/casi/{cartella_id}/carico")
    return await _carico_page(request, caller, cartella_id, form)


@router.post("/casi/{cartella_id}/carico/prendi")
async def take_in_carico(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    return await _pass(
        request,
        caller,
        cartella_id,
        form,
        "take_in_carico",
        lambda: form.build(TakeInCarico, cartella_id=cartella_id),
        "in_carico",
    )


@router.post("/casi/{cartella_id}/carico/assegna")
async def assign(request: Request, cartella_id: UUID, caller: Assigner) -> Response:
    form = await read_form(request)
    reason = form.get("motivo_assegna").strip()
    if not reason:
        form.refuse("motivo_assegna", "Scrivi perché: chi riceve il caso lo legge.")
    command = lambda: form.build(
        AssignCartella, lists=("team",), cartella_id=cartella_id, motivo=reason or "-"
    )
    return await _pass(request, caller, cartella_id, form, "assign_cartella", command, "assegnato")


@router.post("/casi/{cartella_id}/carico/chiudi")
async def close(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    return await _pass(
        request,
        caller,
        cartella_id,
        form,
        "close_cartella",
        lambda: form.build(CloseCartella, cartella_id=cartella_id),
        "chiuso",
    )


@router.post("/casi/{cartella_id}/carico/riapri")
async def reopen(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    return await _pass(
        request,
        caller,
        cartella_id,
        form,
        "reopen_cartella",
        lambda: form.build(ReopenCartella, cartella_id=cartella_id),
        "riaperto",
    )
