"""Builders with defaults: a test names only what it is about."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from cartella.domain import apertura
from cartella.domain.presa_in_carico import Cartella
from cartella.domain.steps import Step
from contracts.cartella import AddIsee, AddVoceDiario, Area, OpenCartella, TipoIsee, TipoVoce
from contracts.condivisioni import ProposeCondivisione
from contracts.mandato import Extent, Mandato

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)

SCOPES = (
    "presa_in_carico:leggi",
    "presa_in_carico:scrivi",
    "presa_in_carico:assegna",
    "diario:leggi",
    "diario:scrivi",
    "isee:leggi",
    "isee:scrivi",
    "stampe:stampa",
    "secondo_livello:leggi",
    "secondo_livello:scrivi",
    "condivisioni:leggi",
    "condivisioni:scrivi",
)


class Explained(Mandato):
    """Who says why, if he does, for whatever case he opens: as the gateway sees to, case by case."""

    def reason_for(self, cartella_id: UUID, residente_id: UUID | None = None) -> str:
        return self.motivo


def make_mandato(
    extent: Extent = Extent.SETTORE,
    ente: str = "F704",
    settore: str = "minori",
    operatore_id: UUID | None = None,
    motivo: str = "Verifica richiesta da chi coordina",
    **estensioni: Extent,
) -> Mandato:
    """All scopes of this service at one extent; `diario__leggi=Extent.NESSUNO` changes a single one."""
    reach = dict.fromkeys(SCOPES, extent) | {
        name.replace("__", ":"): value for name, value in estensioni.items()
    }
    return Explained(
        operatore_id=operatore_id or uuid4(),
        incarico_id=uuid4(),
        ruolo="assistente_sociale",
        ente=ente,
        settore=settore,
        estensioni=reach,
        motivo=motivo,
    )


def make_step(**changes: Any) -> Step:
    return Step(**{"id": uuid4(), "operatore_id": uuid4(), "quando": NOW, "motivo": "prova", **changes})


def make_open(**changes: Any) -> OpenCartella:
    fields = {
        "residente_id": uuid4(),
        "comune_residenza": "F704",
        "sesso": "F",
        "anno_nascita": 2017,
        "area": Area.FAMIGLIA_MINORI,
        "motivo": "Segnalazione della scuola",
    }
    return OpenCartella(**{**fields, **changes})


def make_cartella(mandato: Mandato | None = None, step: Step | None = None) -> Cartella:
    """An open case that nobody has taken in charge."""
    mandato = mandato or make_mandato()
    step = step or make_step(operatore_id=mandato.operatore_id)
    return apertura.open_cartella(make_open(), mandato, mandato.settore, 1, step)


def make_add_voce(cartella_id: UUID | None = None, **changes: Any) -> AddVoceDiario:
    fields = {
        "cartella_id": cartella_id or uuid4(),
        "tipo": TipoVoce.COLLOQUIO,
        "quando": datetime(2026, 11, 20, 14, 0, tzinfo=UTC),
        "con_chi": "madre",
        "dove": "sede",
        "testo": "Primo colloquio con la famiglia.",
    }
    return AddVoceDiario(**{**fields, **changes})


def make_add_isee(cartella_id: UUID | None = None, **changes: Any) -> AddIsee:
    """A coherent ISEE of a household of three."""
    fields = {
        "cartella_id": cartella_id or uuid4(),
        "tipo": TipoIsee.ORDINARIO,
        "protocollo_dsu": "INPS-ISEE-2026-01234567A-00",
        "data_presentazione": date(2026, 2, 10),
        "ise": Decimal("20400.00"),
        "scala": Decimal("2.04"),
        "isee": Decimal("10000.00"),
    }
    return AddIsee(**{**fields, **changes})


def make_proposal(cartella_id: UUID, receiver: Mandato, **changes: Any) -> ProposeCondivisione:
    """For a month from now, the diary alone, to the settore of `receiver`."""
    fields = {
        "cartella_id": cartella_id,
        "ente": receiver.ente,
        "settore": receiver.settore,
        "sezioni": ("diario",),
        "al": datetime.now(UTC) + timedelta(days=30),
        "motivo": "Progetto comune",
    }
    return ProposeCondivisione(**{**fields, **changes})
