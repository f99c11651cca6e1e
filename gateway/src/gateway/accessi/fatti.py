"""What the log itself does not know, asked of the services under the gateway's own mandate: whose case it is, who lives
where. For the DPO's search, the citizen's page and the rules of anomalies; never on the way of somebody's request to a
case."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.reach import SECOND_LEVEL
from contracts.anagrafe import GetResidenti, ResidenteOut, ResidentiOut
from contracts.cartella import CartellaOut, CartelleOut, GetCartella, ListCartelle
from contracts.condivisioni import CondivisioneOut, CondivisioniOut, ListCondivisioni
from contracts.errors import NotFound
from gateway.sistema import Sistema

SECONDS = 5.0
AT_ONCE = 500
"""Residenti of one question."""
CASES_AT_ONCE = 8
SCOPE = "presa_in_carico:leggi"


class Fatti:
    """Raises Unavailable when a service does not answer."""

    def __init__(self, sistema: Sistema) -> None:
        self.sistema = sistema

    async def residenti_of(self, codice_fiscale: str) -> tuple[UUID, ...]:
        return await self.sistema.residenti_of(codice_fiscale)

    async def residenti(self, ids: Iterable[UUID]) -> dict[UUID, ResidenteOut]:
        """Persons by id; the unknown are left out."""
        wanted, found = sorted(set(ids)), dict[UUID, ResidenteOut]()
        for start in range(0, len(wanted), AT_ONCE):
            request = GetResidenti(residenti_id=tuple(wanted[start : start + AT_ONCE]))
            answer: ResidentiOut = await self._ask("anagrafe", "get_residenti", request, "anagrafe:leggi")
            found |= {one.id: one for one in answer.residenti}
        return found

    async def cartelle_of(self, residenti: Sequence[UUID]) -> list[CartellaOut]:
        """The cases of these persons in every ente, second level included."""
        if not residenti:
            return []
        request = ListCartelle(residenti_id=tuple(residenti), limite=500)
        answer: CartelleOut = await self._ask("cartella", "list_cartelle", request, SCOPE, SECOND_LEVEL)
        return list(answer.cartelle)

    async def cartelle_numbered(self, numero: str, ente: str) -> list[CartellaOut]:
        """The cases of an ente with this number, or whose number begins so."""
        request = ListCartelle(numero=numero, limite=500)
        answer: CartelleOut = await self._ask("cartella", "list_cartelle", request, SCOPE, SECOND_LEVEL)
        return [cartella for cartella in answer.cartelle if cartella.ente == ente]

    async def with_grants(self, cartella: CartellaOut) -> tuple[CartellaOut, tuple[CondivisioneOut, ...]]:
        """A case with its passaggi, which lists leave out, and with all the grants it ever had."""
        whole = (await self.cartelle([cartella.id])).get(cartella.id, cartella)
        request = ListCondivisioni(cartella_id=cartella.id, limite=500)
        answer: CondivisioniOut = await self._ask(
            "cartella", "list_condivisioni", request, "condivisioni:leggi", SCOPE, SECOND_LEVEL
        )
        return whole, answer.condivisioni

    async def cartelle(self, ids: Iterable[UUID]) -> dict[UUID, CartellaOut]:
        """Cases by id; those that do not exist are left out."""
        gate = asyncio.Semaphore(CASES_AT_ONCE)

        async def one(cartella_id: UUID) -> CartellaOut | None:
            async with gate:
                try:
                    found: CartellaOut = await self._ask(
                        "cartella", "get_cartella", GetCartella(cartella_id=cartella_id), SCOPE, SECOND_LEVEL
                    )
                except NotFound:
                    return None
            return found

        answers = await asyncio.gather(*(one(cartella_id) for cartella_id in set(ids)))
        return {found.id: found for found in answers if found is not None}

    async def _ask(self, service: str, method: str, request: Any, *scopes: str) -> Any:
        token = await self.sistema.token((service,), *scopes)
        return await self.sistema.rpc.call(service, method, request, token, str(uuid7()), SECONDS)
