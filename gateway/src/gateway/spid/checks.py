"""What AgID asks of a response, read from elements whose signature already holds (or, for the envelope, that a signed
assertion repeats). Sources: regole tecniche SPID, «Response»; the numbers in comments are those of spid-sp-test."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from gateway.spid.errors import Anomaly, Refused
from gateway.spid.names import BEARER, ENTITY_FORMAT, LEVELS, SUCCESS, TRANSIENT, saml, samlp
from gateway.spid.registry import Idp
from gateway.spid.settings import NEEDED, Schema
from gateway.spid.xml import MAX_VALUE, NCNAME, children, instant, only, text_of

SKEW = timedelta(seconds=60)
"""How far two clocks may be apart. Never granted to the end of a validity."""

CODICE_FISCALE = re.compile(
    r"[A-Z]{6}[0-9LMNP-V]{2}[ABCDEHLMPRST][0-9LMNP-V]{2}[A-Z][0-9LMNP-V]{3}[A-Z]", re.ASCII
)
"""Also those changed for omocodia."""
KNOWN_CONDITIONS = frozenset(saml(tag) for tag in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction"))
"""One we do not know might restrict what we do (SAML core 2.5.1.1): the assertion is not good for us."""
ERROR_CODE = re.compile(r"ErrorCode nr0?(\d{1,2})(?!\d)", re.ASCII)


@dataclass(frozen=True)
class Expected:
    """What a good answer to one of our requests says."""

    schema: Schema
    idp: Idp
    request_id: str
    issued: datetime
    level: int
    now: datetime


@dataclass(frozen=True)
class Identita:
    """A person as the provider's signed assertion tells him; nothing else of the message is known beyond here."""

    codice_fiscale: str
    nome: str
    cognome: str
    data_nascita: date | None
    livello: int
    name_id: str
    session_index: str
    assertion_id: str
    issued: datetime
    valid_until: datetime


def check_envelope(response: Any, expected: Expected) -> None:
    """The response's own attributes and issuer (8-21, 27-31). Raises Refused."""
    _check_message(response, expected, "response")
    if response.get("InResponseTo") != expected.request_id:
        raise Refused("response.in_response_to")
    if response.get("Destination") != expected.schema.acs_url:
        raise Refused("response.destination")
    issuer = only(response, saml("Issuer"), "response.issuer")
    if text_of(issuer, "response.issuer") != expected.idp.entity_id:
        raise Refused("response.issuer")
    if issuer.get("Format", ENTITY_FORMAT) != ENTITY_FORMAT:
        raise Refused("response.issuer_format")


def _check_message(element: Any, expected: Expected, what: str) -> datetime:
    """ID, version, time of issue: neither before the request nor in the future."""
    if not NCNAME.fullmatch(element.get("ID", "")):
        raise Refused(f"{what}.id")
    if element.get("Version") != "2.0":
        raise Refused(f"{what}.version")
    issued = instant(element.get("IssueInstant"))
    if not expected.issued - SKEW <= issued <= expected.now + SKEW:
        raise Refused(f"{what}.issue_instant")
    return issued


def check_status(response: Any) -> None:
    """Raises Anomaly when the provider did not log the person in, Refused when it does not say (22-26, 104-111)."""
    status = only(response, samlp("Status"), "response.status")
    value = only(status, samlp("StatusCode"), "response.status").get("Value")
    if not value:
        raise Refused("response.status")
    if value == SUCCESS:
        return
    messages = children(status, samlp("StatusMessage"))
    found = ERROR_CODE.search("".join(messages[0].itertext())) if messages else None
    raise Anomaly(int(found[1]) if found else 0)


def read_assertion(assertion: Any, expected: Expected) -> Identita:
    """The identity in a verified assertion (33-103). Raises Refused."""
    issued = _check_message(assertion, expected, "assertion")
    _check_issuer(assertion, expected)
    name_id, confirmed_until = _read_subject(assertion, expected)
    valid_until = _check_conditions(assertion, expected)
    level, session_index = _read_statement(assertion, expected)
    attributes = _read_attributes(assertion)
    return Identita(
        codice_fiscale=codice_fiscale(attributes.get("fiscalNumber", "")),
        nome=attributes["name"], cognome=attributes["familyName"],
        data_nascita=_date(attributes.get("dateOfBirth")), livello=level, name_id=name_id,
        session_index=session_index, assertion_id=assertion.get("ID"), issued=issued,
        valid_until=max(confirmed_until, valid_until),
    )  # fmt: skip


def _check_issuer(assertion: Any, expected: Expected) -> None:
    """CIE sends no Format (70, 71 are SPID's); where there is one it is right."""
    issuer = only(assertion, saml("Issuer"), "assertion.issuer")
    if text_of(issuer, "assertion.issuer") != expected.idp.entity_id:
        raise Refused("assertion.issuer")
    default = ENTITY_FORMAT if expected.schema.name == "cie" else None
    if issuer.get("Format", default) != ENTITY_FORMAT:
        raise Refused("assertion.issuer_format")


def _read_subject(assertion: Any, expected: Expected) -> tuple[str, datetime]:
    subject = only(assertion, saml("Subject"), "subject")
    name_id = only(subject, saml("NameID"), "subject.name_id")
    if name_id.get("Format") != TRANSIENT:
        raise Refused("subject.name_id_format")
    if not (name_id.get("NameQualifier") or "").strip():
        raise Refused("subject.name_qualifier")
    confirmation = only(subject, saml("SubjectConfirmation"), "subject.confirmation")
    if confirmation.get("Method") != BEARER:
        raise Refused("subject.method")
    data = only(confirmation, saml("SubjectConfirmationData"), "subject.data")
    if data.get("Recipient") != expected.schema.acs_url:
        raise Refused("subject.recipient")
    if data.get("InResponseTo") != expected.request_id:
        raise Refused("subject.in_response_to")
    if "NotBefore" in data.attrib and instant(data.get("NotBefore")) > expected.now + SKEW:
        raise Refused("subject.not_before")
    return text_of(name_id, "subject.name_id"), _still_good(data, expected, "subject.not_on_or_after")


def _still_good(element: Any, expected: Expected, reason: str) -> datetime:
    until = instant(element.get("NotOnOrAfter"))
    if until <= expected.now:
        raise Refused(reason)
    return until


def _check_conditions(assertion: Any, expected: Expected) -> datetime:
    conditions = only(assertion, saml("Conditions"), "conditions")
    if any(condition.tag not in KNOWN_CONDITIONS for condition in conditions):
        raise Refused("conditions.unknown")
    if instant(conditions.get("NotBefore")) > expected.now + SKEW:
        raise Refused("conditions.not_before")
    until = _still_good(conditions, expected, "conditions.not_on_or_after")
    restriction = only(conditions, saml("AudienceRestriction"), "conditions.audience")
    audience = only(restriction, saml("Audience"), "conditions.audience")
    if text_of(audience, "conditions.audience") != expected.schema.entity_id:
        raise Refused("conditions.audience")
    return until


def _read_statement(assertion: Any, expected: Expected) -> tuple[int, str]:
    """Level and session index (empty for L2 and L3, where the provider keeps no session)."""
    statement = only(assertion, saml("AuthnStatement"), "authn")
    when = instant(statement.get("AuthnInstant"))
    if when > expected.now + SKEW:
        raise Refused("authn.instant")
    if expected.schema.forces_login(expected.level) and when < expected.issued - SKEW:
        raise Refused("authn.not_forced")
    if "SessionNotOnOrAfter" in statement.attrib:
        if instant(statement.get("SessionNotOnOrAfter")) <= expected.now:
            raise Refused("authn.session_over")
    context = only(statement, saml("AuthnContext"), "authn.context")
    reference = only(context, saml("AuthnContextClassRef"), "authn.class")
    level = LEVELS.get(text_of(reference, "authn.class"))
    if level is None:
        raise Refused("authn.class")
    exact = expected.schema.comparison == "exact"
    if level < expected.level or (exact and level != expected.level):
        raise Refused("authn.level")
    session_index = statement.get("SessionIndex", "")
    if len(session_index) > MAX_VALUE:
        raise Refused("authn.session_index")
    return level, session_index


def _read_attributes(assertion: Any) -> dict[str, str]:
    """One value per name; a name twice is refused rather than chosen from."""
    statement = only(assertion, saml("AttributeStatement"), "attributes")
    found: dict[str, str] = {}
    for attribute in statement:
        if attribute.tag != saml("Attribute"):
            raise Refused("attributes.element")
        name = attribute.get("Name", "")
        if not name or name in found:
            raise Refused("attributes.name", "empty or twice")
        value = only(attribute, saml("AttributeValue"), "attributes.value")
        found[name] = text_of(value, "attributes.value")
    if missing := [name for name in NEEDED if name not in found]:
        raise Refused("attributes.missing", " ".join(missing))
    return found


def codice_fiscale(fiscal_number: str) -> str:
    """`TINIT-RSSMRA80A01F205X` without its prefix. Raises Refused for another country's number or a wrong form."""
    prefix, _, number = fiscal_number.strip().upper().rpartition("-")
    if prefix not in ("TINIT", "") or not CODICE_FISCALE.fullmatch(number):
        raise Refused("attributes.fiscal_number")
    return number


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("attributes.date_of_birth") from error
