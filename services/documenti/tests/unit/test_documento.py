"""The life of a documento: what is refused before, at and after the upload."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from services.documenti.tests.factories import GIULIA, PDF, WHEN, make_begin

from contracts.documenti import StatoDocumento
from contracts.errors import Conflict, Invalid, TooLarge
from documenti.domain.documento import (
    Documento,
    StoredCopy,
    begin_documento,
    check_request,
    clean_name,
    why_refused,
)

LIMIT = 50_000_000
SHA = "a" * 64


def make_documento(**changes: Any) -> Documento:
    request = make_begin(**changes)
    return begin_documento(request, id=uuid4(), autore_id=GIULIA, ente="F704", oggetto="arrivo/x", now=WHEN)


def test_a_file_over_the_limit_is_refused_before_it_travels() -> None:
    with pytest.raises(TooLarge, match="50 MB"):
        check_request(make_begin(LIMIT + 1), LIMIT)


def test_a_file_at_the_limit_is_taken() -> None:
    check_request(make_begin(LIMIT), LIMIT)


def test_a_program_is_refused_by_its_type() -> None:
    with pytest.raises(Invalid) as refusal:
        check_request(make_begin(tipo_mime="application/x-msdownload", nome_file="a.exe"), LIMIT)
    assert "PDF" in refusal.value.fields["file"]


def test_an_ending_that_is_not_of_the_type_is_refused() -> None:
    with pytest.raises(Invalid, match=r"\.pdf"):
        check_request(make_begin(nome_file="relazione.pdf.exe"), LIMIT)


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Documenti\\relazione.pdf", "relazione.pdf"),
        ("perché.pdf", "perché.pdf"),
        ("a\r\nSet-Cookie: b.pdf", "a__Set-Cookie_ b.pdf"),
        ("fdp\u202eexe.pdf", "fdp_exe.pdf"),
        ("...", "documento"),
        ("a" * 300 + ".pdf", "a" * 251 + ".pdf"),
    ],
)
def test_names_lose_folders_and_control_characters(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    ("copy", "reason"),
    [
        (StoredCopy(1000, SHA, PDF), ""),
        (StoredCopy(999, SHA, PDF), "dimensione annunciata"),
        (StoredCopy(1000, "b" * 64, PDF), "danneggiato"),
        (StoredCopy(1000, SHA, b"MZ\x90\x00"), "non è un file PDF"),
    ],
)
def test_the_copy_in_the_store_must_be_the_file_announced(copy: StoredCopy, reason: str) -> None:
    assert reason in why_refused(make_documento(), copy, SHA.upper(), 1000)
    assert bool(reason) == bool(why_refused(make_documento(), copy, SHA, 1000))


def test_a_whole_documento_cannot_be_annulled() -> None:
    whole = make_documento().complete(SHA, "F704/2026/x", WHEN)

    with pytest.raises(Conflict):
        whole.annul("tardi")


def test_an_annulled_upload_cannot_be_completed() -> None:
    with pytest.raises(Conflict):
        make_documento().annul("mai arrivato").complete(SHA, "F704/2026/x", WHEN)


def test_a_new_version_inherits_privacy_and_counts_on() -> None:
    first = replace(make_documento(privato=True), stato=StatoDocumento.CARICATO)

    second = begin_documento(
        make_begin(), id=uuid4(), autore_id=GIULIA, ente="F704", oggetto="arrivo/y", now=WHEN, previous=first
    )

    assert second.privato
    assert (second.radice_id, second.numero_versione, second.sostituisce) == (first.id, 2, first.id)


def test_only_the_first_successor_supersedes() -> None:
    first, second, third = make_documento(), make_documento(), make_documento()

    with pytest.raises(Conflict):
        first.superseded_by(second).superseded_by(third)
