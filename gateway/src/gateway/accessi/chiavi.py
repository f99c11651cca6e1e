"""The key that signs seals: held by the notaio alone; its public half verifies them, here and elsewhere."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

END = "-----END PUBLIC KEY-----"


def name_of(key: Ed25519PublicKey) -> str:
    """A key by the first 16 hex digits of the SHA-256 of its 32 bytes: seals say by which one they are signed."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


@dataclass(frozen=True)
class Signer:
    key: Ed25519PrivateKey

    @classmethod
    def load(cls, path: Path) -> "Signer":
        """From a PEM file; ValueError when it does not hold an Ed25519 key."""
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{path.name} does not hold an Ed25519 private key")
        return cls(key)

    @cached_property
    def name(self) -> str:
        return name_of(self.key.public_key())

    @property
    def public_pem(self) -> str:
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def sign(self, digest: bytes) -> bytes:
        return self.key.sign(digest)

    def verifier(self) -> "Verifier":
        return Verifier({self.name: self.key.public_key()})


@dataclass(frozen=True)
class Verifier:
    """Keys that count, by name: the present one and those it took the place of."""

    keys: dict[str, Ed25519PublicKey]

    @classmethod
    def load(cls, path: Path) -> "Verifier":
        """From a PEM file with one public key or several; ValueError for another kind of key."""
        found = {}
        for block in path.read_text().split(END)[:-1]:
            key = load_pem_public_key((block + END + "\n").encode())
            if not isinstance(key, Ed25519PublicKey):
                raise ValueError(f"{path.name} holds a key that is not Ed25519")
            found[name_of(key)] = key
        if not found:
            raise ValueError(f"{path.name} holds no public key")
        return cls(found)

    def refusal(self, name: str, digest: bytes, signature: bytes) -> str:
        """Why this signature does not count; empty when it does."""
        key = self.keys.get(name)
        if key is None:
            return "firmato con una chiave che non si conosce"
        try:
            key.verify(signature, digest)
        except InvalidSignature:
            return "la firma non è quella della chiave"
        return ""
