"""Published language of report: crosstabs over pseudonymised facts, small cells protected."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from contracts.base import Message
from contracts.events import Event

DIMENSIONI = {
    "comune": "Comune",
    "area": "Area",
    "sesso": "Sesso",
    "fascia_eta": "Fascia di età",
    "settore": "Settore",
    "stato": "Stato della cartella",
}
MISURE = {"in_carico": "Persone in carico", "cartelle": "Cartelle"}


class ReportGeneratoV1(Event, source="report", key="report.generato.v1", subject="report_id"):
    report_id: UUID
    ente: str
    righe: int


class RunCrosstab(Message):
    """Scope `report:leggi`, of a whole ente at least. One to four dimensions of DIMENSIONI, one measure; filters by
    dimension value.

    Second-level cases count in the ente's numbers and in no settore's: a table or a filter by settore leaves them out,
    and hides as many settori as it takes that they cannot be had by subtracting the settori from the ente (always the
    smallest one). Private entries are in no fact, hence in no number.
    """

    misura: str = "in_carico"
    righe: Annotated[tuple[str, ...], Field(min_length=1, max_length=2)] = ("comune",)
    colonne: Annotated[tuple[str, ...], Field(max_length=2)] = ("area", "sesso")
    filtri: dict[str, tuple[str, ...]] = {}


class Cella(Message):
    """`valore` is None where protected (`protetta`): the number is not in the answer at all."""

    valore: int | None
    protetta: bool = False


class CrosstabOut(Message):
    """`celle[i][j]` belongs to `righe[i]` × `colonne[j]`; totals likewise; keys are tuples of dimension values."""

    misura: str
    dimensioni_righe: tuple[str, ...]
    dimensioni_colonne: tuple[str, ...]
    righe: tuple[tuple[str, ...], ...]
    colonne: tuple[tuple[str, ...], ...]
    celle: tuple[tuple[Cella, ...], ...]
    totali_righe: tuple[Cella, ...]
    totali_colonne: tuple[Cella, ...]
    totale: Cella
    soglia: int
    enti: tuple[str, ...]
    dati_al: datetime | None
