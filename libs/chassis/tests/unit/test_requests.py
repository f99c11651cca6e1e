"""What may travel in a request: text that every store can keep."""

from typing import Any

import pytest

from chassis.entrypoints import _refuse_nul
from contracts.errors import Invalid


@pytest.mark.parametrize(
    ("request_data", "fields"),
    [
        ({"testo": "a\0b"}, {"testo"}),
        ({"testo": "bene", "note": "\0"}, {"note"}),
        ({"intestatario": {"nome": "a\0"}, "team": ["x", "y\0"]}, {"intestatario.nome", "team.1"}),
    ],
)
def test_text_with_nul_is_refused_naming_each_field(request_data: Any, fields: set[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        _refuse_nul(request_data)

    assert set(refusal.value.fields) == fields


@pytest.mark.parametrize(
    "request_data", [None, {}, {"testo": "perché\n\t€ 😀"}, {"n": 1, "si": True, "voci": [None, 2.5]}]
)
def test_anything_else_passes(request_data: Any) -> None:
    _refuse_nul(request_data)
