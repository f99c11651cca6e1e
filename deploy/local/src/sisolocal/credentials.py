"""Passwords and keys of one stack, made at its first start and readable by their owner alone."""

from __future__ import annotations

import json
import secrets
import threading
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sisolocal.layout import Layout, write_private


class Credentials:
    """Secrets by name; asking for a new name makes one (letters and digits only, safe inside an URL)."""

    def __init__(self, layout: Layout) -> None:
        self._file = layout.base / "keys" / "credentials.json"
        self._values: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> str:
        self.ensure(name)
        return self._values[name]

    def ensure(self, *names: str) -> None:
        """Make the missing ones in one write."""
        with self._lock:
            missing = [name for name in names if name not in self._values]
            if missing:
                self._values |= {
                    name: secrets.token_hex(32 if name.endswith("_key") else 20) for name in missing
                }
                self._save()

    def _save(self) -> None:
        write_private(self._file, json.dumps(self._values, indent=1, sort_keys=True))


def ensure_key_files(layout: Layout) -> dict[str, Path]:
    """The Ed25519 pairs that sign the mandates, those of the notaio, and the seals of the access log, and the gateway's
    secret, as files; made once.

    Returns `private`, `public`, `notaio`, `notaio_public`, `sigilli`, `sigilli_public` (PEM) and `secret` (64 hex
    digits).
    """
    folder = layout.base / "keys"
    files = {
        "private": folder / "mandato_private.pem",
        "public": folder / "mandato_public.pem",
        "notaio": folder / "notaio_mandato_private.pem",
        "notaio_public": folder / "notaio_mandato_public.pem",
        "sigilli": folder / "sigilli_private.pem",
        "sigilli_public": folder / "sigilli_public.pem",
        "secret": folder / "gateway_secret",
    }
    for private, public in (
        ("private", "public"),
        ("notaio", "notaio_public"),
        ("sigilli", "sigilli_public"),
    ):
        if not files[private].exists() or not files[public].exists():
            key = Ed25519PrivateKey.generate()
            write_private(files[private], _private_pem(key))
            write_private(files[public], _public_pem(key))
    if not files["secret"].exists():
        write_private(files["secret"], secrets.token_hex(32))
    return files


def _private_pem(key: Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_pem(key: Ed25519PrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
