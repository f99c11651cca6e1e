"""A service provider for the tests: its metadata, and requests signed as SPID asks."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from devidp.keys import KeyPair
from devidp.xml import (
    DS,
    ENTITY,
    MD,
    NS,
    POST,
    REDIRECT,
    SAML,
    SAMLP,
    TRANSIENT,
    encode,
    instant,
    new_id,
    redirect_url,
    signed,
    to_bytes,
)  # fmt: skip

SP = "https://sp.example/spid"
ACS = "https://sp.example/spid/acs"
SLO = "https://sp.example/spid/slo"
WANTED = ("fiscalNumber", "name", "familyName", "dateOfBirth")


def sp_metadata(keys: KeyPair, slo: tuple[str, ...] = (POST,)) -> bytes:
    certificate = DS.KeyInfo(DS.X509Data(DS.X509Certificate(keys.certificate_der_base64)))
    lang = {"{http://www.w3.org/XML/1998/namespace}lang": "it"}
    entity = MD.EntityDescriptor(
        MD.SPSSODescriptor(
            MD.KeyDescriptor(certificate, use="signing"),
            *(MD.SingleLogoutService(Binding=one, Location=SLO) for one in slo),
            MD.AssertionConsumerService(Binding=POST, Location=ACS, index="0", isDefault="true"),
            MD.AttributeConsumingService(
                MD.ServiceName("Cartella", lang), *(MD.RequestedAttribute(Name=one) for one in WANTED), index="0"
            ),
            protocolSupportEnumeration=NS["samlp"],
        ),
        MD.Organization(MD.OrganizationName("Comune", lang), MD.OrganizationDisplayName("Comune di Prova", lang)),
        entityID=SP,
    )  # fmt: skip
    return to_bytes(entity)


def authn_request(idp: str, level: int = 2, **changes: str | None) -> Any:
    """An unsigned AuthnRequest to the identity provider `idp`; `changes` overwrite attributes, None takes one out."""
    root = SAMLP.AuthnRequest(
        SAML.Issuer(SP, Format=ENTITY, NameQualifier=SP),
        SAMLP.NameIDPolicy(Format=TRANSIENT),
        SAMLP.RequestedAuthnContext(
            SAML.AuthnContextClassRef(f"https://www.spid.gov.it/SpidL{level}"), Comparison="minimum"
        ),
        ID=new_id(), Version="2.0", IssueInstant=instant(datetime.now(UTC)), Destination=f"{idp}/sso",
        ForceAuthn="true", AssertionConsumerServiceIndex="0", AttributeConsumingServiceIndex="0",
    )  # fmt: skip
    for name, value in changes.items():
        if value is None:
            del root.attrib[name]
        else:
            root.set(name, value)
    return root


def logout_request(idp: str) -> Any:
    return SAMLP.LogoutRequest(
        SAML.Issuer(SP, Format=ENTITY, NameQualifier=SP),
        SAML.NameID("_x", Format=TRANSIENT, NameQualifier=idp),
        ID=new_id(), Version="2.0", IssueInstant=instant(datetime.now(UTC)), Destination=f"{idp}/slo",
    )  # fmt: skip


def by_post(element: Any, keys: KeyPair) -> dict[str, str]:
    return {"SAMLRequest": encode(signed(element, keys)), "RelayState": "segnaposto"}


def by_redirect(location: str, element: Any, keys: KeyPair) -> str:
    return redirect_url(location, "SAMLRequest", element, "segnaposto", keys)


def decoded(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


__all__ = ["ACS", "POST", "REDIRECT", "SLO", "SP"]
