"""The service as it runs: its processes on the broker, from a case event to the file for INPS."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from services.erogazioni.tests.conftest import propose_request
from services.erogazioni.tests.factories import CF_OPERATORE, make_mandato, make_residente

from chassis.sql import SqlDatabase
from contracts.anagrafe import GetResidenti, ResidenteDecedutoV1, ResidenteOut, ResidentiOut
from contracts.base import Message
from contracts.cartella import Area, CartellaApertaV1, IseeRegistratoV1, StatoCartella
from contracts.erogazioni import (
    DecideFoglio,
    ErogazioneOut,
    FlussoOut,
    FoglioOut,
    GenerateFlusso,
    GetFlusso,
    GetFoglio,
    LiquidateErogazione,
    ProposeErogazione,
)
from contracts.mandato import Mandato
from contracts.rpc import RPC
from erogazioni.seed import load_catalogo
from erogazioni.settings import Settings
from sisolocal.testbus import Bus
from sisolocal.waiting import eventually


@pytest.fixture
def bus(bus: Bus, pg_database: Any, run_service: Callable[..., Any]) -> Bus:
    url = pg_database("erogazioni").app.replace("postgresql://", "postgresql+psycopg2://")
    db = SqlDatabase(Settings(database_url=url))
    load_catalogo(db)
    db.close()
    for role in ("rpc", "events"):
        run_service("erogazioni", role)
    return bus


@pytest.fixture
def residente(bus: Bus) -> Iterator[ResidenteOut]:
    """A person the registry, played on the broker, knows."""
    person = make_residente()

    def answer(method: str, request: dict[str, Any]) -> ResidentiOut:
        assert method in ("get_residenti", "list_beneficiari")
        wanted = GetResidenti.model_validate(request).residenti_id
        return ResidentiOut(residenti=tuple(one for one in (person,) if one.id in wanted))

    with bus.playing("anagrafe", answer):
        yield person


def ask(bus: Bus, method: str, request: Message, mandato: Mandato) -> Any:
    """The typed answer, or the class name of the error and its code."""
    reply = bus.call("erogazioni", method, request, mandato, also=["anagrafe"])
    if reply["error"]:
        return reply["error"]["exc_type"], reply["error"]["exc_args"][0]
    return RPC["erogazioni"][method][1].model_validate(reply["result"])


def ask_until(bus: Bus, method: str, request: Message, mandato: Mandato, holds: Callable[[Any], bool]) -> Any:
    """The answer once it is the one waited for."""

    def right() -> Any:
        answer = ask(bus, method, request, mandato)
        assert holds(answer), answer
        return answer

    # An event that failed twice comes again after 11 s.
    return eventually(right, 45, not_yet=(AssertionError,))


def test_from_a_case_to_the_file_for_inps_and_a_death_through_the_broker(bus: Bus, residente: ResidenteOut):
    paolo, carla, cartella_id = make_mandato(), make_mandato(), uuid4()
    facts = {
        "cartella_id": cartella_id,
        "residente_id": residente.id,
        "ente": "F704",
        "data": date(2026, 2, 3),
    }
    bus.publish(
        CartellaApertaV1(
            **facts, numero="2026/000001", settore="minori", area=Area.FAMIGLIA_MINORI, sesso="F",
            stato=StatoCartella.IN_CARICO, comune_residenza="F704",
        )
    )  # fmt: skip
    bus.publish(
        IseeRegistratoV1(
            **facts, voce_id=uuid4(), tipo="ordinario", protocollo_dsu="INPS-ISEE-2026-01234567A-00",
            data_presentazione=date(2026, 2, 3), scadenza=date(2026, 12, 31), isee="4321.00",
        )
    )  # fmt: skip

    request = propose_request(cartella_id, idempotency_key=uuid4())
    foglio = ask_until(bus, "propose_foglio", request, paolo, lambda answer: isinstance(answer, FoglioOut))
    decision = DecideFoglio(foglio_id=foglio.id, version=1, approva=True)
    assert ask(bus, "decide_foglio", decision, paolo) == ("Forbidden", "foglio.quattro_occhi")
    ask(bus, "decide_foglio", decision, carla)
    payment = ask(bus, "propose_erogazione", ProposeErogazione(foglio_id=foglio.id, mese="2026-11"), paolo)
    paid = ask(bus, "liquidate_erogazione", LiquidateErogazione(erogazione_id=payment.id, version=1), carla)
    assert isinstance(paid, ErogazioneOut)

    generation = GenerateFlusso(mese="2026-11", cf_operatore=CF_OPERATORE)
    flusso = ask_until(
        bus, "generate_flusso", generation, carla, lambda answer: isinstance(answer, FlussoOut)
    )
    assert (
        f'Cognome="{residente.cognome}"' in ask(bus, "get_flusso", GetFlusso(flusso_id=flusso.id), carla).xml
    )

    died = ResidenteDecedutoV1(
        residente_id=residente.id,
        ente="F704",
        data_evento=date(2026, 11, 22),
        data_decesso=date(2026, 11, 22),
    )
    bus.publish(died, sequence=2)
    ask_until(
        bus, "get_foglio", GetFoglio(foglio_id=foglio.id), paolo, lambda answer: answer.stato == "sospeso"
    )
    next_month = ProposeErogazione(foglio_id=foglio.id, mese="2026-12")
    assert ask(bus, "propose_erogazione", next_month, paolo) == (
        "Conflict",
        "erogazione.beneficiario_deceduto",
    )
