"""Brings the demo city into the registry: generates the files if needed, then runs anagrafe's load job on them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sisodemo.citta import generate
from sisodemo.comuni import residents_by_comune


class LoadFailed(Exception):
    """The load job ended badly; the message is for a person."""


def city_dir(base: Path, residenti: int, seed: int) -> Path:
    """Folder of the city of this size and seed."""
    return base / f"{residenti}-{seed}"


def ensure_city(base: Path, residenti: int, seed: int) -> Path:
    """Generates the city once; `citta.json`, written last, says that it is whole."""
    directory = city_dir(base, residenti, seed)
    marker = directory / "citta.json"
    if not marker.exists():
        with bar("Genero i residenti", residenti) as progress:
            task = progress.tasks[0].id
            citta = generate(directory, residenti, seed, progress=lambda _, n: progress.advance(task, n))
        content = {"residenti": citta.residenti, "omocodie": citta.omocodie, "seed": seed}
        marker.write_text(json.dumps(content), encoding="utf-8")
    return directory


def load_city(base: Path, residenti: int, seed: int = 1) -> dict[str, int]:
    """Generates and loads the city. Repeating it changes nothing: the job knows the files it has had.

    Needs the environment of anagrafe (`ANAGRAFE_DATABASE_URL`). Raises LoadFailed with the first reason.
    """
    directory = ensure_city(base, residenti, seed)
    sizes, files, loaded, first = residents_by_comune(residenti), 0, 0, ""
    with bar("Carico l'anagrafe", residenti) as progress:
        for result in run_load([directory]):
            files += 1
            if result["stato"] != "completato":
                first = first or f"{result['file']}: {result['motivo']}"
            elif result["file"].startswith("residenti_"):
                loaded += result["righe"]
                progress.advance(progress.tasks[0].id, min(result["righe"], sizes.get(result["ente"], 0)))
    if first or not files:
        raise LoadFailed(first or "nessun file da caricare")
    return {"file": files, "righe": loaded}


def run_load(paths: list[Path]) -> Iterator[dict[str, Any]]:
    """Runs anagrafe's job as a process; one result per file as it comes. LoadFailed when it says nothing."""
    command = [sys.executable, "-m", "chassis", "job", "anagrafe", "notte", *map(str, paths)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = False
        for line in process.stdout:
            if line.startswith('{"file"'):
                seen = True
                yield json.loads(line)
    if not seen:
        raise LoadFailed(f"il caricamento dell'anagrafe è terminato con codice {process.returncode}")


def bar(title: str, total: int) -> Progress:
    """A progress bar on the error stream, so that standard output stays clean."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True))
    progress.add_task(title, total=total)
    return progress
