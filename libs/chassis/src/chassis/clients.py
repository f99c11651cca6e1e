"""RPC between services: rare, with a time-out, never inside a transaction, always with the caller's mandate."""

from typing import Any

from eventlet import Timeout
from nameko.exceptions import RemoteError, UnknownService, deserialize_to_instance
from nameko.rpc import RpcProxy, ServiceProxy

from chassis import context
from contracts import errors
from contracts.base import Message
from contracts.errors import Unavailable
from contracts.rpc import RPC

TIMEOUT = 5.0

for _error in errors.ERRORS.values():
    deserialize_to_instance(_error)


class RpcClient:
    """Calls methods of one service with typed messages."""

    def __init__(self, proxy: Any, worker_ctx: Any, target: str) -> None:
        self._proxy = proxy
        self._worker_ctx = worker_ctx
        self._target = target

    def call(self, method: str, request: Message, token: str, timeout: float = TIMEOUT) -> Any:
        """The typed reply. DomainErrors of the other side are raised here; no answer in time is Unavailable."""
        _, reply_model = RPC[self._target][method]
        self._worker_ctx.data |= {"mandato": token, "correlation_id": context.current().correlation_id}
        try:
            with Timeout(timeout):
                reply = getattr(self._proxy, method)(request=request.model_dump(mode="json"))
        except (Timeout, UnknownService, OSError) as error:
            raise Unavailable(
                f"{self._target}.non_disponibile", "Un servizio non risponde: riprova fra poco."
            ) from error
        except RemoteError as error:
            raise RuntimeError(f"{self._target}.{method} failed: {error.exc_type}") from error
        return reply_model.model_validate(reply)


class rpc_client(RpcProxy):
    """`anagrafe = rpc_client("anagrafe")` in a service class."""

    def get_dependency(self, worker_ctx: Any) -> RpcClient:
        proxy = ServiceProxy(worker_ctx, self.target_service, self.rpc_reply_listener)
        return RpcClient(proxy, worker_ctx, self.target_service)
