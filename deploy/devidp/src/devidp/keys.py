"""The key and certificate the answers are signed with: made once under `.siso`, never in the repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

YEARS = 10
COMMON_NAME = "Identità di prova"
"""Whoever finds this certificate in a file must see what it is."""


@dataclass(frozen=True)
class KeyPair:
    """PEM texts."""

    private: bytes
    certificate: bytes

    @property
    def certificate_der_base64(self) -> str:
        """The certificate as XML signatures and metadata carry it."""
        lines = self.certificate.decode().strip().splitlines()
        return "".join(line for line in lines if "-----" not in line)


def ensure_keys(folder: Path) -> KeyPair:
    """The pair `idp.key`, `idp.crt` of the folder; made when it is not there, readable by its owner alone."""
    key_file, certificate_file = folder / "idp.key", folder / "idp.crt"
    if not (key_file.exists() and certificate_file.exists()):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        pair = make_keys()
        _write_private(key_file, pair.private)
        _write_private(certificate_file, pair.certificate)
    return KeyPair(key_file.read_bytes(), certificate_file.read_bytes())


def make_keys(bits: int = 2048) -> KeyPair:
    """A fresh RSA key with a self-signed certificate."""
    key = rsa.generate_private_key(65537, bits)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, COMMON_NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return KeyPair(private, certificate.public_bytes(serialization.Encoding.PEM))


def _write_private(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
