"""Where real people enter: no start with a provider, a key or an address that is only for trying out."""

import ipaddress
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from cryptography.x509 import Certificate, ObjectIdentifier

from chassis.settings import Environment
from gateway.settings import Settings
from gateway.spid.keys import SigningKey
from gateway.spid.registry import Idp
from gateway.spid.settings import Schema, SpidConfigurationError

ENTITY_ID_OID = ObjectIdentifier("2.5.4.83")
TEST_WORDS = ("spid-saml-check", "spid-testenv", "saml-check", "spid-sp-test")
TEST_HOSTS = frozenset(
    {"demo.spid.gov.it", "validator.spid.gov.it", "collaudo.idserver.servizicie.interno.gov.it",
     "preproduzione.idserver.servizicie.interno.gov.it", "preproduzione.id.eid.gov.it"}
)  # fmt: skip
TEST_SUBJECT = re.compile(r"\b(prova|test|demo|esempio|example)\b", re.IGNORECASE)
RESERVED_ENDINGS = (".test", ".example", ".invalid", ".localhost", ".local", ".example.org", ".example.com")


def is_serious(settings: Settings) -> bool:
    """Whether this process is anything but a demo or a test."""
    return settings.environment not in (Environment.DEMO, Environment.TEST)


def refuse_unsafe(
    settings: Settings, schema: Schema, keys: Iterable[SigningKey], idps: Iterable[Idp]
) -> None:
    """Raises SpidConfigurationError naming the first thing that must not be where real people enter."""
    if not is_serious(settings):
        return
    if not settings.https:
        raise SpidConfigurationError("GATEWAY_HTTPS is off: SPID and CIE need it")
    for what, address in (("GATEWAY_PUBLIC_URL", schema.public_url), ("entity_id", schema.entity_id)):
        if is_for_tests(address):
            raise SpidConfigurationError(f"[{schema.name}] {what} {address} is an address for tests")
    for key in keys:
        _refuse_certificate(schema, key.certificate)
    for idp in idps:
        addresses = (idp.entity_id, *idp.sso.values(), *idp.slo.values())
        if idp.is_dev or any(is_for_tests(address) for address in addresses):
            raise SpidConfigurationError(f"[{schema.name}] {idp.entity_id} is an identity provider for tests")


def _refuse_certificate(schema: Schema, certificate: Certificate) -> None:
    """A SPID certificate carries the entityID it was made for; CIE's need not."""
    made_for = entity_id_of(certificate)
    if made_for != schema.entity_id and (made_for or schema.name == "spid"):
        raise SpidConfigurationError(
            f"[{schema.name}] a certificate was made for {made_for or 'no entity_id'}"
        )
    if TEST_SUBJECT.search(certificate.subject.rfc4514_string()):
        raise SpidConfigurationError(f"[{schema.name}] a certificate was made for tests")


def is_for_tests(address: str) -> bool:
    """Plain http, the loopback, reserved names, known test providers. An entityID that is no address (a URN) is not."""
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    if parts.scheme == "http" or any(word in address.lower() for word in TEST_WORDS):
        return True
    return host in TEST_HOSTS or host == "localhost" or host.endswith(RESERVED_ENDINGS) or _is_private(host)


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def entity_id_of(certificate: Certificate) -> str:
    """The entityID an AgID certificate carries in its subject; empty when it has none."""
    found = certificate.subject.get_attributes_for_oid(ENTITY_ID_OID)
    return str(found[0].value) if found else ""
