from datetime import date

import pytest
from services.anagrafe.tests.factories import make_riga

from anagrafe.domain.righe import COLONNE, read_civico, read_residente

OGGI = date(2026, 10, 1)


def reasons(**campi: str) -> list[tuple[str, str]]:
    esito = read_residente(7, make_riga(**campi), OGGI)
    assert esito.accolta is None
    assert all(s.riga == 7 for s in esito.segnalazioni)
    return [(s.colonna, s.motivo) for s in esito.segnalazioni]


def test_a_valid_line_becomes_a_typed_row() -> None:
    esito = read_residente(2, make_riga(codice_fiscale="RSSMRA85T10F205R", cognome="Rossi"), OGGI)

    assert esito.segnalazioni == ()
    assert esito.accolta is not None
    row = dict(zip(("riga", *COLONNE, "ricerca"), esito.accolta, strict=True))
    assert row["riga"] == 2
    assert row["data_nascita"] == date(1985, 12, 10)
    assert row["lat"] == 45.58
    assert row["data_decesso"] is None
    assert row["ricerca"] == " rossi mario"


@pytest.mark.parametrize(
    ("colonna", "valore", "motivo"),
    [
        ("data_nascita", "1985-02-30", "la data non esiste nel calendario"),
        ("data_nascita", "10/12/1985", "la data deve avere la forma AAAA-MM-GG"),
        ("data_nascita", "2026-10-02", "la data è successiva al giorno del file"),
        ("data_nascita", "1785-01-01", "la data è anteriore al 1850"),
        ("luogo_nascita", "X999", "comune o nazione di nascita sconosciuti"),
        ("sesso", "X", "il sesso deve essere M o F"),
        ("stato_civile", "5", "stato civile fuori dalla tabella ANPR"),
        ("relazione", "77", "relazione di parentela fuori dalla tabella ANPR"),
        ("cittadinanza", "IT", "la cittadinanza è un codice ISO di 3 cifre"),
        ("cognome", "", "valore obbligatorio mancante"),
        ("id_nucleo", "", "valore obbligatorio mancante"),
        ("lat", "nan", "la coordinata deve essere un numero fra -90 e 90"),
        ("stato_anagrafico", "Z", "lo stato anagrafico deve essere R, D o E"),
        ("codice_fiscale", "RSSMRA85T10F205A", "il carattere di controllo del codice fiscale è errato"),
        ("codice_fiscale", "RSSMRA85", "il codice fiscale non ha la forma prevista (16 caratteri)"),
        ("data_decesso", "2026-09-30", "data di decesso per una persona non deceduta"),
    ],
)
def test_a_wrong_value_is_refused_with_column_and_reason(colonna: str, valore: str, motivo: str) -> None:
    assert (colonna, motivo) in reasons(**{colonna: valore})


def test_every_wrong_value_of_a_line_is_reported() -> None:
    found = reasons(sesso="?", luogo_nascita="X999", data_nascita="ieri")

    assert [colonna for colonna, _ in found] == ["sesso", "luogo_nascita", "data_nascita"]


def test_a_line_with_too_few_columns_says_how_many() -> None:
    esito = read_residente(3, "A1;Rossi;Mario", OGGI)

    assert esito.segnalazioni[0].motivo == "la riga ha 3 colonne invece di 19"


def test_bytes_that_are_not_utf8_are_refused_in_their_column() -> None:
    assert reasons(cognome="Mugg\ufffd")[0][0] == "cognome"


def test_a_dead_person_needs_the_date_of_death() -> None:
    assert reasons(stato_anagrafico="D") == [
        ("data_decesso", "manca la data del decesso di una persona deceduta")
    ]


def test_a_death_before_the_birth_is_refused() -> None:
    found = reasons(stato_anagrafico="D", data_decesso="1980-01-01")

    assert found == [("data_decesso", "il decesso precede la nascita")]


def test_a_code_that_disagrees_with_the_birth_is_only_a_warning() -> None:
    riga = make_riga(codice_fiscale="RSSMRA85T10F205R", data_nascita="1985-12-11", sesso="F")

    esito = read_residente(2, riga, OGGI)

    assert esito.accolta is not None
    assert [s.avviso for s in esito.segnalazioni] == [True]
    assert esito.segnalazioni[0].motivo == "il codice fiscale non concorda con la data di nascita, il sesso"


def test_a_born_in_a_ceased_comune_is_accepted() -> None:
    assert read_residente(2, make_riga(luogo_nascita="A001"), OGGI).accolta is not None


def test_a_quoted_field_may_hold_the_separator() -> None:
    riga = make_riga(indirizzo='"Via Roma; scala B"')

    accolta = read_residente(2, riga, OGGI).accolta

    assert accolta is not None
    assert "Via Roma; scala B" in accolta


def test_a_street_line_needs_code_name_and_number() -> None:
    esito = read_civico(4, ";Via;;12;45.5;9.2")

    assert [s.colonna for s in esito.segnalazioni] == ["codice_via", "denominazione"]
