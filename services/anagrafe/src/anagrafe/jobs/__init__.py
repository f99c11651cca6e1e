"""Jobs of the registry: `chassis job anagrafe notte FILE…`, `chassis job anagrafe riprendi`."""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from anagrafe.adapters import examine
from anagrafe.jobs.carica import ALREADY, Risultato, load_file
from anagrafe.repository import carico
from anagrafe.settings import Settings
from contracts.anagrafe import StatoCaricamento
from contracts.errors import Unavailable

__all__ = ["load_files", "notte", "riprendi"]


def notte(*arguments: str) -> int:
    """Loads registry files (or folders of them): streets first, then residents, the largest comuni first.

    One comune may come with several days: they are loaded in order of day. Prints a progress bar on a terminal, a
    JSON line per file otherwise. Returns 0 when every file was taken in, 1 when one was refused or waits.
    """
    settings = Settings()
    try:
        with carico.connect(settings.database_url) as connection:
            carico.fill_luoghi(connection)
        results = list(_shown(load_files([Path(a) for a in arguments], settings), len(_expand(arguments))))
    except Unavailable as error:
        return _complain(error.message)
    except BrokenProcessPool:
        return _complain(
            "Un processo è stato interrotto: i file non completati si caricano rilanciando il comando."
        )
    if not results:
        return _complain("Nessun file da caricare.")
    return 0 if all(r.stato is StatoCaricamento.COMPLETATO for r in results) else 1


def _complain(message: str) -> int:
    sys.stderr.write(message + "\n")
    return 1


def riprendi() -> int:
    """Loads the files that waited and that a person has let through."""
    settings = Settings()
    with carico.connect(settings.database_url) as connection:
        waiting = carico.confirmed(connection)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in waiting:
            path = Path(folder) / name
            path.write_bytes(content)
            list(_shown(iter([load_file(path, settings)]), 1))
    return 0


def load_files(paths: Iterable[Path], settings: Settings) -> Iterator[Risultato]:
    """Loads files, several comuni at once; results as they come."""
    files = _expand([str(path) for path in paths])
    for done in _already_loaded(files, settings):
        files.remove(done)
        yield Risultato(done.name, _comune(done), StatoCaricamento.COMPLETATO, ALREADY, examine(done).righe)
    processes = settings.processi or os.cpu_count() or 1
    if processes == 1 or len(files) < 2:
        for path in files:
            yield load_file(path, settings)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for group in _groups(files):
            by_comune: dict[str, list[Path]] = {}
            for path in group:
                by_comune.setdefault(_comune(path), []).append(path)
            largest_first = sorted(by_comune.values(), key=lambda p: -sum(_size(x) for x in p))
            jobs = [pool.submit(partial(_load_in_order, settings=settings), paths) for paths in largest_first]
            for job in as_completed(jobs):
                yield from job.result()


def _already_loaded(files: list[Path], settings: Settings) -> list[Path]:
    """Files that were loaded before, the same to the byte: found without starting any process."""
    with carico.connect(settings.database_url) as connection:
        known = carico.completed(connection, [path.name for path in files])
    return [
        path
        for path in files
        if path.name in known and path.exists() and examine(path).sha256 in known[path.name]
    ]


def _load_in_order(paths: list[Path], settings: Settings) -> list[Risultato]:
    return [load_file(path, settings) for path in sorted(paths, key=lambda p: p.name)]


def _expand(arguments: Iterable[str]) -> list[Path]:
    found: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        found.extend(sorted(path.glob("*_[A-Z][0-9][0-9][0-9]*.csv")) if path.is_dir() else [path])
    return sorted(found, key=lambda p: (not p.name.startswith("viario_"), p.stem.rsplit("_", 1)[-1]))


def _groups(files: list[Path]) -> list[list[Path]]:
    """Streets, then one group a day: a person may move from one comune to another between two days."""
    groups: dict[str, list[Path]] = {}
    for path in files:
        groups.setdefault("" if path.name.startswith("viario_") else path.stem.rsplit("_", 1)[-1], []).append(
            path
        )
    return [groups[key] for key in sorted(groups)]


def _comune(path: Path) -> str:
    return path.stem.split("_")[1] if "_" in path.stem else path.stem


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _shown(results: Iterator[Risultato], total: int) -> Iterator[Risultato]:
    if not sys.stdout.isatty():
        for result in results:
            sys.stdout.write(json.dumps(asdict(result), ensure_ascii=False) + "\n")
            sys.stdout.flush()
            yield result
        return
    with _bar() as progress:
        task = progress.add_task("Anagrafe", total=total)
        for result in results:
            progress.advance(task)
            if result.stato is not StatoCaricamento.COMPLETATO:
                progress.console.print(f"{result.file}: {result.stato} ({result.motivo})")
            yield result


@contextmanager
def _bar() -> Iterator[Progress]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console()) as progress:
        yield progress
