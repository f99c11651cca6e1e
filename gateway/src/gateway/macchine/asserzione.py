"""The assertion by which a machine client proves who it is: private_key_jwt (RFC 7523), the shape PDND vouchers use.

Whatever is wrong with it, the answer is the same: the log alone says what.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

ALGORITHMS = ("RS256", "ES256", "EdDSA")
LONGEST_SECONDS = 300
LEEWAY = 10
"""Seconds by which two clocks may differ."""
MAX_CHARS = 8192
JTI_CHARS = 128
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti"]
KEY = """
SELECT k.id, k.nome, k.estensioni, c.jwk, c.alg
  FROM clienti k JOIN clienti_chiavi c ON c.client_id = k.id
 WHERE k.id = %s AND c.kid = %s AND k.approvato_il IS NOT NULL AND k.revocato_il IS NULL
   AND (k.scade_il IS NULL OR k.scade_il > now()) AND c.approvata_il IS NOT NULL AND c.revocata_il IS NULL
"""
USE_ONCE = """
WITH old AS (DELETE FROM clienti_jti WHERE scade_il < now())
INSERT INTO clienti_jti (client_id, jti, scade_il) VALUES (%s, %s, to_timestamp(%s)) ON CONFLICT DO NOTHING
"""


class RefusedError(Exception):
    """The client is not who it says. `reason` is for the log, never for the answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Client:
    """Who was recognised, with everything it may ever ask for."""

    id: UUID
    nome: str
    estensioni: dict[str, str]


async def recognise(pool: AsyncConnectionPool[Any], assertion: str, claimed: str, audience: str) -> Client:
    """The client that signed. `claimed`: the `client_id` of the request, "" where it names none; `audience`: address of
    the token endpoint. RefusedError for anything that does not hold."""
    client_id, kid = _read(assertion)
    if claimed and claimed != str(client_id):
        raise RefusedError("client_id is not the subject")
    async with pool.connection() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(KEY, (client_id, kid))
        row = await cursor.fetchone()
        if row is None:
            raise RefusedError("no such client or key, or not in force")
        claims = _verify(assertion, row, str(client_id), audience)
        used = await connection.execute(USE_ONCE, (client_id, claims["jti"], claims["exp"] + LEEWAY))
        if used.rowcount != 1:
            raise RefusedError("jti used before")
    return Client(client_id, row["nome"], row["estensioni"])


def _read(assertion: str) -> tuple[UUID, str]:
    """Whose it claims to be, and the key it names; nothing of it is believed yet."""
    if len(assertion) > MAX_CHARS:
        raise RefusedError("too long")
    try:
        header = jwt.get_unverified_header(assertion)
        subject = jwt.decode(assertion, options={"verify_signature": False}).get("sub")
        client_id = UUID(subject)
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise RefusedError(f"unreadable: {type(error).__name__}") from error
    kid = header.get("kid")
    if header.get("alg") not in ALGORITHMS or "crit" in header or "b64" in header:
        raise RefusedError("algorithm or header not admitted")
    if not isinstance(kid, str) or str(client_id) != subject or "\x00" in kid:
        raise RefusedError("no kid, or a subject written otherwise")
    return client_id, kid


def _verify(assertion: str, row: dict[str, Any], client_id: str, audience: str) -> dict[str, Any]:
    """Claims of a signature that holds: made with the registered key and its one algorithm, for us, now, shortly."""
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion, jwt.PyJWK(row["jwk"], algorithm=row["alg"]), algorithms=[row["alg"]], audience=audience,
            issuer=client_id, leeway=LEEWAY, options={"require": REQUIRED},
        )  # fmt: skip
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise RefusedError(f"signature or claims: {type(error).__name__}") from error
    exp, iat, jti = claims["exp"], claims["iat"], claims["jti"]
    now = datetime.now(UTC).timestamp()
    if claims["sub"] != client_id or not isinstance(exp, int) or not isinstance(iat, int):
        raise RefusedError("subject, exp or iat")
    if exp - now > LONGEST_SECONDS + LEEWAY or iat > now + LEEWAY:
        raise RefusedError("good for too long, or not yet issued")
    if not isinstance(jti, str) or not 1 <= len(jti) <= JTI_CHARS or "\x00" in jti:
        raise RefusedError("jti")
    return claims
