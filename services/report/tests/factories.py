"""Builders with defaults; every id is random."""

from typing import Any
from uuid import uuid4

from contracts.cartella import Area, CartellaApertaV1, FattoCartella, StatoCartella
from contracts.mandato import Extent, Mandato


def make_cartella_event(event_type: type[FattoCartella] = CartellaApertaV1, **changes: Any) -> FattoCartella:
    values: dict[str, Any] = {
        "cartella_id": uuid4(),
        "numero": "F704-2026-000012",
        "residente_id": uuid4(),
        "ente": "F704",
        "settore": "minori",
        "area": Area.FAMIGLIA_MINORI,
        "stato": StatoCartella.IN_CARICO,
        "comune_residenza": changes.get("ente", "F704"),
        "sesso": "F",
        "anno_nascita": 2015,
        "data": "2026-11-23",
    }
    return event_type.model_validate(values | changes)


def make_mandato(extent: Extent = Extent.ENTE, ente: str = "F704", **changes: Any) -> Mandato:
    values: dict[str, Any] = {
        "operatore_id": uuid4(),
        "incarico_id": uuid4(),
        "ruolo": "dirigente",
        "ente": ente,
        "settore": "",
        "estensioni": {"report:leggi": extent},
    }
    return Mandato(**values | changes)
