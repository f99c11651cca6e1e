"""What stock nameko does that loses data or dies, undone (ADR 0003; each point was seen to happen).

- a failing or undecodable event is acked and gone → retry ladder, dead queue;
- a reply that cannot be sent ends the process → logged, acked;
- one pool of workers for RPC and events → a process has one role;
- a frozen broker is not noticed → each turn of the consumer is stamped.
"""

import time
from functools import partial
from typing import Any

import structlog
from amqp.exceptions import AMQPError, MessageNacked
from kombu.entity import Queue
from kombu.exceptions import KombuError
from nameko.amqp.publish import Publisher, UndeliverableMessage
from nameko.containers import ServiceContainer
from nameko.extensions import iter_extensions
from nameko.messaging import Consumer, QueueConsumer
from nameko.rpc import Responder, Rpc, RpcConsumer, get_rpc_exchange
from nameko.timer import Timer

from chassis.health import HEALTH
from chassis.metrics import EVENTS_FAILED
from chassis.topology import LADDER, dead_queue, retry_exchange
from contracts.consumers import queue_of
from contracts.errors import DomainError
from contracts.events import Event

log = structlog.get_logger()
NOT_PUBLISHED = (OSError, AMQPError, MessageNacked, KombuError, UndeliverableMessage)


class StampedQueueConsumer(QueueConsumer):
    """A connection of its own; says on each turn that it lives."""

    def on_iteration(self) -> None:
        HEALTH.stamp(type(self).__name__)
        super().on_iteration()


class EventQueueConsumer(StampedQueueConsumer):
    """Connection for events; what cannot be decoded is dead-lettered, not acked away."""

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        log.error(
            "event_undecodable", queue=message.delivery_info.get("routing_key"), error=type(exc).__name__
        )
        message.reject(requeue=False)


class EventHandler(Consumer):
    """Consumes one event queue; a failure is parked on the ladder with a confirm, and only then acked."""

    queue_consumer = EventQueueConsumer()

    def __init__(self, event_type: type[Event], **kwargs: Any) -> None:
        super().__init__(queue=None, **kwargs)
        self.event_type = event_type

    def setup(self) -> None:
        self.queue_name = queue_of(self.container.service_name, self.event_type)
        self.queue = Queue(self.queue_name, no_declare=True)  # type: ignore[no-untyped-call]
        self.publisher = Publisher(self.container.config["AMQP_URI"], mandatory=True)
        super().setup()

    def handle_result(
        self, message: Any, worker_ctx: Any, result: Any = None, exc_info: Any = None
    ) -> tuple[Any, Any]:
        if exc_info is None:
            self.queue_consumer.ack_message(message)
            return result, exc_info
        try:
            self._park(message, exc_info[1])
        except NOT_PUBLISHED as error:
            log.warning("event_not_parked", queue=self.queue_name, error=type(error).__name__)
            time.sleep(1)
            self.queue_consumer.requeue_message(message)
        else:
            self.queue_consumer.ack_message(message)
        return result, exc_info

    def _park(self, message: Any, error: BaseException) -> None:
        headers = dict(message.headers or {})
        attempt = int(headers.get("x-attempt", 0))
        status = error.status if isinstance(error, DomainError) else 0
        service = self.container.service_name
        if status == 503:  # a store is away: wait for it as long as it takes, without using up the ladder
            attempt = min(attempt, 1)
        dead = status == 400 or attempt >= len(LADDER)
        exchange = dead_queue(service) if dead else retry_exchange(service, LADDER[attempt])
        EVENTS_FAILED.labels(service, self.queue_name, exchange).inc()
        log.warning("event_failed", queue=self.queue_name, attempt=attempt, dead=dead, exc_info=error)
        self.publisher.publish(
            message.body,
            exchange=exchange,
            routing_key=self.queue_name,
            extra_headers=headers
            | {
                "x-attempt": attempt + 1,
                "x-queue": self.queue_name,
                "x-error": f"{type(error).__name__}: {error}"[:500],
            },
            content_type=message.content_type,
            content_encoding=message.content_encoding,
            serializer=None,
        )


class QuickPublisher(Publisher):
    """Replies need no disk and no confirm: the caller times out and asks again."""

    use_confirms = False
    delivery_mode = 1

    @property
    def transport_options(self) -> dict[str, Any]:
        # nameko mutates a dict shared by the class; a copy keeps confirms of other publishers on.
        return dict(super().transport_options)


class QuickResponder(Responder):
    publisher_cls = QuickPublisher


class SafeRpcConsumer(RpcConsumer):
    """Answers requests; a reply nobody can be given is logged, not fatal."""

    queue_consumer = StampedQueueConsumer()

    def handle_result(self, message: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
        config = self.container.config
        try:
            responder = QuickResponder(config["AMQP_URI"], get_rpc_exchange(config), "json", message)
            result, exc_info = responder.send_response(result, exc_info)
        except Exception as error:  # whatever it is, the caller is gone and this process must live
            log.warning("reply_not_sent", error=type(error).__name__)
            result, exc_info = None, exc_info
        self.queue_consumer.ack_message(message)
        return result, exc_info


class SafeRpc(Rpc):
    """RPC entrypoint: the method gets the request body and the headers of the message."""

    rpc_consumer = SafeRpcConsumer()

    def handle_message(self, body: Any, message: Any) -> None:
        kwargs = {
            "request": body.get("kwargs", {}).get("request", {}),
            "headers": self.unpack_message_headers(message),
        }
        self.container.spawn_worker(
            self,
            (),
            kwargs,
            context_data=kwargs["headers"],
            handle_result=partial(self.handle_result, message),
        )


ROLES: dict[str, tuple[type, ...]] = {
    "rpc": (SafeRpc,),
    "events": (EventHandler, Timer),
    "all": (SafeRpc, EventHandler, Timer),
}


def container_for(role: str) -> type[ServiceContainer]:
    """Container that starts only the entrypoints of one role: slow events never keep an RPC waiting."""

    class RoleContainer(ServiceContainer):
        def __init__(self, service_cls: type, config: dict[str, Any]) -> None:
            super().__init__(service_cls, config)
            left_out = {e for e in self.entrypoints if not isinstance(e, ROLES[role])}
            self.entrypoints -= left_out
            self.subextensions.clear()
            for extension in (*self.entrypoints, *self.dependencies):
                self.subextensions.update(iter_extensions(extension))

    return RoleContainer
