"""How every JSON route is made: prefix, log, and the shape of a refusal."""

from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from gateway.errors import Problem
from gateway.logged import LoggedRoute

PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "Rifiutato: il corpo dice perché (RFC 9457)", "content": PROBLEM},
    "503": {
        "description": "Un archivio o un servizio non risponde; riprovare dopo `Retry-After` secondi",
        "content": PROBLEM,
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """OpenAPI of the JSON API: each route with its scopes (`x-scopi`), the session cookie, the shape of a refusal."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = schema.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = Problem.model_json_schema()
        cookie = app.state.gateway.settings.cookie_name
        client = {"tokenUrl": "/api/v1/oauth/token", "scopes": {}}
        components["securitySchemes"] = {
            "sessione": {"type": "apiKey", "in": "cookie", "name": cookie},
            "client": {"type": "oauth2", "flows": {"clientCredentials": client}},
        }
        app.openapi_schema = schema
    return app.openapi_schema


def make_router(tag: str) -> APIRouter:
    return APIRouter(prefix="/api/v1", route_class=LoggedRoute, tags=[tag], responses=RESPONSES)
