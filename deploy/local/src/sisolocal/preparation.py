"""What is done once before the services start, and again when sources change: migrations, topology, starting data."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from pathlib import Path

from sisolocal import environment
from sisolocal.errors import StartFailed
from sisolocal.infra import Infra
from sisolocal.layout import EVERYBODY
from sisolocal.parallel import Progress, run_all, silent
from sisolocal.process import INHERITED
from sisolocal.roles import program

SOURCES = (".py", ".json", ".csv", ".sql")
QUEUES_SETTLE = 3.0  # seconds a fresh quorum queue must live before a kill of the broker may be survived


class Preparation:
    """Runs what its stamp, kept beside the data, does not show as done."""

    def __init__(self, infra: Infra) -> None:
        self.infra = infra
        self._stamp_file = infra.layout.base / "data" / "prepared.json"
        self._declared_at = 0.0

    def run(self, progress: Progress = silent) -> None:
        """Migrate and seed whom it concerns, declare the topology; both at once."""
        stamp, wanted = self._stamp(), self._wanted()
        changed = [service for service in EVERYBODY if stamp.get(service) != wanted[service]]
        actions = {}
        if changed:
            actions["migrazioni"] = lambda: self._migrate(changed)
        if stamp.get("topology") != wanted["topology"]:
            actions["code"] = self.declare
        if actions:
            run_all(actions, lambda: None, progress)
            self._stamp_file.write_text(json.dumps(wanted, indent=1))

    def declare(self) -> None:
        """Declare exchanges and queues; a repetition changes nothing."""
        self._chassis("topology")
        self._declared_at = time.monotonic()

    def replay(self) -> None:
        """Publish again, from the outboxes, what no consumer has taken in the last day (a broken queue lost it)."""
        self._chassis("reconcile", *EVERYBODY, "--replay", good=(0, 1))

    def settle(self) -> None:
        """Wait until queues declared just now would survive a kill of the broker."""
        left = self._declared_at + QUEUES_SETTLE - time.monotonic()
        if self._declared_at and left > 0:
            time.sleep(left)

    def _migrate(self, services: list[str]) -> None:
        self._chassis("migrate", *services)
        seeded = [service for service in services if self._has_seed(service)]
        if seeded:
            self._chassis("seed", *seeded)

    def _has_seed(self, service: str) -> bool:
        source = self._source(service)
        return (source / "seed.py").exists() or (source / "seed").is_dir()

    def _chassis(self, *words: str, good: tuple[int, ...] = (0,)) -> None:
        log = self.infra.layout.log(words[0])
        env = {key: os.environ[key] for key in INHERITED if key in os.environ}
        env |= environment.full(self.infra)
        with log.open("ab") as output:
            argv = [program("chassis"), *words]
            done = subprocess.run(argv, env=env, stdout=output, stderr=subprocess.STDOUT, check=False)
        if done.returncode not in good:
            raise StartFailed(f"chassis {' '.join(words)}", f"è terminato con codice {done.returncode}", log)

    def _source(self, service: str) -> Path:
        root = self.infra.layout.root
        home = root / "gateway" if service == "gateway" else root / "services" / service
        return home / "src" / service

    def _stamp(self) -> dict[str, str]:
        return json.loads(self._stamp_file.read_text()) if self._stamp_file.exists() else {}

    def _wanted(self) -> dict[str, str]:
        libs = self.infra.layout.root / "libs"
        shared = [libs / "chassis" / "src" / "chassis" / "migrations.py", libs / "contracts" / "src"]
        wanted = {service: digest([self._source(service), shared[0]]) for service in EVERYBODY}
        topology = [libs / "chassis" / "src" / "chassis" / "topology.py", shared[1]]
        return wanted | {"topology": digest(topology)}


def digest(paths: list[Path]) -> str:
    """The hash of all sources under the paths."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(one for one in path.rglob("*") if one.suffix in SOURCES) if path.is_dir() else [path]
        for file in files:
            if "static" not in file.parts:
                total.update(str(file).encode() + file.read_bytes())
    return total.hexdigest()
