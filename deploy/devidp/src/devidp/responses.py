"""What leaves: the answer to an AuthnRequest, good or refused, and to a LogoutRequest; and our own metadata.

SPID's shape (regole tecniche, 1.2.2): response and assertion both signed, Issuer with Format entity, NameID transient
with NameQualifier, no SessionIndex above level 1. CIE differs in the Issuer of the response, which has no Format.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from lxml.builder import ElementMaker

from devidp.keys import KeyPair
from devidp.people import Person
from devidp.providers import CIE, LEVELS, Provider
from devidp.requests import AuthnRequest
from devidp.xml import (
    DS,
    ENTITY,
    MD,
    NS,
    POST,
    REDIRECT,
    SAML,
    SAMLP,
    STATUS,
    TRANSIENT,
    TYPED,
    XSI,
    instant,
    new_id,
    signed,
)

VALID_FOR = timedelta(minutes=5)
TEST_MARK = "urn:siso:dev-idp"
"""Namespace of an element in our metadata: a gateway in production that finds it does not start."""
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
ERRORS = {
    "nr19": "troppi tentativi con credenziali sbagliate",
    "nr20": "credenziali di livello insufficiente",
    "nr21": "tempo scaduto",
    "nr22": "consenso negato",
    "nr23": "identità sospesa o revocata",
    "nr25": "accesso annullato dalla persona",
    "nr30": "identità di tipo diverso da quello chiesto",
}
"""SPID's table of error messages, the rows that a person causes."""


def released(provider: Provider, request: AuthnRequest, person: Person) -> dict[str, str]:
    """The attributes that were asked for and can be given."""
    known = person.attributes()
    return {name: known[name] for name in request.wanted if name in provider.attributes}


def make_response(
    provider: Provider, keys: KeyPair, request: AuthnRequest, person: Person, level: int
) -> Any:
    """The good answer: `person` signed in at `level` (1-3), whatever was asked."""
    now = datetime.now(UTC)
    response = _response(provider, request.id, request.consumer, now)
    response.append(SAMLP.Status(SAMLP.StatusCode(Value=f"{STATUS}Success")))
    response.append(signed(_assertion(provider, request, person, level, now), keys))
    return signed(response, keys)


def make_error(provider: Provider, keys: KeyPair, request: AuthnRequest, code: str) -> Any:
    """The refusal `code` (nr19 …)."""
    response = _response(provider, request.id, request.consumer, datetime.now(UTC))
    status = SAMLP.StatusCode(SAMLP.StatusCode(Value=f"{STATUS}AuthnFailed"), Value=f"{STATUS}Responder")
    response.append(SAMLP.Status(status, SAMLP.StatusMessage(f"ErrorCode {code}")))
    return signed(response, keys)


def make_logout_response(provider: Provider, keys: KeyPair | None, request_id: str, destination: str) -> Any:
    """The answer to a LogoutRequest; unsigned without `keys`: in the Redirect binding the query is signed."""
    response = SAMLP.LogoutResponse(
        SAML.Issuer(provider.entity_id, Format=ENTITY, NameQualifier=provider.entity_id),
        SAMLP.Status(SAMLP.StatusCode(Value=f"{STATUS}Success")),
        ID=new_id(), Version="2.0", IssueInstant=instant(datetime.now(UTC)), InResponseTo=request_id,
        Destination=destination,
    )  # fmt: skip
    return response if keys is None else signed(response, keys)


def _response(provider: Provider, request_id: str, destination: str, now: datetime) -> Any:
    shape = {} if provider.scheme == CIE else {"Format": ENTITY}
    return SAMLP.Response(
        SAML.Issuer(provider.entity_id, **shape),
        ID=new_id(), Version="2.0", IssueInstant=instant(now), InResponseTo=request_id, Destination=destination,
    )  # fmt: skip


def _assertion(provider: Provider, request: AuthnRequest, person: Person, level: int, now: datetime) -> Any:
    until = instant(now + VALID_FOR)
    session = {"SessionIndex": new_id()} if level == 1 else {}
    return SAML.Assertion(
        SAML.Issuer(provider.entity_id, Format=ENTITY),
        SAML.Subject(
            SAML.NameID(new_id(), Format=TRANSIENT, NameQualifier=provider.entity_id),
            SAML.SubjectConfirmation(
                SAML.SubjectConfirmationData(
                    InResponseTo=request.id, NotOnOrAfter=until, Recipient=request.consumer
                ),
                Method=BEARER,
            ),
        ),
        SAML.Conditions(
            SAML.AudienceRestriction(SAML.Audience(request.sender.entity_id)),
            NotBefore=instant(now), NotOnOrAfter=until,
        ),
        SAML.AuthnStatement(
            SAML.AuthnContext(SAML.AuthnContextClassRef(LEVELS[level - 1])), AuthnInstant=instant(now), **session
        ),
        SAML.AttributeStatement(
            *(_attribute(name, value) for name, value in released(provider, request, person).items())
        ),
        ID=new_id(), Version="2.0", IssueInstant=instant(now),
    )  # fmt: skip


def _attribute(name: str, value: str) -> Any:
    kind = "xs:date" if name == "dateOfBirth" else "xs:string"
    content = TYPED.AttributeValue(value, {f"{{{XSI}}}type": kind})
    return SAML.Attribute(content, Name=name)


def make_metadata(provider: Provider, keys: KeyPair) -> Any:
    """The signed EntityDescriptor a service provider is given."""
    certificate = DS.KeyInfo(DS.X509Data(DS.X509Certificate(keys.certificate_der_base64)))
    mark = ElementMaker(namespace=TEST_MARK, nsmap={"prova": TEST_MARK}).IdentitaDiProva()
    lang = {"{http://www.w3.org/XML/1998/namespace}lang": "it"}
    entity = MD.EntityDescriptor(
        MD.Extensions(mark),
        MD.IDPSSODescriptor(
            MD.KeyDescriptor(certificate, use="signing"),
            *(MD.SingleLogoutService(Binding=one, Location=provider.slo) for one in (POST, REDIRECT)),
            MD.NameIDFormat(TRANSIENT),
            *(MD.SingleSignOnService(Binding=one, Location=provider.sso) for one in (POST, REDIRECT)),
            *(SAML.Attribute(Name=name) for name in provider.attributes),
            protocolSupportEnumeration=NS["samlp"], WantAuthnRequestsSigned="true",
        ),
        MD.Organization(
            MD.OrganizationName(provider.name, lang),
            MD.OrganizationDisplayName(provider.name, lang),
            MD.OrganizationURL(provider.base_url, lang),
        ),
        entityID=provider.entity_id, ID=new_id(),
    )  # fmt: skip
    return signed(entity, keys)
