"""pydantic's findings by field, in Italian (the sentences are contracts.messaggi's)."""

from collections.abc import Iterable
from typing import Any

from contracts.messaggi import field_messages

PLACES = ("body", "query", "path", "header")


def italian_fields(errors: Iterable[Any]) -> dict[str, str]:
    """Field → sentence: `importo`, not `body.importo`. What was typed is never repeated: it may be a person's data."""
    return field_messages([{**error, "loc": _without_place(error["loc"])} for error in errors])


def _without_place(loc: tuple[Any, ...]) -> tuple[Any, ...]:
    return loc[1:] if loc[:1] and loc[0] in PLACES and loc[1:] else loc
