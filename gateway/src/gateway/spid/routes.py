"""The addresses of SPID and CIE: metadata, departure, arrival. Public: whoever comes here has no session yet.

The arrival (ACS) is a form another site posts: no CSRF token can be there. What takes its place is the request we
remember, its RelayState, and the cookie that proves the browser is the one that left.
"""

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import NotFound
from gateway.errors import LOGIN_PATH
from gateway.login import Persona, enter, safe_return, wrong
from gateway.spid import logout, pages
from gateway.spid.checks import Identita
from gateway.spid.errors import OUR_FAULT, REFUSED, TOO_MANY, Anomaly, Refused, courtesy_of
from gateway.spid.form import read_fields
from gateway.spid.response import Answer
from gateway.spid.service import Provider, Spid
from gateway.spid.settings import Area, SchemaName
from gateway.spid.store import TTL, Richiesta, TooManyPending, digest
from gateway.web.templating import with_query

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


def spid_of(request: Request) -> Spid:
    """Raises NotFound where neither SPID nor CIE is set up."""
    spid: Spid | None = request.app.state.spid
    if spid is None:
        raise _absent()
    return spid


def provider_of(request: Request, name: SchemaName) -> Provider:
    """Raises NotFound where this scheme is not set up."""
    provider = spid_of(request).providers.get(name)
    if provider is None:
        raise _absent()
    return provider


def _absent() -> NotFound:
    return NotFound("accesso.schema_assente", "Qui non si entra in questo modo.")


@router.get("/spid/metadata")
async def spid_metadata(request: Request) -> Response:
    return _metadata(request, "spid")


@router.get("/cie/metadata")
async def cie_metadata(request: Request) -> Response:
    return _metadata(request, "cie")


def _metadata(request: Request, name: SchemaName) -> Response:
    provider = provider_of(request, name)
    return Response(provider.metadata, media_type="application/samlmetadata+xml")


@router.get("/spid/login")
async def spid_login(request: Request) -> Response:
    return await _login(request, "spid")


@router.get("/cie/login")
async def cie_login(request: Request) -> Response:
    return await _login(request, "cie")


async def _login(request: Request, name: SchemaName) -> Response:
    """Off to the provider `idp`. `area`: operatore or cittadino; `livello` can only raise what the area asks."""
    spid, provider = spid_of(request), provider_of(request, name)
    query = request.query_params
    idp = provider.registry.find(query.get("idp", ""))
    if idp is None:
        raise NotFound("accesso.gestore_ignoto", "Questo gestore di identità non è fra quelli ammessi.")
    area: Area = "cittadino" if query.get("area") == "cittadino" else "operatore"
    asked = query.get("livello", "")
    level = max(provider.schema.level(area), int(asked) if asked in ("1", "2", "3") else 1)
    try:
        departure = await spid.depart(
            provider, idp, area, level, safe_return(query.get("ritorno")), _address(request)
        )
    except TooManyPending:
        log.warning("spid_too_many_pending", schema=name)
        return pages.courtesy(request, TOO_MANY)
    response = pages.sent(request, departure.carried, idp)
    _set(request, response, departure.request_id, departure.cookie, int(TTL.total_seconds()))
    return response


@router.post("/spid/acs")
async def spid_acs(request: Request) -> Response:
    return await _arrive(request, "spid")


@router.post("/cie/acs")
async def cie_acs(request: Request) -> Response:
    return await _arrive(request, "cie")


async def _arrive(request: Request, name: SchemaName) -> Response:
    """A session for a good answer; for anything else the same page, whatever was wrong."""
    spid, provider = spid_of(request), provider_of(request, name)
    try:
        richiesta, identita = await _identify(request, spid, provider)
    except Anomaly as anomaly:
        _tell(anomaly, name)
        return pages.courtesy(request, courtesy_of(anomaly.number), _begin_again(request))
    except Refused as refused:
        log.warning("spid_refused", schema=name, reason=refused.reason, detail=refused.detail)
        await wrong(request)
        return pages.courtesy(request, REFUSED)
    persona = Persona(
        schema=name, codice_fiscale=identita.codice_fiscale, nome=identita.nome, cognome=identita.cognome,
        livello=identita.livello, data_nascita=identita.data_nascita, idp=richiesta.idp, name_id=identita.name_id,
        session_index=identita.session_index,
    )  # fmt: skip
    response = await enter(request, persona, richiesta.area, richiesta.ritorno)
    _set(request, response, richiesta.id, "", 0)
    return response


async def _identify(request: Request, spid: Spid, provider: Provider) -> tuple[Richiesta, Identita]:
    fields = await read_fields(request)
    answer = Answer(fields.get("SAMLResponse", ""))
    richiesta = await spid.store.find(answer.in_response_to, provider.schema.name, "accesso")
    cookie = request.cookies.get(_cookie_name(request, richiesta.id), "")
    richiesta.check_browser(fields.get("RelayState", ""), cookie)
    request.state.richiesta = richiesta
    return richiesta, await spid.arrive(provider, answer, richiesta)


def _begin_again(request: Request) -> str:
    """The login page as it was: for the same area, to the same page."""
    richiesta: Richiesta = request.state.richiesta
    after = None if richiesta.ritorno == "/" else richiesta.ritorno
    return with_query(LOGIN_PATH, {"area": richiesta.area}, ritorno=after)


def _tell(anomaly: Anomaly, name: SchemaName) -> None:
    if anomaly.number in OUR_FAULT:
        log.error("spid_request_refused", schema=name, anomaly=str(anomaly))
    else:
        log.info("spid_anomaly", schema=name, anomaly=str(anomaly))


@router.api_route("/spid/logout", methods=["GET", "POST"])
async def spid_logout(request: Request) -> Response:
    return await logout.answer(request, spid_of(request), provider_of(request, "spid"))


@router.api_route("/cie/logout", methods=["GET", "POST"])
async def cie_logout(request: Request) -> Response:
    return await logout.answer(request, spid_of(request), provider_of(request, "cie"))


def _set(request: Request, response: Response, request_id: str, value: str, max_age: int) -> None:
    """A cookie of its own for each login, so that two windows do not hinder one another.

    The answer is posted by another site: only SameSite=None comes along. Without https (a demo on the loopback, one
    site whatever the port) Lax does.
    """
    https = request.app.state.gateway.settings.https
    response.set_cookie(
        _cookie_name(request, request_id), value, max_age=max_age, path="/", secure=https, httponly=True,
        samesite="none" if https else "lax",
    )  # fmt: skip


def _cookie_name(request: Request, request_id: str) -> str:
    """`__Host-`: no other host of the same domain can set it, so nobody can make a browser finish his own login."""
    prefix = "__Host-" if request.app.state.gateway.settings.https else ""
    return f"{prefix}siso-accesso-{digest(request_id).hex()[:12]}"


def _address(request: Request) -> str:
    return request.client.host if request.client else ""
