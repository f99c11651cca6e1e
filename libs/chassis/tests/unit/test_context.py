"""Correlation, cause, actor and trace travel from the request to the event, and on."""

from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from chassis import context, tracing
from chassis.outbox import envelope_of
from contracts.notifiche import AvvisoLettoV1

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def make_event() -> AvvisoLettoV1:
    return AvvisoLettoV1(avviso_id=uuid4(), ente="F704", settore="minori", tipo="decesso")


def test_event_carries_the_context_of_the_request_that_made_it() -> None:
    with context.bound(context.from_headers({"correlation_id": "c-1", "traceparent": TRACE})):
        context.set_actor("giulia")
        envelope = envelope_of(make_event(), 3)

    assert (envelope.correlationid, envelope.actorid, envelope.traceparent) == ("c-1", "giulia", TRACE)
    assert (envelope.sequence, envelope.type) == (3, "notifiche.avviso.letto.v1")


def test_context_ends_with_its_block() -> None:
    with context.bound(context.Context(correlation_id="c-1")):
        pass

    assert context.current() == context.Context()


def test_request_without_correlation_begins_one() -> None:
    assert context.from_headers({}).correlation_id


def test_without_a_collector_the_trace_passes_through_untouched() -> None:
    with tracing.span("cartella.get_cartella", context.Context(traceparent=TRACE)) as carried:
        assert carried.traceparent == TRACE


def test_with_a_collector_a_span_stands_under_the_incoming_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", provider.get_tracer("test"))

    with tracing.span("cartella.get_cartella", context.Context(traceparent=TRACE)) as carried:
        pass

    (span,) = exporter.get_finished_spans()
    assert span.name == "cartella.get_cartella"
    assert (
        trace.format_trace_id(span.context.trace_id)
        == TRACE.split("-")[1]
        == carried.traceparent.split("-")[1]
    )
    assert span.parent is not None
    assert trace.format_span_id(span.parent.span_id) == TRACE.split("-")[2]
    assert carried.traceparent != TRACE
