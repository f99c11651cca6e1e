"""What the process holds while it runs: made by `create_app`, found by routes at `request.app.state.gateway`."""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from gateway.accessi.writer import AccessWriter
from gateway.clients import RpcClient
from gateway.eventi import AvvisiFanOut
from gateway.mandato import MandatoSigner
from gateway.operatori import OperatoriRepository
from gateway.policy import PolicyStore
from gateway.sessions import SessionStore
from gateway.settings import Settings


@dataclass(slots=True)
class Gateway:
    settings: Settings
    sessions: SessionStore
    policies: PolicyStore
    operatori: OperatoriRepository
    signer: MandatoSigner
    rpc: RpcClient
    accessi: AccessWriter
    eventi: AvvisiFanOut

    def csrf_token(self, session_id: UUID) -> str:
        """Bound to the session, needs no storage."""
        return hmac.new(self.settings.secret, b"csrf:" + session_id.bytes, sha256).hexdigest()

    def csrf_matches(self, token: str, session_id: UUID) -> bool:
        return hmac.compare_digest(token.encode(), self.csrf_token(session_id).encode())
