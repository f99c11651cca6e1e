"""The service keeps what the contracts promise."""

from contracts.consumers import CONSUMERS, handler_of
from contracts.rpc import RPC
from erogazioni.service import ErogazioniService


def test_every_rpc_of_the_contract_is_there():
    assert [name for name in RPC["erogazioni"] if not hasattr(ErogazioniService, name)] == []


def test_every_event_it_should_take_has_its_handler():
    taken = CONSUMERS["erogazioni"]

    assert [event.type for event in taken if not hasattr(ErogazioniService, handler_of(event))] == []
