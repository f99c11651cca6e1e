"""Machine clients: which other systems call the API, how far they reach, with which keys; two people for each."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.mandato import AZIONI
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.macchine import registry
from gateway.macchine.commands import ApprovaClient, NuovaChiave, NuovoClient, RevocaClient, scopes
from gateway.operatori.rules import SCRIVI
from gateway.resources import Gateway
from gateway.routes.oauth import token_endpoint
from gateway.web import labels
from gateway.web.forms import Form, read_form
from gateway.web.operatori import LEGGI, choices
from gateway.web.page import done, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
Reader = Annotated[Caller, Depends(page_scope(LEGGI))]
Writer = Annotated[Caller, Depends(page_scope(LEGGI, SCRIVI))]
SECTION = "operatori"
EXTENTS = (("settore", "Il suo settore"), ("ente", "Tutto l’ente"))


def scope_words(scope: str) -> str:
    """`diario:leggi` → „Diario: leggi“."""
    sezione, _, azione = scope.partition(":")
    return f"{labels.word(sezione, 'sezione')}: {azione}"


async def offered(gateway: Gateway) -> list[tuple[str, str]]:
    """What a machine may be given, reading first."""
    known = scopes(await gateway.policies.current())
    ordered = sorted(known, key=lambda scope: (AZIONI.index(scope.partition(":")[2]) > 0, scope))
    return [(scope, scope_words(scope)) for scope in ordered]


@router.get("/clienti")
async def list_clienti(request: Request, caller: Reader) -> Response:
    gateway: Gateway = request.app.state.gateway
    return await respond(
        request, caller, "pagine/clienti/elenco.html", title="Sistemi collegati", section=SECTION,
        clienti=await registry.list_clienti(gateway, caller.enti(LEGGI)), indirizzo=token_endpoint(gateway),
    )  # fmt: skip


async def _new(request: Request, caller: Caller, form: Form) -> Response:
    return await respond(
        request, caller, "pagine/clienti/nuovo.html", title="Nuovo sistema collegato", section=SECTION,
        status=form.status, form=form, scopi=await offered(request.app.state.gateway), estensioni=EXTENTS,
        **await choices(request, caller, SCRIVI),
    )  # fmt: skip


@router.get("/clienti/nuovo")
async def show_new(request: Request, caller: Writer) -> Response:
    return await _new(request, caller, Form.of(ente=caller.ente, fin_dove="settore"))


@router.post("/clienti/nuovo")
async def propose(request: Request, caller: Writer) -> Response:
    form = await read_form(request)
    asked = dict.fromkeys(form.all("scopi"), form.get("fin_dove"))
    with form.collecting():
        if not asked:
            form.refuse("scopi", "Scegli almeno una cosa che il sistema può fare.")
        command = form.build(NuovoClient, estensioni=asked)
        client_id = await registry.propose(request.app.state.gateway, caller, command)
        return done(f"/clienti/{client_id}", "client")
    if "estensioni" in form.errors:
        form.errors.setdefault("scopi", form.errors.pop("estensioni"))
    return await _new(request, caller, form)


async def _card(request: Request, caller: Caller, client_id: UUID, form: Form, asked: str = "") -> Response:
    """`asked`: which form of the card was sent: chiave or revoca."""
    gateway: Gateway = request.app.state.gateway
    client, keys = await registry.get(gateway, caller.enti(LEGGI), client_id)
    people = [
        client.proposto_da,
        client.approvato_da,
        *(k.proposta_da for k in keys),
        *(k.approvata_da for k in keys),
    ]
    waiting = " ".join(k.kid for k in keys if k.approvata_il is None and k.revocata_il is None)
    context: dict[str, Any] = {
        "attese": waiting,
        "client": client, "chiavi": keys, "nomi": await caller.nomi(people), "io": caller.operatore_id,
        "portata": [(scope_words(scope), extent) for scope, extent in sorted(client.estensioni.items())],
    }  # fmt: skip
    return await respond(
        request, caller, "pagine/clienti/scheda.html", title="Sistema collegato", section=SECTION, status=form.status,
        form=form, chiave=form if asked == "chiave" else Form(), revoca=form if asked == "revoca" else Form(),
        indirizzo=token_endpoint(gateway), **context,
    )  # fmt: skip


@router.get("/clienti/{client_id}")
async def show_client(request: Request, client_id: UUID, caller: Reader) -> Response:
    return await _card(request, caller, client_id, Form())


@router.post("/clienti/{client_id}/approvazione")
async def approve(request: Request, client_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        seen = form.build(ApprovaClient, chiavi=form.get("chiavi").split())
        await registry.approve(request.app.state.gateway, caller, client_id, seen)
        return done(f"/clienti/{client_id}", "client_approvato")
    return await _card(request, caller, client_id, form)


@router.post("/clienti/{client_id}/revoca")
async def revoke(request: Request, client_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await registry.revoke(request.app.state.gateway, caller, client_id, form.build(RevocaClient))
        return done(f"/clienti/{client_id}", "client_revocato")
    return await _card(request, caller, client_id, form, "revoca")


@router.post("/clienti/{client_id}/chiavi")
async def propose_key(request: Request, client_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await registry.propose_key(request.app.state.gateway, caller, client_id, form.build(NuovaChiave))
        return done(f"/clienti/{client_id}", "chiave")
    return await _card(request, caller, client_id, form, "chiave")


@router.post("/clienti/{client_id}/chiavi/{kid}/approvazione")
async def approve_key(request: Request, client_id: UUID, kid: str, caller: Writer) -> Response:
    form = Form()
    with form.collecting():
        await registry.approve_key(request.app.state.gateway, caller, client_id, kid)
        return done(f"/clienti/{client_id}", "chiave_approvata")
    return await _card(request, caller, client_id, form)


@router.post("/clienti/{client_id}/chiavi/{kid}/revoca")
async def revoke_key(request: Request, client_id: UUID, kid: str, caller: Writer) -> Response:
    await registry.revoke_key(request.app.state.gateway, caller, client_id, kid)
    return done(f"/clienti/{client_id}", "chiave_revocata")
