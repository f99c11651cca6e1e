"""The demo city of a running stack: loaded once, walked by `sisodemo check`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from sisolocal import identita
from sisolocal.errors import SisoError
from sisolocal.layout import Layout
from sisolocal.process import INHERITED

CASES = 60


def tool_environment(layout: Layout, env: dict[str, str]) -> dict[str, str]:
    """What the loader and the walk may know: everything, for they act for all services."""
    mine = {key: os.environ[key] for key in (*INHERITED, "TERM", "COLUMNS", "NO_COLOR") if key in os.environ}
    return mine | env | {"SISO_DATA_DIR": str(city_folder(layout))}


def city_folder(layout: Layout) -> Path:
    """Where the files of the city lie."""
    return layout.base / "data" / "citta"


def loaded(layout: Layout) -> int | None:
    """How many residenti this stack has been given, None when none yet."""
    stamp = layout.base / "data" / "citta.json"
    return int(json.loads(stamp.read_text())["residenti"]) if stamp.exists() else None


def load(layout: Layout, env: dict[str, str], residenti: int) -> None:
    """Generate and load the city, unless this stack has one. Raises SisoError when the loader fails."""
    if loaded(layout) is None:
        _generate_and_load(layout, env, residenti)
    identita.write(layout, identita.choose_citizens(env))


def _generate_and_load(layout: Layout, env: dict[str, str], residenti: int) -> None:
    argv = [
        sys.executable,
        "-m",
        "sisodemo",
        "load",
        "--residenti",
        str(residenti),
        "--dir",
        str(city_folder(layout)),
    ]
    done = subprocess.run(argv, env=tool_environment(layout, env), stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise SisoError(f"Il caricamento della città di prova non è riuscito (codice {done.returncode}).")
    (layout.base / "data" / "citta.json").write_text(json.dumps({"residenti": residenti}))


def open_cases(layout: Layout, env: dict[str, str]) -> None:
    """Some cases with diaries and ISEE, opened through the gateway as the workers of the demo would: an empty
    system shows nobody anything. Raises SisoError when it fails."""
    argv = [sys.executable, "-m", "sisodemo", "seed-cases", "--base-url", env["SISO_BASE_URL"]]
    argv += ["--dir", str(city_folder(layout)), "--casi", str(CASES)]
    done = subprocess.run(argv, env=tool_environment(layout, env), stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise SisoError(f"I casi di prova non si sono aperti (codice {done.returncode}).")
    identita.write(layout, identita.choose_citizens(env))


def walk(layout: Layout, env: dict[str, str]) -> int:
    """Walk the main job. Whatever happens, exactly one JSON object reaches standard output; 0 if all held."""
    argv = [sys.executable, "-m", "sisodemo", "check", "--base-url", env["SISO_BASE_URL"]]
    argv += ["--mailbox-url", env["SISO_MAILBOX_URL"]]
    done = subprocess.run(argv, env=tool_environment(layout, env), stdout=subprocess.PIPE, check=False)
    try:
        seen = dict(json.loads(done.stdout))
    except (ValueError, TypeError):
        seen = {
            "ok": False,
            "errore": f"la verifica è terminata con codice {done.returncode} senza un risultato",
        }
    sys.stdout.write(json.dumps(seen, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return done.returncode or int(seen.get("ok") is False)
