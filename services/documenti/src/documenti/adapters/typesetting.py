"""Typesets a case file in a process of its own: `python -m documenti.adapters.typesetting < content.json > file.pdf`.

The parent stays responsive and gets its memory back (200 pages take ~430 MiB). Content and PDF travel through pipes:
no personal data touches the disk. Standard error carries one JSON line, `{"pagine": N}`, or the reason of a failure.
"""

import hashlib
import io
import json
import string
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # the child process needs none of it, and starts in half the time
    from documenti.settings import Settings

TEMPLATE = Path(__file__).with_name("fascicolo.typ")
REPLACEMENT = "□"
PROBE = b'#set document(title: "p")\n#set text(lang: "it")\n#sys.inputs.t'


class TypesettingFailed(Exception):
    """The PDF could not be made; the message is for the log, never for a person."""


@dataclass(frozen=True, slots=True)
class Pdf:
    data: bytes
    pagine: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Typesetter(Protocol):
    def __call__(self, content: dict[str, Any]) -> Pdf: ...


class TypstProcess:
    """The real typesetter. `seconds`: after that the process is killed; `font_dir`: more fonts than typst's own."""

    def __init__(self, seconds: float, font_dir: Path | None = None) -> None:
        self._seconds = seconds
        self._fonts = [str(font_dir)] if font_dir else []

    @classmethod
    def of(cls, settings: "Settings") -> "TypstProcess":
        return cls(settings.render_seconds, settings.font_dir)

    def __call__(self, content: dict[str, Any]) -> Pdf:
        """TypesettingFailed when the template refuses the content or the time is over."""
        command = [sys.executable, "-m", "documenti.adapters.typesetting", *self._fonts]
        try:
            done = subprocess.run(
                command,
                input=json.dumps(content).encode(),
                capture_output=True,
                timeout=self._seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise TypesettingFailed(f"no PDF after {self._seconds} s") from error
        if done.returncode != 0:
            raise TypesettingFailed(done.stderr.decode(errors="replace")[-500:])
        return Pdf(done.stdout, json.loads(done.stderr)["pagine"])


def typeset(content: dict[str, Any], fonts: Iterable[str] = (), now: datetime | None = None) -> bytes:
    """Tagged PDF/UA-1 of `content` (shape: documenti.domain.fascicolo)."""
    import typst

    font_paths = typst.Fonts(include_system_fonts=False, font_paths=list(fonts))
    content, replaced = _printable(content, font_paths)
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(),
        root=str(TEMPLATE.parent),
        font_paths=font_paths,
        ignore_system_fonts=True,
        sys_inputs={"contenuto": json.dumps({**content, "sostituiti": replaced})},
    )
    pdf = compiler.compile(format="pdf", pdf_standards="ua-1", timestamp=now)
    assert isinstance(pdf, bytes)
    return pdf


def _printable(content: dict[str, Any], fonts: Any) -> tuple[dict[str, Any], bool]:
    """`content` with every character no font can show replaced: PDF/UA refuses the whole file otherwise."""
    text = unicodedata.normalize("NFC", json.dumps(content, ensure_ascii=False))
    text = text.encode("utf-8", "replace").decode()
    plain = set(string.printable) - set("\t\r\x0b\x0c")
    suspects = sorted(set(_strings(json.loads(text))) - plain)
    missing = set(_unshowable(suspects, fonts))
    if not missing:
        return json.loads(text), False
    table = {ord(char): (REPLACEMENT if char.isprintable() else " ") for char in missing}
    visible = any(char.isprintable() for char in missing)
    return _translate(json.loads(text), table), visible


def _unshowable(chars: list[str], fonts: Any) -> list[str]:
    """Those of `chars` no font has, by halving: one compilation when all can be shown."""
    if not chars or _can_show("".join(chars), fonts):
        return []
    if len(chars) == 1:
        return chars
    half = len(chars) // 2
    return _unshowable(chars[:half], fonts) + _unshowable(chars[half:], fonts)


def _can_show(text: str, fonts: Any) -> bool:
    import typst

    try:
        compiler = typst.Compiler(PROBE, font_paths=fonts, ignore_system_fonts=True, sys_inputs={"t": text})
        compiler.compile(format="pdf", pdf_standards="ua-1")
    except typst.TypstError:
        return False
    return True


def _strings(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "".join(_strings(item) for item in value.values())
    return "".join(_strings(item) for item in value) if isinstance(value, list) else ""


def _translate(value: Any, table: dict[int, str]) -> Any:
    if isinstance(value, str):
        return value.translate(table)
    if isinstance(value, dict):
        return {key: _translate(item, table) for key, item in value.items()}
    return [_translate(item, table) for item in value] if isinstance(value, list) else value


def count_pages(pdf: bytes) -> int:
    import pikepdf

    with pikepdf.open(io.BytesIO(pdf)) as document:
        return len(document.pages)


def main() -> None:
    pdf = typeset(json.loads(sys.stdin.buffer.read()), sys.argv[1:])
    sys.stdout.buffer.write(pdf)
    sys.stderr.write(json.dumps({"pagine": count_pages(pdf)}))


if __name__ == "__main__":
    main()
