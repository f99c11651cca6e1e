"""The stack of the tests on a Docker engine: the servers production runs, by testcontainers."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from sisolocal.broker_users import PEOPLE, definitions, grants, topic_grants
from sisolocal.credentials import Credentials
from sisolocal.layout import Layout
from sisolocal.teststack import S3Address, Stack, ensure_roles, local_mail

IMAGES = {
    "postgres": "postgres:17",
    "rabbitmq": "rabbitmq:4-management",
    "mongo": "mongo:8",
    "s3": "minio/minio:RELEASE.2025-09-07T16-13-09Z",
}


class ManagedBroker:
    """A broker whose management API makes users and virtual hosts."""

    def __init__(self, amqp_url: str, management_url: str, credentials: Credentials) -> None:
        self._amqp = urlsplit(amqp_url)
        self._management = urlsplit(management_url)
        self._credentials = credentials
        credentials.ensure(*(f"amqp_{user}" for user in PEOPLE))
        self._call(
            "POST", "definitions", definitions({user: credentials[f"amqp_{user}"] for user in PEOPLE}, [])
        )

    def url(self, user: str, vhost: str) -> str:
        host = self._amqp.netloc.rpartition("@")[2]
        netloc = f"{user}:{self._credentials[f'amqp_{user}']}@{host}"
        return urlunsplit(self._amqp._replace(netloc=netloc, path=f"/{vhost}"))

    def create_vhost(self, vhost: str) -> None:
        self._call("PUT", f"vhosts/{quote(vhost, safe='')}", {})
        rights = {"permissions": grants(vhost), "topic_permissions": topic_grants(vhost)}
        self._call("POST", "definitions", rights)

    def drop_vhost(self, vhost: str) -> None:
        self._call("DELETE", f"vhosts/{quote(vhost, safe='')}", None)

    def _call(self, method: str, path: str, body: Any) -> None:
        parts = self._management
        user = f"{parts.username or 'guest'}:{parts.password or 'guest'}"
        request = urllib.request.Request(
            f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/api/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Basic {b64encode(user.encode()).decode()}",
            },
        )
        with urllib.request.urlopen(request, timeout=10):
            pass


def open_docker_stack() -> Stack:
    """Start the four containers (testcontainers removes them when this process ends)."""
    from testcontainers.core.container import DockerContainer

    infra = local_mail(Layout.of("test-docker"))
    password = infra.credentials["docker_admin"]
    wanted = {
        "postgres": DockerContainer(IMAGES["postgres"])
        .with_env("POSTGRES_PASSWORD", password)
        .with_exposed_ports(5432)
        .with_command("postgres -c max_connections=250 -c fsync=off"),
        "rabbitmq": DockerContainer(IMAGES["rabbitmq"]).with_exposed_ports(5672, 15672),
        "mongo": DockerContainer(IMAGES["mongo"])
        .with_exposed_ports(27017)
        .with_command("--replSet rs0 --bind_ip_all"),
        "s3": DockerContainer(IMAGES["s3"])
        .with_env("MINIO_ROOT_USER", "siso")
        .with_env("MINIO_ROOT_PASSWORD", password)
        .with_exposed_ports(9000)
        .with_command("server /data"),
    }
    for container in wanted.values():
        container.start()

    def address(name: str, port: int) -> str:
        return f"{wanted[name].get_container_host_ip()}:{wanted[name].get_exposed_port(port)}"

    postgres_url = f"postgresql://postgres:{password}@{address('postgres', 5432)}/postgres"
    mongo_url = f"mongodb://{address('mongo', 27017)}/?directConnection=true&w=1&journal=true"
    amqp_url = f"amqp://guest:guest@{address('rabbitmq', 5672)}/%2F"
    management_url = f"http://guest:guest@{address('rabbitmq', 15672)}"
    _until_it_works(lambda: ensure_roles(postgres_url, infra.credentials))
    _until_it_works(lambda: _start_replica_set(mongo_url))
    brokers: list[ManagedBroker] = []
    _until_it_works(lambda: brokers.append(ManagedBroker(amqp_url, management_url, infra.credentials)))

    def close() -> None:
        for container in wanted.values():
            with suppress(Exception):
                container.stop()
        infra.mail.stop()

    return Stack(
        "docker", postgres_url, mongo_url, brokers[0], S3Address(address("s3", 9000), "siso", password), "127.0.0.1",
        infra.ports["smtp"], infra.mail.mailbox_url, infra.credentials, close,
    )  # fmt: skip


def _start_replica_set(url: str) -> None:
    import pymongo

    client: pymongo.MongoClient[dict[str, Any]]
    with pymongo.MongoClient(url, serverSelectionTimeoutMS=1000) as client:
        with suppress(pymongo.errors.OperationFailure):  # already initiated
            client.admin.command(
                "replSetInitiate", {"_id": "rs0", "members": [{"_id": 0, "host": "localhost:27017"}]}
            )
        if not client.admin.command("hello")["isWritablePrimary"]:
            raise RuntimeError("no primary yet")


def _until_it_works(action: Any, timeout: float = 90) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            action()
            return
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
