"""Who saw what: the access log for the DPO, and "chi ha visto questo caso" for who works on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import psycopg
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from gateway.accessi.read import AccessoOut, Filtro, list_accessi
from gateway.accessi.verify import verify
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import formats, labels
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.forms import Form
from gateway.web.page import as_uuid, page_scope, respond
from gateway.web.people import operator_name

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 100
BELL = "/api/v1/avvisi/flusso"
"""Every open page listens here: one row a page that says nothing of anybody."""
LOOKED_THROUGH = 500
CONNECT_SECONDS = 5

Reader = Annotated[Caller, Depends(page_scope("registro_accessi:leggi"))]
CaseReader = Annotated[Caller, Depends(case_scope())]


@dataclass(frozen=True)
class Visita:
    """Who was in the case on one day, and in which sections."""

    giorno: str
    chi: str
    ruolo: str
    sezioni: str
    volte: int


def visits(rows: Sequence[AccessoOut], names: dict[UUID, str], caller: Caller) -> list[Visita]:
    """By day and person, newest first. Sections without actions or times: a moment at which somebody wrote in the diary
    would betray a private entry to a colleague. The DPO sees the rows."""
    groups: dict[tuple[str, UUID, str], list[AccessoOut]] = {}
    for row in rows:
        if row.esito < 400:
            groups.setdefault((formats.day(row.quando), row.operatore_id, row.ruolo), []).append(row)
    return [
        Visita(
            giorno, operator_name(names, operatore, caller), ruolo,
            ", ".join(sorted({labels.word(r.sezione, "sezione") for r in found if r.sezione})), len(found),
        )
        for (giorno, operatore, ruolo), found in groups.items()
    ]  # fmt: skip


@router.get("/casi/{cartella_id}/accessi")
async def show_visits(request: Request, cartella_id: UUID, caller: CaseReader) -> Response:
    caso, gathering = await load_caso(caller, cartella_id, whole=True)
    pool = request.app.state.gateway.pool
    rows = await list_accessi(
        pool, Filtro(ente=caso.cartella.ente, cartella=cartella_id, limite=LOOKED_THROUGH)
    )
    names = await caller.nomi(row.operatore_id for row in rows)
    return await respond_caso(
        request, caller, caso, gathering, "accessi", "accessi.html", visite=visits(rows, names, caller),
        tronco=len(rows) == LOOKED_THROUGH,
    )  # fmt: skip


@router.get("/registro-accessi")
async def show_registro(request: Request, caller: Reader) -> Response:
    return await _registro(request, caller)


async def _registro(request: Request, caller: Caller, verifica: object = None) -> Response:
    gateway, query = request.app.state.gateway, request.query_params
    before = _moment(query.get("prima", ""))
    cartella, operatore = as_uuid(query.get("cartella", "")), as_uuid(query.get("operatore", ""))
    caller.touch(cartella_id=cartella)
    bell = query.get("campanello") == "1"
    rows = await list_accessi(
        gateway.pool,
        Filtro(
            caller.ente,
            cartella,
            operatore=operatore,
            al=before,
            limite=SIZE,
            senza_rotta=None if bell else BELL,
        ),
    )
    names = await caller.nomi(row.operatore_id for row in rows)
    older = rows[-1].quando.isoformat() if len(rows) == SIZE else ""
    operators = [
        (o.operatore_id, f"{o.nome}, {labels.word(o.ruolo, 'ruolo')}") for o in await caller.colleghi()
    ]
    return await respond(
        request, caller, "pagine/registro_accessi.html", title="Registro degli accessi", section="accessi",
        accessi=[(row, operator_name(names, row.operatore_id, caller)) for row in rows], piu_vecchi=older,
        filtri=Form.of(operatore=operatore, campanello="1" if bell else None), cartella=cartella, verifica=verifica,
        operatori=operators,
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


@router.post("/registro-accessi/verifica")
async def check_registro(request: Request, caller: Reader) -> Response:
    """Walks the whole log on a connection of its own: it is long, and the pool is for short work."""
    dsn = request.app.state.gateway.settings.dsn
    async with await psycopg.AsyncConnection.connect(dsn, connect_timeout=CONNECT_SECONDS) as connection:
        found = await verify(connection)
    return await _registro(request, caller, found)
