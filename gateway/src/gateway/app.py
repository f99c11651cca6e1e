"""The gateway: `uvicorn gateway.app:create_app --factory`."""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from chassis import logs, tracing
from gateway import errors, health, web
from gateway.accessi.writer import AccessWriter
from gateway.clients import AmqpRpc, RpcClient
from gateway.db import make_pool
from gateway.eventi import AvvisiFanOut
from gateway.identita import Identities
from gateway.mandato import MandatoSigner
from gateway.motivi import Motivi
from gateway.operatori import OperatoriRepository
from gateway.policy import PolicyStore
from gateway.resources import Gateway
from gateway.routes import routes
from gateway.routes.api import describe
from gateway.security import EdgeMiddleware
from gateway.sessions import SessionStore
from gateway.settings import Settings
from gateway.sistema import Sistema
from gateway.spid import routes as spid_routes
from gateway.spid.service import build_spid
from gateway.static import PrecompressedFiles
from gateway.uploads import make_http

NOT_COMPRESSED = (
    *DEFAULT_EXCLUDED_CONTENT_TYPES, "application/pdf", "application/octet-stream", "text/css", "text/javascript",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)  # fmt: skip
"""Compressed already, or compressed when built."""


def create_app(settings: Settings | None = None, rpc: RpcClient | None = None) -> FastAPI:
    """The whole application. A setting that is missing, or the dev login in production, stops the start.

    `rpc`: another way to reach the services, for tests.
    """
    settings = settings or Settings()
    logs.configure(settings.log_level, service="gateway", role="http")
    tracing.configure(settings.otel_endpoint, "gateway")
    app = FastAPI(
        title="Cartella Sociale Informatizzata",
        version="1",
        description="Ogni rotta dichiara lo scopo che richiede; ogni accesso è registrato prima della risposta.",
        lifespan=_lifespan,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.gateway = build_gateway(settings, rpc)
    app.state.spid = build_spid(app.state.gateway)
    app.include_router(health.router)
    app.router.routes.extend(routes)
    pages: APIRouter | None = getattr(web, "router", None)
    if pages is not None:
        app.include_router(pages)
    app.include_router(spid_routes.router)
    app.mount("/static", PrecompressedFiles(settings.static_dir), name="static")
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    handle = errors.install(app, getattr(web, "error_page", None))
    app.add_middleware(
        GZipMiddleware, minimum_size=1024, compresslevel=5, exclude_content_types=NOT_COMPRESSED
    )
    app.add_middleware(
        EdgeMiddleware, on_error=handle, on_change=app.state.gateway.identities.forget, https=settings.https
    )
    return app


def build_gateway(settings: Settings, rpc: RpcClient | None = None) -> Gateway:
    """Everything the process holds, not yet connected."""
    pool = make_pool(settings)
    rpc = rpc or AmqpRpc(settings.amqp_url, settings.rpc_timeout)
    sessions = SessionStore(pool)
    signer = MandatoSigner(settings.mandato_private_key_file)
    return Gateway(
        settings=settings,
        secret=settings.secret,
        pool=pool,
        sessions=sessions,
        identities=Identities(sessions, settings.dsn, settings.identity_seconds),
        policies=PolicyStore(pool),
        operatori=OperatoriRepository(pool),
        signer=signer,
        rpc=rpc,
        sistema=Sistema(pool, rpc, signer),
        motivi=Motivi(pool),
        accessi=AccessWriter(settings.dsn),
        eventi=AvvisiFanOut(settings.amqp_url),
        http=make_http(),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Starts without waiting for stores: readiness says when they are there."""
    gateway: Gateway = app.state.gateway
    await gateway.pool.open(wait=False)
    gateway.accessi.start()
    gateway.identities.start()
    gateway.rpc.start()
    if gateway.settings.amqp_url:
        gateway.eventi.start()
    gc.collect()
    gc.freeze()  # what is here now stays: no collection need walk it again
    try:
        with health.measured(gateway.settings):
            yield
    finally:
        await gateway.eventi.stop()
        await gateway.rpc.close()
        await gateway.accessi.stop()
        await gateway.identities.stop()
        await gateway.http.aclose()
        await gateway.pool.close()
