"""Who sits before a page, for how long yet, and where he comes back to."""

import hmac
from hashlib import sha256
from urllib.parse import urlencode

from starlette.requests import Request

from gateway.auth import Caller
from gateway.resources import Gateway


def here(request: Request) -> str:
    query = urlencode([(key, value) for key, value in request.query_params.multi_items() if key != "fatto"])
    return f"{request.url.path}?{query}" if query else request.url.path


async def has_several(request: Request, caller: Caller) -> bool:
    if caller.tipo != "operatore":
        return False
    return len(await request.app.state.gateway.operatori.choices(caller.operatore_id)) > 1


def seconds_left(caller: Caller, used: bool = True) -> int:
    """Until the session ends if nobody uses it any more; `used`: this request counts as use."""
    return max(int(caller.identity.resta(used).total_seconds()), 1)


def who_is(gateway: Gateway, caller: Caller) -> str:
    """Opaque; the same for the same person in the same incarico: a page knows by it who signed in again."""
    about = f"chi:{caller.operatore_id}:{caller.incarico_id}:{caller.identity.in_delega_di}"
    return hmac.new(gateway.secret, about.encode(), sha256).hexdigest()[:16]
