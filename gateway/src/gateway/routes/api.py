"""How every JSON route is made: prefix, log, and the shape of a refusal."""

from typing import Any

from fastapi import APIRouter

from gateway.errors import Problem
from gateway.logged import LoggedRoute

RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "description": "Rifiutato: il corpo dice perché (RFC 9457)",
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    },
    "503": {"description": "Un archivio o un servizio non risponde; riprovare dopo `Retry-After` secondi"},
}


def make_router(tag: str) -> APIRouter:
    return APIRouter(prefix="/api/v1", route_class=LoggedRoute, tags=[tag], responses=RESPONSES)
