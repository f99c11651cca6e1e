"""Formats are recognised by their first bytes, not by what the sender says."""

import pytest

from documenti.policies import DOCX, FORMATI, ODT

HEADS = {
    "application/pdf": b"rubbish\n%PDF-1.4\n",
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00",
    "image/tiff": b"II*\x00\x08",
    ODT: b"PK\x03\x04" + b"\x00" * 26 + b"mimetype" + ODT.encode(),
    DOCX: b"PK\x03\x04\x14\x00",
    "text/plain": "perché no\n".encode(),
    "text/csv": "nome;età\n".encode("latin-1"),
    "message/rfc822": b"From: a@example.org\r\n",
    "application/pkcs7-mime": b"\x30\x82\x05\x10",
}


@pytest.mark.parametrize(("tipo_mime", "head"), HEADS.items())
def test_a_format_knows_its_own_files(tipo_mime: str, head: bytes) -> None:
    assert FORMATI[tipo_mime].matches(head)


@pytest.mark.parametrize("tipo_mime", FORMATI)
@pytest.mark.parametrize("head", [b"MZ\x90\x00\x03\x00", b"\x7fELF\x02\x01\x01\x00"])
def test_a_program_is_no_accepted_format(tipo_mime: str, head: bytes) -> None:
    assert not FORMATI[tipo_mime].matches(head)


def test_a_page_of_html_is_not_a_pdf() -> None:
    assert not FORMATI["application/pdf"].matches(b"<html><script>alert(1)</script>")
