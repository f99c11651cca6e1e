"""The service on a real database, called as the broker would call it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from services.erogazioni.tests.factories import FakeAnagrafe, make_mandato, make_residente
from sqlalchemy import text

from chassis.sql import SqlDatabase
from contracts.anagrafe import ResidenteDecedutoV1, ResidenteDecessoAnnullatoV1, ResidenteOut
from contracts.cartella import Area, CartellaApertaV1, IseeRegistratoV1, StatoCartella
from contracts.consumers import handler_of
from contracts.erogazioni import (
    Carattere,
    DecideFoglio,
    ErogazioneOut,
    FoglioOut,
    LiquidateErogazione,
    ProposeErogazione,
    ProposeFoglio,
)
from contracts.events import Envelope, Event
from contracts.mandato import Mandato
from erogazioni.seed import load_catalogo
from erogazioni.service import ErogazioniService
from erogazioni.settings import Settings
from erogazioni.use_cases import erogazioni, fogli

TABLES = (
    "cartelle, isee, decessi, fogli, erogazioni, passaggi, numeratori, flussi, registro_siuss, outbox, inbox"
)


@dataclass
class House:
    """A case with its people: who proposes, who approves, who liquidates."""

    db: SqlDatabase
    anagrafe: FakeAnagrafe
    proponente: Mandato
    approvatore: Mandato
    liquidatore: Mandato

    def deliver(self, event: Event, sequence: int = 1) -> None:
        """Hands an event to its handler, without the broker."""
        service: Any = ErogazioniService()
        service.db = self.db
        envelope = Envelope(
            id=uuid4(),
            source=event.source,
            type=event.type,
            subject=event.subject,
            sequence=sequence,
            data=event.model_dump(mode="json"),
        )
        getattr(service, handler_of(type(event)))(envelope.model_dump(mode="json"))

    def open_cartella(
        self, residente: ResidenteOut | None = None, sequence: int = 1, **over: Any
    ) -> CartellaApertaV1:
        """A case in charge, of an invented person the registry knows."""
        residente = residente or make_residente()
        self.anagrafe.residenti[residente.id] = residente
        values: dict[str, Any] = {
            "cartella_id": uuid4(),
            "numero": "2026/000001",
            "residente_id": residente.id,
            "ente": "F704",
            "settore": "minori",
            "area": Area.FAMIGLIA_MINORI,
            "stato": StatoCartella.IN_CARICO,
            "comune_residenza": "F704",
            "sesso": residente.sesso,
            "data": date(2026, 1, 1),
        }
        event = CartellaApertaV1(**values | over)
        self.deliver(event, sequence)
        return event

    def register_isee(self, cartella: CartellaApertaV1) -> UUID:
        isee_id = uuid4()
        self.deliver(
            IseeRegistratoV1(
                voce_id=isee_id,
                cartella_id=cartella.cartella_id,
                residente_id=cartella.residente_id,
                ente=cartella.ente,
                data=date(2026, 2, 3),
                tipo="ordinario",
                protocollo_dsu="INPS-ISEE-2026-01234567A-00",
                data_presentazione=date(2026, 2, 3),
                scadenza=date(2026, 12, 31),
                isee="4321.00",
            )
        )
        return isee_id

    def die(self, residente_id: UUID, data: date = date(2026, 11, 10), sequence: int = 2) -> None:
        self.deliver(
            ResidenteDecedutoV1(residente_id=residente_id, ente="F704", data_evento=data, data_decesso=data),
            sequence,
        )

    def live_after_all(self, residente_id: UUID, sequence: int = 3) -> None:
        event = ResidenteDecessoAnnullatoV1(
            residente_id=residente_id, ente="F704", data_evento=date(2026, 11, 20)
        )
        self.deliver(event, sequence)

    def propose(self, cartella: CartellaApertaV1, mandato: Mandato | None = None, **over: Any) -> FoglioOut:
        return fogli.propose_foglio(
            propose_request(cartella.cartella_id, **over), mandato or self.proponente, self.db
        )

    def approve(self, foglio: FoglioOut, mandato: Mandato | None = None, **over: Any) -> FoglioOut:
        request = DecideFoglio(**{"foglio_id": foglio.id, "version": foglio.version, "approva": True} | over)
        return fogli.decide_foglio(request, mandato or self.approvatore, self.db)

    def approved(self, cartella: CartellaApertaV1, **over: Any) -> FoglioOut:
        return self.approve(self.propose(cartella, **over))

    def prepare(self, foglio: FoglioOut, mese: str = "2026-11", **over: Any) -> ErogazioneOut:
        request = ProposeErogazione(foglio_id=foglio.id, mese=mese, **over)
        return erogazioni.propose_erogazione(request, self.proponente, self.db)

    def liquidate(
        self, erogazione: ErogazioneOut, mandato: Mandato | None = None, **over: Any
    ) -> ErogazioneOut:
        request = LiquidateErogazione(erogazione_id=erogazione.id, **({"version": erogazione.version} | over))
        return erogazioni.liquidate_erogazione(request, mandato or self.liquidatore, self.db)

    def paid(self, cartella: CartellaApertaV1, mese: str = "2026-11", **over: Any) -> ErogazioneOut:
        return self.liquidate(self.prepare(self.approved(cartella, **over), mese))

    def emitted(self, event_type: type[Event]) -> list[dict[str, Any]]:
        """Data of the outbox rows of a type, oldest first."""
        query = text("SELECT envelope -> 'data' FROM outbox WHERE type = :type ORDER BY seq")
        with self.db.read() as session:
            return list(session.scalars(query, {"type": event_type.type}))


def propose_request(cartella_id: UUID, **over: Any) -> ProposeFoglio:
    values: dict[str, Any] = {
        "cartella_id": cartella_id,
        "voce_istat": "G13",
        "carattere": Carattere.PERIODICO,
        "importo": "320.00",
        "quota_ente": "300.00",
        "quota_beneficiario": "20.00",
        "dal": date(2026, 1, 1),
        "al": date(2026, 12, 31),
        "motivazione": "Reddito insufficiente",
    }
    return ProposeFoglio(**values | over)


@pytest.fixture(scope="session")
def erogazioni_urls(pg_database: Callable[..., Any]) -> Any:
    return pg_database("erogazioni", fresh=True)


@pytest.fixture(scope="session")
def erogazioni_db(erogazioni_urls: Any) -> Iterator[SqlDatabase]:
    db = SqlDatabase(
        Settings(database_url=erogazioni_urls.app.replace("postgresql://", "postgresql+psycopg2://"))
    )
    load_catalogo(db)
    yield db
    db.close()


@pytest.fixture
def house(erogazioni_db: SqlDatabase, erogazioni_urls: Any) -> House:
    """Empty tables, full catalogue, three different people."""
    with psycopg.connect(erogazioni_urls.admin, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {TABLES}")
    return House(erogazioni_db, FakeAnagrafe(), make_mandato(), make_mandato(), make_mandato())
