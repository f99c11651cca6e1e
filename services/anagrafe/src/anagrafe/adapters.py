"""Registry files on disk: what a file is, whether it is whole, and its lines as clean bytes."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from anagrafe.domain.codici import comuni_attivi
from anagrafe.domain.righe import COLONNE, COLONNE_VIARIO, NON_LEGGIBILE, SEPARATORE, TRAILER

_RESIDENTI = re.compile(r"^residenti_(?P<ente>[A-Z]\d{3})_(?P<giorno>\d{8})\.csv$")
_VIARIO = re.compile(r"^viario_(?P<ente>[A-Z]\d{3})\.csv$")
_BLOCK = 1 << 20
_TAIL = 4096
_SOSTITUTO = NON_LEGGIBILE.encode()
_CONTROLLI = bytes(c for c in (*range(32), 127) if c != 10)
_CONTROLLO = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]")
_FINE_DATI = re.compile(rb"^\\\.$", re.MULTILINE)


@dataclass(frozen=True)
class Esame:
    """What a file says of itself. `motivo` (Italian) is why it is refused whole; `giorno` is None for streets.

    `inizio` and `fine` are the offsets of the rows, between header and trailer.
    """

    path: Path
    ente: str = ""
    giorno: date | None = None
    viario: bool = False
    sha256: str = ""
    righe: int = 0
    inizio: int = 0
    fine: int = 0
    motivo: str = ""


def examine(path: Path) -> Esame:
    """Reads the whole file once (checksum, number of rows, header, trailer). OSError when it cannot be read."""
    name = _RESIDENTI.match(path.name) or _VIARIO.match(path.name)
    if name is None:
        return Esame(path, motivo="nome del file non previsto (residenti_<comune>_<AAAAMMGG>.csv)")
    viario = name.re is _VIARIO
    giorno = None if viario else _day(name["giorno"])
    sha256, inizio, fine, righe, motivo = _measure(path, COLONNE_VIARIO if viario else COLONNE)
    if name["ente"] not in comuni_attivi():
        motivo = f"comune sconosciuto: {name['ente']}"
    elif not viario and giorno is None:
        motivo = f"data non valida nel nome del file: {name['giorno']}"
    elif giorno and giorno > datetime.now(UTC).date() + timedelta(days=7):
        motivo = "il giorno del file è nel futuro"
    return Esame(path, name["ente"], giorno, viario, sha256, righe, inizio, fine, motivo)


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def _measure(path: Path, colonne: tuple[str, ...]) -> tuple[str, int, int, int, str]:
    digest, newlines, size, tail = hashlib.sha256(), 0, 0, b""
    with path.open("rb") as file:
        header = file.readline()
        digest.update(header)
        size += len(header)
        while block := file.read(_BLOCK):
            digest.update(block)
            newlines += block.count(b"\n")
            size += len(block)
            tail = (tail + block)[-_TAIL:]
    motivo = _wrong_header(header, colonne)
    body = tail.rstrip(b"\r\n \t")
    at = body.rfind(b"\n") + 1
    last = body[at:].decode("utf-8", "replace").split(SEPARATORE)
    righe = newlines - tail[at:].count(b"\n")
    if last[0] != TRAILER or len(last) != 2 or not last[1].strip().isdigit():
        motivo = motivo or f"manca la riga finale {TRAILER}: il file è incompleto"
    elif int(last[1]) != righe:
        motivo = (
            motivo or f"la riga finale dichiara {last[1]} righe, il file ne contiene {righe}: è incompleto"
        )
    return digest.hexdigest(), len(header), size - len(tail) + at, righe, motivo


def _wrong_header(header: bytes, colonne: tuple[str, ...]) -> str:
    found = header.decode("utf-8-sig", "replace").strip().split(SEPARATORE)
    for index, colonna in enumerate(colonne):
        if index >= len(found) or found[index].strip().lower() != colonna:
            shown = found[index][:40] if index < len(found) else "niente"
            return f"intestazione errata: colonna {index + 1} «{colonna}» attesa, trovato «{shown}»"
    return "" if len(found) == len(colonne) else "intestazione errata: ci sono colonne in più"


def read_blocks(esame: Esame) -> Iterator[bytes]:
    """The rows as UTF-8 bytes, whole lines per block; what cannot be read is replaced by `NON_LEGGIBILE`."""
    with esame.path.open("rb") as file:
        file.seek(esame.inizio)
        left = esame.fine - esame.inizio
        while left > 0:
            block = file.read(min(_BLOCK, left))
            if not block:
                raise OSError(f"{esame.path.name}: il file è cambiato durante la lettura")
            if len(block) < left:
                block += file.readline()
            left -= len(block)
            yield clean(block)


def clean(block: bytes) -> bytes:
    """Line ends as \\n, no control characters, valid UTF-8, no line that COPY would take for the end of data."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    try:
        block.decode("utf-8")
    except UnicodeDecodeError:
        block = block.decode("utf-8", "replace").encode("utf-8")
    if len(block.translate(None, _CONTROLLI)) != len(block):
        block = _CONTROLLO.sub(_SOSTITUTO, block)
    return _FINE_DATI.sub(_SOSTITUTO, block) if b"\\." in block else block
