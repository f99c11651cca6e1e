"""Signing and verifying the mandate, and compiling an extent into a query.

A wider extent includes the narrower ones: one's own cases (by team) are always within reach once a scope is held.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from contracts.errors import Forbidden
from contracts.mandato import Extent, Mandato

ISSUER = "gateway"
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
    mandato: Mandato, audience: tuple[str, ...], private_key: Any, lifetime: timedelta = LIFETIME
) -> str:
    """Token for the named services, valid for `lifetime` from now."""
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "aud": list(audience),
        "sub": str(mandato.operatore_id),
        "iat": now,
        "exp": now + lifetime,
        "jti": str(uuid4()),
        "mandato": mandato.model_dump(mode="json", exclude={"token"}, exclude_defaults=True),
    }
    return jwt.encode(claims, private_key, algorithm=ALGORITHM)


def verify(token: str, audience: str, public_key: Any) -> Mandato:
    """The mandate in a token, or Forbidden. Nothing else is ever returned: a broken token opens nothing."""
    try:
        claims = jwt.decode(
            token,
            public_key,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=ISSUER,
            options={"require": ["exp", "aud", "iss", "sub"]},
        )
        mandato = Mandato.model_validate({**claims["mandato"], "token": token})
    except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        raise Forbidden("mandato.non_valido", "La richiesta non porta un mandato valido.") from error
    if str(mandato.operatore_id) != claims["sub"]:
        raise Forbidden("mandato.non_valido", "La richiesta non porta un mandato valido.")
    return mandato


def sql_filter(mandato: Mandato, scope: str, *, ente: Any, settore: Any = None, team: Any = None) -> Any:
    """SQLAlchemy condition for the rows a scope reaches.

    `ente`, `settore`: text columns; `team`: uuid[] column. A column a table does not have is left out, and the
    extents that need it then reach nothing.
    """
    from sqlalchemy import and_, false, or_

    extent = mandato.extent(scope)
    reached = []
    if extent is not Extent.NESSUNO and team is not None:
        reached.append(team.contains([mandato.operatore_id]))
    if extent is Extent.SETTORE and settore is not None:
        reached.append(and_(ente == mandato.ente, settore == mandato.settore))
    if enti := mandato.enti(scope):
        reached.append(ente.in_(enti))
    return or_(false(), *reached)


def mongo_filter(mandato: Mandato, scope: str) -> dict[str, Any]:
    """MongoDB filter over the fields `ente`, `settore`, `team` for the documents a scope reaches."""
    extent = mandato.extent(scope)
    if extent is Extent.NESSUNO:
        return {"_id": {"$in": []}}
    reached: list[dict[str, Any]] = [{"team": mandato.operatore_id}]
    if extent is Extent.SETTORE:
        reached.append({"ente": mandato.ente, "settore": mandato.settore})
    if enti := mandato.enti(scope):
        reached.append({"ente": {"$in": list(enti)}})
    return {"$or": reached}
