"""`./siso test`: the checks, then one pytest run over what was asked, whose closing line is the last."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sisolocal.background import down
from sisolocal.errors import SisoError
from sisolocal.infra import Infra
from sisolocal.layout import Layout, repository_root
from sisolocal.show import say
from sisolocal.teststack import NAME

LEVELS = ("unit", "integration", "contract")
CHECKS = {
    "stile (ruff)": ["ruff", "check", "--quiet", "."],
    "forma (ruff)": ["ruff", "format", "--check", "--quiet", "."],
    "tipi (mypy)": ["mypy"],
    "dipendenze fra pacchetti (import-linter)": ["lint-imports", "--no-cache"],
}


def folders(kind: str) -> list[str]:
    """The folders with tests of one kind. `rest`: tests of a package that name no level (`gateway/tests/web`)."""
    root = repository_root()
    if kind == "spid":
        return ["gateway/tests/spid"]
    if kind not in (*LEVELS, "rest"):
        return [f"tests/{kind}"] if (root / "tests" / kind).exists() else []
    homes = [
        *(root / "libs").iterdir(),
        *(root / "services").iterdir(),
        root / "gateway",
        *(root / "deploy").iterdir(),
    ]
    found = {path.parent for home in homes for path in (home / "tests").rglob("test_*.py")}
    return sorted(str(folder.relative_to(root)) for folder in found if _level(folder) == kind)


def _level(folder: Path) -> str:
    return next((level for level in LEVELS if level in folder.parts), "rest")


SETS = {
    "unit": ("unit",),
    "integration": ("integration", "contract", "rest"),
    "e2e": ("e2e",),
    "matrix": ("matrix",),
    "faults": ("faults",),
    "spid": ("spid",),
    "all": ("unit", "contract", "architecture", "rest", "integration", "e2e", "matrix", "faults"),
}


def run_tests(which: str, extra: list[str], keep: bool) -> int:
    """Run a set of tests. The exit code is not 0 when a check or a test failed."""
    root = repository_root()
    failed = _checks(root) if which == "all" else []
    paths = [path for kind in SETS[which] for path in folders(kind)]
    env = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    if failed:
        say(f"Controlli non riusciti: {', '.join(failed)} (si veda sopra). Seguono i test.", "bold red")
    with stack_for_a_while(keep):
        code = subprocess.run(
            [sys.executable, "-m", "pytest", *paths, *extra], cwd=root, env=env, check=False
        ).returncode
    return code or int(bool(failed))


@contextmanager
def stack_for_a_while(keep: bool) -> Iterator[None]:
    """Whatever of the tests' stack is started inside is stopped at the end, unless it ran before or is to be kept."""
    was_up = any(store.pid for store in Infra(Layout.of(NAME)).stores)
    try:
        yield
    finally:
        if not was_up and not keep:
            down(Layout.of(NAME))


def _checks(root: Path) -> list[str]:
    """Run the static checks; the names of those that failed, with their output shown."""
    failed = []
    for name, argv in CHECKS.items():
        began = time.monotonic()
        program = Path(sys.executable).with_name(argv[0])
        done = subprocess.run([program, *argv[1:]], cwd=root, capture_output=True, text=True, check=False)
        verdict = "bene" if done.returncode == 0 else "NON RIUSCITO"
        say(f"{name}: {verdict} ({time.monotonic() - began:.0f} s)")
        if done.returncode != 0:
            failed.append(name)
            sys.stderr.write(done.stdout[-8000:] + done.stderr[-4000:])
    return failed


def run_matrice(extra: list[str]) -> int:
    """The long run of the authorization matrix: `--mondi N` whole worlds, `--primo SEME` to repeat one. The exit code
    is 1 when the system and the oracle disagree anywhere."""
    root = repository_root()
    options = dict(zip(extra[::2], extra[1::2], strict=False))
    if (
        len(extra) % 2
        or options.keys() - {"--mondi", "--primo"}
        or not all(v.isdigit() for v in options.values())
    ):
        raise SisoError("Si scrive: ./siso test matrice --mondi 20 [--primo 1]")
    sys.path.insert(0, str(root))
    from tests.matrix.campaign import campaign
    from tests.system import start_system

    system = start_system()
    try:
        return int(campaign(system, int(options.get("--mondi", "5")), int(options.get("--primo", "1"))) > 0)
    finally:
        system.stop()
