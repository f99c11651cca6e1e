"""A print of the case file: asked for, rendered in the background, kept for who asked."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.documenti import DownloadOut, StampaOut, StampaProntaV1, StatoStampa

MAX_TENTATIVI = 3
"""A template that fails is tried again 1 s and 10 s later; after that the print is fallita."""
MAX_AVVII = 20
"""Starts, kills included: a print that takes its process down with it must end."""


@dataclass(frozen=True, slots=True)
class Stampa:
    """`contenuto` is what will be printed; erased as soon as the print is ready or given up."""

    id: UUID
    cartella_id: UUID
    ente: str
    richiedente_id: UUID
    nome_file: str
    contenuto: dict[str, Any] | None
    stato: StatoStampa
    oggetto: str
    sha256: str
    dimensione: int
    pagine: int
    avvii: int
    motivo: str
    richiesta_il: datetime
    pronta_il: datetime | None
    version: int

    @property
    def waiting(self) -> bool:
        return self.stato is StatoStampa.IN_CORSO and self.contenuto is not None

    def start(self) -> "Stampa":
        return replace(self, avvii=self.avvii + 1)

    def ready(self, *, sha256: str, dimensione: int, pagine: int, now: datetime) -> "Stampa":
        return replace(
            self, stato=StatoStampa.PRONTA, sha256=sha256, dimensione=dimensione, pagine=pagine, pronta_il=now,
            contenuto=None,
        )  # fmt: skip

    def fail(self, motivo: str) -> "Stampa":
        return replace(self, stato=StatoStampa.FALLITA, motivo=motivo, contenuto=None)

    def out(self, download: DownloadOut | None = None) -> StampaOut:
        return StampaOut(
            id=self.id,
            cartella_id=self.cartella_id,
            stato=self.stato,
            pagine=self.pagine,
            sha256=self.sha256,
            richiesta_il=self.richiesta_il,
            pronta_il=self.pronta_il,
            motivo=self.motivo,
            download=download,
        )

    def pronta_event(self) -> StampaProntaV1:
        return StampaProntaV1(
            stampa_id=self.id,
            cartella_id=self.cartella_id,
            ente=self.ente,
            richiedente_id=self.richiedente_id,
            sha256=self.sha256,
            pagine=self.pagine,
        )


def request_of(
    *, id: UUID, cartella_id: UUID, ente: str, richiedente_id: UUID, numero: str, contenuto: dict[str, Any],
    oggetto: str, now: datetime,
) -> Stampa:  # fmt: skip
    """A print just asked for."""
    return Stampa(
        id=id,
        cartella_id=cartella_id,
        ente=ente,
        richiedente_id=richiedente_id,
        nome_file=f"cartella-{numero.replace('/', '-')}-{now:%Y%m%d}.pdf",
        contenuto=contenuto,
        stato=StatoStampa.IN_CORSO,
        oggetto=oggetto,
        sha256="",
        dimensione=0,
        pagine=0,
        avvii=0,
        motivo="",
        richiesta_il=now,
        pronta_il=None,
        version=1,
    )
