"""Every HTML page of the gateway, and the page of an error."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from gateway.errors import Problem
from gateway.web import (
    accesso,
    avvisi,
    carico,
    cittadino,
    clienti,
    condivisioni,
    cronologia,
    deleghe,
    diario,
    documenti,
    elenchi,
    emergenze,
    incarico,
    informazioni,
    interventi,
    motivo,
    notte,
    oggi,
    operatori,
    pagamenti,
    perche,
    persone,
    politica,
    politica_bozza,
    proposta,
    protezioni,
    registro,
    registro_anomalie,
    registro_integrita,
    registro_termini,
    report,
    sessioni,
    siuss,
)  # fmt: skip
from gateway.web.page import public

router = APIRouter()
for module in (
    accesso, oggi, avvisi, persone, diario, proposta, interventi, documenti, registro, carico, condivisioni, cronologia,
    pagamenti, siuss, report, notte, informazioni, incarico, sessioni, politica, politica_bozza, motivo, emergenze,
    perche, protezioni,
    elenchi, operatori, deleghe, clienti, registro_integrita, registro_anomalie, registro_termini, cittadino,
):  # fmt: skip
    router.include_router(module.router)

KEPT = "Quello che avevi registrato è al sicuro. Quello che stavi scrivendo è rimasto in bozza su questo computer."
SAFE = {
    403: "Non è stato registrato nulla. Se ti serve per lavorare, chiedilo a chi coordina.",
    404: "Può essere un indirizzo scritto male, oppure qualcosa che non riguarda il tuo lavoro.",
    413: "Non è stato caricato nulla.",
    500: KEPT,
    503: f"{KEPT} Di solito bastano pochi minuti.",
}
TITLES = {
    403: "Questo non si può fare",
    404: "Qui non c’è niente",
    409: "Non si può fare adesso",
    413: "File troppo grande",
    422: "Qualcosa non va nei dati",
    500: "Qualcosa si è rotto da parte nostra",
    503: "Un pezzo del sistema non risponde",
}


def error_page(request: Request, problem: Problem) -> Response:
    """What happened, what is safe, what to do, and a code for the help desk. What does not exist and what one may not
    see look alike. A service that wants a reason first is answered by the page that asks for it."""
    if asked := motivo.asks_why(request, problem):
        return asked
    if problem.code in accesso.NOT_LET_IN:
        return accesso.not_let_in(request, problem)
    detail = problem.detail if problem.status != 404 else "La pagina che cerchi non c’è."
    return public(
        request, "pagine/errore.html", title=TITLES.get(problem.status, problem.title), status=problem.status,
        titolo=TITLES.get(problem.status, problem.title), spiegazione=detail, sicuro=SAFE.get(problem.status, ""),
        codice=problem.instance[-12:] if problem.status != 404 else "",
        riprova=request.url.path if request.method == "GET" and problem.status in (500, 503) else "",
    )  # fmt: skip
