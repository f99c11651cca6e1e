"""Who may send people here: the service providers whose metadata this process was told of."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from devidp.xml import NS, POST, parse

FETCH_SECONDS = 5.0


@dataclass(frozen=True)
class Endpoint:
    """An address of the service provider with its binding; answers go to `answers_to`."""

    binding: str
    location: str
    response_location: str = ""

    @property
    def answers_to(self) -> str:
        return self.response_location or self.location


@dataclass(frozen=True)
class ServiceProvider:
    """What its metadata says."""

    entity_id: str
    name: str
    certificates: tuple[str, ...]
    consumers: dict[str, str]
    attributes: dict[str, tuple[str, ...]]
    logout: tuple[Endpoint, ...] = ()


@dataclass
class Directory:
    """Metadata read when first needed and again when it does not fit what arrives: the service provider starts when it
    likes, and changes its keys when it must. `sources` are http addresses or files."""

    sources: tuple[str, ...]
    known: dict[str, ServiceProvider] = field(default_factory=dict)

    def find(self, entity_id: str) -> ServiceProvider | None:
        if entity_id not in self.known:
            self.refresh()
        return self.known.get(entity_id)

    def refresh(self) -> None:
        """Read all sources again; what does not answer, or is no metadata, keeps what was known of it."""
        for source in self.sources:
            try:
                found = read_metadata(_content(source))
            except (OSError, httpx.HTTPError, ValueError):
                continue
            self.known[found.entity_id] = found


def _content(source: str) -> bytes:
    if source.startswith(("http://", "https://")):
        # no check of the certificate: the address was given by whoever started this, for a test
        return (
            httpx.get(source, timeout=FETCH_SECONDS, trust_env=False, verify=False).raise_for_status().content
        )
    return Path(source).read_bytes()


def read_metadata(content: bytes) -> ServiceProvider:
    """One EntityDescriptor of a service provider. Raises ValueError when it is not one."""
    root = parse(content)
    descriptor = root.find("md:SPSSODescriptor", NS)
    if root.tag != f"{{{NS['md']}}}EntityDescriptor" or descriptor is None:
        raise ValueError("not the metadata of a service provider")
    keys = descriptor.xpath(
        "md:KeyDescriptor[not(@use) or @use='signing']//ds:X509Certificate", namespaces=NS
    )
    services = descriptor.findall("md:AttributeConsumingService", NS)
    consumers = descriptor.findall("md:AssertionConsumerService", NS)
    return ServiceProvider(
        entity_id=root.get("entityID", ""),
        name=root.findtext("md:Organization/md:OrganizationDisplayName", "", NS).strip()
        or root.get("entityID"),
        certificates=tuple("".join((one.text or "").split()) for one in keys),
        consumers={
            one.get("index", ""): one.get("Location", "") for one in consumers if one.get("Binding") == POST
        },
        attributes={one.get("index", ""): _requested(one) for one in services},
        logout=tuple(
            Endpoint(one.get("Binding", ""), one.get("Location", ""), one.get("ResponseLocation", ""))
            for one in descriptor.findall("md:SingleLogoutService", NS)
        ),
    )


def _requested(service: Any) -> tuple[str, ...]:
    return tuple(one.get("Name", "") for one in service.findall("md:RequestedAttribute", NS))
