"""Writing a draft of the policy: roles, territories, levels, CSV; then proposing it."""

import re
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Forbidden, Invalid, NotFound
from contracts.mandato import Extent
from gateway.auth import Caller
from gateway.logged import LoggedRoute
from gateway.politica.anteprima import riporta
from gateway.politica.contenuto import CODICE, ENTE, LIVELLI, RUOLO, TERRITORI, Contenuto, Territori
from gateway.politica.tabella import from_csv
from gateway.politica.versione import Versione
from gateway.web import politica_parole
from gateway.web.forms import Form, read_form
from gateway.web.page import done, page_scope, respond
from gateway.web.politica import (
    Reader,
    can_edit,
    enti_names,
    moment_of,
    refusal_lines,
    require_state,
    revision_of,
    role_page,
    version_page,
    versioni_of,
)

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)
CSV_LIMIT = 2 * 1024 * 1024
Writer = Annotated[Caller, Depends(page_scope("politica:scrivi", "politica:leggi"))]
Uploader = Annotated[Caller, Depends(page_scope("politica:scrivi", "politica:leggi", body_limit=CSV_LIMIT))]
NEW_GROUPS = 1


@router.post("/politica/bozze")
async def start_draft(request: Request, caller: Writer) -> Response:
    """On the newest approved version, with its content or that of the version named in `da`."""
    form, versioni = await read_form(request), versioni_of(request)
    text = form.get("da")
    contenuto = None
    if text.isdigit() and len(text) < 9:
        contenuto = await versioni.contenuto((await versioni.get(int(text))).version)
    version = await versioni.draft(caller.operatore_id, contenuto)
    return done(f"/politica/{version}", "politica_bozza")


@router.post("/politica/{version}/ruoli/{ruolo}")
async def write_role(request: Request, version: int, ruolo: str, caller: Writer) -> Response:
    """Cells the form does not have stay as they are; a word that is no extent is refused."""
    form, versioni = await read_form(request), versioni_of(request)
    with form.collecting():
        require_state(form)
        contenuto = await versioni.contenuto(version)
        if not RUOLO.fullmatch(ruolo) or ruolo not in contenuto.ruoli():
            raise NotFound("politica.ruolo", "Questo ruolo non esiste.")
        own = dict(contenuto.regole.get(ruolo, {}))
        for scope in contenuto.scopes():
            if value := form.get(scope):
                own[scope] = _extent(form, scope, value)
        if not form.errors:
            await versioni.write(
                version, caller.operatore_id, revision_of(form), contenuto.with_ruolo(ruolo, own)
            )
            return done(f"/politica/{version}/ruoli/{ruolo}", "politica_salvata")
    return await role_page(request, caller, version, ruolo, form)


def _extent(form: Form, scope: str, value: str) -> Extent:
    try:
        return Extent(value)
    except ValueError:
        form.refuse(scope, "Scegli fin dove, dall’elenco.")
        return Extent.NESSUNO


@router.get("/politica/{version}/territori")
async def show_territories(request: Request, version: int, caller: Reader) -> Response:
    return await _territories_page(request, caller, version, Form.of())


async def _territories_page(request: Request, caller: Caller, version: int, form: Form) -> Response:
    versioni = versioni_of(request)
    found, contenuto = await versioni.get(version), await versioni.contenuto(version)
    nomi = await enti_names(caller, contenuto)
    if not form.values.get("codice"):
        rows = [(t, c, enti) for t in TERRITORI for c, enti in contenuto.territori[t].items()]
        empty = [(t, "", ()) for t in TERRITORI] if can_edit(caller, found) else []
        form.values |= {
            "tipo": [t for t, _, _ in (*rows, *empty)],
            "codice": [c for _, c, _ in (*rows, *empty)],
            "enti": [" ".join(enti) for _, _, enti in (*rows, *empty)],
        }
    groups = list(zip(form.all("tipo"), form.all("codice"), form.all("enti"), strict=False))
    return await respond(
        request, caller, "pagine/politica/territori.html", title=f"Territori, versione {version}",
        section="politica", versione=found, form=form, status=form.status, gruppi=groups, nomi=nomi,
        territori=contenuto.territori, modificabile=can_edit(caller, found),
    )  # fmt: skip


@router.post("/politica/{version}/territori")
async def write_territories(request: Request, version: int, caller: Writer) -> Response:
    form, versioni = await read_form(request), versioni_of(request)
    with form.collecting():
        require_state(form)
        territori = _read_groups(form)
        if not form.errors:
            contenuto = (await versioni.contenuto(version)).with_territori(territori)
            await versioni.write(version, caller.operatore_id, revision_of(form), contenuto)
            return done(f"/politica/{version}/territori", "politica_salvata")
    return await _territories_page(request, caller, version, form)


def _read_groups(form: Form) -> Territori:
    """A group without enti is gone; an ente stands in one group of its kind alone."""
    found: dict[str, dict[str, tuple[str, ...]]] = {tipo: {} for tipo in TERRITORI}
    taken: dict[tuple[str, str], str] = {}
    rows = zip(form.all("tipo"), form.all("codice"), form.all("enti"), strict=False)
    for number, (tipo, codice, text) in enumerate(rows, start=1):
        codes, codice = sorted({c for c in re.split(r"[\s,;]+", text.upper()) if c}), codice.strip()
        if not codes and not codice:
            continue
        where = f"enti-{number}"
        if tipo not in TERRITORI:
            form.refuse(where, "Scegli se è un ambito o una provincia.")
        elif codes and not CODICE.fullmatch(codice):
            form.refuse(where, "Dai al gruppo un nome breve: lettere, cifre e trattini.")
        elif wrong := next((c for c in codes if not ENTE.fullmatch(c)), ""):
            form.refuse(where, f"“{wrong[:20]}” non è il codice catastale di un Comune (per esempio F704).")
        elif double := next((c for c in codes if (tipo, c) in taken), ""):
            form.refuse(where, f"{double} è già in “{taken[tipo, double]}”: un Comune sta in un gruppo solo.")
        elif codes and codice in found[tipo]:
            form.refuse(where, f"“{codice}” c’è due volte.")
        elif codes:
            found[tipo][codice] = tuple(codes)
            taken |= {(tipo, c): codice for c in codes}
    return found


@router.get("/politica/{version}/livelli")
async def show_levels(request: Request, version: int, caller: Reader) -> Response:
    return await _levels_page(request, caller, version, Form.of())


async def _levels_page(request: Request, caller: Caller, version: int, form: Form) -> Response:
    versioni = versioni_of(request)
    found, contenuto = await versioni.get(version), await versioni.contenuto(version)
    roles = [r for r in contenuto.ruoli() if r not in ("cittadino", "emergenza")]
    form.values = {r: [str(contenuto.livello(r))] for r in roles} | form.values
    return await respond(
        request, caller, "pagine/politica/livelli.html", title=f"Livelli SPID, versione {version}",
        section="politica", versione=found, form=form, status=form.status, ruoli=roles, parole=politica_parole,
        modificabile=can_edit(caller, found),
    )  # fmt: skip


@router.post("/politica/{version}/livelli")
async def write_levels(request: Request, version: int, caller: Writer) -> Response:
    form, versioni = await read_form(request), versioni_of(request)
    with form.collecting():
        require_state(form)
        contenuto = await versioni.contenuto(version)
        levels = {ruolo: contenuto.livello(ruolo) for ruolo in contenuto.ruoli()}
        for ruolo in levels:
            if (text := form.get(ruolo)) and text not in {str(level) for level in LIVELLI}:
                form.refuse(ruolo, "Il livello è 1, 2 o 3.")
            elif text:
                levels[ruolo] = int(text)
        if not form.errors:
            changed = contenuto.with_livelli(levels)
            await versioni.write(version, caller.operatore_id, revision_of(form), changed)
            return done(f"/politica/{version}/livelli", "politica_salvata")
    return await _levels_page(request, caller, version, form)


@router.post("/politica/{version}/csv")
async def import_csv(request: Request, version: int, caller: Uploader) -> Response:
    """The whole content of a draft from a file, or nothing of it."""
    form = await read_form(request)
    with form.collecting():
        require_state(form)
        upload = form.files.get("file")
        data = await upload.read(CSV_LIMIT + 1) if upload else b""
        if not data:
            message = "Scegli un file CSV, come quello che si scarica da qui."
            raise Invalid("politica.file", "Manca il file.", fields={"file": message})
        await versioni_of(request).write(version, caller.operatore_id, revision_of(form), from_csv(data))
        return done(f"/politica/{version}", "politica_salvata")
    return await version_page(request, caller, version, form)


@router.post("/politica/{version}/proponi")
async def propose(request: Request, version: int, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        require_state(form)
        try:
            await versioni_of(request).propose(
                version,
                caller.operatore_id,
                revision_of(form),
                form.get("motivo"),
                moment_of(form, "attiva_dal"),
            )
        except Invalid as error:
            form.general.extend(refusal_lines(error))
            raise
        return done(f"/politica/{version}", "politica_proposta")
    return await version_page(request, caller, version, form)


@router.post("/politica/{version}/ritira")
async def withdraw(request: Request, version: int, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        require_state(form)
        await versioni_of(request).withdraw(version, caller.operatore_id, revision_of(form))
        return done(f"/politica/{version}", "politica_ritirata")
    return await version_page(request, caller, version, form)


@router.post("/politica/{version}/annulla")
async def ask_undoing(request: Request, version: int, caller: Writer) -> Response:
    """Of a version approved for a day that has not come."""
    form = await read_form(request)
    with form.collecting():
        require_state(form)
        await versioni_of(request).ask_annullo(
            version, caller.operatore_id, revision_of(form), form.get("motivo_annullo")
        )
        return done(f"/politica/{version}", "politica_annullo")
    return await version_page(request, caller, version, form)


@router.post("/politica/{version}/elimina")
async def discard(request: Request, version: int, caller: Writer) -> Response:
    form = await read_form(request)
    with form.collecting():
        require_state(form)
        await versioni_of(request).discard(version, caller.operatore_id, revision_of(form))
        return done("/politica", "politica_eliminata")
    return await version_page(request, caller, version, form)


@router.post("/politica/{version}/riporta")
async def rebase(request: Request, version: int, caller: Writer) -> Response:
    """The same changes on the version approved meanwhile, as a new draft; the old one stays what it is."""
    versioni = versioni_of(request)
    found = await versioni.get(version)
    _only_author(caller, found)
    base = await versioni.contenuto(found.base) if found.base is not None else Contenuto()
    mended = riporta(
        base, await versioni.contenuto(version), await versioni.contenuto(await versioni.newest())
    )
    return done(f"/politica/{await versioni.draft(caller.operatore_id, mended)}", "politica_bozza")


def _only_author(caller: Caller, found: Versione) -> None:
    if found.autore_id != caller.operatore_id:
        raise Forbidden("politica.bozza_altrui", "La bozza è di un’altra persona: fanne una tua.")
