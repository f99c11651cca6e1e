"""Crosstabs over pseudonymised facts."""

from typing import Annotated

from fastapi import Depends, Query

from contracts.errors import Invalid
from contracts.report import CrosstabOut, RunCrosstab
from gateway.auth import Caller, authorize
from gateway.routes.api import make_router

router = make_router("Report")


async def crosstab(
    misura: str = "in_carico",
    righe: Annotated[tuple[str, ...], Query(min_length=1, max_length=2)] = ("comune",),
    colonne: Annotated[tuple[str, ...], Query(max_length=2)] = ("area", "sesso"),
    filtro: Annotated[tuple[str, ...], Query(description="`dimensione:valore`, ripetibile")] = (),
) -> RunCrosstab:
    """The question as the address asks it."""
    filtri: dict[str, tuple[str, ...]] = {}
    for pair in filtro:
        dimensione, separator, valore = pair.partition(":")
        if not separator:
            raise Invalid("report.filtro", "Un filtro si scrive dimensione:valore.", fields={"filtro": pair})
        filtri[dimensione] = (*filtri.get(dimensione, ()), valore)
    return RunCrosstab(misura=misura, righe=righe, colonne=colonne, filtri=filtri)


@router.get("/report/crosstab", summary="Tabella incrociata; le celle piccole sono protette")
async def run_crosstab(
    request: RunCrosstab = Depends(crosstab), caller: Caller = Depends(authorize("report:leggi"))
) -> CrosstabOut:
    return await caller.call("report", "run_crosstab", request)
