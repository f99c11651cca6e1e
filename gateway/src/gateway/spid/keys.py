"""Our signing keys and certificates, and the key that encrypts the SPID log: files nobody else may read."""

import stat
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import Certificate, load_pem_x509_certificate

from gateway.spid.settings import Schema, SpidConfigurationError

MIN_BITS = 2048
EXPIRY_WARNING = timedelta(days=60)
LOG_KEY_BYTES = 32
log = structlog.get_logger()


@dataclass(frozen=True)
class SigningKey:
    private_key: RSAPrivateKey
    certificate: Certificate

    @property
    def base64(self) -> str:
        """The certificate as metadata carries it."""
        return b64encode(self.certificate.public_bytes(Encoding.DER)).decode()


@dataclass(frozen=True)
class LogKey:
    """`id`: the beginning of the key's SHA-256, kept beside what it encrypted."""

    id: str
    secret: bytes


def read_private(file: Path) -> bytes:
    """A secret. Raises SpidConfigurationError when the file is absent or open to others than its owner and group."""
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        content = file.read_bytes()
    except OSError as error:
        raise SpidConfigurationError(f"{file.name}: {error.strerror}") from error
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise SpidConfigurationError(
            f"{file.name} can be read by everybody or written by its group (mode {mode:o}): chmod 600"
        )
    return content


def load_signing_keys(schema: Schema) -> tuple[SigningKey, ...]:
    """All pairs of the scheme, the one that signs first. Raises SpidConfigurationError."""
    return tuple(_load_pair(pair.key_file, pair.certificate_file) for pair in schema.keys)


def load_certificate(file: Path) -> Certificate:
    try:
        return load_pem_x509_certificate(file.read_bytes())
    except (OSError, ValueError) as error:
        raise SpidConfigurationError(f"{file.name} is not a certificate in PEM") from error


def _load_pair(key_file: Path, certificate_file: Path) -> SigningKey:
    try:
        key = load_pem_private_key(read_private(key_file), password=None)
    except (ValueError, TypeError) as error:
        raise SpidConfigurationError(
            f"{key_file.name} is not a private key in PEM without password"
        ) from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < MIN_BITS:
        raise SpidConfigurationError(f"{key_file.name}: an RSA key of at least {MIN_BITS} bits is needed")
    certificate = load_certificate(certificate_file)
    if certificate.public_key() != key.public_key():
        raise SpidConfigurationError(f"{certificate_file.name} does not belong to {key_file.name}")
    left = certificate.not_valid_after_utc - datetime.now(UTC)
    if left < EXPIRY_WARNING:
        log.error("spid_certificate_expires", file=certificate_file.name, days=left.days)
    return SigningKey(key, certificate)


def load_log_key(file: Path) -> LogKey:
    """32 bytes written as 64 hexadecimal digits. Raises SpidConfigurationError, also for a key nobody drew by lot."""
    try:
        secret = bytes.fromhex(read_private(file).decode("ascii").strip())
    except ValueError as error:
        raise SpidConfigurationError(f"{file.name}: 64 hexadecimal digits are needed") from error
    if len(secret) != LOG_KEY_BYTES or len(set(secret)) < 16:
        raise SpidConfigurationError(f"{file.name} does not hold 32 random bytes")
    return LogKey(sha256(secret).hexdigest()[:8], secret)
