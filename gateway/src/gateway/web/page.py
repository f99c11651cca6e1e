"""What every page has: the person, the menu, the bell; and the ways a view answers."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from contracts.anagrafe import EntiOut, ListEnti
from contracts.errors import DomainError, NotFound
from contracts.notifiche import AvvisiOut, ListAvvisi
from gateway.auth import DEFAULT_BODY_LIMIT, Authorize, Caller, authorize
from gateway.emergenze import Emergenze
from gateway.sessions import Identity
from gateway.web import formats, labels
from gateway.web.forms import Form
from gateway.web.notices import NOTICES, Notice
from gateway.web.presenza import has_several, here, seconds_left, who_is
from gateway.web.templating import environment, render, render_part, static_folder

BELL_SECONDS = 1.0
"""The count on the bell is worth no more waiting than this."""

OGGI = ("oggi", "Oggi", "/")
AWAITED = (
    "avvisi:leggi", "presa_in_carico:leggi", "registro_accessi:leggi", "politica:approva", "operatori:scrivi",
    "caricamenti:approva",
)  # fmt: skip
"""Whoever has any of these has a first page: something may wait for him."""

MENU = (
    ("persone", "Persone", "/persone", "anagrafe:leggi"),
    ("protezioni", "Protezioni", "/protezioni", "riservatezza:leggi"),
    ("casi", "Casi", "/casi", "presa_in_carico:leggi"),
    ("condivisioni", "Condivisioni", "/condivisioni", "condivisioni:leggi"),
    ("interventi", "Interventi", "/interventi", "fogli:leggi"),
    ("pagamenti", "Pagamenti", "/pagamenti", "liquidazioni:leggi"),
    ("siuss", "SIUSS", "/siuss", "siuss:leggi"),
    ("report", "Report", "/report", "report:leggi"),
    ("notte", "Notte", "/notte", "caricamenti:leggi"),
    ("accessi", "Registro accessi", "/registro-accessi", "registro_accessi:leggi"),
    ("operatori", "Operatori", "/operatori", "operatori:leggi"),
    ("politica", "Politica", "/politica", "politica:leggi"),
    ("emergenza", "Apri un’emergenza", "/emergenza", "emergenze:scrivi"),
    ("emergenze", "Emergenze", "/emergenze", "emergenze:leggi"),
)

CITIZEN_MENU = (
    ("cittadino", "Le mie pagine", "/cittadino"),
    ("letture", "Chi ha letto il mio fascicolo", "/cittadino/accessi"),
)
"""Of whoever reaches his own things alone."""

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True)
class Person:
    """Who is signed in, as the top bar shows it. `instead_of`: the absent colleague whose incarico he works in."""

    name: str
    role: str
    place: str
    instead_of: str = ""


@dataclass(frozen=True)
class Emergency:
    """The glass that is broken now: whose file, until when (clock of Rome), how many minutes more."""

    residente_id: UUID
    persona: str
    fino: str
    minuti: int

    @classmethod
    def of(cls, identity: Identity) -> "Emergency | None":
        if identity.emergenza is None or identity.emergenza_fino is None:
            return None
        left = (identity.emergenza_fino - formats.now()).total_seconds()
        name = identity.emergenza_persona or "una persona"
        until = formats.local(identity.emergenza_fino).strftime("%H:%M")
        return cls(identity.emergenza, name, until, max(int(left // 60), 0) + 1)


@dataclass
class Page:
    title: str
    section: str
    path: str
    query: dict[str, str]
    person: Person | None = None
    caller: Caller | None = None
    unread: int | str = 0
    csrf: str = ""
    session_seconds: int = 0
    who: str = ""
    back: str = "/"
    """Where one comes back to after choosing another incarico or signing in again."""
    emergency: Emergency | None = None
    several: bool = False
    """The person may work in more than one incarico."""
    notice: Notice | None = None
    menu: list[tuple[str, str, str]] = field(default_factory=list)

    def can(self, scope: str) -> bool:
        """Whether to show what needs this scope; the services decide again."""
        return self.caller is not None and self.caller.can(scope)

    @property
    def greeting(self) -> str:
        hour = formats.now().hour
        word = "Buongiorno" if 5 <= hour < 14 else "Buon pomeriggio" if 14 <= hour < 18 else "Buonasera"
        return f"{word} {self.person.name.split()[0]}" if self.person else word


def page_scope(*scopes: str, optional: Sequence[str] = (), body_limit: int | None = None) -> Authorize:
    """`authorize` for a page: the bell's scope is asked besides."""
    limit = DEFAULT_BODY_LIMIT if body_limit is None else body_limit
    return authorize(*scopes, optional=(*optional, "avvisi:leggi"), body_limit=limit)


class Gathering:
    """Runs what a page needs side by side; a part that does not answer is named instead of failing the page.

    `optional` swallows Unavailable, Forbidden and the like (any DomainError): use it for side blocks only, never for
    the page's own subject.
    """

    def __init__(self) -> None:
        self.missing: list[str] = []

    async def optional(self, what: str, answer: Awaitable[T], otherwise: T) -> T:
        try:
            return await answer
        except DomainError as error:
            log.warning("page_part_missing", part=what, code=error.code)
            if not isinstance(error, NotFound) and what not in self.missing:
                self.missing.append(what)
            return otherwise


async def nothing(value: T) -> T:
    """For `asyncio.gather`: the part that this person may not see, or this page does not need."""
    return value


async def bell_count(caller: Caller) -> int | str:
    """Unread alerts; a dash when notifiche does not answer in time."""
    if "avvisi:leggi" not in caller.scopes or not caller.can("avvisi:leggi"):
        return 0
    try:
        answer: AvvisiOut = await caller.call(
            "notifiche", "list_avvisi", ListAvvisi(limite=1), timeout=BELL_SECONDS
        )
    except DomainError:
        return "–"
    return answer.non_letti


class EnteNames:
    """Names of the comuni, asked once: they do not change while a process lives, and hold nothing personal."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    async def name(self, caller: Caller, codice: str) -> str:
        if codice and codice not in self._names:
            try:
                answer: EntiOut = await caller.call("anagrafe", "list_enti", ListEnti(), timeout=BELL_SECONDS)
            except DomainError:
                return codice
            self._names |= {ente.codice: ente.nome for ente in answer.enti}
        return self.known(codice)

    def known(self, codice: str) -> str:
        return self._names.get(codice, codice)


ente_names = EnteNames()
# Every page has asked for the names by the time it is rendered.
environment.filters["comune"] = ente_names.known


def menu_of(caller: Caller) -> list[tuple[str, str, str]]:
    """Key, text and address of the pages this person has."""
    if caller.tipo == "cittadino":
        return list(CITIZEN_MENU)
    pages = [(key, text, url) for key, text, url, scope in MENU if caller.can(scope)]
    return [OGGI, *pages] if has_oggi(caller) else pages


def has_oggi(caller: Caller) -> bool:
    return caller.tipo == "operatore" and any(map(caller.can, AWAITED))


def _page(request: Request, caller: Caller, title: str, section: str, unread: int | str, ente: str) -> Page:
    settings = request.app.state.gateway.settings
    static_folder.path = settings.static_dir
    place = f"{ente} – Area {labels.word(caller.settore, 'settore')}" if caller.settore else ente
    return Page(
        title=title,
        section=section,
        path=request.url.path,
        query=dict(request.query_params),
        person=Person(caller.nome, caller.ruolo, place, caller.identity.titolare),
        caller=caller,
        unread=unread,
        csrf=caller.csrf,
        session_seconds=seconds_left(caller),
        who=who_is(request.app.state.gateway, caller),
        back=here(request) if request.method == "GET" else "/",
        notice=NOTICES.get(request.query_params.get("fatto", "")),
        menu=menu_of(caller),
        emergency=Emergency.of(caller.identity),
    )


async def page_of(request: Request, caller: Caller, title: str, section: str) -> Page:
    unread, ente, several, unsigned = await asyncio.gather(
        bell_count(caller),
        ente_names.name(caller, caller.ente),
        has_several(request, caller),
        unsigned_emergenze(request, caller),
    )
    page = _page(request, caller, title, section, unread, ente)
    page.several = several
    if unsigned:
        page.menu = [
            (k, f"{text} ({unsigned})" if k == "emergenze" else text, url) for k, text, url in page.menu
        ]
    return page


async def unsigned_emergenze(request: Request, caller: Caller) -> int:
    """How many emergencies wait for this person's signature: on every page, until somebody has signed."""
    if caller.tipo != "operatore" or not caller.can("emergenze:approva"):
        return 0
    return await Emergenze(request.app.state.gateway.pool).count_waiting(caller)


async def respond(
    request: Request, caller: Caller, template: str, *, title: str, section: str, status: int = 200,
    part: str = "", **context: Any,
) -> Response:  # fmt: skip
    """The page as HTML. Personal pages are never kept by the browser or a proxy."""
    page = await page_of(request, caller, title, section)
    if page.notice and page.notice.draft:
        page.notice = Notice(page.notice.text, f"{page.notice.draft}:{context.get('bozza', '')}")
    context = {"page": page, "form": Form(), **context}
    html = render_part(template, part, context) if part else render(template, context)
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def public(request: Request, template: str, *, title: str, status: int = 200, **context: Any) -> Response:
    """A page that asks no service: login, errors. Who is signed in keeps the menu, without the count on the bell."""
    page = Page(title=title, section="", path=request.url.path, query={})
    page.notice = NOTICES.get(request.query_params.get("fatto", ""))
    caller = getattr(request.state, "caller", None)
    if isinstance(caller, Caller):
        page = _page(request, caller, title, "", "–", ente_names.known(caller.ente))
    html = render(template, {"page": page, "form": Form(), **context})
    return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})


def done(path: str, notice: str = "", query: str = "") -> RedirectResponse:
    """Post/Redirect/Get: after a change the browser asks for the page again, with a word on what was done."""
    kept = {key: value for key, value in parse_qsl(query) if key != "fatto"}
    parameters = urlencode(kept | ({"fatto": notice} if notice else {}))
    return RedirectResponse(f"{path}?{parameters}" if parameters else path, status_code=303)


def first_page(caller: Caller) -> str:
    """Where someone starts for whom nothing ever waits."""
    return next((url for _, _, url in menu_of(caller)), "/aiuto")


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def page_number(request: Request) -> int:
    text = request.query_params.get("pagina", "1")
    return max(int(text), 1) if text.isdigit() and len(text) < 6 else 1


def page_count(total: int, size: int) -> int:
    return max((total + size - 1) // size, 1)
