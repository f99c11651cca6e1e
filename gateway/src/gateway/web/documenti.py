"""Documents of a case and its prints."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Command
from contracts.documenti import (
    BeginUpload,
    DocumentiOut,
    DownloadOut,
    GetDownload,
    GetStampa,
    ListDocumenti,
    ListStampe,
    StampaOut,
    StampeOut,
    StatoStampa,
)  # fmt: skip
from contracts.errors import NotFound, TooLarge
from gateway.auth import Caller
from gateway.fascicolo import check_settore, request_stampa
from gateway.logged import LoggedRoute
from gateway.uploads import download, read_chunks, store
from gateway.web import labels
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.diario import second_levels
from gateway.web.forms import Form, FormInvalid, read_form
from gateway.web.page import done, page_count, page_number
from gateway.web.people import operator_name

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 40
PRINTED = ("diario:leggi", "isee:leggi", "fogli:leggi", "documenti:leggi", "liquidazioni:leggi")

Reader = Annotated[Caller, Depends(case_scope("documenti:leggi"))]
Writer = Annotated[
    Caller,
    Depends(
        case_scope("documenti:scrivi", "documenti:leggi", optional=("secondo_livello:scrivi",), body_limit=0)
    ),
]
"""`body_limit=0`: the limit of uploads, from the settings."""
Printer = Annotated[Caller, Depends(case_scope("stampe:stampa", "anagrafe:leggi", optional=PRINTED))]


class PrintRequest(Command):
    """What a person asks to be printed."""

    sezioni: Annotated[tuple[str, ...], Field(min_length=1)]


@router.get("/casi/{cartella_id}/documenti")
async def show_documenti(request: Request, cartella_id: UUID, caller: Reader) -> Response:
    return await _documenti_page(request, caller, cartella_id, Form.of(tipo="relazione"))


async def _documenti_page(request: Request, caller: Caller, cartella_id: UUID, form: Form) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    number = page_number(request)
    wanted = ListDocumenti(cartella_id=cartella_id, limite=SIZE, salta=(number - 1) * SIZE)
    answer: DocumentiOut = await caller.call("documenti", "list_documenti", wanted)
    names = await caller.nomi(d.autore_id for d in answer.documenti)
    return await respond_caso(
        request, caller, caso, gathering, "documenti", "documenti.html", form=form, status=form.status,
        documenti=answer.documenti, totale=answer.totale, pagina=number, pagine=page_count(answer.totale, SIZE),
        autori={d.id: operator_name(names, d.autore_id, caller, "te") for d in answer.documenti},
        massimo=request.app.state.gateway.settings.upload_limit,
        settori_riservati=await second_levels(caller, caso.cartella),
    )  # fmt: skip


def begin_upload(form: Form, cartella_id: UUID, file: UploadFile | None) -> BeginUpload:
    """The command for what was chosen; FormInvalid when nothing was, or it is empty."""
    if file is None or not file.filename:
        form.refuse("file", "Scegli il file da caricare.")
        raise FormInvalid
    if not file.size:
        form.refuse("file", "Il file è vuoto.")
        raise FormInvalid
    kind = file.content_type or "application/octet-stream"
    return form.build(
        BeginUpload, flags=("privato",), cartella_id=cartella_id, nome_file=file.filename, tipo_mime=kind,
        dimensione=file.size,
    )  # fmt: skip


@router.post("/casi/{cartella_id}/documenti")
async def upload(request: Request, cartella_id: UUID, caller: Writer) -> Response:
    """A plain form post; with JavaScript the same form goes by XMLHttpRequest, for the progress bar."""
    form = await read_form(request)
    file = form.files.get("file")
    with form.collecting():
        command = begin_upload(form, cartella_id, file)
        await check_settore(caller, command.settore_riservato)
        assert file is not None
        try:
            await store(caller, request.app.state.gateway.http, command, read_chunks(file.file))
        except TooLarge as error:
            form.refuse("file", error.message)
    if form.failed:
        return await _documenti_page(request, caller, cartella_id, form)
    return done(f"/casi/{cartella_id}/documenti", "documento")


@router.get("/casi/{cartella_id}/documenti/{documento_id}")
async def download_documento(
    request: Request, cartella_id: UUID, documento_id: UUID, caller: Reader
) -> Response:
    source: DownloadOut = await caller.call(
        "documenti", "get_download", GetDownload(documento_id=documento_id, cartella_id=cartella_id)
    )
    return await download(request.app.state.gateway.http, source)


@router.get("/casi/{cartella_id}/stampa")
async def show_stampe(request: Request, cartella_id: UUID, caller: Printer) -> Response:
    form = Form(values=Form.of().values | {"sezioni": list(labels.SEZIONI_STAMPA)})
    return await _stampe_page(request, caller, cartella_id, form)


async def _stampe_page(request: Request, caller: Caller, cartella_id: UUID, form: Form) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    answer: StampeOut = await caller.call("documenti", "list_stampe", ListStampe(cartella_id=cartella_id))
    return await respond_caso(
        request, caller, caso, gathering, "stampa", "stampa.html", form=form, status=form.status, stampe=answer.stampe,
        in_corso=any(s.stato is StatoStampa.IN_CORSO for s in answer.stampe),
    )  # fmt: skip


@router.post("/casi/{cartella_id}/stampa")
async def ask_stampa(request: Request, cartella_id: UUID, caller: Printer) -> Response:
    form = await read_form(request)
    with form.collecting():
        wanted = form.build(PrintRequest, lists=("sezioni",))
        stampa = await request_stampa(caller, cartella_id, wanted.sezioni, wanted.idempotency_key)
        return done(f"/casi/{cartella_id}/stampa/{stampa.id}", "stampa")
    return await _stampe_page(request, caller, cartella_id, form)


async def _stampa_of(caller: Caller, cartella_id: UUID, stampa_id: UUID) -> StampaOut:
    """Of this case alone: the access log names the case of the address."""
    stampa: StampaOut = await caller.call("documenti", "get_stampa", GetStampa(stampa_id=stampa_id))
    if stampa.cartella_id != cartella_id:
        raise NotFound("stampa.non_trovata", "Stampa non trovata.")
    return stampa


@router.get("/casi/{cartella_id}/stampa/{stampa_id}")
async def show_stampa(request: Request, cartella_id: UUID, stampa_id: UUID, caller: Printer) -> Response:
    caso, gathering = await load_caso(caller, cartella_id)
    stampa = await _stampa_of(caller, cartella_id, stampa_id)
    return await respond_caso(
        request, caller, caso, gathering, "stampa", "stampa_lavoro.html", stampa=stampa,
        title=f"Stampa in preparazione, caso {caso.cartella.numero}",
    )  # fmt: skip


@router.get("/casi/{cartella_id}/stampa/{stampa_id}/pdf")
async def download_stampa(request: Request, cartella_id: UUID, stampa_id: UUID, caller: Printer) -> Response:
    stampa = await _stampa_of(caller, cartella_id, stampa_id)
    if stampa.download is None:
        raise NotFound("stampa.non_pronta", "Questa stampa non è ancora pronta.")
    return await download(request.app.state.gateway.http, stampa.download)
