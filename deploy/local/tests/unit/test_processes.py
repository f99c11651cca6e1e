"""Processes, ports and files of a stack."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sisolocal.errors import AlreadyRunning, DiskFull, StartFailed
from sisolocal.infra import locked
from sisolocal.layout import Layout, write_private
from sisolocal.ports import Ports
from sisolocal.process import Child, Spec, leftovers, recorded_pid, start_time, sweep


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path, "prova")
    made.make()
    return made


def sleeper(layout: Layout, name: str = "dormiente") -> Child:
    return Child(layout, Spec(name, [sys.executable, "-c", "import time; time.sleep(60)"]))


def test_stopped_process_is_gone_and_forgotten(layout):
    child = sleeper(layout)
    child.start()
    pid = child.pid

    child.stop()

    assert start_time(pid) is None
    assert not layout.pid("dormiente").exists()


def test_process_that_ignores_sigterm_is_killed(layout):
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); print('pronto', flush=True); time.sleep(60)"
    )
    child = Child(layout, Spec("sordo", [sys.executable, "-c", code], stop_timeout=0.3))
    child.start()
    while "pronto" not in child.log.read_text():
        time.sleep(0.02)
    pid = child.pid

    child.stop()

    assert start_time(pid) is None


def test_stale_pid_file_never_points_at_a_stranger(layout):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    layout.pid("mongo").write_text(f"{stranger.pid} 12345")

    Child(layout, Spec("mongo", ["true"])).stop()
    sweep(layout)

    assert recorded_pid(layout.pid("mongo")) is None
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


@pytest.mark.parametrize("content", ["", "garbage", "1", "-1 2", "999999999 1"])
def test_broken_pid_file_means_no_process(layout, content):
    layout.pid("mongo").write_text(content)

    assert recorded_pid(layout.pid("mongo")) is None


def test_sweep_ends_what_a_crashed_run_left_behind_even_without_a_pid_file(layout):
    child = sleeper(layout)
    child.start()
    pid = child.pid
    layout.pid("dormiente").unlink()

    assert leftovers(layout) == [pid]
    assert sweep(layout) == 1
    assert start_time(pid) is None


def test_sweep_leaves_another_stack_alone(layout, tmp_path):
    other = Layout(tmp_path, "prova2")
    other.make()
    child = sleeper(other)
    child.start()

    sweep(layout)

    assert child.pid is not None
    child.stop()


def test_program_that_does_not_exist_is_a_failure_to_start(layout):
    with pytest.raises(StartFailed, match="«fantasma» non si avvia"):
        Child(layout, Spec("fantasma", ["/nonexistent/program"])).start()


def test_ports_are_remembered(layout):
    assert Ports(layout)["amqp"] == Ports(layout)["amqp"]


def test_remembered_port_taken_by_a_stranger_is_replaced(layout):
    taken = Ports(layout)["amqp"]
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", taken))
        stranger.listen()
        ports = Ports(layout)

        assert ports.ensure_free(["amqp"]) == ["amqp"]
        assert ports["amqp"] != taken


def test_remembered_port_of_a_process_still_dying_is_kept(layout):
    remembered = Ports(layout)["amqp"]
    dying = socket.create_server(("127.0.0.1", remembered))
    threading.Timer(0.3, dying.close).start()

    assert Ports(layout).ensure_free(["amqp"]) == []


def test_two_stacks_never_share_a_port(tmp_path):
    first, second = Layout(tmp_path, "uno"), Layout(tmp_path, "due")
    for layout in (first, second):
        layout.make()
    names = ["amqp", "epmd", "postgres"]
    opened = []
    for name in names:
        one = socket.create_server(("127.0.0.1", Ports(first)[name]))
        opened.append(one)

    assert not {Ports(first)[name] for name in names} & {Ports(second)[name] for name in names}
    for one in opened:
        one.close()


def test_private_file_is_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "segreto"
    os.umask(os.umask(0o022))

    write_private(path, "x")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_too_little_space_is_said_before_anything_starts(layout):
    with pytest.raises(DiskFull, match="Spazio su disco insufficiente"):
        layout.require_space(10**9)


def test_stack_held_by_another_command_says_who_holds_it(layout):
    code = f"""
import time
from pathlib import Path
from sisolocal.infra import locked
from sisolocal.layout import Layout
with locked(Layout(Path({str(layout.root)!r}), "prova")):
    print("preso", flush=True)
    time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    holder.stdout.readline()

    with (
        pytest.raises(AlreadyRunning, match=f"già in esecuzione \\(processo {holder.pid}\\)"),
        locked(layout),
    ):
        pass

    holder.kill()
    holder.wait()
    with locked(layout), pytest.raises(AlreadyRunning), locked(layout):  # ours now, and nobody else's
        pass
