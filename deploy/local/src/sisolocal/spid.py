"""Login with SPID and CIE in a local stack: the test identity provider, and what the gateway is told of it.

Everything lies in `.siso/<name>/spid/`: the gateway's `spid.toml` with its keys, the providers' metadata pinned by
hash, the test provider's own key. Written at every start, because addresses hold ports; keys are made once an address.
"""

from __future__ import annotations

import json
import secrets
from hashlib import sha256
from pathlib import Path

from sisolocal import identita
from sisolocal.infra import Infra
from sisolocal.layout import write_private

IDP = "idp"
CERTIFICATE_DAYS = 3650
CONFIGURATION = """# Written at every start of the stack.
[organization]
name = "Comune di Prova"
display_name = "Cartella Sociale di prova"
url = "https://comune.example"
locality = "Monza"

[contact]
ipa_code = "c_prova"
municipality = "F704"
email = "sociale@comune.example"
phone = "+39039000000"

[log]
key_files = ["spid_log.key"]

[spid]
idp_dir = "gestori/spid"
keys = [{ key_file = "spid.key", certificate_file = "spid.crt" }]

[cie]
idp_dir = "gestori/cie"
binding = "redirect"  # so that both ways are walked
keys = [{ key_file = "cie.key", certificate_file = "cie.crt" }]
"""


def folder(infra: Infra) -> Path:
    return infra.layout.base / "spid"


def idp_url(infra: Infra) -> str:
    return f"http://127.0.0.1:{infra.ports[IDP]}"


def public_url(infra: Infra) -> str:
    return f"http://127.0.0.1:{infra.ports['gateway']}"


def idp_environment(infra: Infra) -> dict[str, str]:
    """What the test identity provider knows: nothing of the house, not even the mandate's public key."""
    return {
        "SISO_ENV": "demo",
        "PYTHONUNBUFFERED": "1",
        "DEVIDP_BASE_URL": idp_url(infra),
        "DEVIDP_KEYS_DIR": str(folder(infra) / "idp"),
        "DEVIDP_PEOPLE_FILE": str(identita.file(infra.layout)),
        "DEVIDP_SP_METADATA": " ".join(
            f"{public_url(infra)}/{scheme}/metadata" for scheme in ("spid", "cie")
        ),
    }


def gateway_environment(infra: Infra) -> dict[str, str]:
    return {"GATEWAY_SPID_FILE": str(folder(infra) / "spid.toml"), "GATEWAY_PUBLIC_URL": public_url(infra)}


def prepare(infra: Infra) -> None:
    """Write all of it. The ports of the gateway and of the provider must be settled."""
    home = folder(infra)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (home / "spid_log.key").exists():
        write_private(home / "spid_log.key", secrets.token_hex(32))
    write_private(home / "spid.toml", CONFIGURATION)
    _write_providers(infra, home / "gestori")
    _ensure_keys(home, public_url(infra))
    identita.write(infra.layout)


def _ensure_keys(home: Path, address: str) -> None:
    """Certificates as AgID wants them. They hold the entity id: another port needs others."""
    from gateway.spid.certificate import make_pair
    from gateway.spid.settings import load_configuration

    made_for = home / "indirizzo"
    if made_for.exists() and made_for.read_text() == address:
        return
    for schema in load_configuration(home / "spid.toml", address).schemas:
        pair = make_pair(schema, CERTIFICATE_DAYS)
        write_private(schema.keys[0].key_file, pair.key.decode())
        write_private(schema.keys[0].certificate_file, pair.certificate.decode())
    write_private(made_for, address)


def _write_providers(infra: Infra, registry: Path) -> None:
    """The metadata of each provider in the folder of its scheme, with the manifest that pins it."""
    from devidp.keys import ensure_keys
    from devidp.providers import make_providers
    from devidp.responses import make_metadata
    from devidp.xml import to_bytes

    keys = ensure_keys(folder(infra) / "idp")
    manifests: dict[str, dict[str, str]] = {}
    for provider in make_providers(idp_url(infra)).values():
        content = to_bytes(make_metadata(provider, keys)).decode()
        write_private(registry / provider.scheme / f"{provider.key}.xml", content)
        digest = sha256(content.encode()).hexdigest()
        manifests.setdefault(provider.scheme, {})[f"{provider.key}.xml"] = digest
    for scheme, pinned in manifests.items():
        write_private(registry / scheme / "manifest.json", json.dumps(pinned, indent=1))
