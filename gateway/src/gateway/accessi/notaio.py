"""The notaio: a process of its own that each minute seals the access log and verifies what came in.

It alone holds the key of the seals. Each run does what is due and ends; what a kill leaves undone the next run does.
"""

import psycopg
import structlog

from gateway.accessi import verifiche
from gateway.accessi.continua import record_findings, verify_new
from gateway.accessi.settings import SealSettings
from gateway.accessi.sigilli import seal

VERIFY_SECONDS = 25.0
"""Of each minute, for a whole verification that somebody asked for."""
log = structlog.get_logger()


async def minute(settings: SealSettings) -> int:
    """One run: 0 when all held, 1 when something in the log does not (the DPO's page says what)."""
    signer = settings.signer()
    keys = settings.verifier()
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        await connection.execute("SELECT prepare_accessi()")
        sealing = await seal(connection, signer)
        found = await verify_new(connection, keys)
        anomalie = (*sealing.anomalie, *found.anomalie)
        newest = sealing.sigillo.numero if sealing.sigillo else 0
        if await record_findings(connection, anomalie, newest):
            log.error("access_log_broken", anomalie=len(anomalie), sigillo=newest)
        await verifiche.go_on(connection, keys, VERIFY_SECONDS)
    return 1 if anomalie else 0
