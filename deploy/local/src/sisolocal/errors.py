"""What can go wrong while the stack starts, said in Italian to the person at the keyboard."""

from __future__ import annotations

from pathlib import Path


class SisoError(Exception):
    """A failure with a message for people. `exit_code` is what the command ends with."""

    exit_code = 1


class PortTaken(SisoError):
    """A port asked for by name belongs to somebody else."""

    exit_code = 4

    def __init__(self, port: int, option: str) -> None:
        super().__init__(
            f"La porta {port} è già occupata da un altro programma. "
            f"Chiudete quel programma, oppure scegliete un'altra porta con «{option} <numero>»."
        )


class DiskFull(SisoError):
    """Too little free space for what was asked."""

    exit_code = 5

    def __init__(self, path: Path, free_mb: int, wanted_mb: int) -> None:
        super().__init__(
            f"Spazio su disco insufficiente in {path}: {free_mb} MB liberi, ne servono almeno {wanted_mb}."
        )


class MissingProgram(SisoError):
    """A program of the operating system is not there and may not be installed from here."""

    exit_code = 3


class StartFailed(SisoError):
    """A process of the stack died at start, or did not become ready in time."""

    exit_code = 6

    def __init__(self, process: str, reason: str, log: Path) -> None:
        self.process = process
        self.log = log
        super().__init__(f"«{process}» {reason}.\nUltime righe di {log}:\n{tail(log, 25)}")


class AlreadyRunning(SisoError):
    """Another command holds this stack."""

    exit_code = 7

    def __init__(self, name: str, pid: int | None) -> None:
        who = f" (processo {pid})" if pid else ""
        super().__init__(
            f"Lo stack «{name}» è già in esecuzione{who}. Per fermarlo: ./siso down --name {name}"
        )


def tail(log: Path, lines: int) -> str:
    """The last `lines` lines of a log, indented; a plain remark when there is none."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 64_000))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return "  (nessun registro)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (registro vuoto)"
