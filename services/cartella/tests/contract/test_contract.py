"""What this service promised to the others, held against what it does."""

import pytest
from pydantic import BaseModel

from cartella.service import CartellaService
from contracts import cartella as c
from contracts.consumers import CONSUMERS, handler_of
from contracts.events import CATALOGUE, Event
from contracts.rpc import RPC

EMITTED = [event for event in CATALOGUE.values() if event.source == "cartella"]
TEXT = {"testo", "con_chi", "dove", "note", "motivo", "motivo_annullamento", "descrizione"}


def test_every_rpc_of_the_contract_is_answered() -> None:
    assert [name for name in RPC["cartella"] if not hasattr(CartellaService, name)] == []


def test_every_event_it_asked_for_has_its_handler() -> None:
    assert [
        event.key for event in CONSUMERS["cartella"] if not hasattr(CartellaService, handler_of(event))
    ] == []


@pytest.mark.parametrize("event", EMITTED, ids=lambda event: event.key)
def test_no_event_has_room_for_what_was_written(event: type[Event]) -> None:
    assert TEXT.isdisjoint(event.model_fields)


@pytest.mark.parametrize("event", EMITTED, ids=lambda event: event.key)
def test_personal_values_in_events_are_marked(event: type[Event]) -> None:
    personal = {"sesso", "anno_nascita", "protocollo_dsu", "isee"} & set(event.model_fields)

    assert personal <= set(event.personal_fields())


@pytest.mark.parametrize(
    "model", [pair[0] for pair in RPC["cartella"].values()], ids=lambda model: model.__name__
)
def test_every_request_says_which_scope_it_needs(model: type[BaseModel]) -> None:
    assert "Scope `" in (model.__doc__ or "")


def test_a_request_with_unknown_fields_is_still_read() -> None:
    request = c.GetCartella.model_validate(
        {"cartella_id": "0190d7a0-0000-7000-8000-000000000001", "futuro": 1}
    )

    assert "futuro" not in request.model_dump()
