"""What a service is made of: `resource`, `rpc`, `on_event`, `every`. The only door to nameko (ADR 0003)."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, get_type_hints

import structlog
from nameko.extensions import DependencyProvider, register_entrypoint
from nameko.timer import Timer
from pydantic import BaseModel, ValidationError

from chassis import context, mandate, tracing
from chassis.amqp import EventHandler, SafeRpc
from chassis.health import HEALTH
from chassis.metrics import WORK
from chassis.outbox import RetryLater, Transient, new_id
from contracts.errors import Conflict, DomainError, Invalid
from contracts.events import Envelope, Event
from contracts.messaggi import field_messages

__all__ = ["RetryLater", "Transient", "every", "in_thread", "on_event", "resource", "rpc"]

log = structlog.get_logger()
TRIES = 6


class resource(DependencyProvider):
    """Something a service holds while it runs: `db = resource(SqlDatabase)`.

    `factory(settings)` gives an object; its `ping()` joins the readiness check, its `close()` is called at the end.
    """

    def __init__(self, factory: Callable[[Any], Any]) -> None:
        self.factory = factory
        self.value: Any = None

    def setup(self) -> None:
        self.value = self.factory(self.container.config["settings"])
        if hasattr(self.value, "ping"):
            HEALTH.pings[self.attr_name] = self.value.ping

    def stop(self) -> None:
        if hasattr(self.value, "close"):
            self.value.close()

    def get_dependency(self, worker_ctx: Any) -> Any:
        return self.value


def rpc(method: Callable[..., BaseModel]) -> Any:
    """Publishes `method(self, request: Model, mandato: Mandato) -> Model` as an RPC.

    The request is validated into its model, the mandate verified for this service, the reply dumped. DomainErrors
    travel to the caller. A `Transient` runs the whole unit of work again: nothing of it was kept.
    """
    hints = get_type_hints(method)
    request_model = next(hints[name] for name in hints if name not in ("return", "mandato"))
    name = method.__name__

    def handle(self: Any, request: Any = None, headers: Any = None) -> Any:
        with _unit_of_work(self.name, "rpc", name, context.from_headers(headers)):
            _refuse_nul(request)
            arguments: list[Any] = [_validated(request_model, request)]
            mandato = mandate.verify(str(headers.get("mandato", "")), self.name, _public_key(), _notaio_key())
            context.set_actor(str(mandato.operatore_id))
            if "mandato" in hints:
                arguments.append(mandato)
            return _retrying(lambda: method(self, *arguments)).model_dump(mode="json")

    return _register(handle, method, SafeRpc(expected_exceptions=(DomainError,)))


def on_event(event_type: type[Event]) -> Callable[[Callable[..., None]], Any]:
    """Handles an event: `method(self, event, tx)`. Inbox row, effect and new events are one transaction."""

    def decorate(method: Callable[..., None]) -> Any:
        name = method.__name__

        def handle(self: Any, body: Any) -> None:
            envelope = _envelope(body)
            now = context.Context(
                envelope.correlationid, str(envelope.id), envelope.actorid, envelope.traceparent
            )
            with _unit_of_work(self.name, "event", name, now, event_id=str(envelope.id)):
                event = _validated(event_type, envelope.data)
                _retrying(lambda: _once(self, method, event, envelope))

        return _register(
            handle, method, EventHandler(event_type, expected_exceptions=(DomainError, RetryLater))
        )

    return decorate


def every(seconds: float) -> Callable[[Callable[[Any], None]], Any]:
    """Runs `method(self)` in the events role, again `seconds` after it ended. A failure is logged."""

    def decorate(method: Callable[[Any], None]) -> Any:
        def handle(self: Any) -> None:
            try:
                with _unit_of_work(
                    self.name, "timer", method.__name__, context.Context(str(new_id())), quiet=True
                ):
                    method(self)
            except Exception:  # logged by the unit of work; a timer must go on
                return

        return _register(handle, method, Timer(interval=seconds))

    return decorate


def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    """Runs C code or long computation in a real thread, so that green threads go on (nameko's loop is one thread)."""
    import eventlet.patcher
    from eventlet import tpool

    if not eventlet.patcher.is_monkey_patched("socket"):
        return function(*args)
    return tpool.execute(function, *args)


def _once(service: Any, method: Callable[..., None], event: Any, envelope: Envelope) -> None:
    with service.db.transaction(envelope) as tx:
        if tx.first_time(method.__name__):
            method(service, event, tx)


def _retrying(work: Callable[[], Any]) -> Any:
    for attempt in range(TRIES):
        try:
            return work()
        except Transient:
            time.sleep(random.uniform(0, 0.01 * 2**attempt))
    raise Conflict("scrittura.concorrente", "Qualcun altro sta modificando gli stessi dati: riprova.")


@contextmanager
def _unit_of_work(
    service: str, kind: str, name: str, now: context.Context, *, quiet: bool = False, **fields: str
) -> Iterator[None]:
    """Context, span, metric and the one canonical line of a unit of work."""
    started, outcome = time.perf_counter(), "ok"
    with tracing.span(f"{service}.{name}", now) as carried, context.bound(carried, **fields):
        try:
            yield
        except DomainError as error:
            outcome = error.code
            raise
        except RetryLater:
            outcome = "retry"
            raise
        except Exception:
            outcome = "error"
            log.exception("unit_of_work_failed", kind=kind, name=name)
            raise
        finally:
            seconds = time.perf_counter() - started
            WORK.labels(service, kind, name, "ok" if outcome == "ok" else "refused").observe(seconds)
            if not (quiet and outcome == "ok"):
                log.info(kind, name=name, outcome=outcome, ms=round(seconds * 1000, 1))


def _envelope(body: Any) -> Envelope:
    try:
        return Envelope.model_validate(body)
    except ValidationError as error:
        raise Invalid("evento.non_valido", "La busta dell'evento non è valida.") from error


def _validated(model: Any, data: Any) -> Any:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        fields = field_messages(error.errors())
        raise Invalid("richiesta.non_valida", "Alcuni dati non sono validi.", fields=fields) from error


def _refuse_nul(request: Any) -> None:
    """Invalid, by field, where a text holds NUL: PostgreSQL cannot keep it, a PDF cannot print it."""
    if fields := dict.fromkeys(_with_nul(request, ""), "Contiene un carattere non ammesso."):
        raise Invalid("richiesta.non_valida", "Alcuni dati non sono validi.", fields=fields)


def _with_nul(data: Any, path: str) -> Iterator[str]:
    if isinstance(data, str):
        if "\0" in data:
            yield path
    elif isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _with_nul(value, f"{path}.{key}" if path else str(key))


def _public_key() -> Any:
    path = SETTINGS.mandato_public_key_file if SETTINGS else None
    if path is None:
        raise RuntimeError("SISO_MANDATO_PUBLIC_KEY_FILE is not set: no request can be verified")
    return mandate.load_public_key(path)


def _notaio_key() -> Any:
    """None where there is none: what the notaio asks is then refused, and his rules wait."""
    path = SETTINGS.notaio_public_key_file if SETTINGS else None
    return mandate.load_public_key(path) if path is not None and path.exists() else None


def _register(handle: Any, method: Any, entrypoint: Any) -> Any:
    handle.__name__, handle.__doc__, handle.__module__ = method.__name__, method.__doc__, method.__module__
    handle.__qualname__ = method.__qualname__
    register_entrypoint(handle, entrypoint)
    return handle


SETTINGS: Any = None
"""Settings of this process, set once by the runner."""
