"""`./siso demo`: the whole system with a city of invented people, in the foreground."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sisolocal import city, spid
from sisolocal.infra import locked
from sisolocal.layout import Layout
from sisolocal.show import CONSOLE, following, say
from sisolocal.supervisor import Supervisor

BYTES_PER_RESIDENTE = (
    6_000  # on disk, history and indexes included: what the check of free space reckons with
)


class Stopped(BaseException):
    """The person pressed Ctrl-C, or somebody sent SIGTERM."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT and SIGTERM into one Stopped; further ones are ignored while things are put away."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, signal.SIG_IGN)
        raise Stopped

    before = {one: signal.signal(one, stop) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def run_demo(layout: Layout, residenti: int, port: int | None) -> int:
    """Start, load the city if this stack has none, show the addresses, stay until told to stop."""
    layout.require_space(500 + residenti * BYTES_PER_RESIDENTE // 1_000_000)
    with locked(layout):
        supervisor = Supervisor(layout, port)
        began = time.monotonic()
        try:
            with interruptible():
                with following(supervisor):
                    supervisor.start()
                say(f"Sistema pronto in {time.monotonic() - began:.0f} secondi.", "bold green")
                present = city.loaded(layout)
                if present not in (None, residenti):
                    say(f"La città caricata ha {present} residenti; per rifarla: ./siso demo --da-capo")
                city.load(layout, supervisor.environment(), residenti)
                if present is None:
                    say("Apro qualche caso di prova…")
                    city.open_cases(layout, supervisor.environment())
                show_addresses(supervisor)
                with following(supervisor):
                    threading.Event().wait()
        except Stopped:
            say("Arresto in corso…")
        finally:
            if supervisor.phase != "fermo":
                supervisor.stop()
    say("Fermato. I dati restano in " + str(layout.base))
    return 0


def run_check(layout: Layout, residenti: int, port: int | None) -> int:
    """Start from nothing, load the city, walk the main job, print its JSON on standard output, stop. 0 if all held."""
    layout.require_space(500 + residenti * BYTES_PER_RESIDENTE // 1_000_000)
    with locked(layout):
        supervisor = Supervisor(layout, port)
        supervisor.infra.stop()
        supervisor.infra.erase()
        supervisor = Supervisor(layout, port)
        try:
            with interruptible():
                with following(supervisor):
                    supervisor.start()
                city.load(layout, supervisor.environment(), residenti)
                return city.walk(layout, supervisor.environment())
        except Stopped:
            say("Interrotto.")
            return 130
        finally:
            if supervisor.phase != "fermo":
                supervisor.stop()


def show_addresses(supervisor: Supervisor) -> None:
    """Where to go and as whom."""
    from gateway.seed.operatori import IDENTITIES

    CONSOLE.print(f"\n  Applicazione    [bold]{supervisor.base_url}[/bold]")
    CONSOLE.print(f"  Posta di prova  {supervisor.infra.mail.mailbox_url}")
    CONSOLE.print(f"  SPID e CIE di prova  {spid.idp_url(supervisor.infra)}\n")
    CONSOLE.print(
        "  Identità di prova (si scelgono nella pagina di accesso, o entrando con SPID o CIE di prova):"
    )
    for one in IDENTITIES:
        where = f"{one.ente}{'/' + one.settore if one.settore else ''}"
        CONSOLE.print(f"    {one.identita:<16} {one.ruolo.replace('_', ' ')}, {where}")
    CONSOLE.print("\n  Ctrl-C ferma tutto; i dati restano.\n")
