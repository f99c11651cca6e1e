"""The gateway that `./siso test spid` tries: everything as it is, only its services are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contracts.anagrafe import ConviventiOut
from contracts.base import Message
from contracts.errors import Unavailable

if TYPE_CHECKING:
    from fastapi import FastAPI


class NoServices:
    """In place of the broker: nobody lives with anybody, and nothing else is known."""

    async def call(
        self,
        service: str,
        method: str,
        request: Message,
        mandato: str,
        correlation_id: str,
        timeout: float | None = None,
    ) -> Any:
        if method == "list_conviventi":
            return ConviventiOut()
        raise Unavailable("prova.senza_servizi", "In questa prova i servizi non ci sono.")

    def start(self) -> None:
        """Nothing to connect to."""

    async def ping(self) -> None:
        """Always there."""

    async def close(self) -> None:
        """Nothing to close."""


def create() -> FastAPI:
    from gateway.app import create_app

    return create_app(rpc=NoServices())
