"""Everything in the repository that is generated from code, and what of it is out of date."""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path

from sisolocal.layout import repository_root

SNAPSHOTS = "libs/contracts/snapshots"


def expected() -> dict[str, str]:
    """Path under the repository → text it must have."""
    from chassis import topology
    from contracts import docs

    definitions = json.dumps(topology.definitions(), indent=1, sort_keys=True) + "\n"
    files = docs.files() | {"deploy/rabbitmq/definitions.json": definitions}
    if importlib.util.find_spec("gateway.openapi") is not None:
        files["docs/openapi.json"] = importlib.import_module("gateway.openapi").document()
    return files


def differences() -> list[str]:
    """Paths whose text differs from what the code says, files no longer generated included."""
    root, wanted = repository_root(), expected()
    different = [path for path, text in wanted.items() if _text(root / path) != text]
    old = {str(path.relative_to(root)) for path in (root / SNAPSHOTS).rglob("*.json")}
    return sorted({*different, *(old - wanted.keys())})


def write(paths: list[str]) -> None:
    """Rewrite (or remove) the given files."""
    root, wanted = repository_root(), expected()
    for path in paths:
        target = root / path
        if path in wanted:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(wanted[path], encoding="utf-8")
        else:
            target.unlink(missing_ok=True)


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
