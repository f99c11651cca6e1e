from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.anagrafe.tests.factories import GIORNO_1, make_file, make_riga

from anagrafe.adapters import clean, examine, read_blocks


def test_a_whole_file_says_its_comune_day_and_rows(tmp_path: Path) -> None:
    esame = examine(make_file(tmp_path, make_riga(), make_riga(id_anagrafe="A2")))

    assert (esame.ente, esame.giorno, esame.righe, esame.motivo) == ("F704", GIORNO_1, 2, "")
    assert b"".join(read_blocks(esame)).decode().splitlines() == [make_riga(), make_riga(id_anagrafe="A2")]


def test_a_file_without_trailer_is_incomplete(tmp_path: Path) -> None:
    assert "incompleto" in examine(make_file(tmp_path, make_riga(), trailer="")).motivo


def test_a_trailer_with_another_count_says_both(tmp_path: Path) -> None:
    motivo = examine(make_file(tmp_path, make_riga(), trailer="#FINE;5")).motivo

    assert motivo == "la riga finale dichiara 5 righe, il file ne contiene 1: è incompleto"


def test_a_file_cut_anywhere_is_never_taken_for_whole(tmp_path: Path) -> None:
    path = make_file(tmp_path, *(make_riga(id_anagrafe=f"A{i}") for i in range(10, 15)))
    whole = path.read_bytes()

    for cut in range(len(whole) - 2):  # the last newline alone may be missing
        path.write_bytes(whole[:cut])
        assert examine(path).motivo, cut


def test_a_column_in_another_place_is_named(tmp_path: Path) -> None:
    path = make_file(tmp_path, make_riga())
    path.write_text(path.read_text().replace("cognome;nome", "nome;cognome", 1))

    assert examine(path).motivo == "intestazione errata: colonna 3 «cognome» attesa, trovato «nome»"


def test_an_unknown_comune_and_a_wrong_day_are_refused(tmp_path: Path) -> None:
    unknown = make_file(tmp_path, make_riga(), ente="Q999")
    impossible = make_file(tmp_path, make_riga()).rename(tmp_path / "residenti_F704_20261345.csv")
    future = make_file(tmp_path, make_riga(), giorno=datetime.now(UTC).date() + timedelta(days=40))

    assert examine(unknown).motivo == "comune sconosciuto: Q999"
    assert examine(impossible).motivo == "data non valida nel nome del file: 20261345"
    assert examine(future).motivo == "il giorno del file è nel futuro"


def test_windows_line_ends_and_a_byte_order_mark_are_harmless(tmp_path: Path) -> None:
    path = make_file(tmp_path, make_riga())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))

    esame = examine(path)

    assert (esame.motivo, esame.righe) == ("", 1)
    assert b"".join(read_blocks(esame)) == (make_riga() + "\n").encode()


def test_bytes_that_postgres_would_stumble_on_become_visible_marks() -> None:
    cleaned = clean(b"a;\x00b\nc;\xff\n\\.\nd;\te\n").decode()

    assert cleaned == "a;\ufffdb\nc;\ufffd\n\ufffd\nd;\ufffde\n"
