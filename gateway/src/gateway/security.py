"""The outermost layer (pure ASGI): correlation id, security headers, one canonical log line per request."""

from collections.abc import Awaitable, Callable
from time import perf_counter

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils.compat import uuid7

from chassis import tracing
from chassis.context import Context, bound
from chassis.metrics import WORK

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
CSP_HEADER = b"content-security-policy"
"""A page may say its own: the one form that goes to an identity provider."""
HSTS = "max-age=31536000; includeSubDomains"
IMMUTABLE = b"public, max-age=31536000, immutable"
STATIC_PREFIX = "/static/"
SIGN_IN_PREFIXES = ("/spid/", "/cie/")
"""Single logout ends a session with a plain GET."""
OnError = Callable[[Request, Exception], Awaitable[Response]]
log = structlog.get_logger()


def same_origin(request: Request, https: bool) -> bool:
    """What the browser says about where the request comes from; absent headers (not a browser) pass: the token
    decides then."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    scheme = "https" if https else "http"
    return origin == f"{scheme}://{request.headers.get('host', '')}"


class EdgeMiddleware:
    """Wraps everything, error pages included. `on_change` is called after each request that may have changed who may
    do what."""

    def __init__(
        self, app: ASGIApp, on_error: OnError, on_change: Callable[[], None], https: bool = False
    ) -> None:
        self.app = app
        self.on_change = on_change
        self.on_error = on_error
        self.headers = [
            (name.lower().encode(), value.encode())
            for name, value in (HEADERS | ({"Strict-Transport-Security": HSTS} if https else {})).items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        correlation_id = str(uuid7())
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        static = scope["path"].startswith(STATIC_PREFIX)
        own = [*self.headers, (b"x-correlation-id", correlation_id.encode())]
        started, status = perf_counter(), 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                said = {name.lower() for name, _ in message.get("headers", ())}
                headers = message["headers"] = [
                    *message.get("headers", ()),
                    *(pair for pair in own if pair[0] != CSP_HEADER or CSP_HEADER not in said),
                ]
                if static and status == 200:
                    headers.append((b"cache-control", IMMUTABLE))
                elif not any(name.lower() == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
            await send(message)

        now = Context(correlation_id=correlation_id)
        with tracing.span("http", now) as now, bound(now):
            try:
                await self.app(scope, receive, send_with_headers)
            except Exception as error:
                if status:  # half an answer is out: nothing can be said any more
                    log.exception("answer_broken_off")
                    raise
                response = await self.on_error(Request(scope, receive), error)
                await response(scope, receive, send_with_headers)
            finally:
                if scope["method"] not in SAFE_METHODS or scope["path"].startswith(SIGN_IN_PREFIXES):
                    self.on_change()
                if not static:
                    _account(scope, status, perf_counter() - started)


def _account(scope: Scope, status: int, seconds: float) -> None:
    """One line and one measurement: ids and templates, never the address itself: it may hold what was searched for."""
    route = getattr(scope.get("route"), "path", "")
    WORK.labels("gateway", "http", route, f"{status // 100}xx").observe(seconds)
    if route.startswith("/health"):
        return
    caller = scope["state"].get("caller")
    log.info(
        "request",
        method=scope["method"],
        route=route,
        status=status,
        ms=round(seconds * 1000, 1),
        operatore_id=str(caller.operatore_id) if caller is not None else None,
    )
