from datetime import date

import pytest

from anagrafe.domain.codici import omocodes
from anagrafe.domain.ricerca import read_query
from anagrafe.domain.testo import normalise, read_date, search_text


@pytest.mark.parametrize(
    ("written", "read"),
    [("D'Angelo", "dangelo"), ("D’ANGELO", "dangelo"), ("Muggiò", "muggio"), ("Nicolo'", "nicolo"),
     ("Sant'Ambrogio-Neri", "santambrogio neri"), ("Łukasz Øst", "lukasz ost")],
)  # fmt: skip
def test_accents_apostrophes_and_case_do_not_count(written: str, read: str) -> None:
    assert normalise(written) == read


def test_a_surname_of_many_words_is_also_found_closed_up() -> None:
    assert search_text("De Luca", "Anna") == " de luca deluca anna"


@pytest.mark.parametrize("written", ["3/2/1980", "03.02.1980", "3-2-1980", "1980-02-03", "03021980"])
def test_dates_are_read_as_people_write_them(written: str) -> None:
    assert read_date(written) == date(1980, 2, 3)


def test_an_impossible_date_is_no_date() -> None:
    assert read_date("31/02/1980") is None


def test_words_and_a_date_come_in_any_order() -> None:
    query = read_query("mario 3/2/1980 ROSSI")

    assert query.words == ("mario", "rossi")
    assert query.born == date(1980, 2, 3)


def test_a_whole_codice_fiscale_is_looked_for_with_its_omocodes() -> None:
    assert "RSSMRA85T10A56NH" in read_query("rssmra85t10a562s").codici


def test_the_beginning_of_a_codice_fiscale_is_a_prefix() -> None:
    assert read_query("rssmra85t").codice_prefix == "RSSMRA85T"


def test_names_whose_letters_could_begin_a_code_are_names() -> None:
    assert read_query("brambilla paolo").words == ("brambilla", "paolo")


def test_a_code_of_letters_alone_is_still_a_code() -> None:
    all_letters = omocodes("RSSMRA85T10A562S")[-1]

    assert "RSSMRA85T10A562S" in read_query(all_letters).codici


def test_nothing_to_look_for_is_nothing() -> None:
    assert read_query("' -").words == ()
