"""Anomalous reading, for the DPO: what the rules found, closing it with a reason, and the rules themselves."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from gateway.accessi.anomalie import (
    AnomaliaOut,
    close_anomalia,
    get_anomalia,
    list_anomalie,
    list_reports,
    mark_seen,
)
from gateway.accessi.read import list_named
from gateway.accessi.ricerca import lontani, of_the_ente, require_no_part, with_connection
from gateway.accessi.sigilli import Connection
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.web import labels
from gateway.web.forms import Form, read_form
from gateway.web.page import as_uuid, done, page_scope, respond
from gateway.web.people import operator_name
from gateway.web.registro import TABS, in_words

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
PATH = "/registro-accessi/anomalie"
SIZE = 50
STATI = ("nuova", "vista", "chiusa")
Reader = Annotated[Caller, Depends(of_the_ente(page_scope("registro_accessi:leggi")))]
Writer = Annotated[
    Caller, Depends(of_the_ente(page_scope("registro_accessi:scrivi", "registro_accessi:leggi")))
]


@router.get(PATH)
async def show_anomalie(request: Request, caller: Reader, stato: str = "", dopo: str = "") -> Response:
    wanted = stato if stato in STATI else ""

    async def read(connection: Connection) -> tuple[list[AnomaliaOut], list[Any]]:
        found = await list_anomalie(connection, caller.ente, wanted, as_uuid(dopo), SIZE)
        return found, await list_reports(connection, caller.ente)

    found, reports = await with_connection(request, read)
    names = await caller.nomi(one.operatore_id for one in found)
    return await respond(
        request, caller, "pagine/registro_anomalie.html", title="Accessi da guardare", section="accessi", schede=TABS,
        anomalie=[(one, operator_name(names, one.operatore_id, caller)) for one in found], rapporti=reports,
        filtri=Form.of(stato=wanted or None), stati=[(s, labels.state(s, "anomalia").text) for s in STATI],
        dopo=found[-1].id if len(found) == SIZE else None,
    )  # fmt: skip


@router.get(PATH + "/{anomalia_id}")
async def show_anomalia(request: Request, anomalia_id: UUID, caller: Reader) -> Response:
    return await _anomalia(request, caller, anomalia_id, Form.of())


async def _anomalia(request: Request, caller: Caller, anomalia_id: UUID, form: Form) -> Response:
    """Opening it is looking at it: from then on it is no longer new."""

    async def read(connection: Connection) -> AnomaliaOut:
        if caller.can("registro_accessi:scrivi"):
            return await mark_seen(connection, anomalia_id, caller.ente, caller.operatore_id)
        return await get_anomalia(connection, anomalia_id, caller.ente)

    found = await with_connection(request, read)
    people, cases = await lontani(request, caller)
    named = await list_named(request.app.state.gateway.pool, caller.ente, found.righe)
    rows = [row for row in named if row.residente_id not in people and row.cartella_id not in cases]
    names = await caller.nomi([found.operatore_id, found.vista_da, found.chiusa_da])
    return await respond(
        request, caller, "pagine/registro_anomalia.html", title="Un accesso da guardare", section="accessi",
        status=form.status, anomalia=found, righe=await in_words(caller, rows), form=form,
        chi=operator_name(names, found.operatore_id, caller), vista_da=operator_name(names, found.vista_da, caller),
        chiusa_da=operator_name(names, found.chiusa_da, caller),
    )  # fmt: skip


@router.post(PATH + "/{anomalia_id}/chiusura")
async def close(request: Request, anomalia_id: UUID, caller: Writer) -> Response:
    form = await read_form(request)
    found = await with_connection(request, lambda c: get_anomalia(c, anomalia_id, caller.ente))
    await require_no_part(request, caller, found)
    with form.collecting():
        await with_connection(
            request,
            lambda c: close_anomalia(c, anomalia_id, caller.ente, caller.operatore_id, form.get("motivo")),
        )
        return done(PATH, "anomalia_chiusa")
    return await _anomalia(request, caller, anomalia_id, form)


@dataclass(frozen=True, slots=True)
class Regola:
    """One rule as data: whether it is in force, its parameters."""

    regola: str
    attiva: bool
    parametri: dict[str, Any]


class Soglie(BaseModel):
    """What the DPO may change of the rules: thresholds within reason."""

    attive: tuple[str, ...] = ()
    casi: Annotated[int, Field(ge=2, le=1000)]
    minuti: Annotated[int, Field(ge=1, le=1440)]
    dalle: Annotated[int, Field(ge=12, le=23)]
    alle: Annotated[int, Field(ge=0, le=11)]
    festivi: bool = False


async def read_rules(connection: Connection, ente: str) -> list[Regola]:
    """As they are in force for this ente: its own, or everybody's."""
    async with connection.cursor(row_factory=class_row(Regola)) as cursor:
        await cursor.execute(
            "SELECT DISTINCT ON (regola) regola, attiva, parametri FROM regole_anomalia WHERE ente IN ('', %s)"
            " ORDER BY regola, ente DESC",
            (ente,),
        )
        return await cursor.fetchall()


async def write_rules(connection: Connection, ente: str, soglie: Soglie, operatore_id: UUID) -> None:
    """All rules of one ente at once; parameters the form does not show stay."""
    changed: dict[str, dict[str, Any]] = {
        "molti_casi": {"casi": soglie.casi, "minuti": soglie.minuti},
        "fuori_orario": {"dalle": soglie.dalle, "alle": soglie.alle, "festivi": soglie.festivi},
    }
    async with connection.transaction():
        for rule in await read_rules(connection, ente):
            parametri = Jsonb(rule.parametri | changed.get(rule.regola, {}))
            await connection.execute(
                "INSERT INTO regole_anomalia (ente, regola, attiva, parametri, aggiornata_da)"
                " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (ente, regola) DO UPDATE SET attiva = excluded.attiva,"
                " parametri = excluded.parametri, aggiornata_da = excluded.aggiornata_da, aggiornata_il = now()",
                (ente, rule.regola, rule.regola in soglie.attive, parametri, operatore_id),
            )


@router.get("/registro-accessi/regole")
async def show_rules(request: Request, caller: Reader) -> Response:
    rules = await with_connection(request, lambda c: read_rules(c, caller.ente))
    known = {name: str(value) for rule in rules for name, value in rule.parametri.items()}
    form = Form.of(**{name: known.get(name) for name in ("casi", "minuti", "dalle", "alle")})
    form.values["attive"] = [rule.regola for rule in rules if rule.attiva]
    form.values["festivi"] = ["1"] if known.get("festivi") == "True" else []
    return await _rules(request, caller, form)


async def _rules(request: Request, caller: Caller, form: Form) -> Response:
    return await respond(
        request, caller, "pagine/registro_regole.html", title="Che cosa segnalare", section="accessi", form=form,
        status=form.status,
    )  # fmt: skip


@router.post("/registro-accessi/regole")
async def change_rules(request: Request, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        soglie = form.build(Soglie, flags=("festivi",), lists=("attive",))
        await with_connection(request, lambda c: write_rules(c, caller.ente, soglie, caller.operatore_id))
        return done(PATH, "regole_salvate")
    return await _rules(request, caller, form)
