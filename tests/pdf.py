"""What a PDF says, to eyes and to whoever looks inside."""

from __future__ import annotations

import io
import re
import subprocess

import pikepdf


def pdf_text(pdf: bytes) -> str:
    """Words joined as the page shows them; bookmarks and metadata too."""
    shown = subprocess.run(["pdftotext", "-raw", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    with pikepdf.open(io.BytesIO(pdf)) as document:
        hidden = b"".join(one.read_bytes() for one in document.objects if isinstance(one, pikepdf.Stream))
        names = "".join(repr(one) for one in document.objects if isinstance(one, pikepdf.Dictionary))
    return (
        re.sub(r"[\s\u00ad-]*\n[\s]*", "", shown.decode()) + shown.decode() + hidden.decode("latin-1") + names
    )
