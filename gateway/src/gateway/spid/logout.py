"""Single logout, begun here or by the provider. Whatever the sessions, a well-signed LogoutRequest gets its answer.

Each message goes to the SPID log too: a request of ours when it leaves and again with its answer, the provider's with
ours.
"""

import secrets
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from lxml import etree
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import NotFound
from gateway.resources import Gateway
from gateway.spid import pages
from gateway.spid.checks import SKEW
from gateway.spid.errors import REFUSED, Refused
from gateway.spid.form import fields_of, read_fields
from gateway.spid.log import LogRow, append
from gateway.spid.names import DS, HTTP_POST, HTTP_REDIRECT, SAML, SAMLP, SUCCESS, TRANSIENT, ds, saml, samlp
from gateway.spid.registry import Idp
from gateway.spid.request import Carried, carry, issuer, new_id, now
from gateway.spid.service import Provider, Spid
from gateway.spid.settings import Schema
from gateway.spid.signature import verified, verify_query
from gateway.spid.store import Richiesta, TooManyPending, digest, use_assertion
from gateway.spid.xml import (
    MAX_MESSAGE,
    NCNAME,
    children,
    decode,
    format_instant,
    instant,
    only,
    parse,
    text_of,
)

MAX_AGE = timedelta(minutes=10)
SHORT = {HTTP_POST: "post", HTTP_REDIRECT: "redirect"}
log = structlog.get_logger()


@dataclass(frozen=True)
class Received:
    """A logout message whose signature holds. `root` is what was signed; `evidence`: the message as it came, with its
    signature: the document, or the query that carried it."""

    root: Any
    idp: Idp
    relay: str
    binding: str
    evidence: bytes


async def leave(request: Request, session_id: UUID) -> Response | None:
    """To be asked once our session has been revoked: the way to the provider's own logout, or None when there is none.

    A page of its own, never a redirect: browsers hold the form that asked for the logout to its page's `form-action`.
    At L2 and L3 the provider keeps no session (no SessionIndex), and CIE answers nothing: there our logout is all.
    """
    spid: Spid | None = request.app.state.spid
    gateway: Gateway = request.app.state.gateway
    async with gateway.pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT idp, name_id, session_index FROM sessioni WHERE id = %s AND schema = 'spid'"
            " AND session_index <> ''",
            (session_id,),
        )
        row = await cursor.fetchone()
    provider = spid.providers.get("spid") if spid else None
    idp = provider.registry.find(row[0]) if provider and row else None
    if spid is None or provider is None or row is None or idp is None or not idp.slo:
        return None
    return await _depart(request, spid, provider, idp, row[1], row[2])


async def _depart(
    request: Request, spid: Spid, provider: Provider, idp: Idp, name_id: str, session_index: str
) -> Response | None:
    schema, request_id, relay = provider.schema, new_id(), secrets.token_urlsafe(24)
    binding, target = _way(idp.slo, HTTP_POST)
    root = build_logout_request(schema, idp, request_id, target, name_id, session_index)
    carried = carry(root, "SAMLRequest", relay, SHORT[binding], target, provider.keys[0])
    richiesta = Richiesta(
        id=request_id, tipo="uscita", schema=schema.name, idp=idp.entity_id, emessa_il=now(),
        relay_sha256=digest(relay), cookie_sha256=digest(relay), livello=1, area="operatore", ritorno="/",
        indirizzo=_address(request), richiesta=carried.evidence,
    )  # fmt: skip
    with suppress(TooManyPending):
        await spid.store.add(richiesta, schema.max_pending)
        row = _row(richiesta, "uscita chiesta")
        row = replace(row, codice_fiscale=request.state.caller.codice_fiscale, name_id=name_id)
        async with spid.store.pool.connection() as connection:
            await append(connection, spid.log_keys[0], row)
        request.state.caller = None  # the page is nobody's any more
        return pages.sent(request, carried, idp, as_page=True)
    return None


def _row(richiesta: Richiesta, esito: str) -> LogRow:
    return LogRow(
        schema=richiesta.schema, idp=richiesta.idp, esito=esito, richiesta_id=richiesta.id, risposta_id="",
        richiesta=richiesta.richiesta, risposta=b"", indirizzo=richiesta.indirizzo,
    )  # fmt: skip


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _way(addresses: Any, wanted: str) -> tuple[str, str]:
    """Binding and address: the wanted one, or the other."""
    binding = wanted if wanted in addresses else next(iter(addresses))
    return binding, addresses[binding]


async def answer(request: Request, spid: Spid, provider: Provider) -> Response:
    """A LogoutRequest or LogoutResponse of a provider, by POST or Redirect."""
    try:
        if request.method == "GET" and not request.url.query:
            raise NotFound("accesso.uscita", "Da qui passano solo i gestori di identità.")
        received = await _receive(request, provider)
        if received.root.tag == samlp("LogoutRequest"):
            return await _obey(request, spid, provider, received)
        return await _confirm(request, spid, provider, received)
    except Refused as refused:
        log.warning("spid_logout_refused", schema=provider.schema.name, reason=refused.reason)
        return pages.courtesy(request, REFUSED)


async def _receive(request: Request, provider: Provider) -> Received:
    """Raises Refused."""
    posted = request.method == "POST"
    query = request.scope["query_string"].decode("ascii", "replace")
    fields = await read_fields(request) if posted else fields_of(query)
    names = [name for name in ("SAMLRequest", "SAMLResponse") if fields.get(name)]
    if len(names) != 1:
        raise Refused("logout.fields")
    raw = decode(fields[names[0]])
    root = parse(raw if posted else _inflate(raw))
    if root.tag != samlp("LogoutRequest" if names[0] == "SAMLRequest" else "LogoutResponse"):
        raise Refused("logout.root")
    if sum(1 for _ in root.iter(ds("Signature"))) > 1:
        raise Refused("logout.signatures")
    idp = provider.registry.find(text_of(only(root, saml("Issuer"), "logout.issuer"), "logout.issuer"))
    if idp is None:
        raise Refused("logout.issuer")
    if posted:
        root = verified(root, idp.certificates)
    else:
        verify_query(query, names[0], idp.certificates)
    _check(root, provider.schema)
    binding, evidence = (HTTP_POST, raw) if posted else (HTTP_REDIRECT, query.encode())
    return Received(root, idp, fields.get("RelayState", ""), binding, evidence)


def _inflate(raw: bytes) -> bytes:
    """Raises Refused for what is no DEFLATE, or grows too large."""
    unpacker = zlib.decompressobj(-15)
    try:
        text = unpacker.decompress(raw, MAX_MESSAGE + 1)
    except zlib.error as error:
        raise Refused("deflate") from error
    if len(text) > MAX_MESSAGE or not unpacker.eof:
        raise Refused("deflate")
    return text


def _check(root: Any, schema: Schema) -> None:
    if not NCNAME.fullmatch(root.get("ID", "")) or root.get("Version") != "2.0":
        raise Refused("logout.message")
    if not now() - MAX_AGE <= instant(root.get("IssueInstant")) <= now() + SKEW:
        raise Refused("logout.issue_instant")
    if root.get("Destination") != schema.logout_url:
        raise Refused("logout.destination")


async def _obey(request: Request, spid: Spid, provider: Provider, received: Received) -> Response:
    """Ends the sessions the provider names, however many there are, and says so; one row in the SPID log, also for a
    request that comes twice."""
    name_id = text_of(only(received.root, saml("NameID"), "logout.name_id"), "logout.name_id")
    if "NotOnOrAfter" in received.root.attrib and instant(received.root.get("NotOnOrAfter")) <= now():
        raise Refused("logout.over")
    indexes = [text_of(e, "logout.index") for e in children(received.root, samlp("SessionIndex"))]
    request_id, answer_id = received.root.get("ID"), new_id()
    reply = _reply(provider, received, answer_id)
    row = LogRow(
        schema=provider.schema.name, idp=received.idp.entity_id, esito="uscita dal gestore", richiesta_id=request_id,
        risposta_id=answer_id if reply else "", richiesta=received.evidence, risposta=reply.evidence if reply else b"",
        indirizzo=_address(request), name_id=name_id,
    )  # fmt: skip
    async with spid.store.pool.connection() as connection, connection.transaction():
        cursor = await connection.execute(
            "UPDATE sessioni SET revocata_il = now() WHERE revocata_il IS NULL AND schema = %s AND idp = %s"
            " AND name_id = %s"
            " AND (cardinality(%s::text[]) = 0 OR session_index = '' OR session_index = ANY(%s::text[]))",
            (provider.schema.name, received.idp.entity_id, name_id, indexes, indexes),
        )
        with suppress(Refused):
            await use_assertion(connection, received.idp.entity_id, request_id, now() + MAX_AGE + SKEW)
            await append(connection, spid.log_keys[0], row)
    log.info("spid_logout", schema=provider.schema.name, sessions=cursor.rowcount)
    return pages.sent(request, reply, received.idp) if reply else pages.left(request, confirmed=True)


def _reply(provider: Provider, received: Received, answer_id: str) -> Carried | None:
    """None where the provider has no address for it."""
    if not received.idp.slo_answer:
        return None
    binding, target = _way(received.idp.slo_answer, received.binding)
    root = build_logout_response(provider.schema, answer_id, received.root.get("ID"), target)
    return carry(root, "SAMLResponse", received.relay, SHORT[binding], target, provider.keys[0])


async def _confirm(request: Request, spid: Spid, provider: Provider, received: Received) -> Response:
    """The provider's answer to a logout begun here; our session has been over since then."""
    asked = received.root.get("InResponseTo", "")
    richiesta = await spid.store.find(asked, provider.schema.name, "uscita")
    if richiesta.idp != received.idp.entity_id or digest(received.relay) != richiesta.relay_sha256:
        raise Refused("logout.relay_state")
    status = only(received.root, samlp("Status"), "logout.status")
    confirmed = only(status, samlp("StatusCode"), "logout.status").get("Value") == SUCCESS
    row = _row(richiesta, "uscita" if confirmed else "uscita non confermata")
    row = replace(row, risposta_id=received.root.get("ID"), risposta=received.evidence)
    async with spid.store.taking(richiesta) as connection:
        await append(connection, spid.log_keys[0], row)
    return pages.left(request, confirmed=confirmed)


def _message(tag: str, schema: Schema, message_id: str, target: str) -> Any:
    root = etree.Element(samlp(tag), nsmap={"samlp": SAMLP, "saml": SAML, "ds": DS})
    told = {"ID": message_id, "Version": "2.0", "IssueInstant": format_instant(now()), "Destination": target}
    for name, value in told.items():
        root.set(name, value)
    root.append(issuer(schema))
    return root


def build_logout_request(
    schema: Schema, idp: Idp, request_id: str, target: str, name_id: str, session_index: str
) -> Any:
    root = _message("LogoutRequest", schema, request_id, target)
    subject = etree.SubElement(root, saml("NameID"), {"Format": TRANSIENT, "NameQualifier": idp.entity_id})
    subject.text = name_id
    etree.SubElement(root, samlp("SessionIndex")).text = session_index
    return root


def build_logout_response(schema: Schema, answer_id: str, in_response_to: str, target: str) -> Any:
    root = _message("LogoutResponse", schema, answer_id, target)
    root.set("InResponseTo", in_response_to)
    status = etree.SubElement(root, samlp("Status"))
    etree.SubElement(status, samlp("StatusCode"), {"Value": SUCCESS})
    return root
