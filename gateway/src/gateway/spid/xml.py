"""Reading XML that strangers sent: no entities, no DTD, no network, comments gone, size bounded."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Any

from lxml import etree

from gateway.spid.errors import Refused

MAX_MESSAGE = 128 * 1024
"""Bytes of one decoded message. A real answer has about ten thousand."""

MAX_VALUE = 512
"""Characters of one value."""
INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,255}", re.ASCII)
BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")


def parse(raw: bytes, limit: int = MAX_MESSAGE) -> Any:
    """The root of a well-formed document without DOCTYPE, entities and processing instructions. Raises Refused."""
    if len(raw) > limit:
        raise Refused("xml.size")
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise Refused("xml.doctype")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=False,
    )  # fmt: skip
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Refused("xml.syntax") from error
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.externalDTD is not None or info.doctype:
        raise Refused("xml.doctype")
    if any(not isinstance(node.tag, str) for node in root.iter()):
        raise Refused("xml.node")
    return root


def decode(text: str) -> bytes:
    """Base64 as SAML posts it: line breaks allowed, nothing else beside the alphabet. Raises Refused."""
    compact = "".join(text.split()).encode("ascii", "replace")
    if len(compact) > MAX_MESSAGE * 4 // 3 + 4:
        raise Refused("xml.size")
    if not BASE64.fullmatch(compact):
        raise Refused("base64")
    try:
        return base64.b64decode(compact, validate=True)
    except binascii.Error as error:
        raise Refused("base64") from error


def instant(text: str | None) -> datetime:
    """An xs:dateTime in UTC, to the microsecond. Raises Refused."""
    found = INSTANT.fullmatch(text or "")
    if found is None:
        raise Refused("instant.format")
    try:
        moment = datetime.strptime(found[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused("instant.format") from error
    return moment.replace(microsecond=int((found[2] or "0").ljust(9, "0")[:6]))


def format_instant(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def children(element: Any, tag: str) -> list[Any]:
    return [child for child in element if child.tag == tag]


def only(element: Any, tag: str, reason: str) -> Any:
    """The one child of this name. Raises Refused when there is none or more."""
    found = children(element, tag)
    if len(found) != 1:
        raise Refused(reason, f"{len(found)} instead of 1")
    return found[0]


def text_of(element: Any, reason: str) -> str:
    """The text of an element that has nothing but text, without the blanks around it. Raises Refused when it is empty
    or longer than anything that is kept."""
    if len(element):
        raise Refused(reason, "element inside a value")
    text = (element.text or "").strip()
    if not 0 < len(text) <= MAX_VALUE:
        raise Refused(reason, f"{len(text)} characters")
    return text
