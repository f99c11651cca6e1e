"""The case as a story: everything dated that this person may read, newest first; and the family."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Message
from contracts.cartella import IseeListOut, ListIsee, ListVociDiario, Passaggio, VociDiarioOut
from contracts.documenti import DocumentiOut, ListDocumenti
from contracts.erogazioni import ErogazioniOut, FogliOut, ListErogazioni, ListFogli
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import formats, labels
from gateway.web.caso import Caso, case_scope, load_caso, respond_caso
from gateway.web.diario import new_entry, second_levels
from gateway.web.forms import Form
from gateway.web.page import Gathering
from gateway.web.people import operator_name

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
NEWEST = 30
EXCERPT = 280


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
        parts.append(f"a {operator_name(names, passaggio.a_operatore_id, caller, 'te')}")
    if passaggio.a_settore and passaggio.a_settore != passaggio.da_settore:
        parts.append(f"settore {labels.word(passaggio.a_settore, 'settore')}")
    if passaggio.operatore_id != passaggio.a_operatore_id:
        parts.append(f"da {operator_name(names, passaggio.operatore_id, caller, 'te')}")
    kind = labels.word(passaggio.tipo, "passaggio")
    return Fatto(passaggio.quando, kind, ", ".join(parts), passaggio.motivo)


def passages_people(passaggi: Sequence[Passaggio]) -> set[UUID | None]:
    return {p.operatore_id for p in passaggi} | {p.a_operatore_id for p in passaggi}


def _entries(found: VociDiarioOut, url: str) -> Iterator[Fatto]:
    for voce in found.voci:
        kind = "Diario privato" if voce.privata else "Diario"
        if voce.settore_riservato:
            kind = f"Diario, secondo livello {labels.word(voce.settore_riservato, 'settore')}"
        title = labels.word(voce.tipo, "tipo_voce") + (f" con {voce.con_chi}" if voce.con_chi else "")
        text = "Voce annullata." if voce.annullata else excerpt(voce.testo)
        yield Fatto(voce.quando, kind, title, text, f"{url}/diario#voce-{voce.id}")


def _fogli(found: FogliOut, url: str) -> Iterator[Fatto]:
    for foglio in found.fogli:
        state = labels.state(foglio.stato, "foglio").text.lower()
        title = f"{foglio.voce_nome}, {formats.euro(foglio.importo)}: {state}"
        yield Fatto(foglio.creato_il, "Intervento", title, "", f"{url}/interventi/{foglio.id}")


def _payments(found: ErogazioniOut, url: str) -> Iterator[Fatto]:
    for payment in found.erogazioni:
        if payment.liquidata_il:
            title = f"Liquidati {formats.euro(payment.importo)}, {formats.month(payment.mese)}"
            yield Fatto(payment.liquidata_il, "Pagamento", title, "", f"{url}/interventi/{payment.foglio_id}")


def _isee(found: IseeListOut, url: str) -> Iterator[Fatto]:
    for isee in found.isee:
        title = f"{formats.euro(isee.isee)}, valido fino al {formats.day(isee.scadenza)}"
        yield Fatto(isee.scritto_il, "ISEE", title, "", f"{url}/isee")


def _documents(found: DocumentiOut, url: str) -> Iterator[Fatto]:
    for documento in found.documenti:
        title = documento.descrizione or documento.nome_file
        yield Fatto(documento.caricato_il, "Documento", title, "", f"{url}/documenti")


@dataclass(frozen=True)
class Source:
    """Where facts come from: the scope they need, what is asked, how the answer becomes lines."""

    key: str
    text: str
    scope: str
    service: str
    method: str
    ask: Callable[[UUID], Message]
    empty: Message
    tell: Callable[[Any, str], Iterator[Fatto]]


PASSAGES = ("passaggi", "Passaggi")
SOURCES = (
    Source(
        "diario", "Diario", "diario:leggi", "cartella", "list_voci_diario",
        lambda case: ListVociDiario(cartella_id=case, limite=NEWEST), VociDiarioOut(voci=(), totale=0), _entries,
    ),
    Source(
        "interventi", "Interventi", "fogli:leggi", "erogazioni", "list_fogli",
        lambda case: ListFogli(cartella_id=case), FogliOut(fogli=(), totale=0), _fogli,
    ),
    Source(
        "pagamenti", "Pagamenti", "liquidazioni:leggi", "erogazioni", "list_erogazioni",
        lambda case: ListErogazioni(cartella_id=case),
        ErogazioniOut.model_validate({"erogazioni": (), "totale": 0, "totale_importo": 0}), _payments,
    ),
    Source(
        "isee", "ISEE", "isee:leggi", "cartella", "list_isee",
        lambda case: ListIsee(cartella_id=case), IseeListOut(isee=()), _isee,
    ),
    Source(
        "documenti", "Documenti", "documenti:leggi", "documenti", "list_documenti",
        lambda case: ListDocumenti(cartella_id=case, limite=NEWEST), DocumentiOut(documenti=(), totale=0), _documents,
    ),
)  # fmt: skip


async def chronology(caller: Caller, caso: Caso, only: str, gathering: Gathering) -> list[Fatto]:
    """All sources, or the one that was asked for, side by side; a source that does not answer is named."""
    case_id = caso.cartella.id
    asked = [s for s in SOURCES if s.scope in caller.scopes and only in ("", s.key)]
    answers = await asyncio.gather(
        *(
            gathering.optional(s.text, caller.call(s.service, s.method, s.ask(case_id)), s.empty)
            for s in asked
        )
    )
    facts = [fact for s, answer in zip(asked, answers, strict=True) for fact in s.tell(answer, caso.url)]
    if only in ("", PASSAGES[0]):
        names = await caller.nomi(passages_people(caso.cartella.passaggi))
        facts += [passage_line(p, names, caller) for p in caso.cartella.passaggi]
    return sorted(facts, key=lambda fact: fact.at, reverse=True)


CHRONOLOGY = case_scope(
    optional=(*(source.scope for source in SOURCES), "diario:scrivi", "secondo_livello:scrivi")
)


@router.get("/casi/{cartella_id}")
async def show_caso(
    request: Request, cartella_id: UUID, caller: Annotated[Caller, Depends(CHRONOLOGY)]
) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    kinds = [PASSAGES, *((s.key, s.text) for s in SOURCES if caller.can(s.scope))]
    only = request.query_params.get("mostra", "")
    only = only if only in dict(kinds) else ""
    facts = await chronology(caller, caso, only, gathering)
    return await respond_caso(
        request, caller, caso, gathering, "cronologia", "cronologia.html", form=new_entry(), fatti=facts, tipi=kinds,
        filtri=Form.of(mostra=only), settori_riservati=await second_levels(caller, caso.cartella),
    )  # fmt: skip


FAMILY = case_scope("anagrafe:leggi")


@router.get("/casi/{cartella_id}/famiglia")
async def show_famiglia(
    request: Request, cartella_id: UUID, caller: Annotated[Caller, Depends(FAMILY)]
) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    nucleo = caso.residente.nucleo if caso.residente else ()
    return await respond_caso(request, caller, caso, gathering, "famiglia", "famiglia.html", nucleo=nucleo)
