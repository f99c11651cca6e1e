"""Builders with defaults; every id is random."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from contracts.cartella import Area, CartellaApertaV1, FattoCartella, StatoCartella
from contracts.mandato import Extent, Mandato
from notifiche.domain import CartellaNota, FattoAnagrafe, Incarico, TipoFatto

OGGI = date(2026, 11, 23)


def make_cartella_nota(**changes: Any) -> CartellaNota:
    values: dict[str, Any] = {
        "cartella_id": uuid4(),
        "numero": "F704-2026-000012",
        "residente_id": uuid4(),
        "ente": "F704",
        "settore": "minori",
        "stato": StatoCartella.IN_CARICO,
        "responsabile_id": None,
        "team": (),
    }
    return CartellaNota(**values | changes)


def make_incarico(operatore_id: UUID, **changes: Any) -> Incarico:
    values: dict[str, Any] = {
        "ente": "F704",
        "settore": "minori",
        "ruolo": "assistente_sociale",
        "dal": date(2026, 1, 1),
        "al": None,
        "email": f"{operatore_id.hex[:6]}@example.org",
    }
    return Incarico(operatore_id, **values | changes)


def make_fatto(tipo: TipoFatto = TipoFatto.DECEDUTO, **changes: Any) -> FattoAnagrafe:
    residente_id = changes.pop("residente_id", uuid4())
    values: dict[str, Any] = {
        "event_id": uuid4(),
        "residenti": (residente_id,),
        "data_evento": date(2026, 11, 22),
        "time": datetime(2026, 11, 23, 2, tzinfo=UTC),
        "residente_id": residente_id,
    }
    return FattoAnagrafe(tipo=tipo, **values | changes)


def make_cartella_event(
    residente_id: UUID, event_type: type[FattoCartella] = CartellaApertaV1, **changes: Any
) -> FattoCartella:
    values: dict[str, Any] = {
        "cartella_id": uuid4(),
        "numero": "F704-2026-000012",
        "residente_id": residente_id,
        "ente": "F704",
        "settore": "minori",
        "area": Area.FAMIGLIA_MINORI,
        "stato": StatoCartella.IN_CARICO,
        "comune_residenza": "F704",
        "sesso": "F",
        "data": OGGI,
    }
    return event_type.model_validate(values | changes)


def make_mandato(
    operatore_id: UUID | None = None, extent: Extent = Extent.SETTORE, **changes: Any
) -> Mandato:
    values: dict[str, Any] = {
        "operatore_id": operatore_id or uuid4(),
        "incarico_id": uuid4(),
        "ruolo": "assistente_sociale",
        "ente": "F704",
        "settore": "minori",
        "estensioni": dict.fromkeys(
            ("avvisi:leggi", "avvisi:scrivi", "presa_in_carico:leggi", "condivisioni:leggi"), extent
        ),
    }
    return Mandato(**values | changes)
