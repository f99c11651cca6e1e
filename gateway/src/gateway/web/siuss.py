"""SIUSS in four columns: to mend, ready, sent, outcomes; the month's flow and its file."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Command
from contracts.erogazioni import (
    FlussiOut,
    FlussoXml,
    GenerateFlusso,
    GetFlusso,
    ListFlussi,
    PreviewSiuss,
    PreviewSiussOut,
    RecordSiuss,
    StatoRecordSiuss,
)  # fmt: skip
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web.forms import Form, read_form
from gateway.web.pagamenti import month_of
from gateway.web.page import Gathering, done, ente_names, page_scope, respond
from gateway.web.people import name_of, operator_name, residents

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
FLOW_SECONDS = 60.0
OUTCOMES = {StatoRecordSiuss.ACCETTATO, StatoRecordSiuss.RIFIUTATO, StatoRecordSiuss.ANNULLATO}

Reader = Annotated[
    Caller,
    Depends(page_scope("siuss:leggi", "anagrafe:leggi", optional=("presa_in_carico:leggi", "siuss:esporta"))),
]
Sender = Annotated[
    Caller,
    Depends(
        page_scope("siuss:esporta", "siuss:leggi", "anagrafe:leggi", optional=("presa_in_carico:leggi",))
    ),
]


class Month(Command):
    """What is posted to generate a flow; the signer is the caller."""

    mese: str


@router.get("/siuss")
async def show_siuss(request: Request, caller: Reader) -> Response:
    return await _page(request, caller, month_of(request.query_params.get("mese", "")), Form.of())


def in_state(records: Sequence[RecordSiuss], *states: StatoRecordSiuss) -> list[RecordSiuss]:
    return [record for record in records if record.stato in states]


async def _page(request: Request, caller: Caller, month: str, form: Form) -> Response:
    gathering = Gathering()
    answer, flows = await asyncio.gather(
        caller.call(
            "erogazioni", "preview_siuss", PreviewSiuss(mese=month), also=("anagrafe",), timeout=FLOW_SECONDS
        ),
        gathering.optional(
            "i flussi", caller.call("erogazioni", "list_flussi", ListFlussi(mese=month)), FlussiOut(flussi=())
        ),
    )
    preview: PreviewSiussOut = answer
    people, names = await asyncio.gather(
        gathering.optional("i nomi", residents(caller, (r.residente_id for r in preview.record)), {}),
        caller.nomi(r.responsabile_id for r in preview.record),
    )
    to_mend, ready = (
        in_state(preview.record, StatoRecordSiuss.DA_CORREGGERE),
        in_state(preview.record, StatoRecordSiuss.PRONTO),
    )
    workers: dict[str, list[RecordSiuss]] = {}
    for record in to_mend:
        workers.setdefault(
            operator_name(names, record.responsabile_id, caller) or "Senza responsabile", []
        ).append(record)
    return await respond(
        request, caller, "pagine/siuss.html", title="SIUSS", section="siuss", form=form, status=form.status, mese=month,
        filtri=Form.of(mese=month), da_correggere=to_mend, da_correggere_per=sorted(workers.items()), pronti=ready,
        totale_pronti=sum((r.importo for r in ready), Decimal(0)),
        inviati=in_state(preview.record, StatoRecordSiuss.INVIATO), esiti=in_state(preview.record, *OUTCOMES),
        flussi=flows.flussi, mancanti=gathering.missing, altri_da_correggere=preview.altri_da_correggere,
        altri_pronti=preview.altri_pronti,
        persone={r.erogazione_id: name_of(people, r.residente_id) for r in preview.record},
    )  # fmt: skip


@router.post("/siuss")
async def generate_flusso(request: Request, caller: Sender) -> Response:
    form = await read_form(request)
    with form.collecting():
        typed = form.build(Month)
        command = GenerateFlusso(
            idempotency_key=typed.idempotency_key, mese=month_of(typed.mese), cf_operatore=caller.codice_fiscale,
            denominazione_ente=f"Comune di {await ente_names.name(caller, caller.ente)}",
        )  # fmt: skip
        await caller.call("erogazioni", "generate_flusso", command, also=("anagrafe",), timeout=FLOW_SECONDS)
        return done("/siuss", "flusso", f"mese={command.mese}")
    return await _page(request, caller, month_of(form.get("mese")), form)


@router.get("/siuss/{flusso_id}.xml")
async def download_flusso(flusso_id: UUID, caller: Sender) -> Response:
    wanted = GetFlusso(flusso_id=flusso_id)
    found: FlussoXml = await caller.call(
        "erogazioni", "get_flusso", wanted, also=("anagrafe",), timeout=FLOW_SECONDS
    )
    headers = {
        "Content-Disposition": f'attachment; filename="{found.flusso.nome}"',
        "ETag": f'"{found.flusso.sha256}"',
    }
    return Response(found.xml.encode(), media_type="application/xml", headers=headers)
