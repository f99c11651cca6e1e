"""The identity providers we trust: metadata files in a local folder, each pinned by its SHA-256 in `manifest.json`.

    {"spid-entities-idps.xml": "9f86d0…"}

Nothing is fetched here. The refresh job (`gateway.spid.refresh`) writes file and manifest; a running process looks at
the manifest's date now and then and, when the new content is not good, goes on with what it had.
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import structlog
from cryptography.x509 import Certificate, load_der_x509_certificate

from gateway.spid.errors import Refused
from gateway.spid.names import DEV_NS, HTTP_POST, HTTP_REDIRECT, XML_LANG, ds, md
from gateway.spid.settings import SpidConfigurationError
from gateway.spid.xml import decode, parse

MANIFEST = "manifest.json"
LOOK_EVERY = 30.0
"""Seconds between two looks at the manifest."""
BINDINGS = (HTTP_POST, HTTP_REDIRECT)
ADDRESS = re.compile(r"https?://[^\s;,'\"<>]+")
"""They also stand in a header that allows a form to go there."""
MAX_FILE = 8 * 1024 * 1024
log = structlog.get_logger()


@dataclass(frozen=True)
class Idp:
    """An identity provider. `sso` and `slo`: address by binding; `slo_answer`: where answers to its logouts go."""

    entity_id: str
    name: str
    sso: MappingProxyType[str, str]
    slo: MappingProxyType[str, str]
    slo_answer: MappingProxyType[str, str]
    certificates: tuple[Certificate, ...]
    is_dev: bool

    @property
    def origins(self) -> tuple[str, ...]:
        """Sites a form sent to this provider may reach: its addresses' schemes and hosts."""
        addresses = (*self.sso.values(), *self.slo.values(), *self.slo_answer.values())
        return tuple(sorted({f"{part.scheme}://{part.netloc}" for part in map(urlsplit, addresses)}))


def read_metadata(raw: bytes) -> list[Idp]:
    """The providers of one metadata document (one entity or many). Raises Refused when it is not metadata at all;
    a single entity that cannot be used is left out, loudly."""
    root = parse(raw, MAX_FILE)
    if root.tag == md("EntityDescriptor"):
        entities = [root]
    elif root.tag == md("EntitiesDescriptor"):
        entities = list(root.iter(md("EntityDescriptor")))
    else:
        raise Refused("metadata.root")
    found = []
    for entity in entities:
        if entity.find(md("IDPSSODescriptor")) is None:
            continue
        try:
            found.append(_idp(entity))
        except (Refused, ValueError) as error:
            log.error("idp_metadata_unusable", entity_id=entity.get("entityID"), reason=str(error))
    if not found:
        raise Refused("metadata.no_provider")
    return found


def _idp(entity: Any) -> Idp:
    descriptor = entity.find(md("IDPSSODescriptor"))
    entity_id = (entity.get("entityID") or "").strip()
    sso = _addresses(descriptor, "SingleSignOnService", "Location")
    certificates = tuple(_certificates(descriptor))
    if not (entity_id and sso and certificates):
        raise Refused("metadata.incomplete")
    slo = _addresses(descriptor, "SingleLogoutService", "Location")
    answers = dict(slo) | dict(_addresses(descriptor, "SingleLogoutService", "ResponseLocation"))
    is_dev = any(isinstance(n.tag, str) and n.tag.startswith(f"{{{DEV_NS}}}") for n in entity.iter())
    return Idp(
        entity_id, _name(entity) or entity_id, sso, slo, MappingProxyType(answers), certificates, is_dev
    )  # fmt: skip


def _addresses(descriptor: Any, tag: str, attribute: str) -> MappingProxyType[str, str]:
    pairs = [(service.get("Binding"), service.get(attribute)) for service in descriptor.findall(md(tag))]
    good = {binding: address for binding, address in reversed(pairs) if binding in BINDINGS and address}
    if not all(ADDRESS.fullmatch(address) for address in good.values()):
        raise Refused("metadata.address")
    return MappingProxyType(good)


def _certificates(descriptor: Any) -> list[Certificate]:
    """Every certificate published for signing, the doubles once."""
    found: dict[bytes, Certificate] = {}
    for described in descriptor.findall(md("KeyDescriptor")):
        if described.get("use") in (None, "signing"):
            for element in described.iter(ds("X509Certificate")):
                der = decode(element.text or "")
                found[der] = load_der_x509_certificate(der)
    return list(found.values())


def _name(entity: Any) -> str:
    names = {
        element.get(XML_LANG): " ".join((element.text or "").split())
        for element in entity.findall(f"{md('Organization')}/{md('OrganizationDisplayName')}")
    }
    return str(names.get("it") or next(iter(names.values()), ""))


def read_folder(folder: Path) -> dict[str, Idp]:
    """The providers of every file the manifest names; a file it does not name is not read. Raises
    SpidConfigurationError when one is missing or is not the one that was pinned."""
    try:
        pinned: dict[str, str] = json.loads((folder / MANIFEST).read_text("utf-8"))
        if unpinned := sorted({file.name for file in folder.glob("*.xml")} - set(pinned)):
            log.warning("idp_metadata_not_pinned", files=unpinned)
        found: dict[str, Idp] = {}
        for name, digest in sorted(pinned.items()):
            raw = (folder / name).read_bytes()
            if sha256(raw).hexdigest() != digest:
                raise SpidConfigurationError(f"{folder.name}/{name} is not the file that was pinned")
            found |= {idp.entity_id: idp for idp in read_metadata(raw)}
    except (OSError, ValueError, AttributeError) as error:
        raise SpidConfigurationError(f"{folder}: {error}") from error
    except Refused as error:
        raise SpidConfigurationError(f"{folder}: {error.reason}") from error
    return found


class Registry:
    """The providers of one scheme, read again when the manifest changed. `check` raises SpidConfigurationError for
    those that must not be here: at the start and at every reading."""

    def __init__(self, folder: Path, check: Callable[[Iterable[Idp]], None] = lambda idps: None) -> None:
        self.folder = folder
        self.check = check
        self._idps = self._read()
        self._stamp = self._manifest_stamp()
        self._looked = time.monotonic()

    def find(self, entity_id: str) -> Idp | None:
        return self._current().get(entity_id)

    def shuffled(self) -> list[Idp]:
        """All of them, in another order each time: none is to be first (regole tecniche SPID)."""
        idps = list(self._current().values())
        random.shuffle(idps)
        return idps

    def _current(self) -> dict[str, Idp]:
        if time.monotonic() - self._looked > LOOK_EVERY:
            self._looked = time.monotonic()
            stamp = self._manifest_stamp()
            if stamp != self._stamp:
                self._reload(stamp)
        return self._idps

    def _read(self) -> dict[str, Idp]:
        idps = read_folder(self.folder)
        self.check(idps.values())
        return idps

    def _reload(self, stamp: int) -> None:
        try:
            self._idps = self._read()
        except SpidConfigurationError as error:
            log.error("idp_registry_kept_old", reason=str(error))
        else:
            log.info("idp_registry_reloaded", providers=len(self._idps))
            self._stamp = stamp

    def _manifest_stamp(self) -> int:
        try:
            return (self.folder / MANIFEST).stat().st_mtime_ns
        except OSError:
            return 0
