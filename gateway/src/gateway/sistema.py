"""What the gateway asks the services on its own behalf, under a mandate of its own: never for a page's content."""

from uuid import UUID

from psycopg_pool import AsyncConnectionPool
from uuid_utils.compat import uuid7

from contracts.anagrafe import ConviventiOut, ListConviventi
from gateway.clients import RpcClient
from gateway.mandato import MandatoSigner

ASK_SECONDS = 3.0


class Sistema:
    def __init__(self, pool: AsyncConnectionPool, rpc: RpcClient, signer: MandatoSigner) -> None:
        self.pool = pool
        self.rpc = rpc
        self.signer = signer

    async def conviventi_of(self, codice_fiscale: str) -> tuple[UUID, ...]:
        """Residenti with this code and everybody of their households, in every ente; empty when nobody has it.

        Raises Unavailable when the registry does not answer.
        """
        return await self._conviventi(ListConviventi(codice_fiscale=codice_fiscale))

    async def residenti_of(self, codice_fiscale: str) -> tuple[UUID, ...]:
        """Residenti with exactly this code, alone: an omocode is somebody else."""
        return await self._conviventi(ListConviventi(codice_fiscale=codice_fiscale, solo_lui=True))

    async def _conviventi(self, request: ListConviventi) -> tuple[UUID, ...]:
        token = await self.token(("anagrafe",), "anagrafe:leggi")
        found: ConviventiOut = await self.rpc.call(
            "anagrafe", "list_conviventi", request, token, str(uuid7()), ASK_SECONDS
        )
        return found.residenti_id

    async def token(self, audience: tuple[str, ...], *scopes: str) -> str:
        """Signed mandate of the gateway itself for these scopes in every ente where somebody works."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute("SELECT DISTINCT ente FROM incarichi ORDER BY ente")
            enti = tuple(row[0] for row in await cursor.fetchall())
        return self.signer.sign_sistema(audience, scopes, enti)
