"""The environment of each process: what it may know and nothing else.

`full()` is everything, written to `.siso/<name>/env` for commands that act for all services; `of(owner)` is the share
of the processes of one service.
"""

from __future__ import annotations

from pathlib import Path

from sisolocal import spid
from sisolocal.infra import Infra
from sisolocal.layout import EVERYBODY, write_private

S3_USERS = ("documenti", "report")


def common(infra: Infra) -> dict[str, str]:
    """What every process knows."""
    return {
        "SISO_ENV": "demo",
        "SISO_MANDATO_PUBLIC_KEY_FILE": str(infra.keys["public"]),
        "SISO_NOTAIO_PUBLIC_KEY_FILE": str(infra.keys["notaio_public"]),
        "PYTHONUNBUFFERED": "1",
    }


def of(infra: Infra, owner: str) -> dict[str, str]:
    """The environment of the processes of one service, or of the gateway."""
    prefix = owner.upper()
    env = common(infra) | {f"{prefix}_AMQP_URL": infra.rabbitmq.url(owner)}
    if owner == "cartella":
        env["CARTELLA_MONGO_URL"] = infra.mongo.url()
    else:
        env[f"{prefix}_DATABASE_URL"] = sqlalchemy_url(infra.postgres.role_url(owner, "app"))
        env[f"{prefix}_MIGRATION_URL"] = sqlalchemy_url(infra.postgres.role_url(owner, "migrator"))
    if owner in S3_USERS:
        env |= s3(owner, infra.s3.address, infra.s3.access_key(owner), infra.s3.secret_key(owner), owner)
    if owner == "report":
        env["REPORT_PSEUDONYM_KEY"] = infra.credentials["report_pseudonym_key"]
    if owner == "notifiche":
        env |= mail("127.0.0.1", infra.ports["smtp"], f"http://127.0.0.1:{infra.ports['gateway']}")
    if owner == "gateway":
        env |= {
            "GATEWAY_MANDATO_PRIVATE_KEY_FILE": str(infra.keys["private"]),
            "GATEWAY_SECRET_FILE": str(infra.keys["secret"]),
            "GATEWAY_STATIC_DIR": str(infra.layout.root / "gateway" / "src" / "gateway" / "static"),
            "GATEWAY_DEV_LOGIN": "true",
        }
        env |= spid.gateway_environment(infra)
    return env


def notaio(keys: dict[str, Path], url: str) -> dict[str, str]:
    """The keys of the seals of the access log, and their keeper's own: never for the process that answers."""
    return {
        "GATEWAY_NOTAIO_URL": sqlalchemy_url(url),
        "GATEWAY_NOTAIO_MANDATO_KEY_FILE": str(keys["notaio"]),
        "GATEWAY_SIGILLI_KEY_FILE": str(keys["sigilli"]),
        "GATEWAY_SIGILLI_PUBLIC_KEY_FILE": str(keys["sigilli_public"]),
    }


def sqlalchemy_url(url: str) -> str:
    """With the driver named: SQLAlchemy 2.1 would take psycopg 3, which blocks under eventlet."""
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def s3(owner: str, endpoint: str, access_key: str, secret_key: str, bucket: str) -> dict[str, str]:
    """The object store as `host:port`, over plain HTTP on the loopback."""
    prefix = owner.upper()
    return {
        f"{prefix}_S3_ENDPOINT": endpoint,
        f"{prefix}_S3_ACCESS_KEY": access_key,
        f"{prefix}_S3_SECRET_KEY": secret_key,
        f"{prefix}_S3_BUCKET": bucket,
        f"{prefix}_S3_SECURE": "false",
    }


def mail(host: str, port: int, base_url: str) -> dict[str, str]:
    """Where notifiche sends mail, and the address its links point at."""
    return {
        "NOTIFICHE_SMTP_HOST": host,
        "NOTIFICHE_SMTP_PORT": str(port),
        "NOTIFICHE_MAIL_FROM": "cartella-sociale@example.org",
        "NOTIFICHE_BASE_URL": base_url,
    }


def full(infra: Infra) -> dict[str, str]:
    """Everything, the administrator of the broker (topology, dead queues) and the addresses for people."""
    env: dict[str, str] = {}
    for owner in EVERYBODY:
        env |= of(infra, owner)
    env |= notaio(infra.keys, infra.postgres.role_url("gateway", "notaio"))
    return env | {
        "SISO_AMQP_ADMIN_URL": infra.rabbitmq.admin_url,
        "SISO_BASE_URL": f"http://127.0.0.1:{infra.ports['gateway']}",
        "SISO_MAILBOX_URL": infra.mail.mailbox_url,
        "SISO_IDP_URL": spid.idp_url(infra),
    }


def write(infra: Infra, env: dict[str, str]) -> None:
    """Keep the environment in `.siso/<name>/env`, readable by its owner alone."""
    write_private(infra.layout.env_file, "".join(f"{key}={value}\n" for key, value in sorted(env.items())))


def read(infra_env_file: str) -> dict[str, str]:
    """The environment written by `write`."""
    with open(infra_env_file, encoding="utf-8") as lines:
        return dict(line.rstrip("\n").split("=", 1) for line in lines if "=" in line)
