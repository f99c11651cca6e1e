"""The providers' metadata, fetched and pinned apart from any login. When anything is wrong, what was there stays."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import httpx

from gateway.spid.errors import Refused
from gateway.spid.keys import load_certificate
from gateway.spid.registry import MANIFEST, MAX_FILE, Idp, read_folder, read_metadata
from gateway.spid.settings import Schema, SpidConfigurationError
from gateway.spid.signature import verified
from gateway.spid.xml import instant, parse

PREFIX = "federazione-"
TIMEOUT = 30.0
Check = Callable[[list[Idp]], None]


class NotRefreshed(Exception):
    """The new metadata was not taken; the old stays."""


def refresh(schema: Schema, check: Check, client: httpx.Client | None = None) -> list[Idp]:
    """Takes the federation's metadata if its signature holds against the pinned certificate. `check` raises for
    providers that must not be here. Raises NotRefreshed."""
    if schema.federation is None:
        raise NotRefreshed("no [federation] is set for this scheme")
    certificate = load_certificate(schema.federation.certificate_file)
    try:
        raw = _fetch(schema.federation.url, client)
        root = parse(raw, MAX_FILE)
        verified(root, [certificate])
        if "validUntil" in root.attrib and instant(root.get("validUntil")) <= datetime.now(UTC):
            raise Refused("metadata.over")
        idps = read_metadata(raw)
        check(idps)
    except (httpx.HTTPError, Refused, SpidConfigurationError) as error:
        raise NotRefreshed(str(error)) from error
    before = [name for name in _pinned(schema.idp_dir) if name.startswith(PREFIX)]
    _require_most(schema.idp_dir, before, idps)
    pin(schema.idp_dir, f"{PREFIX}{sha256(raw).hexdigest()[:16]}.xml", raw, replacing=before)
    return idps


def _fetch(url: str, client: httpx.Client | None) -> bytes:
    with (
        client or httpx.Client(timeout=TIMEOUT, follow_redirects=False) as opened,
        opened.stream("GET", url) as answer,
    ):
        answer.raise_for_status()
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > MAX_FILE:
                raise Refused("metadata.size")
        return bytes(content)


def _require_most(folder: Path, names: list[str], idps: list[Idp]) -> None:
    """A file that lost more than half of the providers is rather a broken one. Raises NotRefreshed."""
    known: set[str] = set()
    for name in names:
        known |= {idp.entity_id for idp in read_metadata((folder / name).read_bytes())}
    kept = known & {idp.entity_id for idp in idps}
    if len(kept) * 2 < len(known):
        raise NotRefreshed(f"only {len(kept)} of {len(known)} known providers are still there")


def _pinned(folder: Path) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads((folder / MANIFEST).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return found


def pin(folder: Path, name: str, raw: bytes, replacing: list[str] | None = None) -> None:
    """Puts a metadata file beside the others and into the manifest; the manifest changes at one stroke, last."""
    gone = [old for old in replacing or [] if old != name]
    pinned = {old: digest for old, digest in _pinned(folder).items() if old not in gone}
    pinned[name] = sha256(raw).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / name, raw)
    _write(folder / MANIFEST, json.dumps(pinned, indent=1, sort_keys=True).encode())
    read_folder(folder)
    for old in gone:
        (folder / old).unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(content)
    partial.replace(path)
