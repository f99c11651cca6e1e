"""Signing in, whoever vouches for the person: SPID, CIE, or a test identity where no real person works.

No provisioning: an operator enters only if the registry of operators knows his codice fiscale and gives him an
incarico today. A citizen enters his own pages and nothing else.
"""

import re
from asyncio import sleep
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from uuid_utils.compat import uuid7

from contracts.errors import Forbidden, NotFound
from gateway.accessi.row import Accesso
from gateway.auth import Caller, CsrfError, NotAuthenticatedError
from gateway.errors import CHOICE_PATH
from gateway.operatori import Incarico, Scelta
from gateway.policy import Policy
from gateway.resources import Gateway
from gateway.security import same_origin
from gateway.sessions import Opening

IDENTITA = re.compile(r"[a-z]{1,40}\.[a-z]{1,40}")
CITIZEN_PATH = "/cittadino"
FREE_MISTAKES = 5
"""Wrong logins a minute from one address that cost nothing."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Persona:
    """A person as an identity provider vouched for him. `schema`: spid, cie, dev. `livello`: 1–3."""

    schema: str
    codice_fiscale: str
    nome: str
    cognome: str
    livello: int
    data_nascita: date | None = None
    idp: str = ""
    name_id: str = ""
    session_index: str = ""


async def enter(request: Request, persona: Persona, area: str = "operatore", ritorno: str = "/") -> Response:
    """The answer that opens a session: to the page asked for, or to the choice among several incarichi.

    `area`: operatore or cittadino. Raises Forbidden `accesso.non_abilitato` for a person the registry of operators
    does not know, `accesso.livello` for a SPID level below what his role asks.
    """
    gateway: Gateway = request.app.state.gateway
    if area == "cittadino":
        opening, target = await _citizen(gateway, persona, ritorno)
    else:
        opening, target = await _operator(gateway, persona, ritorno)
    token = await open_session(request, opening)
    response = RedirectResponse(target, status_code=303)
    set_cookie(request, response, token)
    return response


async def _citizen(gateway: Gateway, persona: Persona, ritorno: str) -> tuple[Opening, str]:
    await require_level(gateway, "cittadino", persona.livello)
    async with gateway.pool.connection() as connection:
        cursor = await connection.execute(
            "INSERT INTO cittadini (id, codice_fiscale, nome, cognome) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (codice_fiscale) DO UPDATE SET nome = excluded.nome, cognome = excluded.cognome,"
            " ultimo_accesso = now() RETURNING id",
            (uuid7(), persona.codice_fiscale, persona.nome, persona.cognome),
        )
        row = await cursor.fetchone()
    assert row is not None
    target = safe_return(ritorno)
    opening = _opening(gateway, persona, cittadino_id=row[0])
    return opening, target if target.startswith(CITIZEN_PATH) else CITIZEN_PATH


async def _operator(gateway: Gateway, persona: Persona, ritorno: str) -> tuple[Opening, str]:
    operatore_id = await gateway.operatori.find_by_codice(persona.codice_fiscale)
    choices = await gateway.operatori.choices(operatore_id) if operatore_id else []
    if operatore_id is None or not choices:
        log.warning("login_not_enabled", schema=persona.schema, known=operatore_id is not None)
        raise not_enabled()
    target = safe_return(ritorno)
    if len(choices) > 1:
        return _opening(gateway, persona, operatore_id), f"{CHOICE_PATH}?ritorno={quote(target, safe='/')}"
    await require_level(gateway, choices[0].ruolo, persona.livello)
    return _opening(gateway, persona, operatore_id, choices[0].incarico_id, choices[0].delega_id), target


def _opening(
    gateway: Gateway,
    persona: Persona,
    operatore_id: UUID | None = None,
    incarico_id: UUID | None = None,
    delega_id: UUID | None = None,
    cittadino_id: UUID | None = None,
) -> Opening:
    settings = gateway.settings
    return Opening(
        idle=settings.idle("cittadino" if cittadino_id else "operatore"), absolute=settings.absolute,
        operatore_id=operatore_id, incarico_id=incarico_id, delega_id=delega_id, cittadino_id=cittadino_id,
        schema=persona.schema, livello=persona.livello, idp=persona.idp, name_id=persona.name_id,
        session_index=persona.session_index,
    )  # fmt: skip


async def require_level(gateway: Gateway, ruolo: str, livello: int) -> None:
    """Forbidden `accesso.livello` when the role asks for a higher SPID level than this login had."""
    check_level(await gateway.policies.current(), ruolo, livello)


def check_level(policy: Policy, ruolo: str, livello: int) -> None:
    """The same, by a policy at hand: at every request, so that a level raised holds for sessions already open."""
    needed = policy.livello(ruolo)
    if livello < needed:
        raise Forbidden(
            "accesso.livello",
            f"Per questo incarico serve un accesso di livello {needed}: entra di nuovo con quel livello.",
            details={"livello": needed},
        )


async def open_session(request: Request, opening: Opening) -> str:
    """Token of the new session; the access log has it before it is returned."""
    gateway: Gateway = request.app.state.gateway
    address = request.client.host if request.client else ""
    token = await gateway.sessions.create(opening, request.headers.get("user-agent", ""), address)
    identity = await gateway.sessions.identify(token)
    if identity is None:
        raise not_enabled()
    row = Accesso.of(identity, request.method, request.scope["route"].path, (), "", "accesso")
    row.esito, row.correlation_id = 200, request.state.correlation_id
    await gateway.accessi.append(row)
    return token


async def wrong(request: Request) -> None:
    """A login failed: remembered by address; after five in a minute each answer comes later. Nobody is locked out."""
    gateway: Gateway = request.app.state.gateway
    address = request.client.host if request.client else ""
    async with gateway.pool.connection() as connection:
        await connection.execute("DELETE FROM tentativi_errati WHERE quando < now() - interval '1 minute'")
        cursor = await connection.execute(
            "WITH one AS (INSERT INTO tentativi_errati (indirizzo) VALUES (%s))"
            " SELECT count(*) FROM tentativi_errati WHERE indirizzo = %s",
            (address, address),
        )
        row = await cursor.fetchone()
    excess = (row[0] if row else 0) - FREE_MISTAKES + 1
    if excess > 0:
        await sleep(gateway.settings.wrong_login_delay * min(2 ** (excess - 1), 8))


async def list_identities(gateway: Gateway) -> list[Incarico]:
    """The test identities; NotFound where they may not sign in, so that the page does not exist there."""
    _only_in_demo(gateway)
    return [incarico for incarico in await gateway.operatori.list_incarichi() if incarico.identita]


async def sign_in(request: Request, identita: str, incarico_id: UUID | None = None, ask: bool = False) -> str:
    """Token of a new session for a test identity, in `incarico_id` (his own or one he stands in for), else in the
    latest of its incarichi. `ask`: in none yet, where there are several to choose from.

    Raises NotFound outside demo and test, CsrfError for a foreign page, Forbidden for an unknown identity or incarico.
    """
    gateway: Gateway = request.app.state.gateway
    _only_in_demo(gateway)
    if not same_origin(request, gateway.settings.https):
        raise CsrfError
    incarico = await gateway.operatori.find_identita(identita) if identita.isprintable() else None
    if incarico is None:
        await wrong(request)
        raise not_enabled()
    choices = await gateway.operatori.choices(incarico.operatore_id)
    chosen: Scelta | None = None
    if not (ask and len(choices) > 1):
        wanted = incarico_id or incarico.incarico_id
        chosen = next((one for one in choices if one.incarico_id == wanted), None)
        if chosen is None:
            raise not_enabled()
    opening = Opening(
        idle=gateway.settings.idle(), absolute=gateway.settings.absolute, operatore_id=incarico.operatore_id,
        incarico_id=chosen.incarico_id if chosen else None, delega_id=chosen.delega_id if chosen else None,
    )  # fmt: skip
    return await open_session(request, opening)


async def choose(gateway: Gateway, caller: Caller, incarico_id: UUID, delega_id: UUID | None) -> Scelta:
    """Works in this incarico from now on; the access log names the one he goes to.

    Raises NotFound for an incarico that is not his to choose, Forbidden `accesso.livello` where this login was of too
    low a level.
    """
    choices = await gateway.operatori.choices(caller.operatore_id)
    wanted = (incarico_id, delega_id)
    chosen = next((one for one in choices if (one.incarico_id, one.delega_id) == wanted), None)
    if chosen is None:
        raise NotFound("sessione.incarico_non_tuo", "Questo incarico non è tra quelli che puoi usare oggi.")
    await require_level(gateway, chosen.ruolo, caller.identity.livello)
    if not await gateway.sessions.choose(caller.session_id, caller.operatore_id, incarico_id, delega_id):
        raise NotAuthenticatedError
    row = caller.accesso
    row.incarico_id, row.ruolo, row.ente, row.settore = incarico_id, chosen.ruolo, chosen.ente, chosen.settore
    row.in_delega_di, row.azione = chosen.titolare_id if delega_id else None, "incarico"
    return chosen


def not_enabled() -> Forbidden:
    return Forbidden(
        "accesso.non_abilitato", "Non risulti abilitato: rivolgiti a chi gestisce gli operatori."
    )


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Not readable by scripts, not sent from other sites, gone with the browser."""
    settings = request.app.state.gateway.settings
    response.set_cookie(
        settings.cookie_name, token, path="/", secure=settings.https, httponly=True, samesite="lax"
    )


def clear_cookie(request: Request, response: Response) -> None:
    settings = request.app.state.gateway.settings
    response.delete_cookie(
        settings.cookie_name, path="/", secure=settings.https, httponly=True, samesite="lax"
    )


def safe_return(path: str | None) -> str:
    """Where to go after login: a path of ours, never another site."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or any(c < " " for c in path):
        return "/"
    return path


def _only_in_demo(gateway: Gateway) -> None:
    if not gateway.settings.dev_login:
        raise NotFound("pagina.non_trovata", "Questo indirizzo non esiste.")
