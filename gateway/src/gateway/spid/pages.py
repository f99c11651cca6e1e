"""The few pages of the login: on the way to the provider, what went wrong, gone."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gateway.errors import LOGIN_PATH
from gateway.security import CSP
from gateway.spid.errors import Courtesy
from gateway.spid.registry import Idp
from gateway.spid.request import Carried
from gateway.web.page import public


def sent(request: Request, carried: Carried, idp: Idp, as_page: bool = False) -> Response:
    """The browser on its way with a message: a redirect, or a form that sends itself (and has a button). `as_page`: a
    page with a link in place of the redirect."""
    if not carried.fields and not as_page:
        return RedirectResponse(carried.target, status_code=302)
    response = public(
        request, "pagine/spid_invio.html", title="Un momento", carried=carried, gestore=idp.name
    )  # fmt: skip
    allowed = " ".join(("'self'", *idp.origins))
    response.headers["Content-Security-Policy"] = CSP.replace("form-action 'self'", f"form-action {allowed}")
    return response


def courtesy(request: Request, page: Courtesy, back: str = LOGIN_PATH) -> Response:
    """What happened and what to do, with the code for the help desk. `back`: where to begin again."""
    return public(
        request, "pagine/spid_errore.html", title=page.title, status=page.status, spiegazione=page.text, indietro=back,
        codice=request.state.correlation_id[-12:],
    )  # fmt: skip


def left(request: Request, confirmed: bool) -> Response:
    return public(request, "pagine/spid_uscito.html", title="Sei uscito", confermato=confirmed)
