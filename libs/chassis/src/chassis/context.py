"""Who and what a unit of work belongs to: correlation, cause, actor, trace. Bound at the edge, read by the outbox."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import structlog


@dataclass(frozen=True)
class Context:
    """`causation_id` is the id of the event being handled, empty in an RPC; `traceparent` is W3C's header."""

    correlation_id: str = ""
    causation_id: str = ""
    actor_id: str = ""
    traceparent: str = ""


_NONE = Context()
_current: ContextVar[Context] = ContextVar("chassis_context", default=_NONE)


def current() -> Context:
    return _current.get()


@contextmanager
def bound(context: Context, **log_fields: Any) -> Iterator[Context]:
    """Makes `context` current and puts its ids on every log line of the block."""
    token = _current.set(context)
    try:
        with structlog.contextvars.bound_contextvars(correlation_id=context.correlation_id, **log_fields):
            yield context
    finally:
        _current.reset(token)


def from_headers(headers: Mapping[str, Any]) -> Context:
    """Context of an incoming RPC; without a correlation id a new one begins."""
    return Context(
        correlation_id=str(headers.get("correlation_id") or uuid4()),
        traceparent=str(headers.get("traceparent") or ""),
    )


def set_actor(actor_id: str) -> None:
    """Names who asks, once the mandate is verified."""
    _current.set(replace(_current.get(), actor_id=actor_id))
