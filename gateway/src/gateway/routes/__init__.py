"""The JSON API, one module per part of the house."""

from fastapi import APIRouter

from gateway.routes import (
    anagrafe,
    avvisi,
    cartelle,
    diario,
    documenti,
    fogli,
    liquidazioni,
    operatori,
    registro,
    report,
    sessione,
    siuss,
    stampe,
)

router = APIRouter()
for module in (
    sessione,
    anagrafe,
    cartelle,
    diario,
    documenti,
    stampe,
    fogli,
    liquidazioni,
    siuss,
    avvisi,
    report,
    operatori,
    registro,
):
    router.include_router(module.router)
