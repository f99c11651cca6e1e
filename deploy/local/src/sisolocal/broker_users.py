"""Users and permissions of the broker as RabbitMQ definitions, from `deploy/rabbitmq/permissions.json`."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from sisolocal.layout import SERVICES, repository_root

ADMIN = "siso_admin"
RPC_EXCHANGE = "nameko-rpc"
PEOPLE = (*SERVICES, "gateway", ADMIN)


def password_hash(password: str, salt: bytes | None = None) -> str:
    """RabbitMQ's salted SHA-256: base64(salt ‖ sha256(salt ‖ password)) with four bytes of salt."""
    salt = salt or secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def permissions(user: str) -> dict[str, str]:
    """`configure`, `write` and `read` expressions of one user."""
    return {action: rule.replace("{name}", user) for action, rule in _rules()[_kind(user)].items()}


def _rules() -> dict[str, dict[str, str]]:
    return dict(json.loads((repository_root() / "deploy" / "rabbitmq" / "permissions.json").read_text()))


def _kind(user: str) -> str:
    return {"gateway": "gateway", ADMIN: "admin"}.get(user, "service")


def grants(vhost: str) -> list[dict[str, str]]:
    """The permissions of everybody on one virtual host."""
    return [{"user": user, "vhost": vhost, **permissions(user)} for user in PEOPLE]


def topic_grants(vhost: str) -> list[dict[str, str]]:
    """Everybody may ask anybody over RPC, but hears his own questions and answers alone: they carry mandates, texts."""
    listen = _rules()[f"{RPC_EXCHANGE} routing keys to listen to"]
    return [
        {
            "user": user,
            "vhost": vhost,
            "exchange": RPC_EXCHANGE,
            "write": ".*",
            "read": listen[_kind(user)].replace("{name}", user),
        }
        for user in PEOPLE
        if user != ADMIN
    ]


def definitions(passwords: dict[str, str], vhosts: list[str]) -> dict[str, Any]:
    """A definitions file: users with hashed passwords, virtual hosts, permissions; queues are `chassis topology`'s."""
    users = [
        {
            "name": user,
            "password_hash": password_hash(passwords[user]),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "tags": ["administrator"] if user == ADMIN else [],
            "limits": {},
        }
        for user in PEOPLE
    ]
    return {
        "users": users,
        "vhosts": [{"name": vhost} for vhost in vhosts],
        "permissions": [grant for vhost in vhosts for grant in grants(vhost)],
        "topic_permissions": [grant for vhost in vhosts for grant in topic_grants(vhost)],
    }
