"""The policy for people: versions with their story, one as it stands, what it would change, and the decision on it.

How a draft is written: `gateway.web.politica_bozza`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Conflict, DomainError, Invalid
from contracts.mandato import AZIONI, SEZIONI
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.politica.anteprima import Anteprima, Differenza, anteprima, differenza
from gateway.politica.contenuto import Contenuto
from gateway.politica.posti import list_posti
from gateway.politica.regole import Divieto, Pericolo, choices, divieti, pericoli
from gateway.politica.tabella import to_csv
from gateway.politica.versione import BOZZA, PROPOSTA, Versione
from gateway.politica.versioni import Versioni
from gateway.web import formats, politica_parole
from gateway.web.forms import Form, read_form
from gateway.web.page import done, ente_names, page_scope, respond

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
Reader = Annotated[
    Caller, Depends(page_scope("politica:leggi", optional=("politica:scrivi", "politica:approva")))
]
Approver = Annotated[Caller, Depends(page_scope("politica:approva", "politica:leggi"))]


@dataclass(frozen=True)
class Esame:
    """A version held against the one it was drafted from."""

    versione: Versione
    contenuto: Contenuto
    base: Contenuto
    differenza: Differenza
    anteprima: Anteprima
    divieti: tuple[Divieto, ...]
    pericoli: tuple[Pericolo, ...]


def versioni_of(request: Request) -> Versioni:
    return Versioni(request.app.state.gateway.pool)


async def esame_of(request: Request, version: int) -> Esame:
    """Raises NotFound for a version that is not there."""
    versioni = versioni_of(request)
    versione = await versioni.get(version)
    contenuto = await versioni.contenuto(version)
    base = await versioni.contenuto(versione.base) if versione.base is not None else Contenuto()
    posti = await list_posti(request.app.state.gateway.pool)
    first = versione.base is None
    return Esame(
        versione, contenuto, base,
        Differenza() if first else differenza(base, contenuto),
        Anteprima((), (), False) if first else anteprima(base, contenuto, posti),
        divieti(contenuto), () if first else pericoli(base, contenuto, posti),
    )  # fmt: skip


async def enti_names(caller: Caller, *contents: Contenuto) -> dict[str, str]:
    """Name of each comune a content speaks of; its code where the registry does not answer."""
    await ente_names.name(caller, caller.ente)
    codes = {e for c in contents for groups in c.territori.values() for enti in groups.values() for e in enti}
    return {code: ente_names.known(code) for code in codes | {caller.ente}}


@router.get("/politica")
async def show_list(request: Request, caller: Reader) -> Response:
    versioni = await versioni_of(request).list()
    return await respond(
        request, caller, "pagine/politica/elenco.html", title="Politica di accesso", section="politica",
        versioni=versioni, in_vigore=next((v for v in versioni if v.in_vigore), None),
        aperte=[v for v in versioni if v.stato in (BOZZA, PROPOSTA)],
        decise=[v for v in versioni if v.stato not in (BOZZA, PROPOSTA)],
    )  # fmt: skip


@router.get("/politica/{version}")
async def show_version(request: Request, version: int, caller: Reader) -> Response:
    return await version_page(request, caller, version, Form.of())


async def version_page(request: Request, caller: Caller, version: int, form: Form) -> Response:
    """A version, what it changes and for whom; with the forms that its state and the reader's part in it allow."""
    esame = await esame_of(request, version)
    found, nomi = esame.versione, await enti_names(caller, esame.contenuto, esame.base)
    mine, newest = found.autore_id == caller.operatore_id, await versioni_of(request).newest()
    undoable = found.programmata and found.version == newest
    return await respond(
        request, caller, "pagine/politica/versione.html", title=f"Politica, versione {version}", section="politica",
        status=form.status, form=form, esame=esame, versione=found, nomi=nomi, mia=mine,
        modificabile=mine and found.stato == BOZZA and caller.can("politica:scrivi"),
        ritirabile=mine and found.stato == PROPOSTA and caller.can("politica:scrivi"),
        decidibile=not mine and found.stato == PROPOSTA and caller.can("politica:approva"),
        superata=found.stato in (BOZZA, PROPOSTA) and found.base != newest,
        annullabile=undoable and found.annullo_chiesto_da is None and caller.can("politica:scrivi"),
        annullo=undoable and found.annullo_chiesto_da is not None and caller.can("politica:approva"),
        annullo_mio=found.annullo_chiesto_da == caller.operatore_id,
        cambi=politica_parole.righe(esame.differenza, nomi), parole=politica_parole, vuoti=empty_roles(esame),
        ruoli=role_rows(esame), effetti=effect_rows(esame.anteprima, nomi),
    )  # fmt: skip


def empty_roles(esame: Esame) -> list[str]:
    """Roles that change and in which nobody works today: the change will be felt by whoever comes."""
    touched = {effect.ruolo for effect in esame.anteprima.effetti}
    changed = dict.fromkeys(change.ruolo for change in esame.differenza.regole)
    return [ruolo for ruolo in changed if ruolo not in touched and ruolo != "cittadino"]


def role_rows(esame: Esame) -> list[dict[str, Any]]:
    """The roles of a version, with how many cells they have and how many changed."""
    changed = [change.ruolo for change in esame.differenza.regole]
    return [
        {
            "ruolo": ruolo, "voci": len(esame.contenuto.regole.get(ruolo, {})), "cambiate": changed.count(ruolo),
            "livello": esame.contenuto.livello(ruolo),
        }
        for ruolo in esame.contenuto.ruoli()
    ]  # fmt: skip


def effect_rows(found: Anteprima, nomi: dict[str, str]) -> list[dict[str, Any]]:
    """What each group of people would gain or lose: one row for each role and list of persons."""
    rows: dict[tuple[str, tuple[str, ...], bool], list[str]] = {}
    for effect in found.effetti:
        people = tuple(
            f"{p.nome}{f' per {p.titolare}' if p.titolare else ''} ({ente_names.known(p.ente)})"
            for p in effect.posti
        )
        rows.setdefault((effect.ruolo, people, bool(effect.perdono)), []).append(
            politica_parole.effetto(effect, nomi)
        )
    return [
        {"ruolo": ruolo, "persone": people, "perde": loses, "cosa": lines}
        for (ruolo, people, loses), lines in rows.items()
    ]


@router.get("/politica/{version}/ruoli/{ruolo}")
async def show_role(request: Request, version: int, ruolo: str, caller: Reader) -> Response:
    return await role_page(request, caller, version, ruolo, Form.of())


async def role_page(request: Request, caller: Caller, version: int, ruolo: str, form: Form) -> Response:
    """The table of one role: sections down, actions across; selects in one's own draft."""
    versioni = versioni_of(request)
    found, contenuto = await versioni.get(version), await versioni.contenuto(version)
    base = await versioni.contenuto(found.base) if found.base is not None else contenuto
    return await respond(
        request, caller, "pagine/politica/ruolo.html", section="politica", form=form, status=form.status,
        title=f"{politica_parole.ruolo(ruolo)}, versione {version}", versione=found, ruolo=ruolo,
        parole=politica_parole, azioni=AZIONI, righe=cells(contenuto, base, ruolo, form), ruoli=contenuto.ruoli(),
        conosciuto=ruolo in contenuto.ruoli(),
        modificabile=can_edit(caller, found),
    )  # fmt: skip


def can_edit(caller: Caller, found: Versione) -> bool:
    return found.stato == BOZZA and found.autore_id == caller.operatore_id and caller.can("politica:scrivi")


def cells(contenuto: Contenuto, base: Contenuto, ruolo: str, form: Form) -> list[dict[str, Any]]:
    """One row for each section: its cells by action; an action that means nothing there has none."""
    scopes = set(contenuto.scopes())
    rows = []
    for sezione in SEZIONI:
        row: dict[str, Any] = {"sezione": sezione, "celle": []}
        for azione in AZIONI:
            scope = f"{sezione}:{azione}"
            value = form.get(scope) or contenuto.extent(ruolo, scope).value
            row["celle"].append(
                {
                    "scope": scope, "valore": value, "prima": base.extent(ruolo, scope).value,
                    "scelte": {value, *(extent.value for extent in choices(ruolo, scope))},
                }
                if scope in scopes
                else None
            )  # fmt: skip
        rows.append(row)
    return rows


@router.get("/politica/{version}/csv")
async def export_csv(
    request: Request, version: int, caller: Annotated[Caller, Depends(page_scope("politica:leggi"))]
) -> Response:
    versioni = versioni_of(request)
    await versioni.get(version)
    return csv_response(version, await versioni.contenuto(version))


def csv_response(version: int, contenuto: Contenuto) -> Response:
    name = f'attachment; filename="politica-{version}.csv"'
    return Response(
        to_csv(contenuto), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name}
    )


@router.post("/politica/{version}/decidi")
async def decide(request: Request, version: int, caller: Approver) -> Response:
    """The other person's word."""
    form = await read_form(request)
    approve = form.get("decisione") == "approva"
    with form.collecting():
        require_state(form)
        await versioni_of(request).decide(
            version, caller.operatore_id, revision_of(form), approve, form.get("motivo_decisione")
        )
        return done(f"/politica/{version}", "politica_approvata" if approve else "politica_respinta")
    return await version_page(request, caller, version, form)


@router.post("/politica/{version}/annulla/decidi")
async def decide_undoing(request: Request, version: int, caller: Approver) -> Response:
    """The second person's word on undoing what has not come into force."""
    form = await read_form(request)
    undo = form.get("decisione") == "annulla"
    with form.collecting():
        require_state(form)
        await versioni_of(request).decide_annullo(version, caller.operatore_id, revision_of(form), undo)
        return done(f"/politica/{version}", "politica_annullata" if undo else "politica_tenuta")
    return await version_page(request, caller, version, form)


def revision_of(form: Form) -> int:
    """The state the page was made from; a number nobody has when it is missing."""
    text = form.get("revisione")
    return int(text) if text.isdigit() and len(text) < 9 else 0


def require_state(form: Form) -> None:
    """Nothing may be decided from a form without its state."""
    if not revision_of(form):
        raise Conflict("politica.cambiata", "Nel frattempo questa versione è cambiata: ricarica la pagina.")


def refusal_lines(error: DomainError) -> Iterable[str]:
    """What refuses a version, a sentence each."""
    for row in error.details.get("divieti", ()):
        yield politica_parole.divieto(Divieto(row["codice"], row["ruolo"], row["scope"]))


def moment_of(form: Form, name: str) -> datetime | None:
    """Rome's clock, as a datetime-local field has it; Invalid for what is no moment."""
    text = form.get(name).strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("modulo.data", "La data non va bene.", fields={name: "Scrivi giorno e ora."}) from error
    return found if found.tzinfo else found.replace(tzinfo=formats.ROMA)
