"""The service as it runs: its processes on the broker, from a request to the published event."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from services.cartella.tests.factories import make_mandato, make_open

from chassis.mongo import MongoDatabase
from chassis.outbox import envelope_of
from contracts.cartella import CartellaOut, GetCartella
from contracts.notifiche import AvvisoConfermatoV1
from sisolocal.testbus import Bus
from sisolocal.waiting import eventually


@pytest.fixture
def bus(bus: Bus, run_service: Callable[..., Any]) -> Bus:
    for role in ("rpc", "events", "relay"):
        run_service("cartella", role)
    return bus


def test_a_case_is_opened_told_and_annotated_through_the_broker(bus: Bus, database: MongoDatabase) -> None:
    mandato = make_mandato(settore=f"settore-{uuid4().hex[:8]}")
    refused = bus.call("cartella", "open_cartella", make_open(motivo="x" * 10, settore="altrove"), mandato)

    opened = CartellaOut.model_validate(bus.call("cartella", "open_cartella", make_open(), mandato)["result"])
    avviso = AvvisoConfermatoV1(
        avviso_id=uuid4(),
        ente=opened.ente,
        settore=opened.settore,
        tipo="decesso",
        cartella_id=opened.id,
        esito="confermato",
        operatore_id=mandato.operatore_id,
        residente_id=opened.residente_id,
        descrizione="Decesso",
        data_evento=date(2026, 11, 21),
    )
    envelope = envelope_of(avviso, 1)
    bus.publish(envelope, envelope)

    assert refused["error"]["exc_type"] == "Invalid"
    eventually(lambda: database.db.inbox.count_documents({"_id.event_id": envelope.id}) == 1)
    eventually(
        lambda: database.db.outbox.count_documents({"subject": str(opened.id), "published_at": None}) == 0
    )
    answer = bus.call("cartella", "get_cartella", GetCartella(cartella_id=opened.id), mandato)
    assert [passaggio["tipo"] for passaggio in answer["result"]["passaggi"]] == [
        "apertura",
        "variazione_anagrafica",
    ]
