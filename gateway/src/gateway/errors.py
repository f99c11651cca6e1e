"""Every failure becomes one plain answer: problem+json (RFC 9457) for the API, a page for a browser.

Never a stack trace. What is expected is quiet; what is not is loud in the log, under the id the person is shown.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from psycopg_pool import PoolTimeout
from pydantic import BaseModel
from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.errors import DomainError
from gateway.auth import NotAuthenticatedError, UndecidedError
from gateway.validation import italian_fields

API_PREFIX = "/api/"
LOGIN_PATH = "/accedi"
CHOICE_PATH = "/incarico"
RETRY_SECONDS = "5"
log = structlog.get_logger()

TITLES = {
    400: "Richiesta non valida",
    401: "Accesso richiesto",
    403: "Non permesso",
    404: "Non trovato",
    405: "Metodo non ammesso",
    409: "Conflitto",
    413: "Troppo grande",
    422: "Dati non validi",
    500: "Errore imprevisto",
    503: "Servizio non disponibile",
}


class Problem(BaseModel):
    """Body of every refusal. `code` is stable; `fields` names the fields to mend; `instance` is the correlation id."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    fields: dict[str, str] = {}
    details: dict[str, Any] = {}
    instance: str = ""


ErrorPage = Callable[[Request, Problem], Response]


def problem_of(error: Exception) -> Problem:
    """What a person may know about a failure."""
    match error:
        case DomainError():
            return _problem(error.status, error.code, error.message, error.fields, error.details)
        case NotAuthenticatedError():
            return _problem(401, "sessione.assente", "Devi accedere per continuare.")
        case RequestValidationError():
            return _problem(
                422,
                "richiesta.non_valida",
                "Alcuni dati non vanno bene.",
                italian_fields(error.errors()),
            )
        case HTTPException(status_code=404):
            return _problem(404, "pagina.non_trovata", "Questo indirizzo non esiste.")
        case HTTPException():
            return _problem(error.status_code, "http", TITLES.get(error.status_code, "Richiesta non valida"))
        case psycopg.DataError():
            return _problem(400, "richiesta.non_valida", "Un valore non si può conservare.")
        case psycopg.OperationalError() | PoolTimeout():
            return _problem(503, "archivio.non_disponibile", "L'archivio non risponde: riprova tra poco.")
        case _:
            return _problem(
                500,
                "errore.imprevisto",
                "Qualcosa è andato storto da parte nostra. Il codice qui sotto ci aiuta a capire.",
            )


def _problem(
    status: int,
    code: str,
    detail: str,
    fields: dict[str, str] | None = None,
    details: dict[str, Any] | None = None,
) -> Problem:
    return Problem(
        title=TITLES.get(status, "Errore"), status=status, code=code, detail=detail,
        fields=fields or {}, details=details or {},
    )  # fmt: skip


Handler = Callable[[Request, Exception], Awaitable[Response]]


def install(app: FastAPI, error_page: ErrorPage | None = None) -> Handler:
    """Handlers for everything expected; the one returned is for what nobody expected (EdgeMiddleware calls it).

    `error_page` renders a Problem for browsers; without it they get problem+json too.
    """

    async def handle(request: Request, error: Exception) -> Response:
        found = problem_of(error)
        found = found.model_copy(update={"instance": getattr(request.state, "correlation_id", "")})
        if found.status == 500:
            log.error("unexpected_error", exc_info=error, error=type(error).__name__)
        is_page = not request.url.path.startswith(API_PREFIX)
        if is_page and isinstance(error, NotAuthenticatedError):
            response: Response = _to_login(request)
        elif is_page and isinstance(error, UndecidedError):
            response = _to_login(request, CHOICE_PATH)
        elif is_page and error_page is not None:
            response = error_page(request, found)
        else:
            response = Response(found.model_dump_json(), found.status, media_type="application/problem+json")
        if not is_page and isinstance(error, NotAuthenticatedError):
            response.headers["WWW-Authenticate"] = 'Bearer realm="siso"'
        if found.status == 503:
            response.headers["Retry-After"] = RETRY_SECONDS
        return response

    for kind in (DomainError, NotAuthenticatedError, RequestValidationError, HTTPException, PoolTimeout,
                 psycopg.OperationalError, psycopg.DataError):  # fmt: skip
        app.add_exception_handler(kind, handle)
    return handle


def _to_login(request: Request, path: str = LOGIN_PATH) -> Response:
    """Back to the page that was asked for, after login or choice; htmx follows by a full page load. What was sent is
    not kept: it is said, and the page it was written on has the draft."""
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": path})
    asked = request.url if request.method == "GET" else _own_referer(request)
    found = {"fatto": "non_inviato"} if request.method != "GET" and path == LOGIN_PATH else {}
    if asked is not None:
        found["ritorno"] = asked.path + (f"?{asked.query}" if asked.query else "")
    query = urlencode(found, safe="/", quote_via=quote)
    return RedirectResponse(f"{path}?{query}" if query else path, status_code=303)


def _own_referer(request: Request) -> URL | None:
    """The page of ours that a form was sent from."""
    page = URL(request.headers.get("referer", ""))
    return page if page.netloc == request.url.netloc and page.path.startswith("/") else None
