from pathlib import Path

from services.anagrafe.tests.factories import GIORNO_2, make_file, make_riga
from services.anagrafe.tests.integration.conftest import Registry

import contracts.anagrafe as c

PEOPLE = tuple(make_riga(id_anagrafe=f"P{i}", id_nucleo=f"N{i}") for i in range(30))


def test_a_bad_row_is_reported_and_the_others_are_loaded(registry: Registry, tmp_path: Path) -> None:
    bad = make_riga(id_anagrafe="X1", data_nascita="1985-02-30", luogo_nascita="X999")

    result = registry.load(make_file(tmp_path, *PEOPLE[:2], bad, "spazzatura", PEOPLE[2]))

    assert result.stato is c.StatoCaricamento.COMPLETATO
    assert len(registry.state()) == 3
    assert result.conti["rifiutate"] == 2
    report = registry.rows("SELECT riga, colonna, valore, motivo FROM righe_rifiutate ORDER BY riga, colonna")
    assert report == [
        (4, "data_nascita", "1985-02-30", "la data non esiste nel calendario"),
        (4, "luogo_nascita", "X999", "comune o nazione di nascita sconosciuti"),
        (5, "", "", "la riga ha 1 colonne invece di 19"),
    ]


def test_a_bad_row_never_takes_its_person_out_of_the_registry(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))
    bad = make_riga(id_anagrafe="P0", id_nucleo="N0", data_nascita="ieri")

    registry.load(make_file(tmp_path, bad, *PEOPLE[1:], giorno=GIORNO_2))

    assert len(registry.state()) == 30
    assert registry.events() == []


def test_unreadable_ids_suspend_removals_by_absence(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))

    registry.load(make_file(tmp_path, "??" + PEOPLE[0], *PEOPLE[1:], giorno=GIORNO_2))

    assert len(registry.state()) == 30
    motivo = registry.rows("SELECT motivo FROM caricamenti ORDER BY giorno DESC LIMIT 1")[0][0]
    assert motivo == "1 righe senza identificativo leggibile: nessuna cancellazione per assenza"


def test_an_id_listed_twice_is_refused_both_times(registry: Registry, tmp_path: Path) -> None:
    twice = make_riga(id_anagrafe="P0", cognome="Altro")

    registry.load(make_file(tmp_path, *PEOPLE[:2], twice))

    assert [row[0] for row in registry.state()] == ["P1"]
    assert registry.rows("SELECT riga, motivo FROM righe_rifiutate ORDER BY riga") == [
        (2, "identificativo ripetuto alle righe 2, 4"),
        (4, "identificativo ripetuto alle righe 2, 4"),
    ]


def test_a_truncated_file_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))
    before = registry.rows("SELECT * FROM residenti ORDER BY id")

    result = registry.load(make_file(tmp_path, *PEOPLE[:29], giorno=GIORNO_2, trailer="#FINE;30"))

    assert result.stato is c.StatoCaricamento.RIFIUTATO
    assert "incompleto" in result.motivo
    assert registry.rows("SELECT * FROM residenti ORDER BY id") == before


def test_a_file_of_rubbish_is_refused_whole(registry: Registry, tmp_path: Path) -> None:
    result = registry.load(make_file(tmp_path, "a;b", "c;d"))

    assert result.motivo == "nessuna riga valida: il file non è stato caricato"
    assert registry.rows("SELECT primo_caricamento FROM enti") == [(None,)]


def test_odd_bytes_are_a_row_error(registry: Registry, tmp_path: Path) -> None:
    path = make_file(tmp_path, *PEOPLE[:2], make_riga(id_anagrafe="X", cognome="Mugg#"))
    path.write_bytes(path.read_bytes().replace(b"Mugg#", b"Mugg\xf2").replace(b"P1;", b"P1;\x00"))

    registry.load(path)

    assert [row[0] for row in registry.state()] == ["P0"]
    columns = registry.rows("SELECT riga, colonna FROM righe_rifiutate ORDER BY riga")
    assert columns == [(3, "codice_fiscale"), (4, "cognome")]


def test_a_doubtful_code_is_a_warning_and_the_row_is_taken(registry: Registry, tmp_path: Path) -> None:
    row = make_riga(codice_fiscale="RSSMRA85T10F205R", sesso="F")

    result = registry.load(make_file(tmp_path, row))

    assert (result.conti["rifiutate"], result.conti["avvisi"]) == (0, 1)
    assert len(registry.state()) == 1
