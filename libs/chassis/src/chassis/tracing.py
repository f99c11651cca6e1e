"""OpenTelemetry: spans around units of work, W3C context through RPC headers and event envelopes.

Without a collector configured nothing is exported and nothing is paid. OTLP over HTTP: the gRPC client's C threads
do not know eventlet.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from chassis import context

_tracer: Any = None


def configure(endpoint: str, service: str) -> None:
    """Starts exporting to `endpoint` (the collector's base address); does nothing when it is empty."""
    global _tracer
    if not endpoint:
        return
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
    # Short time-out: with the collector away the exporter would hold a stopping process for 30 s.
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=2)))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("chassis")


@contextmanager
def span(name: str, now: context.Context) -> Iterator[context.Context]:
    """A span under the incoming trace; yields the context to carry on (its `traceparent` names this span)."""
    if _tracer is None:
        yield now
        return
    from opentelemetry.propagate import extract, inject

    parent = extract({"traceparent": now.traceparent}) if now.traceparent else None
    with _tracer.start_as_current_span(name, context=parent):
        carrier: dict[str, str] = {}
        inject(carrier)
        yield replace(now, traceparent=carrier.get("traceparent", ""))
