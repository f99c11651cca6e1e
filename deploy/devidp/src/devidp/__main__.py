"""`devidp serve` runs the identity provider, `devidp metadata FOLDER` writes its metadata, one file a provider.

Both read `SISO_ENV`, `DEVIDP_BASE_URL`, `DEVIDP_KEYS_DIR`, `DEVIDP_PEOPLE_FILE`, `DEVIDP_SP_METADATA`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from devidp.settings import Refused, Settings, read_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="devidp", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve")
    commands.add_parser("metadata").add_argument("folder", type=Path)
    arguments = parser.parse_args()
    try:
        settings = read_settings()
    except Refused as refusal:
        sys.exit(f"devidp: {refusal}")
    if arguments.command == "serve":
        serve(settings)
    else:
        write_metadata(settings, arguments.folder)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM, on the loopback address of the settings and no other."""
    import uvicorn

    from devidp.app import create_app

    uvicorn.run(
        create_app(settings), host=settings.host, port=settings.port, access_log=False, server_header=False,
        log_level="warning", timeout_graceful_shutdown=2,
    )  # fmt: skip


def write_metadata(settings: Settings, folder: Path) -> list[Path]:
    """The signed metadata of each provider as `<key>.xml`; the keys are made when there are none yet."""
    from devidp.keys import ensure_keys
    from devidp.providers import make_providers
    from devidp.responses import make_metadata
    from devidp.xml import to_bytes

    keys, written = ensure_keys(settings.keys_dir), []
    folder.mkdir(parents=True, exist_ok=True)
    for provider in make_providers(settings.base_url).values():
        file = folder / f"{provider.key}.xml"
        file.write_bytes(to_bytes(make_metadata(provider, keys)))
        written.append(file)
    return written


if __name__ == "__main__":
    main()
