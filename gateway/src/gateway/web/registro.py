"""Who saw what: the access log for the DPO, and "chi ha visto questo caso" for who works on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request
from starlette.responses import Response

from contracts.cartella import CartellaOut
from contracts.condivisioni import CondivisioneOut, CondivisioniOut, ListCondivisioni
from contracts.errors import Invalid
from gateway.accessi.answer import export
from gateway.accessi.export import Words
from gateway.accessi.fatti import Fatti
from gateway.accessi.lettori import aperti, si_dice
from gateway.accessi.read import AccessoOut, Filtro, count_by_time, list_accessi
from gateway.accessi.ricerca import FIRST, LAST, Ricerca, lontani, of_the_ente
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.politica.versioni import Versioni
from gateway.web import formats, labels
from gateway.web.caso import case_scope, load_caso, respond_caso
from gateway.web.forms import Form, read_form
from gateway.web.page import as_uuid, done, page_scope, respond
from gateway.web.people import operator_name
from gateway.web.registro_disegno import PERIOD, Disegno, draw

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
SIZE = 100
BELL = "/api/v1/avvisi/flusso"
"""Every open page listens here: one row a page that says nothing of anybody."""
LOOKED_THROUGH = 500
PRINTED = 500
TABS = (
    ("ricerca", "Ricerca", "/registro-accessi"),
    ("anomalie", "Da guardare", "/registro-accessi/anomalie"),
    ("integrita", "Integrità", "/registro-accessi/integrita"),
    ("termini", "Termini", "/registro-accessi/termini"),
)
ITALIAN = Words(moment=formats.moment, word=labels.word)

Reader = Annotated[Caller, Depends(of_the_ente(page_scope("registro_accessi:leggi")))]
Exporter = Annotated[Caller, Depends(of_the_ente(page_scope("registro_accessi:esporta")))]
Asked = Annotated[Ricerca, Depends(Ricerca.asked)]
CaseReader = Annotated[Caller, Depends(case_scope(optional=("condivisioni:leggi",)))]


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
    tronco = len(rows) == LOOKED_THROUGH
    rows = await _told(pool, caller, caso.cartella, rows)
    names = await caller.nomi(row.operatore_id for row in rows)
    return await respond_caso(
        request, caller, caso, gathering, "accessi", "accessi.html", visite=visits(rows, names, caller),
        tronco=tronco,
    )  # fmt: skip


async def _told(
    pool: AsyncConnectionPool[Any], caller: Caller, cartella: CartellaOut, rows: Sequence[AccessoOut]
) -> list[AccessoOut]:
    """Without those who reached the case through an entry of second level alone; always with the caller himself."""
    grants: tuple[CondivisioneOut, ...] = ()
    if "condivisioni:leggi" in caller.scopes:
        wanted = ListCondivisioni(cartella_id=cartella.id, limite=LOOKED_THROUGH)
        answer: CondivisioniOut = await caller.call("cartella", "list_condivisioni", wanted)
        grants = answer.condivisioni
    aperto = (await aperti(pool, [(cartella, grants)]))[cartella.id]
    contenuto = await Versioni(pool).contenuto(caller.identity.policy_version or 0)
    ente, me = cartella.ente, caller.operatore_id  # the rows are those of its ente
    return [r for r in rows if r.operatore_id == me or si_dice(r, ente, aperto, contenuto)]


@dataclass(frozen=True)
class Riga:
    """One access in words: chi, quando, in quale ruolo, perché, che cosa, esito."""

    accesso: AccessoOut
    chi: str
    al_posto_di: str

    @property
    def che_cosa(self) -> str:
        section, action = (
            labels.word(self.accesso.sezione, "sezione"),
            labels.word(self.accesso.azione, "azione"),
        )
        return ": ".join(part for part in (section, action) if part) or "pagina senza dati"


async def in_words(caller: Caller, rows: Sequence[AccessoOut]) -> list[Riga]:
    names = await caller.nomi(i for row in rows for i in (row.operatore_id, row.in_delega_di))
    return [
        Riga(
            row,
            operator_name(names, row.operatore_id, caller) if row.tipo == "operatore" else row.tipo,
            operator_name(names, row.in_delega_di, caller),
        )
        for row in rows
    ]


def address(ricerca: Ricerca, path: str = "/registro-accessi", **more: str) -> str:
    """Where this search is found again: ids, days and words of the office, no name."""
    asked: dict[str, Any] = {
        "cartella": ricerca.cartella, "residente": ricerca.residente, "caso": ricerca.caso,
        "operatore": ricerca.operatore,
        "dal": ricerca.dal.isoformat() if ricerca.dal else None, "al": ricerca.al.isoformat() if ricerca.al else None,
        "azione": ricerca.azione, "sezione": ricerca.sezione, "esito": ricerca.esito, **more,
    }  # fmt: skip
    query = urlencode({key: value for key, value in asked.items() if value}, doseq=True)
    return f"{path}?{query}" if query else path


@router.get("/registro-accessi")
async def show_registro(
    request: Request,
    caller: Reader,
    ricerca: Asked,
    dopo: Annotated[str, Query(max_length=120)] = "",
    campanello: Literal["", "1"] = "",
) -> Response:
    return await _registro(request, caller, ricerca, _form_of(ricerca, campanello), dopo)


def _form_of(ricerca: Ricerca, campanello: str) -> Form:
    """The search as its form shows it; whom it is about stays in the address."""
    last = formats.local(ricerca.al - timedelta(seconds=1)).date() if ricerca.al else None
    return Form.of(
        operatore=ricerca.operatore, dal=formats.local(ricerca.dal).date() if ricerca.dal else None, al=last,
        azione=ricerca.azione or None, sezione=ricerca.sezione or None, esito=ricerca.esito or None,
        campanello=campanello or None,
    )  # fmt: skip


async def _registro(
    request: Request, caller: Caller, ricerca: Ricerca, form: Form, dopo: str = ""
) -> Response:
    pool, bell = request.app.state.gateway.pool, form.get("campanello") == "1"
    filtro = replace(await ricerca.filtro(request, caller, SIZE, dopo), senza_rotta=None if bell else BELL)
    rows = await list_accessi(pool, filtro)
    more = {"campanello": "1"} if bell else {}
    older = address(ricerca, dopo=str(rows[-1].posizione), **more) if len(rows) == SIZE else ""
    return await respond(
        request, caller, "pagine/registro_accessi.html", title="Registro degli accessi", section="accessi",
        status=form.status, schede=TABS, righe=await in_words(caller, rows), piu_vecchi=older, form=form,
        ricerca=ricerca, disegno=await _picture(request, filtro) if not dopo else None,
        operatori=await _operators(caller),
        esporta={kind: address(ricerca, "/registro-accessi/esportazione", formato=kind) for kind in ("csv", "xlsx")}
        if caller.can("registro_accessi:esporta") else {},
        stampa=address(ricerca, "/registro-accessi/stampa"),
    )  # fmt: skip


async def _operators(caller: Caller) -> list[tuple[UUID, str]]:
    return [(o.operatore_id, f"{o.nome}, {labels.word(o.ruolo, 'ruolo')}") for o in await caller.colleghi()]


async def _picture(request: Request, filtro: Filtro) -> Disegno:
    """How many accesses over the period asked for, or the last month of it."""
    end = min(filtro.al or formats.now(), formats.now())
    start = max(filtro.dal or end - PERIOD, end - 3 * PERIOD)
    counts = await count_by_time(request.app.state.gateway.pool, replace(filtro, dal=start, al=end))
    return draw(counts, start, end)


@router.post("/registro-accessi/cerca")
async def search_registro(request: Request, caller: Reader) -> Response:
    """What was typed becomes an address of ids: a codice fiscale never stands in one."""
    form, found = await read_form(request), Ricerca()
    with form.collecting():
        found = Ricerca(
            operatore=as_uuid(form.get("operatore")), dal=_day(form, "dal"), al=_day(form, "al", after=1),
            azione=form.get("azione"), sezione=form.get("sezione"), esito=_outcome(form.get("esito")),
        )  # fmt: skip
        if found.dal and found.al and found.dal >= found.al:
            form.refuse("al", "Viene prima dell’inizio.")
        people, cases = await _person(request, caller, form)
        found = replace(found, cartella=await _case(request, caller, form), residente=people, caso=cases)
    if form.failed:
        return await _registro(request, caller, Ricerca(), form)
    more = {"campanello": "1"} if form.get("campanello") == "1" else {}
    return done(address(found, **more))


def _outcome(text: str) -> Literal["", "riuscito", "rifiutato"]:
    return "riuscito" if text == "riuscito" else "rifiutato" if text == "rifiutato" else ""


def _day(form: Form, name: str, after: int = 0) -> datetime | None:
    """The moment at which a day of Rome, or the one `after` it, begins."""
    if not form.get(name):
        return None
    try:
        day = date.fromisoformat(form.get(name)) + timedelta(days=after)
    except (ValueError, OverflowError):
        form.refuse(name, "Scrivi una data.")
        return None
    found = datetime(day.year, day.month, day.day, tzinfo=formats.ROMA)
    if not FIRST <= found <= LAST:
        form.refuse(name, "Scrivi una data di questi anni.")
        return None
    return found


async def _case(request: Request, caller: Caller, form: Form) -> UUID | None:
    """A case by its id, or by its number among those of the ente."""
    text = form.get("caso").strip()
    if not text or (known := as_uuid(text)) is not None:
        return known if text else None
    _, away = await lontani(request, caller)
    numbered = await Fatti(request.app.state.gateway.sistema).cartelle_numbered(text[:40], caller.ente)
    found = [case for case in numbered if case.id not in away]
    if len(found) != 1:
        many = "Ce n’è più di uno: scrivi il numero intero." if found else "Nessun caso ha questo numero."
        raise Invalid("registro.caso", many, {"caso": many})
    return found[0].id


async def _person(request: Request, caller: Caller, form: Form) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """A person by id, or by codice fiscale in every ente; and the person's cases in the caller's: who reads a diary
    names the case alone."""
    text, fatti = form.get("persona").strip(), Fatti(request.app.state.gateway.sistema)
    if not text:
        return (), ()
    known, code = as_uuid(text), "".join(c for c in text.upper() if c.isalnum())[:16]
    people = (known,) if known else await fatti.residenti_of(code) if code else ()
    away, _ = await lontani(request, caller)
    people = tuple(one for one in people if one not in away)
    if not people:
        nobody = "Nessuno ha questo codice fiscale."
        raise Invalid("registro.persona", nobody, {"persona": nobody})
    cases = await fatti.cartelle_of(people)
    return people, tuple(one.id for one in cases if one.ente == caller.ente)[:50]


@router.get("/registro-accessi/esportazione")
async def export_registro(
    request: Request, caller: Exporter, ricerca: Asked, formato: Literal["csv", "xlsx"] = "csv"
) -> Response:
    filtro = await ricerca.filtro(request, caller)
    return await export(request.app.state.gateway.pool, caller, filtro, formato, ITALIAN)


@router.get("/registro-accessi/stampa")
async def print_registro(request: Request, caller: Exporter, ricerca: Asked) -> Response:
    """The newest rows of a search on paper: who prints is a reader like any other, and stands in the log."""
    caller.touch(azione="stampa")
    filtro = replace(await ricerca.filtro(request, caller, PRINTED), senza_rotta=BELL)
    rows = await list_accessi(request.app.state.gateway.pool, filtro)
    return await respond(
        request, caller, "pagine/registro_stampa.html", title="Registro degli accessi, da stampare", section="accessi",
        righe=await in_words(caller, rows), ricerca=ricerca, tronco=len(rows) == PRINTED, indietro=address(ricerca),
        chi=(await caller.nomi([ricerca.operatore])).get(ricerca.operatore, "") if ricerca.operatore else "",
    )  # fmt: skip
