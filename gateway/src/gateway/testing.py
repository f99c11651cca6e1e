"""For tests of the gateway and its pages: services that answer what the test says, a browser that is signed in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import jwt
from starlette.testclient import TestClient

from contracts.anagrafe import ConviventiOut
from contracts.base import Message
from contracts.notifiche import AvvisiOut
from contracts.rpc import RPC

Answer = Message | Exception | Callable[[Any], Message]


@dataclass
class Call:
    service: str
    method: str
    request: Any
    claims: dict[str, Any]

    @property
    def mandato(self) -> dict[str, Any]:
        claims: dict[str, Any] = self.claims["mandato"]
        return claims


USUAL: dict[str, Message] = {
    "list_conviventi": ConviventiOut(),
    "list_avvisi": AvvisiOut(avvisi=(), totale=0, non_letti=0),
}
"""What any page asks, and no test need prepare: nobody lives with an operator, nothing waits for him."""


@dataclass
class FakeServices:
    """In place of AmqpRpc. A method nobody prepared an answer for fails the test loudly."""

    answers: dict[str, Answer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def answer(self, method: str, answer: Answer) -> None:
        """`method`: `cartella.get_cartella`; an exception is raised, a function is asked with the request."""
        service, name = method.split(".")
        assert name in RPC[service]
        self.answers[method] = answer

    async def call(
        self,
        service: str,
        method: str,
        request: Message,
        mandato: str,
        correlation_id: str,
        timeout: float | None = None,
    ) -> Any:
        expected, _ = RPC[service][method]
        assert isinstance(request, expected)
        claims = jwt.decode(mandato, options={"verify_signature": False})
        if f"{service}.{method}" not in self.answers and (usual := USUAL.get(method)):
            return usual
        self.calls.append(Call(service, method, request, claims))
        answer = self.answers[f"{service}.{method}"]
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, Message) else answer(request)

    def start(self) -> None:
        pass

    async def ping(self) -> None:
        pass

    async def close(self) -> None:
        pass


@dataclass
class Browser:
    """A signed-in person: own cookie, the CSRF token sent with every change."""

    client: TestClient
    token: str
    csrf: str
    session_id: UUID

    @classmethod
    def sign_in(cls, client: TestClient, identita: str, **asked: Any) -> "Browser":
        """`asked`: `incarico` (its id), or `scegli=True` for nobody in particular yet."""
        client.cookies.clear()
        answer = client.post("/api/v1/dev/login", json={"identita": identita, **asked})
        assert answer.status_code == 204, answer.text
        token = answer.cookies["siso"]
        client.cookies.clear()
        me = client.get("/api/v1/sessione", headers={"Cookie": f"siso={token}"}).json()
        return cls(client, token, me["csrf_token"], UUID(me["session_id"]))

    def request(self, method: str, path: str, **kwargs: Any) -> httpx.Response:
        headers = {"Cookie": f"siso={self.token}"}
        if method not in ("GET", "HEAD"):
            headers["X-CSRF-Token"] = self.csrf
        return self.client.request(method, path, headers=headers | kwargs.pop("headers", {}), **kwargs)

    def get(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.request("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.request("POST", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> httpx.Response:
        return self.request("DELETE", path, **kwargs)
