"""The JSON API, one module per part of the house."""

from gateway.routes import (
    anagrafe,
    avvisi,
    cartelle,
    clienti,
    condivisioni,
    diario,
    documenti,
    emergenze,
    fogli,
    liquidazioni,
    motivi,
    oauth,
    operatori,
    perche,
    politica,
    registro,
    report,
    sessione,
    siuss,
    stampe,
)

MODULES = (
    sessione, anagrafe, cartelle, condivisioni, diario, documenti, stampe, fogli, liquidazioni, siuss, avvisi, report,
    operatori, registro, politica, motivi, emergenze, perche, oauth, clienti,
)  # fmt: skip

routes = [route for module in MODULES for route in module.router.routes]
"""Every route with its full address, added to the application as it is: nested routers cost time at each request."""
