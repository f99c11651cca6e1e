"""What the process holds while it runs: made by `create_app`, found by routes at `request.app.state.gateway`."""

import hmac
import os
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg_pool import AsyncConnectionPool

from gateway.accessi.writer import AccessWriter
from gateway.clients import RpcClient
from gateway.eventi import AvvisiFanOut
from gateway.identita import Identities
from gateway.mandato import MandatoSigner
from gateway.motivi import Motivi
from gateway.operatori import OperatoriRepository
from gateway.policy import PolicyStore
from gateway.sessions import SessionStore
from gateway.settings import Settings
from gateway.sistema import Sistema


@dataclass(slots=True)
class Gateway:
    settings: Settings
    secret: bytes
    pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]]
    sessions: SessionStore
    identities: Identities
    policies: PolicyStore
    operatori: OperatoriRepository
    signer: MandatoSigner
    rpc: RpcClient
    sistema: Sistema
    motivi: Motivi
    accessi: AccessWriter
    eventi: AvvisiFanOut
    http: httpx.AsyncClient

    def csrf_token(self, session_id: UUID) -> str:
        """Bound to the session, stored nowhere, different each time (so that compression cannot give it away)."""
        mask = os.urandom(32)
        return (mask + _xor(mask, self._csrf_key(session_id))).hex()

    def csrf_matches(self, token: str, session_id: UUID) -> bool:
        try:
            content = bytes.fromhex(token)
        except ValueError:
            return False
        expected = self._csrf_key(session_id)
        return len(content) == 64 and hmac.compare_digest(_xor(content[:32], content[32:]), expected)

    def _csrf_key(self, session_id: UUID) -> bytes:
        return hmac.new(self.secret, b"csrf:" + session_id.bytes, sha256).digest()


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
