"""`/health/live` and `/health/ready`, for supervisors and without a session; `/metrics` on a port of its own.

Whoever reaches the pages reaches these two: they say whether, never what. What does not answer is in the log.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from fastapi import APIRouter
from prometheus_client import start_http_server
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse

from contracts.errors import DomainError
from gateway.resources import Gateway
from gateway.settings import Settings

router = APIRouter(include_in_schema=False)
log = structlog.get_logger()


@router.get("/health/live")
async def live() -> JSONResponse:
    """The event loop turns."""
    return JSONResponse({"stato": "pronto"})


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """Database, broker and access log answer."""
    problems = await find_problems(request.app.state.gateway)
    if problems != getattr(request.app.state, "problems", {}):
        log.warning("readiness_changed", problems=problems)
    request.app.state.problems = problems
    return JSONResponse(
        {"stato": "non pronto" if problems else "pronto"}, status_code=503 if problems else 200
    )


@contextmanager
def measured(settings: Settings) -> Iterator[None]:
    """Within it `/metrics` answers on its own port, where one is set: no proxy and no ingress leads there."""
    if not settings.metrics_port:
        yield
        return
    server, thread = start_http_server(settings.metrics_port, settings.metrics_host)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def find_problems(gateway: Gateway) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        async with gateway.pool.connection(timeout=1.0) as connection:
            await connection.execute("SELECT 1")
    except (psycopg.Error, PoolTimeout) as error:
        found["archivio"] = type(error).__name__
    try:
        await gateway.rpc.ping()
    except DomainError as error:
        found["broker"] = error.code
    if not gateway.accessi.running:
        found["registro_accessi"] = "fermo"
    return found
