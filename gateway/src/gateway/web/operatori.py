"""The registry of operators: who works here, giving and ending incarichi, revoking; what the DPO looks through."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import NotFound
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.operatori import changes, registry, rules
from gateway.operatori.commands import Fine, NuovoIncarico, NuovoOperatore, Revoca
from gateway.operatori.registry import RigaOperatore
from gateway.operatori.rules import SCRIVI
from gateway.resources import Gateway
from gateway.web import formats, labels
from gateway.web.forms import Form, read_form
from gateway.web.page import as_uuid, done, ente_names, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
LEGGI = "operatori:leggi"
Reader = Annotated[Caller, Depends(page_scope(LEGGI))]
Writer = Annotated[Caller, Depends(page_scope(LEGGI, SCRIVI))]
SIZE = 50
SECTION = "operatori"
VIEWS = (("in_corso", "In servizio"), ("cessati", "Cessati"), ("tutti", "Tutti"))


async def choices(request: Request, caller: Caller, scope: str = LEGGI) -> dict[str, Any]:
    """What the selects of these pages offer."""
    gateway: Gateway = request.app.state.gateway
    enti = caller.enti(scope)
    settori = sorted({*rules.SETTORI, *await registry.list_settori(gateway.pool, enti)})
    ruoli = rules.roles(await gateway.policies.current())
    return {
        "enti": [(ente, await ente_names.name(caller, ente)) for ente in enti],
        "settori": [(one, labels.word(one, "settore")) for one in settori],
        "ruoli": sorted(((one, labels.word(one, "ruolo")) for one in ruoli), key=lambda pair: pair[1]),
    }


@router.get("/operatori")
async def list_operatori(request: Request, caller: Reader) -> Response:
    gateway: Gateway = request.app.state.gateway
    asked = request.query_params
    vista = asked.get("vista", registry.IN_CORSO)
    ricerca = registry.Ricerca(
        caller.enti(LEGGI), asked.get("testo", ""), asked.get("ente", ""), asked.get("settore", ""),
        asked.get("ruolo", ""), vista if vista in registry.VISTE else registry.IN_CORSO,
        as_uuid(asked.get("dopo", "")), SIZE,
    )  # fmt: skip
    found, more = await registry.search(gateway.pool, ricerca)
    filters = Form.of(**{name: asked.get(name) for name in ("testo", "ente", "settore", "ruolo", "vista")})
    return await respond(
        request, caller, "pagine/operatori/elenco.html", title="Operatori", section=SECTION, operatori=found,
        dopo=found[-1].operatore_id if more else None, filtri=filters, viste=VIEWS,
        filtrato=any(asked.get(name) for name in ("testo", "ente", "settore", "ruolo", "vista")),
        **await choices(request, caller),
    )  # fmt: skip


@router.get("/operatori/nomine")
async def list_nomine(request: Request, caller: Reader) -> Response:
    """Roles that see cases, as they were given: the DPO looks whether each had to be."""
    before = request.query_params.get("prima", "")
    prima = int(before) if before.isdigit() and len(before) < 19 else None
    pool = request.app.state.gateway.pool
    rows = await registry.list_nomine(pool, caller.enti(LEGGI), prima, SIZE)
    return await respond(
        request, caller, "pagine/operatori/nomine.html", title="Ruoli dati che vedono i casi", section=SECTION,
        nomine=rows, prima=rows[-1].seq if len(rows) == SIZE else None,
    )  # fmt: skip


async def _new(request: Request, caller: Caller, form: Form) -> Response:
    return await respond(
        request, caller, "pagine/operatori/nuovo.html", title="Nuovo operatore", section=SECTION,
        status=form.status, form=form, **await choices(request, caller, SCRIVI),
    )  # fmt: skip


@router.get("/operatori/nuovo")
async def show_new(request: Request, caller: Writer) -> Response:
    return await _new(request, caller, Form.of(ente=caller.ente, dal=formats.today()))


@router.post("/operatori/nuovo")
async def add(request: Request, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        command = form.build(NuovoOperatore, flags=("conferma_nome", "nuovo_settore"))
        given = await changes.enable(request.app.state.gateway, caller, command)
        return done(f"/operatori/{given.operatore_id}", "operatore")
    return await _new(request, caller, form)


async def _card(
    request: Request, caller: Caller, operatore_id: UUID, form: Form, asked: str = ""
) -> Response:
    """`asked`: which form of the card was sent: incarico or revoca."""
    gateway: Gateway = request.app.state.gateway
    operatore, fatti = await registry.get(gateway.pool, caller.enti(LEGGI), operatore_id)
    fresh = Form.of(ente=caller.ente, dal=formats.today())
    return await respond(
        request, caller, "pagine/operatori/scheda.html", title="Operatore", section=SECTION, status=form.status,
        operatore=operatore, fatti=fatti, form=form, incarico=form if asked == "incarico" else fresh,
        revoca=form if asked == "revoca" else Form(), proprio=operatore_id == caller.operatore_id,
        attivo=is_active(operatore), **await choices(request, caller),
    )  # fmt: skip


def is_active(operatore: RigaOperatore) -> bool:
    return operatore.revocato_il is None and any(i.stato != "finito" for i in operatore.incarichi)


@router.get("/operatori/{operatore_id}")
async def show_operatore(request: Request, operatore_id: UUID, caller: Reader) -> Response:
    return await _card(request, caller, operatore_id, Form())


@router.post("/operatori/{operatore_id}/incarichi")
async def assign(request: Request, operatore_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        command = form.build(NuovoIncarico, flags=("nuovo_settore",))
        await changes.assign(request.app.state.gateway, caller, operatore_id, command)
        return done(f"/operatori/{operatore_id}", "incarico_dato")
    return await _card(request, caller, operatore_id, form, "incarico")


@router.post("/operatori/{operatore_id}/revoca")
async def revoke(request: Request, operatore_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await changes.revoke(request.app.state.gateway, caller, operatore_id, form.build(Revoca))
        return done(f"/operatori/{operatore_id}", "operatore_revocato")
    return await _card(request, caller, operatore_id, form, "revoca")


async def _end(
    request: Request, caller: Caller, operatore_id: UUID, incarico_id: UUID, form: Form
) -> Response:
    pool = request.app.state.gateway.pool
    operatore, _ = await registry.get(pool, caller.enti(LEGGI), operatore_id)
    incarico = next((one for one in operatore.incarichi if one.incarico_id == incarico_id), None)
    if incarico is None:
        raise NotFound("operatori.non_trovato", "Questo incarico non c'è.")
    return await respond(
        request, caller, "pagine/operatori/fine.html", title="Fine di un incarico", section=SECTION,
        status=form.status, form=form, operatore=operatore, incarico=incarico,
    )  # fmt: skip


@router.get("/operatori/{operatore_id}/incarichi/{incarico_id}/fine")
async def show_end(request: Request, operatore_id: UUID, incarico_id: UUID, caller: Writer) -> Response:
    return await _end(request, caller, operatore_id, incarico_id, Form())


@router.post("/operatori/{operatore_id}/incarichi/{incarico_id}/fine")
async def end(request: Request, operatore_id: UUID, incarico_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        await changes.end(request.app.state.gateway, caller, incarico_id, form.build(Fine))
        return done(f"/operatori/{operatore_id}", "incarico_finito")
    return await _end(request, caller, operatore_id, incarico_id, form)
