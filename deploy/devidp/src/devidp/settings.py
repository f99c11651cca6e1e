"""What the process is told, from the environment; what it refuses to start with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

HARMLESS = ("demo", "test")


class Refused(Exception):
    """This identity provider may not run as asked; the message says why, in Italian."""


@dataclass(frozen=True)
class Settings:
    """`base_url` is where browsers find it; `service_providers` are addresses or files of SP metadata."""

    base_url: str
    keys_dir: Path
    people_file: Path
    service_providers: tuple[str, ...]

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or ""

    @property
    def port(self) -> int:
        return urlsplit(self.base_url).port or 80


def read_settings(env: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `DEVIDP_*`. Raises Refused outside demo and test, off the loopback, or when a name is missing."""
    if env.get("SISO_ENV") not in HARMLESS:
        raise Refused("SISO_ENV non è né «demo» né «test»: un gestore di identità di prova qui non si avvia.")
    missing = [
        name for name in ("DEVIDP_BASE_URL", "DEVIDP_KEYS_DIR", "DEVIDP_PEOPLE_FILE") if not env.get(name)
    ]
    if missing:
        raise Refused(f"Manca {', '.join(missing)}.")
    settings = Settings(
        base_url=env["DEVIDP_BASE_URL"].rstrip("/"),
        keys_dir=Path(env["DEVIDP_KEYS_DIR"]),
        people_file=Path(env["DEVIDP_PEOPLE_FILE"]),
        service_providers=tuple(env.get("DEVIDP_SP_METADATA", "").split()),
    )
    if not is_loopback(settings.host):
        raise Refused(f"«{settings.host}» non è un indirizzo di questa sola macchina (127.0.0.1).")
    return settings


def is_loopback(host: str) -> bool:
    """True for a numeric loopback address of IPv4; a name could lead anywhere."""
    try:
        return IPv4Address(host).is_loopback
    except ValueError:
        return False
