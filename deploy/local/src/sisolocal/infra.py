"""The five stores of one stack: started together, each as soon as it can, stopped in order."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from sisolocal.credentials import Credentials, ensure_key_files
from sisolocal.errors import AlreadyRunning
from sisolocal.layout import Layout
from sisolocal.parallel import Progress, run_all, silent
from sisolocal.ports import Ports
from sisolocal.process import sweep
from sisolocal.stores.base import Store
from sisolocal.stores.mail import Mail
from sisolocal.stores.postgres import Postgres
from sisolocal.stores.rabbitmq import RabbitMQ
from sisolocal.stores.seaweed import Seaweed
from sisolocal.stores.secantus import Secantus


class Infra:
    """RabbitMQ, PostgreSQL, the document store, the object store and the mail server of one stack."""

    def __init__(self, layout: Layout, durable: bool = True) -> None:
        layout.make()
        self.layout = layout
        self.ports = Ports(layout)
        self.credentials = Credentials(layout)
        self.keys: dict[str, Path] = ensure_key_files(layout)
        parts = (layout, self.ports, self.credentials, durable)
        self.rabbitmq = RabbitMQ(*parts)
        self.postgres = Postgres(*parts)
        self.mongo = Secantus(*parts)
        self.s3 = Seaweed(*parts)
        self.mail = Mail(*parts)
        # the slowest first: with two cores the order of starting is the order of getting ready
        self.stores: list[Store] = [self.rabbitmq, self.mongo, self.postgres, self.s3, self.mail]

    def start(self, progress: Progress = silent) -> None:
        """Start all of them in parallel. Leftovers of an earlier run are stopped first; raises the first SisoError."""
        sweep(self.layout)
        self.ports.ensure_free([name for store in self.stores for name in store.port_names])
        self._in_parallel(self.stores, progress)

    def ensure(self, progress: Progress = silent) -> bool:
        """Start only what does not work. True when everything was already up."""
        broken = [store for store in self.stores if not store.works()]
        if len(broken) == len(self.stores):
            self.start(progress)
        elif broken:
            for store in broken:
                store.stop()
            self._in_parallel(broken, progress)
        return not broken

    def _in_parallel(self, stores: list[Store], progress: Progress) -> None:
        run_all({store.name: store.start for store in stores}, self.stop, progress)

    def stop(self) -> None:
        """Stop all, the broker last, then whatever else is left of this stack."""
        with ThreadPoolExecutor(len(self.stores)) as pool:
            list(pool.map(lambda store: store.stop(), self.stores))
        sweep(self.layout)

    def erase(self) -> None:
        """Throw away all data (tests only). Nothing may be running."""
        shutil.rmtree(self.layout.base / "data", ignore_errors=True)
        self.layout.make()


@contextmanager
def locked(layout: Layout, wait: bool = False) -> Iterator[None]:
    """Hold the stack against every other command. Raises AlreadyRunning at once unless `wait`."""
    layout.base.mkdir(parents=True, exist_ok=True)
    with (layout.base / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip()
            raise AlreadyRunning(layout.name, int(holder) if holder.isdigit() else None) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        yield
