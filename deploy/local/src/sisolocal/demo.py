"""`./siso demo`: the whole system with a city of invented people, in the foreground."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sisolocal import environment
from sisolocal.errors import SisoError
from sisolocal.infra import locked
from sisolocal.layout import Layout
from sisolocal.process import INHERITED
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
                load_city(supervisor, residenti)
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
                load_city(supervisor, residenti)
                return walk(supervisor)
        except Stopped:
            say("Interrotto.")
            return 130
        finally:
            if supervisor.phase != "fermo":
                supervisor.stop()


def walk(supervisor: Supervisor) -> int:
    """Run the walk. Whatever happens, exactly one JSON object reaches standard output."""
    argv = [sys.executable, "-m", "sisodemo", "check", "--base-url", supervisor.base_url]
    argv += ["--mailbox-url", supervisor.infra.mail.mailbox_url]
    done = subprocess.run(argv, env=tool_environment(supervisor), stdout=subprocess.PIPE, check=False)
    try:
        seen = json.loads(done.stdout)
    except ValueError:
        seen = {
            "ok": False,
            "errore": f"la verifica è terminata con codice {done.returncode} senza un risultato",
        }
    sys.stdout.write(json.dumps(seen, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return done.returncode if done.returncode else int(seen.get("ok") is False)


def load_city(supervisor: Supervisor, residenti: int) -> None:
    """Load the demo city once per stack. Raises SisoError when the loader fails."""
    stamp = supervisor.layout.base / "data" / "citta.json"
    if stamp.exists():
        loaded = json.loads(stamp.read_text())["residenti"]
        if loaded != residenti:
            say(
                f"La città caricata ha {loaded} residenti; per rifarla: ./siso demo --da-capo --residenti {residenti}"
            )
        return
    argv = [sys.executable, "-m", "sisodemo", "load", "--residenti", str(residenti)]
    done = subprocess.run(argv, env=tool_environment(supervisor), stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise SisoError(f"Il caricamento della città di prova non è riuscito (codice {done.returncode}).")
    stamp.write_text(json.dumps({"residenti": residenti}))


def tool_environment(supervisor: Supervisor) -> dict[str, str]:
    """What the loader and the walk may know: everything, for they act for all services."""
    env = {key: os.environ[key] for key in (*INHERITED, "TERM", "COLUMNS", "NO_COLOR") if key in os.environ}
    env |= environment.full(supervisor.infra)
    return env | {
        "SISO_BASE_URL": supervisor.base_url,
        "SISO_MAILBOX_URL": supervisor.infra.mail.mailbox_url,
        "SISO_DATA_DIR": str(supervisor.layout.base / "data" / "citta"),
    }


def show_addresses(supervisor: Supervisor) -> None:
    """Where to go and as whom."""
    from gateway.seed.operatori import IDENTITIES

    CONSOLE.print(f"\n  Applicazione    [bold]{supervisor.base_url}[/bold]")
    CONSOLE.print(f"  Posta di prova  {supervisor.infra.mail.mailbox_url}\n")
    CONSOLE.print("  Identità di prova (si scelgono nella pagina di accesso):")
    for one in IDENTITIES:
        where = f"{one.ente}{'/' + one.settore if one.settore else ''}"
        CONSOLE.print(f"    {one.identita:<16} {one.ruolo.replace('_', ' ')}, {where}")
    CONSOLE.print("\n  Ctrl-C ferma tutto; i dati restano.\n")
