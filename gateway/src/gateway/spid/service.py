"""What the gateway holds for SPID and CIE while it runs: made once at the start, found at `request.app.state.spid`."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from gateway.resources import Gateway
from gateway.spid import log as spid_log
from gateway.spid.checks import Expected, Identita
from gateway.spid.errors import Anomaly, Refused
from gateway.spid.guard import refuse_unsafe
from gateway.spid.keys import LogKey, SigningKey, load_log_key, load_signing_keys
from gateway.spid.metadata import build_metadata
from gateway.spid.registry import Idp, Registry
from gateway.spid.request import Carried, build_request, carry, destination, new_id, now
from gateway.spid.response import Answer
from gateway.spid.settings import Area, Schema, SchemaName, load_configuration
from gateway.spid.store import RequestStore, Richiesta, digest, use_assertion

log = structlog.get_logger()


@dataclass(frozen=True)
class Provider:
    """One scheme, ready: its settings, keys, published metadata, and the identity providers it trusts."""

    schema: Schema
    keys: tuple[SigningKey, ...]
    registry: Registry
    metadata: bytes


@dataclass(frozen=True)
class Departure:
    """A login that begins: what the browser carries, and the token it must bring back in its cookie."""

    carried: Carried
    request_id: str
    cookie: str


class Spid:
    def __init__(
        self, providers: Sequence[Provider], log_keys: Sequence[LogKey], store: RequestStore
    ) -> None:
        self.providers = {provider.schema.name: provider for provider in providers}
        self.log_keys = tuple(log_keys)
        self.store = store

    async def depart(
        self, provider: Provider, idp: Idp, area: Area, level: int, ritorno: str, address: str
    ) -> Departure:
        """A request remembered and on its way. Raises TooManyPending; KeyError when the provider cannot be reached by
        the scheme's binding."""
        schema = provider.schema
        request_id, relay, cookie, issued = (
            new_id(),
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(32),
            now(),
        )
        target = destination(schema, idp)
        root = build_request(schema, idp, request_id, issued, level)
        carried = carry(root, "SAMLRequest", relay, schema.binding, target, provider.keys[0])
        richiesta = Richiesta(
            id=request_id, tipo="accesso", schema=schema.name, idp=idp.entity_id, emessa_il=issued,
            relay_sha256=digest(relay), cookie_sha256=digest(cookie), livello=level, area=area, ritorno=ritorno,
            indirizzo=address, richiesta=carried.evidence,
        )  # fmt: skip
        await self.store.add(richiesta, schema.max_pending)
        return Departure(carried, request_id, cookie)

    async def arrive(self, provider: Provider, answer: Answer, richiesta: Richiesta) -> Identita:
        """The identity of a good answer; request and assertion are used up and the SPID log has it. Raises Refused or
        Anomaly, both logged."""
        idp = provider.registry.find(richiesta.idp)
        if idp is None:
            raise Refused("idp_gone")
        expected = Expected(
            provider.schema, idp, richiesta.id, richiesta.emessa_il.replace(microsecond=0), richiesta.livello, now()
        )  # fmt: skip
        try:
            identita = answer.read(expected)
        except (Anomaly, Refused) as failure:
            # It came from the right browser: the request is over, and a flood of bad answers cannot fill the log.
            what = "anomalia" if isinstance(failure, Anomaly) else "rifiutata"
            async with self.store.taking(richiesta) as connection:
                await spid_log.append(
                    connection, self.log_keys[0], _row(richiesta, answer, f"{what} {failure}")
                )
            raise
        async with self.store.taking(richiesta) as connection:
            await use_assertion(connection, idp.entity_id, identita.assertion_id, identita.valid_until)
            await spid_log.append(connection, self.log_keys[0], _row(richiesta, answer, "accesso", identita))
        return identita


def _row(
    richiesta: Richiesta, answer: Answer, esito: str, identita: Identita | None = None
) -> spid_log.LogRow:
    return spid_log.LogRow(
        schema=richiesta.schema, idp=richiesta.idp, esito=esito, richiesta_id=richiesta.id, risposta_id=answer.id,
        richiesta=richiesta.richiesta, risposta=answer.raw, indirizzo=richiesta.indirizzo,
        asserzione_id=identita.assertion_id if identita else "",
        codice_fiscale=identita.codice_fiscale if identita else "", name_id=identita.name_id if identita else "",
    )  # fmt: skip


def build_spid(gateway: Gateway) -> Spid | None:
    """None when `GATEWAY_SPID_FILE` is not set. Raises SpidConfigurationError for anything that is not right in it."""
    settings = gateway.settings
    if settings.spid_file is None:
        return None
    configuration = load_configuration(settings.spid_file, settings.public_url)
    providers = []
    for schema in configuration.schemas:
        keys = load_signing_keys(schema)
        registry = Registry(schema.idp_dir, partial(refuse_unsafe, settings, schema, keys))
        providers.append(Provider(schema, keys, registry, build_metadata(schema, keys)))
    log_keys = [load_log_key(file) for file in configuration.log.key_files]
    log.info("spid_ready", schemas=[provider.schema.name for provider in providers])
    return Spid(providers, log_keys, RequestStore(gateway.pool))


def entries(spid: Spid | None) -> list[tuple[SchemaName, list[Idp]]]:
    """For the login page: each scheme with its providers, in another order each time."""
    return [(name, provider.registry.shuffled()) for name, provider in spid.providers.items()] if spid else []
