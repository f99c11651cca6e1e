"""The route class of every API route and page: identity, policy and limits first, a row in the access log last.

Order: session → policy → body limit → CSRF → handler → access log committed → answer. If the row cannot be written
the answer is withheld (503). Reads, writes and refusals alike.
"""

from asyncio import CancelledError
from collections.abc import Callable, Coroutine
from time import perf_counter
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import psycopg
import structlog
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from psycopg_pool import PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import DomainError, Forbidden, Invalid, TooLarge
from gateway.accessi.row import Accesso
from gateway.auth import Authorize, Caller, CsrfError, NotAuthenticatedError, UndecidedError
from gateway.esclusi import with_esclusi
from gateway.login import check_level, wrong
from gateway.motivi import motivo_of_header
from gateway.policy import extents_of
from gateway.resources import Gateway
from gateway.security import SAFE_METHODS, same_origin
from gateway.sessions import Identity

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
API = "/api/"
REASON = "x-motivo"
BACKGROUND = "x-background"
"""Header of what a page asks without anybody's doing."""
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")
log = structlog.get_logger()


def authorization_of(dependant: Dependant) -> Authorize | None:
    """The `authorize(...)` a route declares, wherever it stands among its dependencies."""
    for dependency in dependant.dependencies:
        if isinstance(dependency.call, Authorize):
            return dependency.call
        if nested := authorization_of(dependency):
            return nested
    return None


class LoggedRoute(APIRoute):
    """Use as `APIRouter(route_class=LoggedRoute)`. A route without `authorize(...)` is public and leaves no row."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **kwargs: Any) -> None:
        super().__init__(path, endpoint, **kwargs)
        if rule := authorization_of(self.dependant):
            scopes = {"x-scopi": [*rule.scopes], "x-scopi-facoltativi": [*rule.optional]}
            schemes = ["sessione", "client"] if "client" in rule.tipi else ["sessione"]
            security: dict[str, Any] = {"security": [{scheme: []} for scheme in schemes]}
            self.openapi_extra = (self.openapi_extra or {}) | scopes | security

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()
        rule = authorization_of(self.dependant)
        if rule is None:
            return handler
        template = self.path

        async def logged(request: Request) -> Response:
            started = perf_counter()
            gateway: Gateway = request.app.state.gateway
            identity = await _identify(gateway, request)
            if identity is None:
                raise NotAuthenticatedError
            row = _begin(identity, request, rule, template)
            try:
                request.state.caller = caller = await _empower(gateway, identity, rule, row)
                _require(caller, rule)
                await _admit(gateway, request, caller, rule)
                response = await handler(request)
                await _keep_motivo(request, caller, response)
            except (Exception, CancelledError) as error:
                row.esito, row.codice = _outcome(error)
                await _record_with_reason(gateway, request, row, identity, started)
                raise
            finally:
                await request.close()
            row.esito = response.status_code
            await _record_with_reason(gateway, request, row, identity, started)
            return response

        return logged


async def _identify(gateway: Gateway, request: Request) -> Identity | None:
    """By session cookie, or on the API by a machine client's bearer token; never one in place of the other."""
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    machine = scheme.lower() == "bearer" and request.url.path.startswith(API)
    token = bearer.strip() if machine else request.cookies.get(gateway.settings.cookie_name)
    identity = await gateway.identities.of(token, touch=not _background(request)) if token else None
    if identity is not None and (identity.tipo == "client") is machine:
        return identity
    if machine:  # a guess, perhaps: many from one address are answered later and later
        await wrong(request)
    return None


def _background(request: Request) -> bool:
    """A page asks by itself, nobody is at work: this keeps no session alive."""
    return BACKGROUND in request.headers or request.headers.get("accept") == "text/event-stream"


def _begin(identity: Identity, request: Request, rule: Authorize, template: str) -> Accesso:
    """The row, with what the address says; ids that are not ids are left to the handler to refuse."""
    first = (*rule.scopes, ":")[0]
    sezione, _, azione = first.partition(":")
    row = Accesso.of(identity, request.method, template, rule.scopes, sezione, azione)
    row.correlation_id = request.state.correlation_id
    if identity.tipo != "client":  # a machine says what was approved with it
        row.motivo = unquote(request.headers.get(REASON, ""))[:500] or row.motivo
    params = request.path_params
    cartella = params.get("cartella_id") or (params.get("id") if "/cartelle/{id" in template else None)
    row.cartella_id = _uuid(cartella)
    row.residente_id = _uuid(params.get("residente_id"))
    return row


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value)) if value is not None else None
    except ValueError:
        return None


async def _empower(gateway: Gateway, identity: Identity, rule: Authorize, row: Accesso) -> Caller:
    """What the policy lets this person do here. Any failure of the policy itself is Forbidden: nothing comes back. A
    store that is away stays what it is (503)."""
    if identity.tipo not in rule.tipi:
        raise _forbidden()
    if identity.undecided and not rule.undecided:
        raise UndecidedError
    scopes = (*rule.scopes, *rule.optional)
    try:
        policy = await gateway.policies.get(identity.policy_version)
        if identity.tipo != "client" and not rule.undecided:
            check_level(policy, identity.ruolo, identity.livello)
        extents = extents_of(identity, policy, scopes)
        identity = await with_esclusi(gateway, identity, tuple(extents))
    except (DomainError, psycopg.OperationalError, PoolTimeout):
        raise
    except Exception as error:
        log.exception("policy_failed", policy_version=identity.policy_version)
        raise _forbidden() from error
    if not rule.scopes:  # a page of optional parts is named after the first this role has, if any
        row.sezione, _, row.azione = next(iter(extents), "").partition(":")
    return Caller(gateway, identity, policy, extents, row, row.correlation_id)


def _require(caller: Caller, rule: Authorize) -> None:
    """A scope without extent is Forbidden; the page that says so still knows whose it is."""
    if not all(scope in caller.extents for scope in rule.scopes):
        raise _forbidden()


async def _admit(gateway: Gateway, request: Request, caller: Caller, rule: Authorize) -> None:
    """Raises TooLarge, Invalid or CsrfError; nothing of the body has been read before."""
    if REASON in request.headers:
        if caller.tipo == "client":
            raise Invalid(
                "accesso.motivo_di_programma",
                "Un programma legge per la finalità approvata con lui: togli X-Motivo.",
            )
        caller.motivazione.declare(motivo_of_header(unquote(request.headers[REASON])))
    if request.method in SAFE_METHODS:
        return
    _check_length(request, rule.body_limit or gateway.settings.upload_limit)
    if caller.tipo == "client":  # no browser lends a bearer token to another site
        return
    if not same_origin(request, gateway.settings.https):
        raise CsrfError
    token = request.headers.get("x-csrf-token")
    if token is None and request.headers.get("content-type", "").startswith(FORM_TYPES):
        token = str((await request.form()).get("csrf_token", ""))
    if not gateway.csrf_matches(token or "", caller.session_id):
        raise CsrfError


async def _keep_motivo(request: Request, caller: Caller, response: Response) -> None:
    """A reason sent along with what was then done serves for the rest of the day."""
    row = caller.accesso
    if (
        REASON in request.headers
        and row.cartella_id
        and caller.tipo == "operatore"
        and response.status_code < 400
    ):
        await caller.keep_motivo(row.cartella_id, row.motivo)


def _forbidden() -> Forbidden:
    return Forbidden("mandato.non_abilitato", "Il tuo ruolo non permette questa operazione.")


def _check_length(request: Request, limit: int) -> None:
    length = request.headers.get("content-length")
    if length is None:
        if "transfer-encoding" in request.headers:
            raise Invalid("richiesta.senza_lunghezza", "La richiesta non dichiara la sua lunghezza.")
        return
    if not length.isdigit() or int(length) > limit:
        raise TooLarge("richiesta.troppo_grande", f"Il file supera il limite di {limit // (1024 * 1024)} MB.")


def _outcome(error: BaseException) -> tuple[int, str]:
    if isinstance(error, CancelledError):  # the process is stopping: what the service did, it did
        return 499, "richiesta.interrotta"
    if isinstance(error, DomainError):
        return error.status, error.code
    if isinstance(error, HTTPException):
        return error.status_code, "http"
    if isinstance(error, RequestValidationError):
        return 422, "richiesta.non_valida"
    return 500, "errore.imprevisto"


async def _record_with_reason(
    gateway: Gateway, request: Request, row: Accesso, identity: Identity, started: float
) -> None:
    """During an emergency every row about its person carries its reason, refusals too; no other row ever does."""
    if identity.emergenza is not None:
        caller: Caller | None = getattr(request.state, "caller", None)
        if (
            caller is not None
            and row.residente_id is None
            and row.cartella_id is not None
            and row.esito != 499
        ):
            await caller.name_whose_case()
        if row.residente_id == identity.emergenza:
            row.motivo = row.motivo or identity.emergenza_motivo
    await _record(gateway, row, started)


async def _record(gateway: Gateway, row: Accesso, started: float) -> None:
    row.durata_ms = int((perf_counter() - started) * 1000)
    await gateway.accessi.append(row)
