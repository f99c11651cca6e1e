#!/usr/bin/env python3
"""Makes what is missing among the secrets of `docker-compose.yml` and of the manifests; what exists stays.

    python3 deploy/make_secrets.py                                         files under deploy/secrets/ (git-ignored)
    python3 deploy/make_secrets.py --kubernetes | kubectl apply -f -       the same as Secrets

Standard library and `openssl` only. Each process mounts the files it needs under /run/secrets, and nothing else. A file
must be readable by the container's unprivileged user: its folder, not the file, keeps other people of this machine out.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "deploy" / "secrets"
sys.path.insert(0, str(ROOT / "deploy" / "local" / "src"))

from sisolocal.broker_users import ADMIN, PEOPLE, definitions  # noqa: E402 - the same rules as the local stack
from sisolocal.layout import EVERYBODY, SQL_OWNERS  # noqa: E402

VHOST = "siso"
S3_USERS = ("documenti", "report")


def keep(name: str, value: str) -> str:
    """The content of a secret file, made now if it is not there."""
    path = FOLDER / name
    if not path.exists():
        path.write_text(value)
        path.chmod(0o644)
    return path.read_text()


def password(name: str, length: int = 20) -> str:
    """Hex digits only: they pass through URLs, SQL and shells unharmed."""
    return keep(name, secrets.token_hex(length))


def openssl(*words: str) -> str:
    return subprocess.run(["openssl", *words], check=True, capture_output=True, text=True).stdout


def make_postgres() -> None:
    password("postgres_admin_password")
    for service in SQL_OWNERS:
        for role, name in (("app", "database"), ("migrator", "migration")):
            secret = password(f"{service}_{role}_password")
            keep(
                f"{service}_{name}_url",
                f"postgresql+psycopg2://{service}_{role}:{secret}@postgres:5432/{service}",
            )
    secret = password("gateway_notaio_password")
    keep("gateway_notaio_url", f"postgresql+psycopg2://gateway_notaio:{secret}@postgres:5432/gateway")


def make_mongo() -> None:
    password("mongo_admin_password")
    keep("mongo_keyfile", base64.b64encode(secrets.token_bytes(96)).decode())
    for role, name in (("app", "mongo"), ("migrator", "migration")):
        secret = password(f"cartella_{role}_password")
        options = "replicaSet=rs0&authSource=cartella&w=majority&journal=true"
        keep(f"cartella_{name}_url", f"mongodb://cartella_{role}:{secret}@mongodb:27017/cartella?{options}")


def make_broker() -> None:
    passwords = {user: password(f"{user}_amqp_password") for user in PEOPLE}
    for user in EVERYBODY:
        keep(f"{user}_amqp_url", f"amqp://{user}:{passwords[user]}@rabbitmq:5672/{VHOST}")
    keep("amqp_admin_url", f"amqp://{ADMIN}:{passwords[ADMIN]}@rabbitmq:5672/{VHOST}")
    keep("rabbitmq_definitions", json.dumps(definitions(passwords, [VHOST]), indent=1))


def make_store() -> None:
    keep("minio_root_user", "siso-admin")
    password("minio_root_password")
    for user in S3_USERS:
        keep(f"{user}_s3_access_key", user)
        password(f"{user}_s3_secret_key")
    password("seaweedfs_signing_key", 32)
    password("seaweedfs_sse_key", 32)
    keep("seaweedfs_identities", json.dumps({"identities": seaweedfs_identities()}, indent=1))


def seaweedfs_identities() -> list[dict[str, Any]]:
    """One identity per service, which reaches its own bucket only, and one of the administrator for copies."""
    actions = ("Admin", "Read", "Write", "List", "Tagging")
    reach = {user: [f"{action}:{user}" for action in actions] for user in S3_USERS} | {"siso-admin": actions}
    keys = {user: password(f"{user}_s3_secret_key") for user in S3_USERS}
    keys["siso-admin"] = password("seaweedfs_admin_secret_key")
    return [
        {"name": user, "credentials": [{"accessKey": user, "secretKey": keys[user]}], "actions": allowed}
        for user, allowed in reach.items()
    ]


def make_keys() -> None:
    password("gateway_secret", 32)
    password("report_pseudonym_key", 32)
    keep("notifiche_smtp_password", "")  # the ente's mail server gives it, if it wants one
    for private, public in (
        ("mandato_private_key", "mandato_public_key"),
        ("notaio_mandato_key", "notaio_mandato_public_key"),
        ("gateway_sigilli_key", "gateway_sigilli_public_key"),
    ):
        if not (FOLDER / private).exists():
            keep(private, openssl("genpkey", "-algorithm", "ed25519"))
        keep(public, openssl("pkey", "-in", str(FOLDER / private), "-pubout"))


def owners() -> dict[str, list[str]]:
    """Kubernetes Secret → the files in it. A running service never holds its migrator's password."""
    found: dict[str, list[str]] = {
        "siso-mandato-public": ["mandato_public_key", "notaio_mandato_public_key"],
        "siso-broker-admin": ["amqp_admin_url"],
    }
    for owner in EVERYBODY:
        database = f"{owner}_mongo_url" if owner == "cartella" else f"{owner}_database_url"
        found[f"siso-{owner}"] = [database, f"{owner}_amqp_url"]
        found[f"siso-{owner}-migration"] = [f"{owner}_migration_url"]
    for user in S3_USERS:
        found[f"siso-{user}"] += [f"{user}_s3_access_key", f"{user}_s3_secret_key"]
    found["siso-report"].append("report_pseudonym_key")
    found["siso-notifiche"].append("notifiche_smtp_password")
    found["siso-gateway"] += ["mandato_private_key", "gateway_secret"]
    found["siso-notaio"] = ["gateway_notaio_url", "gateway_sigilli_key", "gateway_sigilli_public_key"]
    found["siso-notaio-mandato"] = ["notaio_mandato_key"]
    roles = [f"{service}_{role}_password" for service in SQL_OWNERS for role in ("app", "migrator")]
    found["siso-postgres"] = ["postgres_admin_password", "gateway_notaio_password", *roles]
    mongo = ["mongo_admin_password", "mongo_keyfile", "cartella_app_password", "cartella_migrator_password"]
    found["siso-mongodb"] = mongo
    found["siso-rabbitmq"] = ["rabbitmq_definitions"]
    keys = [f"{user}_s3_secret_key" for user in S3_USERS]
    found["siso-minio"] = ["minio_root_user", "minio_root_password", *keys]
    found["siso-seaweedfs"] = ["seaweedfs_identities", "seaweedfs_signing_key", "seaweedfs_sse_key"]
    return found


def as_kubernetes() -> str:
    """A List of Secrets for namespace `siso`, as JSON."""
    items = [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "namespace": "siso", "labels": {"app.kubernetes.io/part-of": "siso"}},
            "type": "Opaque",
            "stringData": {file: (FOLDER / file).read_text() for file in files},
        }
        for name, files in owners().items()
    ]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items}, indent=1)


def main() -> None:
    os.umask(0o077)
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    for make in (make_postgres, make_mongo, make_broker, make_store, make_keys):
        make()
    if "--kubernetes" in sys.argv[1:]:
        sys.stdout.write(as_kubernetes())
    else:
        sys.stdout.write(f"{len(list(FOLDER.iterdir()))} file in {FOLDER.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
