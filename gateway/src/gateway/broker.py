"""A connection to RabbitMQ that keeps trying: at start as after a restart of the broker."""

from aio_pika import RobustConnection
from aio_pika.connection import make_url

RECONNECT_SECONDS = 1


def make_connection(url: str) -> RobustConnection:
    """Not connected yet: `await connection.connect()` waits until the broker is there. Closing it ends the trying,
    so keep the object before connecting. Call inside the running loop."""
    full = make_url(url, reconnect_interval=RECONNECT_SECONDS, fail_fast=0, heartbeat=15)
    return RobustConnection(full)
