"""The stack tests run on: addresses from the environment, else Docker, else private local processes.

Whatever it is, tests see the same `Stack`. Databases, buckets and virtual hosts get a suffix of the run, so that two
runs on one stack do not meet.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit, urlunsplit

from sisolocal.broker_users import ADMIN
from sisolocal.credentials import Credentials
from sisolocal.errors import SisoError
from sisolocal.infra import Infra, locked
from sisolocal.layout import SQL_OWNERS, Layout
from sisolocal.postgres_roles import create_notaio, create_roles

NAME = "test"


class Broker(Protocol):
    """Virtual hosts of a broker, and the URL of a user on one of them."""

    def url(self, user: str, vhost: str) -> str: ...
    def create_vhost(self, vhost: str) -> None: ...
    def drop_vhost(self, vhost: str) -> None: ...


@dataclass(frozen=True)
class S3Address:
    """An S3 server seen by its administrator. `endpoint` is `host:port`, plain HTTP."""

    endpoint: str
    access_key: str
    secret_key: str


@dataclass
class Stack:
    """Addresses of the running stores. `kind`: `environment`, `docker` or `local`."""

    kind: str
    postgres_admin_url: str
    mongo_base_url: str
    broker: Broker
    s3: S3Address
    smtp_host: str
    smtp_port: int
    mailbox_url: str
    credentials: Credentials
    close: Callable[[], None] = lambda: None

    def amqp_url(self, vhost: str, user: str = ADMIN) -> str:
        return self.broker.url(user, vhost)

    def postgres_url(self, service: str, role: str, database: str) -> str:
        """The URL of `<service>_<role>` on a database."""
        parts = urlsplit(self.postgres_admin_url)
        user = f"{service}_{role}"
        host = parts.netloc.rpartition("@")[2]
        netloc = f"{user}:{self.credentials[f'pg_{user}']}@{host}"
        return urlunsplit(parts._replace(netloc=netloc, path=f"/{database}"))

    def mongo_url(self, database: str) -> str:
        return urlunsplit(urlsplit(self.mongo_base_url)._replace(path=f"/{database}"))


def choose() -> str:
    """Which stack this run will use. Asks a Docker engine only where there seems to be one, for a second at most."""
    if any(os.environ.get(name) for name in ENVIRONMENT_NAMES):
        return "environment"
    if os.environ.get("DOCKER_HOST") or os.path.exists("/var/run/docker.sock"):
        import docker

        try:
            docker.from_env(timeout=1).ping()
            return "docker"
        except Exception:
            return "local"
    return "local"


ENVIRONMENT_NAMES = (
    "SISO_TEST_POSTGRES_URL",
    "SISO_TEST_AMQP_URL",
    "SISO_TEST_MONGO_URL",
    "SISO_TEST_S3_ENDPOINT",
)


def open_stack(kind: str) -> Stack:
    """Bring the chosen stack up (or find it running)."""
    if kind == "environment":
        return _from_environment()
    if kind == "docker":
        from sisolocal.teststack_docker import open_docker_stack

        return open_docker_stack()
    return open_local_stack()


def open_local_stack(name: str = NAME) -> Stack:
    """Local processes under `.siso/<name>`, started unless they run already. A fresh start begins with empty stores."""
    layout = Layout.of(name)
    with locked(layout, wait=True):
        infra = Infra(layout, durable=False)
        if not any(store.pid for store in infra.stores):
            infra.stop()
            infra.erase()
            infra = Infra(layout, durable=False)
        infra.ensure()
    s3 = S3Address(infra.s3.address, infra.s3.access_key("admin"), infra.s3.secret_key("admin"))
    return Stack(
        "local", infra.postgres.admin_url, infra.mongo.url(""), infra.rabbitmq, s3, "127.0.0.1", infra.ports["smtp"],
        infra.mail.mailbox_url, infra.credentials,
    )  # fmt: skip


def local_mail(layout: Layout) -> Infra:
    """Only the mail server: the other two kinds of stack have none."""
    infra = Infra(layout, durable=False)
    with locked(layout, wait=True):
        if not infra.mail.works():
            infra.mail.stop()
            infra.mail.start()
    return infra


def ensure_roles(stack_admin_url: str, credentials: Credentials) -> None:
    """The roles of all services on a server that has none."""
    import psycopg

    with psycopg.connect(stack_admin_url, autocommit=True) as connection:
        for service in SQL_OWNERS:
            pair = (credentials[f"pg_{service}_migrator"], credentials[f"pg_{service}_app"])
            create_roles(connection, service, *pair)
        create_notaio(connection, credentials["pg_gateway_notaio"])


class GivenBroker:
    """A broker of which only one URL is known: no virtual host of our own, everybody is the given user."""

    def __init__(self, url: str) -> None:
        self._url = url

    def url(self, user: str, vhost: str) -> str:
        return self._url

    def create_vhost(self, vhost: str) -> None:
        """Not ours to make."""

    def drop_vhost(self, vhost: str) -> None:
        """Not ours to drop."""


def _from_environment() -> Stack:
    missing = [name for name in ENVIRONMENT_NAMES if not os.environ.get(name)]
    if missing:
        raise SisoError(f"Per usare server esterni nei test servono anche: {', '.join(missing)}")
    layout = Layout.of("test-ambiente")
    infra = local_mail(layout)
    postgres_url = os.environ["SISO_TEST_POSTGRES_URL"]
    ensure_roles(postgres_url, infra.credentials)
    keys = (os.environ.get("SISO_TEST_S3_ACCESS_KEY", ""), os.environ.get("SISO_TEST_S3_SECRET_KEY", ""))
    amqp_url = os.environ["SISO_TEST_AMQP_URL"]
    management = os.environ.get("SISO_TEST_AMQP_MANAGEMENT_URL")
    broker: Broker = GivenBroker(amqp_url)
    if management:
        from sisolocal.teststack_docker import ManagedBroker

        broker = ManagedBroker(amqp_url, management, infra.credentials)
    return Stack(
        "environment", postgres_url, os.environ["SISO_TEST_MONGO_URL"], broker,
        S3Address(os.environ["SISO_TEST_S3_ENDPOINT"], *keys), "127.0.0.1", infra.ports["smtp"], infra.mail.mailbox_url,
        infra.credentials, infra.mail.stop,
    )  # fmt: skip
