"""What one test run makes on the stack: databases, a virtual host, buckets, service processes; all dropped at its end.

Migrating costs seconds, so a migrated database is kept on the stack as a template, named by the hash of the sources
that made it; a test's database is a copy of it.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from sisolocal import environment
from sisolocal.layout import EVERYBODY, Layout, repository_root
from sisolocal.postgres_roles import (
    create_database,
    create_notaio,
    drop_database,
    prepare_database,
    with_database,
)
from sisolocal.roles import program
from sisolocal.testprocess import RunningService, chassis, child_environment, free_port, wait_until_ready
from sisolocal.teststack import Stack


@dataclass(frozen=True)
class PgUrls:
    """One database seen by its roles (`postgresql://…`); `notaio` is the gateway's alone."""

    app: str
    migrator: str
    admin: str
    notaio: str = ""


@dataclass(frozen=True)
class S3Bucket:
    """A bucket and the keys that open it. `endpoint` is `host:port`, plain HTTP."""

    endpoint: str
    access_key: str
    secret_key: str
    bucket: str


@dataclass(frozen=True)
class MandatoKeys:
    private_key_file: Path
    public_key_file: Path
    files: dict[str, Path] = field(default_factory=dict)


def make_mandato_keys(folder: Path) -> MandatoKeys:
    """A new Ed25519 pair as PEM files."""
    from sisolocal.credentials import ensure_key_files

    files = ensure_key_files(Layout(folder, "keys"))
    return MandatoKeys(files["private"], files["public"], files)


class Mailbox:
    """The messages the mail server of the stack has taken."""

    def __init__(self, url: str) -> None:
        self._url = url

    def messages(self) -> list[dict[str, Any]]:
        """Newest first: `{id, from, to, recipients, subject, date, text, html}`."""
        with urllib.request.urlopen(f"{self._url}/messages.json", timeout=5) as answer:
            return list(json.load(answer))

    def empty(self) -> None:
        request = urllib.request.Request(f"{self._url}/messages", method="DELETE")
        with urllib.request.urlopen(request, timeout=5):
            pass


class TestRun:
    """Everything of one run, made when first asked for."""

    __test__ = False  # not a test class

    def __init__(self, stack: Stack, suffix: str, folder: Path) -> None:
        self.stack = stack
        self.suffix = suffix
        self.folder = folder
        self.keys = make_mandato_keys(folder)
        self._databases: list[str] = []
        self._by_service: dict[str, PgUrls] = {}
        self._mongo: dict[str, str] = {}
        self._buckets: list[S3Bucket] = []
        self._number = 0

    # PostgreSQL

    def pg_database(self, service: str, *, fresh: bool = False, migrated: bool = True) -> PgUrls:
        """The database of `service` for this run; another one with `fresh`, an empty one without `migrated`."""
        if not fresh and migrated and service in self._by_service:
            return self._by_service[service]
        self._number += 1
        name = f"t_{service}_{self.suffix}_{self._number}"
        if migrated:
            self._copy(service, self._template(service), name)
        else:
            create_database(self.stack.postgres_admin_url, service, name)
        self._databases.append(name)
        urls = self._urls(service, name)
        if not fresh and migrated:
            self._by_service[service] = urls
        return urls

    def _urls(self, service: str, database: str) -> PgUrls:
        return PgUrls(
            self.stack.postgres_url(service, "app", database),
            self.stack.postgres_url(service, "migrator", database),
            with_database(self.stack.postgres_admin_url, database),
            self.stack.postgres_url(service, "notaio", database) if service == "gateway" else "",
        )

    def _template(self, service: str) -> str:
        """The migrated template of the service, made now if the sources changed since."""
        name = f"tpl_{service}_{source_hash(service)}"
        with psycopg.connect(self.stack.postgres_admin_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [f"siso-template-{service}"])
            templates = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"tpl_{service}_%"]
            ).fetchall()
            present = [row[0] for row in templates]
            if name not in present:
                partial = f"tmp_{name}"
                for old in [*present, partial]:
                    drop_database(self.stack.postgres_admin_url, old)
                if service == "gateway":  # the stack may have been started before there was one
                    create_notaio(connection, self.stack.credentials["pg_gateway_notaio"])
                create_database(self.stack.postgres_admin_url, service, partial)
                self._migrate(service, self._sql_env(service, self._urls(service, partial)))
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                connection.execute(rename.format(sql.Identifier(partial), sql.Identifier(name)))
        return name

    def _copy(self, service: str, template: str, name: str) -> None:
        with psycopg.connect(self.stack.postgres_admin_url, autocommit=True) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [f"siso-template-{service}"])
            names = [sql.Identifier(one) for one in (name, f"{service}_migrator", template)]
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))
        prepare_database(self.stack.postgres_admin_url, service, name)

    # MongoDB

    def mongo_database(self, service: str, *, fresh: bool = False, migrated: bool = True) -> str:
        """The URL of the MongoDB database of `service` for this run."""
        if not fresh and migrated and service in self._mongo:
            return self._mongo[service]
        self._number += 1
        url = self.stack.mongo_url(f"t_{service}_{self.suffix}_{self._number}")
        if migrated:
            self._migrate(service, self._common() | {f"{service.upper()}_MONGO_URL": url})
        if not fresh and migrated:
            self._mongo[service] = url
        return url

    def _migrate(self, service: str, env: dict[str, str]) -> None:
        chassis("migrate", service, env=env)

    # Broker

    @cached_property
    def vhost(self) -> str:
        name = f"t_{self.suffix}"
        self.stack.broker.create_vhost(name)
        return name

    @property
    def amqp_url(self) -> str:
        return self.stack.amqp_url(self.vhost)

    @cached_property
    def topology(self) -> bool:
        """Declared once a run, by the administrator."""
        chassis("topology", env=self._common() | {"SISO_AMQP_ADMIN_URL": self.amqp_url})
        return True

    # Object store

    def make_bucket(self) -> S3Bucket:
        self._number += 1
        s3 = self.stack.s3
        bucket = S3Bucket(s3.endpoint, s3.access_key, s3.secret_key, f"t-{self.suffix}-{self._number}")
        s3_client(bucket).make_bucket(bucket.bucket)
        self._buckets.append(bucket)
        return bucket

    def drop_bucket(self, bucket: S3Bucket) -> None:
        """Remove the bucket and what is in it, versions included."""
        from minio.deleteobjects import DeleteObject

        client = s3_client(bucket)
        found = client.list_objects(bucket.bucket, recursive=True, include_version=True)
        doomed = [DeleteObject(str(one.object_name), one.version_id) for one in found]
        list(client.remove_objects(bucket.bucket, doomed))
        client.remove_bucket(bucket.bucket)
        self._buckets.remove(bucket)

    @cached_property
    def _service_buckets(self) -> dict[str, S3Bucket]:
        return {service: self.make_bucket() for service in environment.S3_USERS}

    # Processes

    def _common(self) -> dict[str, str]:
        return {
            "SISO_ENV": "test",
            "SISO_MANDATO_PUBLIC_KEY_FILE": str(self.keys.public_key_file),
            "SISO_NOTAIO_PUBLIC_KEY_FILE": str(self.keys.files["notaio_public"]),
        }

    def _sql_env(self, service: str, urls: PgUrls) -> dict[str, str]:
        prefix = service.upper()
        secret = {"REPORT_PSEUDONYM_KEY": "0123456789abcdef" * 4} if service == "report" else {}
        return (
            self._common()
            | secret
            | {
                f"{prefix}_DATABASE_URL": environment.sqlalchemy_url(urls.app),
                f"{prefix}_MIGRATION_URL": environment.sqlalchemy_url(urls.migrator),
            }
        )

    def service_env(self, service: str) -> dict[str, str]:
        """The environment of a process of `service` (or `gateway`) on the databases of this run."""
        prefix = service.upper()
        env = self._common() | {f"{prefix}_AMQP_URL": self.stack.amqp_url(self.vhost, service)}
        if service == "cartella":
            env["CARTELLA_MONGO_URL"] = self.mongo_database(service)
        else:
            env |= self._sql_env(service, self.pg_database(service))
        if service in environment.S3_USERS:
            bucket = self._service_buckets[service]
            env |= environment.s3(
                service, bucket.endpoint, bucket.access_key, bucket.secret_key, bucket.bucket
            )
        if service == "notifiche":
            env |= environment.mail(self.stack.smtp_host, self.stack.smtp_port, "http://127.0.0.1:1")
        if service == "gateway":
            secret = self.folder / "gateway_secret"
            secret.write_text("0123456789abcdef" * 4)
            env["GATEWAY_MANDATO_PRIVATE_KEY_FILE"] = str(self.keys.private_key_file)
            env |= {"GATEWAY_SECRET_FILE": str(secret), "GATEWAY_DEV_LOGIN": "true"}
            env |= environment.notaio(self.keys.files, self.pg_database(service).notaio)
        assert self.topology
        return env

    def full_env(self) -> dict[str, str]:
        """The environment of everybody together (a relay of several services)."""
        env: dict[str, str] = {"SISO_AMQP_ADMIN_URL": self.amqp_url}
        for service in EVERYBODY:
            env |= self.service_env(service)
        return env

    def start_service(self, service: str, role: str, extra: dict[str, str] | None = None) -> RunningService:
        """`chassis run <service> --role <role>` (role `relay`: `chassis relay <service>`), returned when ready."""
        port = free_port()
        env = child_environment(self.service_env(service) | {"HEALTH_PORT": str(port)} | (extra or {}))
        self._number += 1
        log = self.folder / f"{service}-{role}-{self._number}.log"
        words = ["relay", service] if role == "relay" else ["run", service, "--role", role]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [program("chassis"), *words], env=env, stdout=output, stderr=subprocess.STDOUT
            )
        running = RunningService(process, f"http://127.0.0.1:{port}/health/ready", log)
        wait_until_ready(running)
        return running

    def close(self) -> None:
        """Drop what was made. What cannot be dropped is left to the next fresh start of the stack."""
        for bucket in list(self._buckets):
            with suppress(Exception):
                self.drop_bucket(bucket)
        for name in self._databases:
            with suppress(psycopg.Error):
                drop_database(self.stack.postgres_admin_url, name)
        if "vhost" in self.__dict__:
            with suppress(Exception):
                self.stack.broker.drop_vhost(self.vhost)


def s3_client(bucket: S3Bucket) -> Any:
    """A minio client for the bucket."""
    from minio import Minio

    return Minio(
        bucket.endpoint,
        access_key=bucket.access_key,
        secret_key=bucket.secret_key,
        secure=False,
        region="us-east-1",
    )


def source_hash(service: str) -> str:
    """Changes whenever the service's or the chassis's sources change."""
    root = repository_root()
    home = root / "gateway" if service == "gateway" else root / "services" / service
    digest = hashlib.sha256()
    for folder in (home / "src", root / "libs" / "chassis" / "src", root / "deploy" / "postgres"):
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".sql"):
                digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()[:12]
