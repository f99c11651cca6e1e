"""Signing in and out. In this version only test identities sign in, and only where no real person works."""

import re

from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import Forbidden, NotFound
from gateway.accessi.row import Accesso
from gateway.auth import CsrfError
from gateway.operatori import Incarico
from gateway.resources import Gateway
from gateway.security import same_origin

IDENTITA = re.compile(r"[a-z]{1,40}\.[a-z]{1,40}")


async def list_identities(gateway: Gateway) -> list[Incarico]:
    """The test identities; NotFound where they may not sign in, so that the page does not exist there."""
    _only_in_demo(gateway)
    return [incarico for incarico in await gateway.operatori.list_incarichi() if incarico.identita]


async def sign_in(request: Request, identita: str) -> str:
    """Token of a new session for a test identity; the access log has it before it is returned.

    Raises NotFound outside demo and test, CsrfError for a foreign page, Forbidden for an unknown identity.
    """
    gateway: Gateway = request.app.state.gateway
    _only_in_demo(gateway)
    if not same_origin(request, gateway.settings.https):
        raise CsrfError
    incarico = await gateway.operatori.find_identita(identita) if identita.isprintable() else None
    if incarico is None:
        raise Forbidden(
            "accesso.non_abilitato", "Non risulti abilitato: rivolgiti a chi gestisce gli operatori."
        )
    token = await gateway.sessions.create(
        incarico.incarico_id,
        agente=request.headers.get("user-agent", ""),
        indirizzo=request.client.host if request.client else "",
    )
    identity = await gateway.sessions.identify(token)
    if identity is None:
        raise Forbidden("accesso.non_abilitato", "Il tuo incarico è terminato.")
    row = Accesso.of(identity, "POST", request.scope["route"].path, (), "", "accesso")
    row.esito, row.correlation_id = 200, request.state.correlation_id
    await gateway.accessi.append(row)
    return token


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
