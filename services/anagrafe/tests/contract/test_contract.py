"""What this service promised to the others, held against what it does."""

import pytest
from pydantic import BaseModel

from anagrafe.service import AnagrafeService
from contracts.events import CATALOGUE, Event
from contracts.rpc import RPC

EMITTED = [event for event in CATALOGUE.values() if event.source == "anagrafe"]
PERSONAL = {"codice_fiscale", "cognome", "nome", "data_nascita", "luogo_nascita", "indirizzo", "sesso"}


def test_every_rpc_of_the_contract_is_answered() -> None:
    assert [name for name in RPC["anagrafe"] if not hasattr(AnagrafeService, name)] == []


@pytest.mark.parametrize("event", EMITTED, ids=lambda event: event.key)
def test_events_carry_ids_dates_and_names_of_fields_never_who_it_is(event: type[Event]) -> None:
    assert PERSONAL.isdisjoint(event.model_fields)


@pytest.mark.parametrize("model", [pair[0] for pair in RPC["anagrafe"].values()], ids=lambda m: m.__name__)
def test_every_request_says_which_scope_it_needs(model: type[BaseModel]) -> None:
    said = model.__doc__ or ""
    assert any(word in said for word in ("cope `", "Any verified mandate", "System mandates alone"))
