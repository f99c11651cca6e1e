"""The PDF is tagged, Italian, and prints what people wrote letter by letter."""

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from services.documenti.tests.factories import (
    WHEN,
    make_documento_out,
    make_erogazione,
    make_fascicolo,
    make_foglio,
    make_mandato,
    make_request_stampa,
    make_voce,
)

from documenti.adapters.typesetting import Pdf, TypesettingFailed, TypstProcess, typeset
from documenti.domain.fascicolo import Materiale, compose

HOSTILE = '#sys.inputs *x* $y$ <script> _a_ `b` @c // /* \\ "d" = e #eval("1")'
FOREIGN = "Привет, ελληνικά, العربية, 漢字, አማርኛ, 😀, \x07"


def make_content(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "fascicolo": make_fascicolo(),
        "sezioni": ("presa_in_carico", "diario", "isee"),
        "fogli": (make_foglio(),),
        "erogazioni": (make_erogazione(),),
        "documenti": (make_documento_out(), make_documento_out(privato=True, nome_file="appunti.pdf")),
    }
    return compose(make_request_stampa(), make_mandato(), Materiale(**{**values, **changes}), WHEN)


def content_with(testo: str) -> dict[str, Any]:
    return make_content(
        fascicolo=make_fascicolo().model_copy(update={"voci": (make_voce(testo, con_chi=testo),)})
    )


def empty_content() -> dict[str, Any]:
    return make_content(sezioni=(), fogli=None, erogazioni=None, documenti=None)


def text_of(pdf: bytes, folder: Path) -> str:
    """As a screen reader would get it; needs poppler."""
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext (poppler-utils) is not here")
    path = folder / "file.pdf"
    path.write_bytes(pdf)
    printed = subprocess.run(["pdftotext", path, "-"], capture_output=True, check=True).stdout.decode()
    return " ".join(printed.split())


@pytest.mark.parametrize(
    "content", [make_content(), content_with(HOSTILE), empty_content()], ids=["full", "hostile", "empty"]
)
def test_the_pdf_is_tagged_titled_and_italian(content: dict[str, Any]) -> None:
    with pikepdf.open(io.BytesIO(typeset(content))) as pdf, pdf.open_metadata() as metadata:
        assert "/StructTreeRoot" in pdf.Root
        assert bool(pdf.Root.MarkInfo.Marked)
        assert str(pdf.Root.Lang).lower().startswith("it")
        assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
        assert metadata["dc:title"] == "Cartella sociale n. 2026/000012"
        assert metadata["pdfuaid:part"] == "1"


def test_tables_have_header_cells_and_headings_start_at_the_first_level() -> None:
    with pikepdf.open(io.BytesIO(typeset(make_content()))) as pdf:
        tags = [
            str(o.S) for o in pdf.objects if isinstance(o, pikepdf.Dictionary) and "/S" in o and "/P" in o
        ]

    assert {"/Table", "/THead", "/TH", "/TD", "/H1", "/H2"} <= set(tags)


def test_what_people_wrote_is_never_markup(tmp_path: Path) -> None:
    text = text_of(typeset(content_with(HOSTILE)), tmp_path)

    assert HOSTILE in text


def test_letters_of_other_languages_are_printed_and_the_rest_is_marked(tmp_path: Path) -> None:
    text = text_of(typeset(content_with(FOREIGN)), tmp_path)

    assert "Привет, ελληνικά" in text
    assert "□□" in text
    assert "caratteri che non si possono stampare" in text


def test_each_page_says_its_number_and_who_printed_it(tmp_path: Path) -> None:
    text = text_of(typeset(make_content()), tmp_path)

    assert "Pagina 2 di 3" in text
    assert text.count("Stampata da Giulia Bianchi il 23/11/2026") == 3


def test_two_hundred_pages_come_out_of_the_process() -> None:
    pdf = TypstProcess(seconds=60)(make_content(fascicolo=make_fascicolo(voci=640)))

    assert isinstance(pdf, Pdf)
    assert pdf.pagine >= 200
    assert pdf.data.startswith(b"%PDF-")


def test_a_print_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(TypesettingFailed, match="no PDF after"):
        TypstProcess(seconds=0.05)(make_content())


def test_content_of_another_shape_is_a_failure_not_a_crash() -> None:
    with pytest.raises(TypesettingFailed):
        TypstProcess(seconds=30)({"titolo": "senza altro"})
