"""The identity providers this process plays: two of SPID, so that their order can be seen to change, and one of CIE."""

from __future__ import annotations

from dataclasses import dataclass

SPID, CIE = "spid", "cie"
LEVELS = tuple(f"https://www.spid.gov.it/SpidL{level}" for level in (1, 2, 3))
NAMES = {
    "acero": ("Identità di prova Acero", SPID),
    "betulla": ("Identità di prova Betulla", SPID),
    "cie": ("CIE di prova", CIE),
}
CIE_ATTRIBUTES = ("fiscalNumber", "name", "familyName", "dateOfBirth")
SPID_ATTRIBUTES = (*CIE_ATTRIBUTES, "spidCode", "gender", "placeOfBirth", "email")


@dataclass(frozen=True)
class Provider:
    """One of them. `scheme` is `spid` or `cie`: it decides the shape of the answers."""

    key: str
    name: str
    scheme: str
    base_url: str

    @property
    def entity_id(self) -> str:
        return f"{self.base_url}/{self.key}"

    @property
    def sso(self) -> str:
        return f"{self.entity_id}/sso"

    @property
    def slo(self) -> str:
        return f"{self.entity_id}/slo"

    @property
    def attributes(self) -> tuple[str, ...]:
        """Names it can give, when asked."""
        return CIE_ATTRIBUTES if self.scheme == CIE else SPID_ATTRIBUTES


def make_providers(base_url: str) -> dict[str, Provider]:
    """All of them by key, under one address."""
    return {key: Provider(key, name, scheme, base_url) for key, (name, scheme) in NAMES.items()}
