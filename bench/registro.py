"""The registry that the benches of anagrafe work on: a generated city, loaded once into a database of its own."""

import os
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from sisodemo.carica import ensure_city
from sisodemo.files import latest_files
from sisodemo.giorno import next_day
from sisolocal.layout import repository_root
from sisolocal.roles import program
from sisolocal.testdata import TestRun
from sisolocal.testprocess import child_environment
from sisolocal.teststack import choose, open_stack

CITIES = repository_root() / ".siso" / "bench"
CHANGED = 0.01
"""Share of residents that something happens to in the night."""


@dataclass(frozen=True)
class Registro:
    """A database with the first day loaded. `env`: of a process of anagrafe; `city`: the files of that day."""

    url: str
    admin: str
    env: dict[str, str]
    city: Path

    def next_night(self) -> list[Path]:
        """The files of the second day, written once: births, deaths, moves, marriages, new codes."""
        folder = self.city.with_name(f"{self.city.name}-notte")
        if not (folder / "fatta").exists():
            next_day(self.city, folder, sfondo=CHANGED)
            (folder / "fatta").touch()
        return [*latest_files(folder).values()]

    def load(self, folder: Path) -> None:
        """Runs the job of the night on a folder. Raises CalledProcessError when a file is not taken in."""
        command = [program("chassis"), "job", "anagrafe", "notte", str(folder)]
        subprocess.run(command, env=child_environment(self.env), check=True, capture_output=True)

    def tidy(self) -> None:
        """What autovacuum would have done by the evening."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute("VACUUM (ANALYZE)")
            connection.execute("CHECKPOINT")


@contextmanager
def loaded(size: int) -> Iterator[Registro]:
    """A registry of `size` residents in 55 comuni, as on the evening before the night."""
    stack = open_stack(choose())
    test_run = TestRun(stack, uuid.uuid4().hex[:8], Path(tempfile.mkdtemp()))
    try:
        urls = test_run.pg_database("anagrafe")
        env = test_run.service_env("anagrafe") | {"ANAGRAFE_PROCESSI": str(os.cpu_count() or 1)}
        registro = Registro(urls.app, urls.admin, env, ensure_city(CITIES, size, 1))
        registro.load(registro.city)
        registro.tidy()
        yield registro
    finally:
        test_run.close()
        stack.close()
