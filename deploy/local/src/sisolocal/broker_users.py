"""Users and permissions of the broker as RabbitMQ definitions, from `deploy/rabbitmq/permissions.json`."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from typing import Any

from sisolocal.layout import SERVICES, repository_root

ADMIN = "siso_admin"
PEOPLE = (*SERVICES, "gateway", ADMIN)


def password_hash(password: str, salt: bytes | None = None) -> str:
    """RabbitMQ's salted SHA-256: base64(salt ‖ sha256(salt ‖ password)) with four bytes of salt."""
    salt = salt or secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def permissions(user: str) -> dict[str, str]:
    """`configure`, `write` and `read` expressions of one user."""
    rules = json.loads((repository_root() / "deploy" / "rabbitmq" / "permissions.json").read_text())
    kind = {"gateway": "gateway", ADMIN: "admin"}.get(user, "service")
    return {action: rule.replace("{name}", user) for action, rule in rules[kind].items()}


def grants(vhost: str) -> list[dict[str, str]]:
    """The permissions of everybody on one virtual host."""
    return [{"user": user, "vhost": vhost, **permissions(user)} for user in PEOPLE]


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
    }
