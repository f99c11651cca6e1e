"""`chassis job gateway …`: what runs apart from the process that answers."""

import asyncio
import json
import sys
from dataclasses import asdict

import psycopg

from gateway.accessi import Verifica, verify
from gateway.settings import Settings


def verify_accessi() -> int:
    """Prints one JSON object about the access log; 1 when a chain does not hold."""
    found = asyncio.run(_verify(Settings().dsn))
    sys.stdout.write(json.dumps(asdict(found) | {"integro": found.integro}) + "\n")
    return 0 if found.integro else 1


def purge_sessioni() -> int:
    """Removes sessions that ended more than a day ago."""
    with psycopg.connect(Settings().dsn) as connection:
        connection.execute(
            "DELETE FROM sessioni WHERE least(scade_il, coalesce(revocata_il, scade_il)) < now() - interval '1 day'"
        )
    return 0


async def _verify(dsn: str) -> Verifica:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        return await verify(connection)
