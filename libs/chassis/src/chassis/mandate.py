"""Signing and verifying the mandate. What it reaches is compiled in `chassis.reach`."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from contracts.errors import Forbidden
from contracts.mandato import Mandato

ISSUER = "gateway"
NOTAIO = "notaio"
"""Who keeps the access log: his key signs what the system itself reads, and nothing else."""
ALGORITHM = "EdDSA"
LIFETIME = timedelta(seconds=60)


@lru_cache(maxsize=8)
def load_private_key(path: Path) -> Any:
    """Ed25519 private key from a PEM file; the key object, not the PEM, keeps signing at ~33 µs."""
    return load_pem_private_key(path.read_bytes(), password=None)


@lru_cache(maxsize=8)
def load_public_key(path: Path) -> Any:
    """Ed25519 public key from a PEM file."""
    return load_pem_public_key(path.read_bytes())


def sign(
    mandato: Mandato,
    audience: tuple[str, ...],
    private_key: Any,
    lifetime: timedelta = LIFETIME,
    issuer: str = ISSUER,
) -> str:
    """Token for the named services, valid for `lifetime` from now."""
    now = datetime.now(UTC)
    claims = {
        "iss": issuer,
        "aud": list(audience),
        "sub": str(mandato.operatore_id),
        "iat": now,
        "exp": now + lifetime,
        "jti": str(uuid4()),
        "mandato": mandato.model_dump(mode="json", exclude={"token"}, exclude_defaults=True),
    }
    return jwt.encode(claims, private_key, algorithm=ALGORITHM)


def verify(token: str, audience: str, public_key: Any, notaio_key: Any = None) -> Mandato:
    """The mandate in a token, or Forbidden. Nothing else is ever returned: a broken token opens nothing. Without
    `notaio_key` what the notaio signed is refused.

    A page asks one service several things with one token: what was verified once is remembered until it expires.
    """
    known = _verified.get((token, audience))
    if known is not None and known[0] == (public_key, notaio_key) and time.time() < known[1]:
        return known[2]
    expiry, mandato = _verify(token, audience, public_key, notaio_key)
    if len(_verified) >= REMEMBERED:
        _verified.clear()
    _verified[token, audience] = ((public_key, notaio_key), expiry, mandato)
    return mandato


def _verify(token: str, audience: str, public_key: Any, notaio_key: Any) -> tuple[float, Mandato]:
    refusal = Forbidden("mandato.non_valido", "La richiesta non porta un mandato valido.")
    try:
        of_notaio = notaio_key is not None and _issuer(token) == NOTAIO
        claims = jwt.decode(
            token,
            notaio_key if of_notaio else public_key,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=NOTAIO if of_notaio else ISSUER,
            options={"require": ["exp", "aud", "iss", "sub"]},
        )
        mandato = Mandato.model_validate({**claims["mandato"], "token": token})
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise refusal from error
    if str(mandato.operatore_id) != claims["sub"] or (of_notaio and not _system_reads(mandato)):
        raise refusal
    return float(claims["exp"]), mandato


def _issuer(token: str) -> Any:
    """Who a token says it is of, believed only to choose the key it is then held against."""
    return jwt.decode(token, options={"verify_signature": False}).get("iss")


def _system_reads(mandato: Mandato) -> bool:
    """Whether it is the system's own, and only reads."""
    only_reads = all(scope.endswith(":leggi") for scope in mandato.estensioni)
    return mandato.tipo == "sistema" and only_reads and mandato.emergenza is None


_verified: dict[tuple[str, str], tuple[tuple[Any, Any], float, Mandato]] = {}
REMEMBERED = 2000
