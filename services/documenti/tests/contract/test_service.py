"""The service keeps what the contracts promise."""

from contracts.consumers import CONSUMERS, handler_of
from contracts.rpc import RPC
from documenti.policies import FORMATI
from documenti.service import DocumentiService


def test_every_rpc_of_the_contract_is_there() -> None:
    assert [name for name in RPC["documenti"] if not hasattr(DocumentiService, name)] == []


def test_every_event_it_should_take_has_its_handler() -> None:
    assert [
        event.type for event in CONSUMERS["documenti"] if not hasattr(DocumentiService, handler_of(event))
    ] == []


def test_every_format_has_an_ending() -> None:
    assert all(ending.startswith(".") for formato in FORMATI.values() for ending in formato.estensioni)
