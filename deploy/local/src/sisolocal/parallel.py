"""Several starts at once; the first failure stops the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait

from sisolocal.errors import SisoError

Progress = Callable[[str, str], None]
"""Called with a process name and what became of it: `avvio`, `pronto`, `errore`."""


def silent(name: str, state: str) -> None:
    """A Progress that says nothing."""


def run_all(
    actions: Mapping[str, Callable[[], None]], abort: Callable[[], None], progress: Progress = silent
) -> None:
    """Run the actions in parallel. On a failure, or Ctrl-C, call `abort` (it must make the others end) and raise."""

    def act(name: str, action: Callable[[], None]) -> None:
        progress(name, "avvio")
        try:
            action()
        except BaseException:
            progress(name, "errore")
            raise
        progress(name, "pronto")

    pool = ThreadPoolExecutor(max(len(actions), 1))
    futures: dict[Future[None], str] = {}
    try:
        futures = {pool.submit(act, name, action): name for name, action in actions.items()}
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            error = future.exception()
            if error is not None:
                raise (
                    error if isinstance(error, SisoError) else SisoError(f"«{futures[future]}»: {error}")
                ) from error
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        abort()
        pool.shutdown(wait=True)
        abort()
        raise
    pool.shutdown()
