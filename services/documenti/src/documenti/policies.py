"""What may be uploaded: formats by their declared type, recognised by their first bytes, and the size limit.

Formats: AgID, "Linee guida sulla formazione, gestione e conservazione dei documenti informatici", Allegato 2
("Formati di file e riversamento"), reduced to what a social service receives. Nothing that can be run is here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

HEAD_BYTES = 4096
"""How much of a file the recognisers below look at."""

BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Formato:
    """One accepted type: the endings its names may have and how its first bytes are recognised."""

    nome: str
    estensioni: tuple[str, ...]
    matches: Callable[[bytes], bool]


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(signatures)


def _is_pdf(head: bytes) -> bool:
    return b"%PDF-" in head[:1024]  # ISO 32000: the header may follow some bytes of rubbish


def _is_text(head: bytes) -> bool:
    return BINARY.search(head) is None


def _is_pkcs7(head: bytes) -> bool:
    """CAdES envelope (.p7m): DER sequence, or the same in base64."""
    return head[:2] in {b"\x30\x80", b"\x30\x81", b"\x30\x82", b"\x30\x83", b"\x30\x84"} or head.startswith(
        (b"MII", b"-----BEGIN")
    )


def _is_odf(mime: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(b"PK\x03\x04") and mime in head[:128]


ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

FORMATI: dict[str, Formato] = {
    "application/pdf": Formato("PDF", (".pdf",), _is_pdf),
    "image/jpeg": Formato("JPEG", (".jpg", ".jpeg"), _starts(b"\xff\xd8\xff")),
    "image/png": Formato("PNG", (".png",), _starts(b"\x89PNG\r\n\x1a\n")),
    "image/tiff": Formato("TIFF", (".tif", ".tiff"), _starts(b"II*\x00", b"MM\x00*")),
    ODT: Formato("OpenDocument testo", (".odt",), _is_odf(ODT.encode())),
    ODS: Formato("OpenDocument foglio", (".ods",), _is_odf(ODS.encode())),
    DOCX: Formato("Word", (".docx",), _starts(b"PK\x03\x04")),
    XLSX: Formato("Excel", (".xlsx",), _starts(b"PK\x03\x04")),
    "text/plain": Formato("testo", (".txt",), _is_text),
    "text/csv": Formato("CSV", (".csv",), _is_text),
    "message/rfc822": Formato("messaggio di posta", (".eml",), _is_text),
    "application/pkcs7-mime": Formato("firma digitale P7M", (".p7m",), _is_pkcs7),
}

FORMATI_IN_WORDS = ", ".join(sorted({formato.nome for formato in FORMATI.values()}, key=str.lower))
