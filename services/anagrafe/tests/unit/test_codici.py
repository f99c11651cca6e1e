from datetime import date

import pytest
from codicefiscale import codicefiscale
from hypothesis import given, settings
from hypothesis import strategies as st

from anagrafe.domain.codici import incoherence, omocodes, refusal

MARIO = ("M", date(1985, 12, 10), "A562")


def test_a_correct_code_is_accepted() -> None:
    assert refusal("RSSMRA85T10A562S", *MARIO) == ""


def test_every_omocode_of_a_code_is_accepted() -> None:
    forms = omocodes("RSSMRA85T10A562S")

    assert len(forms) == 128
    assert [refusal(code, *MARIO) for code in forms] == [""] * 128
    assert {incoherence(code, "Rossi", "Mario", *MARIO) for code in forms} == {""}


def test_a_wrong_check_letter_is_refused() -> None:
    assert "controllo" in refusal("RSSMRA85T10A562T", *MARIO)


def test_an_impossible_day_is_refused_even_with_the_right_check_letter() -> None:
    root = "RSSMRA85B31A562"
    assert "inesistente" in refusal(root + codicefiscale.encode_cin(root), *MARIO)


def test_a_provisional_code_of_eleven_digits_is_accepted_by_its_check_digit() -> None:
    assert refusal("12345678903", *MARIO) == ""
    assert refusal("12345678904", *MARIO) != ""


@settings(max_examples=60, deadline=None)
@given(
    cognome=st.sampled_from(["Rossi", "D'Angelo", "Fo", "De Santis", "Muggiò"]),
    nome=st.sampled_from(["Mario", "Ugo", "Maria Grazia", "Niccolò"]),
    sesso=st.sampled_from("MF"),
    nascita=st.dates(date(1930, 1, 1), date(2026, 1, 1)),
    luogo=st.sampled_from(["F704", "F205", "Z129", "H501"]),
)
def test_what_the_library_encodes_we_accept_and_a_changed_letter_we_refuse(
    cognome: str, nome: str, sesso: str, nascita: date, luogo: str
) -> None:
    code = codicefiscale.encode(cognome, nome, sesso, nascita.isoformat(), luogo)

    assert refusal(code, sesso, nascita, luogo) == ""
    assert incoherence(code, cognome, nome, sesso, nascita, luogo) == ""
    broken = code[:15] + chr((ord(code[15]) - 64) % 26 + 65)
    assert refusal(broken, sesso, nascita, luogo) != ""
    assert not codicefiscale.is_valid(broken)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sesso": "F"}, "il sesso"),
        ({"nascita": date(1985, 12, 11)}, "la data di nascita"),
        ({"luogo": "F205"}, "il luogo di nascita"),
        ({"cognome": "Verdi"}, "cognome e nome"),
    ],
)
def test_an_incoherence_says_with_what(change: dict[str, object], said: str) -> None:
    person = {
        "cognome": "Rossi",
        "nome": "Mario",
        "sesso": "M",
        "nascita": MARIO[1],
        "luogo": "A562",
    } | change

    assert said in incoherence("RSSMRA85T10A562S", **person)  # type: ignore[arg-type]
