"""`/health/live`, `/health/ready`, `/metrics`: for supervisors, without a session."""

import psycopg
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contracts.errors import DomainError
from gateway.resources import Gateway

router = APIRouter(include_in_schema=False)


@router.get("/health/live")
async def live() -> JSONResponse:
    """The event loop turns."""
    return JSONResponse({"stato": "pronto", "problemi": {}})


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """Database, broker and access log answer."""
    problems = await find_problems(request.app.state.gateway)
    state = "non pronto" if problems else "pronto"
    return JSONResponse({"stato": state, "problemi": problems}, status_code=503 if problems else 200)


@router.get("/metrics")
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


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
