"""In and out: SPID, CIE and the demo's test identities; logout, the session kept alive, the key of the drafts."""

import hmac
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contracts.errors import Forbidden
from gateway.auth import Caller, CsrfError, authorize
from gateway.errors import Problem
from gateway.logged import BACKGROUND, LoggedRoute
from gateway.login import CITIZEN_PATH, clear_cookie, list_identities, safe_return, set_cookie, sign_in
from gateway.operatori import Incarico
from gateway.resources import Gateway
from gateway.spid import logout as spid_logout  # the module: it imports pages, and pages import this
from gateway.spid.service import entries
from gateway.web.forms import Form, read_form
from gateway.web.page import done, public
from gateway.web.presenza import seconds_left, who_is

router = APIRouter(route_class=LoggedRoute, include_in_schema=False)

WHAT_ROLES_DO = {
    "assistente_sociale": "cerca le persone, apre e segue i casi, scrive il diario, propone gli interventi",
    "coordinatore": "vede i casi del settore, li assegna, approva gli interventi, rivede le emergenze",
    "amministrativo": "propone i pagamenti, genera il flusso SIUSS",
    "contabilita": "liquida i pagamenti",
    "dirigente": "legge i report del suo ente, approva le modifiche alla politica di accesso",
    "rpd": "legge il registro degli accessi, rivede le emergenze",
    "pronto_intervento": "apre un caso in emergenza, con il motivo, per un’ora",
    "amministratore_sistema": "gestisce operatori e caricamenti, propone la politica di accesso; non vede nessun caso",
    "analista": "legge i report di tutta la provincia",
}
OPERATORE, CITTADINO = "operatore", "cittadino"
HIGHER = ("2", "3")
NOT_LET_IN = {
    "accesso.non_abilitato": "Non risulti abilitato",
    "accesso.livello": "Serve un livello più alto",
}
ENTE_NAMES = {"F704": "Comune di Monza", "B212": "Comune di Brugherio"}


@dataclass(frozen=True)
class TestIdentity:
    """One line of the login page. `more`: incarichi besides the first; which one is asked after login."""

    __test__ = False  # a name pytest would otherwise collect

    key: str
    name: str
    role: str
    settore: str
    can: str
    more: int = 0


def group_identities(incarichi: list[Incarico]) -> list[tuple[str, list[TestIdentity]]]:
    """By ente, the largest first, as they come; each person once, where the latest incarico is."""
    latest = {one.identita: one for one in sorted(incarichi, key=lambda one: one.dal)}
    groups: dict[str, list[TestIdentity]] = {}
    for incarico in incarichi:
        if incarico is not latest[incarico.identita]:
            continue
        identity = TestIdentity(
            incarico.identita,
            incarico.nome,
            incarico.ruolo,
            incarico.settore,
            WHAT_ROLES_DO.get(incarico.ruolo, ""),
            sum(one.identita == incarico.identita for one in incarichi) - 1,
        )
        groups.setdefault(ENTE_NAMES.get(incarico.ente, incarico.ente), []).append(identity)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


async def _login_page(request: Request, form: Form, after: str, area: str, status: int = 200) -> Response:
    gateway: Gateway = request.app.state.gateway
    identities = await list_identities(gateway) if gateway.settings.dev_login and area == OPERATORE else []
    return public(
        request, "pagine/accedi.html", title="Entra", status=status, form=form, after=after, area=area,
        doors=entries(request.app.state.spid), groups=group_identities(identities),
        level=request.query_params.get("livello") if request.query_params.get("livello") in HIGHER else None,
    )  # fmt: skip


def not_let_in(request: Request, problem: Problem) -> Response:
    """Whoever an identity provider vouched for, and the registry of operators or the level does not let in."""
    return public(
        request, "pagine/non_abilitato.html", title=NOT_LET_IN[problem.code], status=problem.status, problem=problem,
        codice=problem.instance[-12:],
    )  # fmt: skip


@router.get("/accedi")
async def show_login(request: Request) -> Response:
    """The two areas are two addresses, so that the choice needs no script; who was on a citizen's page stays one."""
    after, asked = safe_return(request.query_params.get("ritorno")), request.query_params.get("area")
    citizen = asked == CITTADINO or (asked is None and after.startswith(CITIZEN_PATH))
    return await _login_page(request, Form(), after, CITTADINO if citizen else OPERATORE)


@router.post("/accedi")
async def login(request: Request) -> Response:
    """A session of the chosen identity. No password: the gateway refuses to start with this outside demo and test."""
    form = await read_form(request)
    after = safe_return(form.get("ritorno"))
    try:
        token = await sign_in(request, form.get("identita"), ask=True)
    except Forbidden as error:
        if isinstance(error, CsrfError):
            raise
        form.general.append(error.message)
        return await _login_page(request, form, after, OPERATORE, form.status)
    response = RedirectResponse(after, status_code=303)
    set_cookie(request, response, token)
    return response


Anybody = Annotated[Caller, Depends(authorize(per="chiunque", undecided=True))]


@router.post("/esci")
async def logout(request: Request, caller: Anybody) -> Response:
    """Out of here at once; then, where the provider keeps a session of its own, out of there."""
    gateway: Gateway = request.app.state.gateway
    await gateway.sessions.revoke(caller.session_id, caller.operatore_id)
    response = await spid_logout.leave(request, caller.session_id) or done("/accedi", "uscito")
    clear_cookie(request, response)
    return response


@router.post("/sessione")
async def keep_session(request: Request, caller: Anybody) -> Response:
    """Any request keeps the session alive; this one does nothing else."""
    return _session(request, caller)


@router.get("/sessione")
async def show_session(request: Request, caller: Anybody) -> Response:
    """How long the session lasts, who is in it, and the token forms need: a page asks before it gives itself up, and
    after its person signed in again in another window."""
    return _session(request, caller)


def _session(request: Request, caller: Caller) -> Response:
    chi = "" if caller.identity.undecided else who_is(request.app.state.gateway, caller)
    return JSONResponse(
        {
            "secondi": seconds_left(caller, used=BACKGROUND not in request.headers),
            "csrf": caller.csrf,
            "chi": chi,
        },
        headers={"Cache-Control": "no-store"},
    )


@router.get("/rientrato")
@router.get("/cittadino/rientrato")
async def show_back(request: Request, caller: Anybody) -> Response:
    """Where a login in a second window ends: the first one goes on by itself."""
    return public(request, "pagine/rientrato.html", title="Sei di nuovo dentro")


@router.get("/bozze/chiave")
async def draft_key(request: Request, caller: Annotated[Caller, Depends(authorize())]) -> Response:
    """The key of this person's drafts: the browser keeps only what it encrypted with it, so the next person at the same
    desk cannot read them, and the same person finds them again after any logout."""
    gateway: Gateway = request.app.state.gateway
    key = hmac.new(gateway.secret, b"bozze:" + caller.operatore_id.bytes, sha256).digest()
    owner = sha256(key).hexdigest()[:16]
    return JSONResponse(
        {"chiave": b64encode(key).decode(), "persona": owner}, headers={"Cache-Control": "no-store"}
    )
