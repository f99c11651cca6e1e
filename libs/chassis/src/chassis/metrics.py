"""Prometheus metrics of a process. Labels are names of the house, never ids or people."""

from prometheus_client import Counter, Gauge, Histogram

WORK = Histogram("siso_work_seconds", "Units of work", ["service", "kind", "name", "outcome"])
EVENTS_FAILED = Counter("siso_events_failed", "Deliveries that failed", ["service", "handler", "target"])
PUBLISHED = Counter("siso_outbox_published", "Events published with confirm", ["service"])
PUBLISH_FAILED = Counter("siso_outbox_publish_failed", "Publishes refused or returned", ["service"])
BACKLOG = Gauge("siso_outbox_backlog", "Events waiting to be published", ["service"])
BACKLOG_AGE = Gauge("siso_outbox_backlog_age_seconds", "Age of the oldest waiting event", ["service"])
SCHEDULED_CODE = Gauge("siso_scheduled_exit_code", "Exit code of the last scheduled run", ["command"])
SCHEDULED_AT = Gauge(
    "siso_scheduled_at_seconds", "When the last scheduled run ended (Unix time)", ["command"]
)
