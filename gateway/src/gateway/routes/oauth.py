"""The token endpoint of machine clients: OAuth2 client credentials with a signed assertion (RFC 6749, 7521, 7523)."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import structlog
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gateway import login
from gateway.errors import TITLES
from gateway.macchine.asserzione import Client, RefusedError, recognise
from gateway.policy import Policy
from gateway.resources import Gateway
from gateway.routes.api import make_router
from gateway.sessions import Opening

router: APIRouter = make_router("Sistemi collegati")
TOKEN_PATH = "/api/v1/oauth/token"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FORM = "application/x-www-form-urlencoded"
LIFE = timedelta(minutes=10)
MAX_BYTES = 32 * 1024
MAX_FIELDS = 20
SENTENCES = {
    "invalid_request": "La richiesta del token è incompleta o malformata.",
    "unsupported_grant_type": "Qui si usa soltanto grant_type=client_credentials.",
    "invalid_client": "Il sistema non è riconosciuto.",
    "invalid_scope": "Uno degli scopi chiesti non è tra quelli del sistema.",
}
log = structlog.get_logger()
BODY = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "required": ["grant_type", "client_assertion_type", "client_assertion"],
                    "properties": {
                        "grant_type": {"const": "client_credentials"},
                        "client_assertion_type": {"const": ASSERTION_TYPE},
                        "client_assertion": {"type": "string", "description": "JWT firmato, aud = questo indirizzo"},
                        "client_id": {"type": "string", "format": "uuid"},
                        "scope": {"type": "string", "description": "Scopi separati da spazi; senza: tutti i suoi"},
                    },
                }
            }
        },
    }
}  # fmt: skip


REFUSED: dict[str, Any] = {
    "description": "Rifiutato: il codice di RFC 6749 e il perché, in un solo oggetto",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


class OAuthError(Exception):
    """One of the codes of RFC 6749 section 5.2."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def token_endpoint(gateway: Gateway) -> str:
    """The `aud` an assertion must name."""
    return gateway.settings.public_url.rstrip("/") + TOKEN_PATH


@router.post("/oauth/token", summary="Token di un sistema collegato (client credentials)", openapi_extra=BODY,
             response_class=JSONResponse, responses=dict.fromkeys((400, 401), REFUSED))  # fmt: skip
async def issue_token(request: Request) -> Response:
    """Ten minutes of access, in the client's own name. Every way of not being recognised gets the same answer."""
    gateway: Gateway = request.app.state.gateway
    try:
        form = await _read(request)
        client = await _recognise(gateway, form)
        granted = _narrowed(client, await gateway.policies.current(), form.get("scope", ""))
    except OAuthError as error:
        if error.code == "invalid_client":
            await login.wrong(request)
        return _refusal(request, error.code)
    opening = Opening(
        idle=LIFE, absolute=LIFE, client_id=client.id, schema="oauth", livello=0, estensioni=granted
    )
    token = await login.open_session(request, opening)
    answer = {
        "access_token": token, "token_type": "Bearer", "expires_in": int(LIFE.total_seconds()),
        "scope": " ".join(sorted(granted)),
    }  # fmt: skip
    return JSONResponse(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})


async def _read(request: Request) -> dict[str, str]:
    """The form, each parameter once; never more than MAX_BYTES of it."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise OAuthError("invalid_request")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise OAuthError("invalid_request")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise OAuthError("invalid_request") from error
    form = dict(pairs)
    if len(form) != len(pairs) or not form.get("grant_type"):
        raise OAuthError("invalid_request")
    return form


async def _recognise(gateway: Gateway, form: dict[str, str]) -> Client:
    if form["grant_type"] != "client_credentials":
        raise OAuthError("unsupported_grant_type")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise OAuthError("invalid_request")
    try:
        return await recognise(
            gateway.pool, form["client_assertion"], form.get("client_id", ""), token_endpoint(gateway)
        )
    except RefusedError as error:
        log.warning("client_refused", reason=error.reason)
        raise OAuthError("invalid_client") from error


def _narrowed(client: Client, policy: Policy, scope: str) -> dict[str, str]:
    """What it was let in for, as far as the policy in force still has it; less where it asks for less."""
    has = {one: extent for one, extent in client.estensioni.items() if one in policy.held}
    asked = scope.split()
    if not asked:
        return has
    if not {*asked} <= has.keys():
        raise OAuthError("invalid_scope")
    return {one: has[one] for one in asked}


def _refusal(request: Request, code: str) -> Response:
    """Both shapes in one object: RFC 6749 for OAuth libraries, a problem (RFC 9457) for people."""
    status = 401 if code == "invalid_client" else 400
    body: dict[str, Any] = {
        "error": code, "error_description": code.replace("_", " "), "type": "about:blank", "title": TITLES[status],
        "status": status, "code": f"oauth.{code}", "detail": SENTENCES[code], "fields": {}, "details": {},
        "instance": request.state.correlation_id,
    }  # fmt: skip
    return JSONResponse(body, status, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})
