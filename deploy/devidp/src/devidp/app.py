"""The web application: sign-in in two pages, logout, metadata. No cookie, no session: who arrives is always asked."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from devidp.keys import KeyPair, ensure_keys
from devidp.people import People, Person, make_person
from devidp.providers import CIE, Provider, make_providers
from devidp.requests import AuthnRequest, BadRequest, read_authn_request, read_message
from devidp.responses import (
    ERRORS,
    make_error,
    make_logout_response,
    make_metadata,
    make_response,
    released,
)
from devidp.service_providers import Directory
from devidp.settings import Settings, read_settings
from devidp.xml import POST, encode, redirect_url, to_bytes

HERE = Path(__file__).parent
WAIT_SECONDS, WAITING_AT_MOST = 600.0, 500
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "form-action 'self'"
)
HEADERS = {
    "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex",
}  # fmt: skip
environment = Environment(
    loader=PackageLoader("devidp"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass
class Waiting:
    """An AuthnRequest whose person has not finished; `person` and `level` once chosen."""

    provider: Provider
    request: AuthnRequest
    began: float = field(default_factory=time.monotonic)
    person: Person | None = None
    level: int = 0


class WaitingRoom:
    """Requests under way by an unguessable token; each is answered once."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}

    def enter(self, waiting: Waiting) -> str:
        for token in [
            key for key, one in self._waiting.items() if time.monotonic() - one.began > WAIT_SECONDS
        ]:
            del self._waiting[token]
        while len(self._waiting) >= WAITING_AT_MOST:
            del self._waiting[next(iter(self._waiting))]
        token = secrets.token_urlsafe(24)
        self._waiting[token] = waiting
        return token

    def look(self, token: str) -> Waiting:
        """Raises BadRequest for a request that was answered, is too old, or never was."""
        found = self._waiting.get(token)
        if found is None or time.monotonic() - found.began > WAIT_SECONDS:
            raise BadRequest("questo accesso è già concluso o è scaduto: torna al servizio e ricomincia")
        return found

    def leave(self, token: str) -> None:
        self._waiting.pop(token, None)


@dataclass
class DevIdp:
    """What the process holds."""

    providers: dict[str, Provider]
    keys: KeyPair
    people: People
    directory: Directory
    room: WaitingRoom = field(default_factory=WaitingRoom)

    def provider(self, request: Request) -> Provider:
        found = self.providers.get(request.path_params["idp"])
        if found is None:
            raise BadRequest("questo gestore di identità non esiste")
        return found


def create_app(settings: Settings | None = None) -> Starlette:
    """The application. Raises Refused where it must not run."""
    settings = settings or read_settings()
    routes = [
        Route("/", show_start),
        Route("/health/ready", lambda request: PlainTextResponse("pronto")),
        Route("/{idp}/metadata", show_metadata),
        Route("/{idp}/sso", receive_authn_request, methods=["GET", "POST"]),
        Route("/{idp}/accesso", sign_in, methods=["POST"]),
        Route("/{idp}/consenso", consent, methods=["POST"]),
        Route("/{idp}/slo", receive_logout_request, methods=["GET", "POST"]),
        Mount("/static", StaticFiles(directory=HERE / "static")),
    ]
    app = Starlette(
        routes=routes,
        # a name that somebody made point at the loopback is not us
        middleware=[
            Middleware(SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=[settings.host]),
        ],
        exception_handlers={BadRequest: show_bad_request, HTTPException: show_bad_request},
    )
    app.state.idp = DevIdp(
        providers=make_providers(settings.base_url),
        keys=ensure_keys(settings.keys_dir),
        people=People(settings.people_file),
        directory=Directory(settings.service_providers),
    )
    return app


class SafeHeaders:
    """The headers of every answer; a page that posts elsewhere brings its own policy."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                wanted = HEADERS | {"Content-Security-Policy": CSP}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (n.lower().encode(), v.encode())
                        for n, v in wanted.items()
                        if n.lower().encode() not in present
                    ),
                ]
            await send(message)

        await self.app(scope, receive, send_with_headers)


def page(template: str, status: int = 200, posts_to: str = "", **context: Any) -> Response:
    """A page; `posts_to` is the one foreign address its form may post to."""
    where = urlsplit(posts_to)
    headers = {"Content-Security-Policy": f"{CSP} {where.scheme}://{where.netloc}"} if posts_to else {}
    return HTMLResponse(environment.get_template(template).render(**context), status, headers)


async def show_start(request: Request) -> Response:
    idp: DevIdp = request.app.state.idp
    return page("inizio.html", providers=idp.providers.values(), groups=idp.people.groups())


async def show_metadata(request: Request) -> Response:
    idp: DevIdp = request.app.state.idp
    metadata = make_metadata(idp.provider(request), idp.keys)
    return Response(to_bytes(metadata), media_type="application/samlmetadata+xml")


async def show_bad_request(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    return page("errore.html", status, complaint=str(error))


async def _values(request: Request) -> tuple[dict[str, str], str]:
    """Parameters of a message, and the raw query when it came by the Redirect binding."""
    if request.method == "GET":
        return dict(request.query_params), request.url.query
    return {name: str(value) for name, value in (await request.form()).items()}, ""


async def receive_authn_request(request: Request) -> Response:
    """A service provider sends somebody here."""
    idp: DevIdp = request.app.state.idp
    provider = idp.provider(request)
    values, query = await _values(request)
    message = await asyncio.to_thread(read_message, values, query, idp.directory, "AuthnRequest")
    waiting = Waiting(provider, read_authn_request(message, provider))
    return _sign_in_page(idp, idp.room.enter(waiting), waiting)


def _sign_in_page(idp: DevIdp, token: str, waiting: Waiting, typed: dict[str, str] | None = None) -> Response:
    typed = typed or {"livello": str(waiting.request.level)}
    wrong = typed.get("errore", "")
    return page(
        "accesso.html", 422 if wrong else 200, provider=waiting.provider, request=waiting.request, token=token,
        groups=idp.people.groups(), errors=ERRORS, typed=typed, wrong=wrong,
    )  # fmt: skip


async def sign_in(request: Request) -> Response:
    """The person is chosen, with a level; or an error is."""
    idp: DevIdp = request.app.state.idp
    values, _ = await _values(request)
    token = values.get("richiesta", "")
    waiting = idp.room.look(token)
    if values.get("esito", "") in ERRORS:
        return _answer(
            idp, token, waiting, make_error(waiting.provider, idp.keys, waiting.request, values["esito"])
        )
    person, wrong = _chosen(idp.people, values)
    if person is None:
        return _sign_in_page(idp, token, waiting, values | {"errore": wrong})
    waiting.person = person
    waiting.level = (
        int(values["livello"]) if values.get("livello") in ("1", "2", "3") else waiting.request.level
    )
    attributes = released(waiting.provider, waiting.request, person)
    return page(
        "consenso.html", provider=waiting.provider, request=waiting.request, token=token, person=person,
        level=waiting.level, attributes=attributes,
    )  # fmt: skip


def _chosen(people: People, values: dict[str, str]) -> tuple[Person | None, str]:
    """The person of the list, or the one typed in by hand; else what is wrong."""
    if typed := values.get("codice_fiscale", "").strip():
        person = make_person(typed, values.get("nome", ""), values.get("cognome", ""))
        return person, "Questo non ha la forma di un codice fiscale."
    return people.all().get(values.get("persona", "")), "Scegli chi sei, dall’elenco o con un codice fiscale."


async def consent(request: Request) -> Response:
    """The person lets the data go, or does not (nr22)."""
    idp: DevIdp = request.app.state.idp
    values, _ = await _values(request)
    token = values.get("richiesta", "")
    waiting = idp.room.look(token)
    if waiting.person is None:
        raise BadRequest("prima si sceglie chi entra")
    if values.get("esito", "") in ERRORS:
        response = make_error(waiting.provider, idp.keys, waiting.request, values["esito"])
    else:
        response = make_response(waiting.provider, idp.keys, waiting.request, waiting.person, waiting.level)
    return _answer(idp, token, waiting, response)


def _answer(idp: DevIdp, token: str, waiting: Waiting, response: Any) -> Response:
    idp.room.leave(token)
    return _post(waiting.provider, waiting.request.consumer, response, waiting.request.relay_state)


def _post(provider: Provider, location: str, response: Any, relay_state: str) -> Response:
    """The page whose form carries the answer back: by itself with JavaScript, with a button without."""
    return page(
        "invio.html", posts_to=location, provider=provider, location=location, response=encode(response),
        relay_state=relay_state,
    )  # fmt: skip


async def receive_logout_request(request: Request) -> Response:
    """There is no session to end: the answer is always yes. CIE's identity provider gives none, so neither do we."""
    idp: DevIdp = request.app.state.idp
    provider = idp.provider(request)
    values, query = await _values(request)
    message = await asyncio.to_thread(read_message, values, query, idp.directory, "LogoutRequest")
    if provider.scheme == CIE:
        return page("uscita.html", provider=provider, request=message)
    there = {endpoint.binding: endpoint.answers_to for endpoint in message.sender.logout}
    if POST in there:
        response = make_logout_response(provider, idp.keys, message.id, there[POST])
        return _post(provider, there[POST], response, message.relay_state)
    if not there:
        raise BadRequest("il metadata non dice dove rispondere a un logout")
    location = next(iter(there.values()))
    response = make_logout_response(provider, None, message.id, location)
    return RedirectResponse(
        redirect_url(location, "SAMLResponse", response, message.relay_state, idp.keys), status_code=302
    )
