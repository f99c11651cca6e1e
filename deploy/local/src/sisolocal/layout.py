"""Where everything of one stack lies: `.siso/<name>/` under the root of the repository."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from sisolocal.errors import DiskFull

SERVICES = ("anagrafe", "cartella", "documenti", "erogazioni", "notifiche", "report")
SQL_OWNERS = ("anagrafe", "documenti", "erogazioni", "notifiche", "report", "gateway")
EVERYBODY = (*SERVICES, "gateway")


def repository_root() -> Path:
    """The root of the repository: the folder that holds `siso`, seen from this file."""
    return Path(__file__).resolve().parents[4]


@dataclass(frozen=True)
class Layout:
    """The folders of one stack. `name` is `demo`, `test`, … so that several live side by side."""

    root: Path
    name: str

    @classmethod
    def of(cls, name: str, root: Path | None = None) -> Layout:
        return cls(root or repository_root(), name)

    @property
    def base(self) -> Path:
        return self.root / ".siso" / self.name

    def data(self, store: str) -> Path:
        return self.base / "data" / store

    def log(self, process: str) -> Path:
        return self.base / "log" / f"{process}.log"

    def pid(self, process: str) -> Path:
        return self.base / "run" / f"{process}.pid"

    @property
    def env_file(self) -> Path:
        return self.base / "env"

    @property
    def state_file(self) -> Path:
        return self.base / "state.json"

    def make(self) -> None:
        """Create the folders; only their owner may enter those with secrets."""
        for folder in (
            self.base,
            self.base / "data",
            self.base / "log",
            self.base / "run",
            self.base / "keys",
        ):
            folder.mkdir(parents=True, exist_ok=True)
        (self.base / "keys").chmod(0o700)

    def require_space(self, megabytes: int) -> None:
        """Raise DiskFull unless `megabytes` MB are free where the stack will write."""
        free = shutil.disk_usage(self.root).free // 1_000_000
        if free < megabytes:
            raise DiskFull(self.root, free, megabytes)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with open(
        os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
