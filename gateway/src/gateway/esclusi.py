"""Whom an operator never reaches through his role: himself and who lives with him, as the registry has it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from contracts.errors import DomainError
from gateway.resources import Gateway
from gateway.sessions import Identity

FRESH = timedelta(hours=1)
IMPERSONAL = frozenset({"operatori", "politica", "caricamenti", "report"})
"""Sections in which no resident can be met: their pages work while the registry is away."""
LATER = frozenset({"registro_accessi", "avvisi"})
"""Sections that open without them: there, what shows rows about people asks for them itself (accessi/ricerca.py)."""
log = structlog.get_logger()


async def with_esclusi(gateway: Gateway, identity: Identity, scopes: tuple[str, ...]) -> Identity:
    """The identity with its exclusions, asked of the registry once an hour.

    Raises Unavailable when they were never known and the registry is away: without them nobody is shown. The access log
    alone opens also then, with `esclusi` None: its seals and rules concern nobody.
    """
    sections = {scope.partition(":")[0] for scope in scopes}
    if identity.tipo != "operatore" or sections <= IMPERSONAL:
        return identity
    if identity.esclusi_al is not None and datetime.now(UTC) - identity.esclusi_al < FRESH:
        return identity
    try:
        found = await gateway.sistema.conviventi_of(identity.codice_fiscale)
    except DomainError as error:
        if identity.esclusi_al is None and not (
            "registro_accessi" in sections and sections <= LATER | IMPERSONAL
        ):
            raise
        log.warning("esclusi_not_refreshed", code=error.code)
        return identity
    await gateway.sessions.keep_esclusi(identity.session_id, found)
    return replace(identity, esclusi=list(found))
