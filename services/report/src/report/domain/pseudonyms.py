"""Keyed hashes instead of ids: the same id gives the same pseudonym, and only the key leads back."""

import hashlib
import hmac
from uuid import UUID


def _digest(key: str, kind: str, of: UUID) -> bytes:
    return hmac.new(key.encode(), f"{kind}:{of}".encode(), hashlib.sha256).digest()


def cartella_pseudonym(key: str, cartella_id: UUID) -> UUID:
    """128 bits: a collision would merge two cases."""
    return UUID(bytes=_digest(key, "cartella", cartella_id)[:16])


def persona_pseudonym(key: str, residente_id: UUID) -> int:
    """63 bits, quick to count distinct; among 10 million people a collision has a chance of 1 in 200,000."""
    return int.from_bytes(_digest(key, "persona", residente_id)[:8]) >> 1
