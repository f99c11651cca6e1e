"""Our metadata, one signed document per scheme. Sources: Avviso SPID 29, CIE «Manuale operativo»; order matters."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from lxml import etree

from gateway.spid.keys import SigningKey
from gateway.spid.names import (
    BASIC,
    CIE_NS,
    DS,
    HTTP_POST,
    HTTP_REDIRECT,
    MD,
    SAMLP,
    SPID_NS,
    TRANSIENT,
    XML_LANG,
    ds,
    md,
)  # fmt: skip
from gateway.spid.settings import Schema
from gateway.spid.signature import sign

SERVICE_NAME = "Cartella sociale"


def build_metadata(schema: Schema, keys: Sequence[SigningKey]) -> bytes:
    """Signed with the first key; every key's certificate is published."""
    root = etree.Element(md("EntityDescriptor"), nsmap=_namespaces(schema))
    root.set("entityID", schema.entity_id)
    root.append(_descriptor(schema, keys))
    root.append(_organization(schema))
    root.append(_contact(schema))
    root.set("ID", "_" + sha256(etree.tostring(root)).hexdigest()[:32])
    return sign(root, keys[0], after="")


def _namespaces(schema: Schema) -> dict[str, str]:
    own = ("spid", SPID_NS) if schema.name == "spid" else ("cie", CIE_NS)
    return dict([("md", MD), ("ds", DS), own])


def _add(parent: Any, tag: str, text: str = "", **attributes: str) -> Any:
    element = etree.SubElement(parent, tag, attributes)
    if text:
        element.text = text
    return element


def _descriptor(schema: Schema, keys: Sequence[SigningKey]) -> Any:
    descriptor = etree.Element(
        md("SPSSODescriptor"),
        {"protocolSupportEnumeration": SAMLP, "AuthnRequestsSigned": "true", "WantAssertionsSigned": "true"},
    )
    for key in keys:
        described = _add(descriptor, md("KeyDescriptor"), use="signing")
        _add(_add(_add(described, ds("KeyInfo")), ds("X509Data")), ds("X509Certificate"), key.base64)
    for binding in (HTTP_REDIRECT, HTTP_POST):
        _add(descriptor, md("SingleLogoutService"), Binding=binding, Location=schema.logout_url)
    _add(descriptor, md("NameIDFormat"), TRANSIENT)
    _add(
        descriptor, md("AssertionConsumerService"), Binding=HTTP_POST, Location=schema.acs_url, index="0",
        isDefault="true",
    )  # fmt: skip
    consuming = _add(descriptor, md("AttributeConsumingService"), index="0")
    _add(consuming, md("ServiceName"), SERVICE_NAME).set(XML_LANG, "it")
    for name in schema.attributes:
        _add(consuming, md("RequestedAttribute"), Name=name, NameFormat=BASIC, isRequired="true")
    return descriptor


def _organization(schema: Schema) -> Any:
    organization = etree.Element(md("Organization"))
    told = schema.organization
    for tag, text in (("Name", told.name), ("DisplayName", told.display_name), ("URL", told.url)):
        _add(organization, md(f"Organization{tag}"), text).set(XML_LANG, "it")
    return organization


def _contact(schema: Schema) -> Any:
    """SPID: `other`, with IPACode first and Public last. CIE: `administrative`, with the municipality."""
    spid = schema.name == "spid"
    contact = etree.Element(md("ContactPerson"), {"contactType": "other" if spid else "administrative"})
    extensions = _add(contact, md("Extensions"))
    for tag, text in _spid_extensions(schema) if spid else _cie_extensions(schema):
        _add(extensions, tag, text)
    _add(contact, md("Company"), schema.organization.name)
    _add(contact, md("EmailAddress"), schema.contact.email)
    _add(contact, md("TelephoneNumber"), schema.contact.phone)
    return contact


def _spid_extensions(schema: Schema) -> list[tuple[str, str]]:
    told = schema.contact
    pairs = [("IPACode", told.ipa_code), ("VATNumber", told.vat_number), ("FiscalCode", told.fiscal_code)]
    return [(f"{{{SPID_NS}}}{tag}", text) for tag, text in pairs if text] + [(f"{{{SPID_NS}}}Public", "")]


def _cie_extensions(schema: Schema) -> list[tuple[str, str]]:
    told = schema.contact
    pairs = [("Public", ""), ("IPACode", told.ipa_code), ("Municipality", told.municipality)]
    return [(f"{{{CIE_NS}}}{tag}", text) for tag, text in pairs]
