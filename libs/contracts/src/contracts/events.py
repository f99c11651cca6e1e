"""Base of all events, the envelope they travel in, and the catalogue.

Grammar of a type: `<service>.<noun>.<participle>.v<N>`: lower case ASCII, underscores within a word; the noun
is the aggregate, the participle agrees with it (`cartella.aperta`). Exchange `<service>.events` (topic), routing
key the rest. A change that is not additive is a new class with the next N.
"""

import re
from datetime import UTC, datetime
from typing import Any, ClassVar, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.base import Personal

TYPE_GRAMMAR = re.compile(r"^[a-z_]+\.[a-z_]+\.[a-z_]+\.v[1-9][0-9]*$")
CATALOGUE: dict[str, type["Event"]] = {}


class Event(BaseModel):
    """A fact that happened. Subclass with `source` and `key`; `subject` names the field with the aggregate's id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    source: ClassVar[str]
    key: ClassVar[str]
    type: ClassVar[str]
    subject_field: ClassVar[str]

    def __init_subclass__(cls, source: str = "", key: str = "", subject: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not key:  # a shared base, not an event
            return
        cls.source, cls.key, cls.type, cls.subject_field = source, key, f"{source}.{key}", subject
        if not TYPE_GRAMMAR.match(cls.type):
            raise TypeError(f"event type {cls.type} breaks the grammar")
        if cls.type in CATALOGUE:
            raise TypeError(f"event type {cls.type} is declared twice")
        CATALOGUE[cls.type] = cls

    @property
    def subject(self) -> str:
        return str(getattr(self, self.subject_field))

    @classmethod
    def personal_fields(cls) -> list[str]:
        """Fields marked `Personal`, sorted."""
        return sorted(name for name, field in cls.model_fields.items() if Personal in _marks(field))


def _marks(field: Any) -> list[Any]:
    nested = [mark for arg in get_args(field.annotation) for mark in getattr(arg, "__metadata__", ())]
    return [*field.metadata, *nested]


class Envelope(BaseModel):
    """CloudEvents 1.0 (structured mode, JSON) plus order and cause.

    `sequence` is the version of the aggregate after the fact; a projection ignores what is older than it knows.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: str = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime = Field(default_factory=lambda: datetime.now(UTC))
    datacontenttype: str = "application/json"
    dataschema: str = ""
    sequence: int = 0
    correlationid: str = ""
    causationid: str = ""
    actorid: str = ""
    traceparent: str = ""
    data: dict[str, Any]

    def event(self) -> Event:
        """The typed event inside; KeyError when the type is not in the catalogue."""
        return CATALOGUE[self.type].model_validate(self.data)
