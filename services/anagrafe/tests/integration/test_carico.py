from pathlib import Path

import pytest
from services.anagrafe.tests.factories import GIORNO_1, GIORNO_2, GIORNO_3, make_file, make_riga, make_viario
from services.anagrafe.tests.integration.conftest import Registry

import contracts.anagrafe as c

MOGLIE = {"id_anagrafe": "A2", "nome": "Anna", "sesso": "F", "relazione": "2"}
FIGLIO = {"id_anagrafe": "A3", "nome": "Luca", "relazione": "3", "data_nascita": "2012-05-01"}
FAMILY = (make_riga(), make_riga(**MOGLIE), make_riga(**FIGLIO))
OTHERS = tuple(make_riga(id_anagrafe=f"B{i}", cognome="Verdi", id_nucleo=f"NB{i}") for i in range(10))


def test_the_first_file_takes_people_in_without_events_about_them(registry: Registry, tmp_path: Path) -> None:
    result = registry.load(make_file(tmp_path, *FAMILY))

    assert (result.stato, result.righe) == (c.StatoCaricamento.COMPLETATO, 3)
    assert len(registry.state()) == 3
    assert registry.events() == []
    completed = registry.rows("SELECT envelope->'data'->>'righe' FROM outbox")
    assert completed == [("3",)]


def test_the_same_file_again_has_no_effect(registry: Registry, tmp_path: Path) -> None:
    path = make_file(tmp_path, *FAMILY)
    registry.load(path)
    before = registry.rows("SELECT * FROM residenti ORDER BY id")

    result = registry.load(path)

    assert result.motivo == "già caricato: nessun effetto"
    assert registry.rows("SELECT * FROM residenti ORDER BY id") == before
    assert registry.rows("SELECT count(*) FROM outbox") == [(1,)]


def test_two_deaths_in_a_household_are_two_events(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))
    dead = {"stato_anagrafico": "D", "data_decesso": "2026-10-01"}
    widow = (make_riga(**dead), make_riga(**MOGLIE, **dead), FAMILY[2])

    registry.load(make_file(tmp_path, *widow, *OTHERS, giorno=GIORNO_2))

    deaths = registry.events("deceduto")
    assert {e.data["residente_id"] for e in deaths} == {str(registry.id_of(i)) for i in ("A1", "A2")}
    everybody = {str(registry.id_of(i)) for i in ("A1", "A2", "A3")}
    assert all(set(e.data["componenti"]) == everybody for e in deaths)
    assert len(registry.events("nucleo.variato")) == 1


def test_a_birth_a_move_and_a_change_are_one_event_each(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))
    born = make_riga(
        id_anagrafe="A4", nome="Mia", sesso="F", relazione="3", data_nascita="2026-09-30",
        data_iscrizione="2026-09-30",
    )  # fmt: skip
    moved = make_riga(id_anagrafe="B0", cognome="Verdi", id_nucleo="NB0", indirizzo="Via Milano", civico="9")
    divorced = make_riga(id_anagrafe="B1", cognome="Verdi", id_nucleo="NB1", stato_civile="4")

    result = registry.load(make_file(tmp_path, *FAMILY, born, moved, divorced, *OTHERS[2:], giorno=GIORNO_2))

    assert registry.facts() == [
        ("A4", "registrato", "nascita"),
        ("B0", "trasferito", "cambio_indirizzo"),
        ("B1", "variato", ""),
    ]
    assert registry.events("variato.v1")[-1].data.get("campi_variati", ["stato_civile"]) == ["stato_civile"]
    assert result.conti == {
        "nascite": 1, "decessi": 0, "trasferimenti": 1, "variazioni": 1, "rifiutate": 0, "avvisi": 0,
    }  # fmt: skip


def test_every_event_reads_back_as_its_contract_and_in_order(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))
    changed = make_riga(indirizzo="Via Nuova", stato_civile="2")

    registry.load(make_file(tmp_path, changed, *FAMILY[1:], *OTHERS, giorno=GIORNO_2))

    events = registry.events("residente")
    assert [type(e.event()) for e in events] == [c.ResidenteTrasferitoV1, c.ResidenteVariatoV1]
    assert [e.sequence for e in events] == [2, 3]
    assert registry.rows("SELECT version FROM residenti WHERE id_anagrafe = 'A1'") == [(3,)]
    assert all(e.event().model_dump(mode="json") == e.data for e in events)


def test_a_person_absent_from_the_next_file_is_gone_and_his_history_stays(
    registry: Registry, tmp_path: Path
) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))

    registry.load(make_file(tmp_path, *FAMILY[:2], *OTHERS, giorno=GIORNO_2))

    assert registry.facts() == [("A3", "trasferito", "irreperibilita")]
    history = registry.rows("SELECT stato, valid_from, valid_to, known_to IS NOT NULL FROM residenti_storico")
    assert history == [("R", registry.rows("SELECT DATE '2010-01-01'")[0][0], GIORNO_2, True)]


def test_a_death_taken_back_says_so(registry: Registry, tmp_path: Path) -> None:
    dead = make_riga(stato_anagrafico="D", data_decesso="2026-09-30")
    registry.load(make_file(tmp_path, dead, *OTHERS))

    registry.load(make_file(tmp_path, make_riga(), *OTHERS, giorno=GIORNO_2))

    assert registry.facts() == [("A1", "decesso_annullato", "")]


def test_a_corrected_date_of_death_is_told_again(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, make_riga(), *OTHERS))
    for giorno, morto in ((GIORNO_2, "2026-09-30"), (GIORNO_3, "2026-09-29")):
        dead = make_riga(stato_anagrafico="D", data_decesso=morto)
        registry.load(make_file(tmp_path, dead, *OTHERS, giorno=giorno))

    assert [e.data["data_decesso"] for e in registry.events("deceduto")] == ["2026-09-30", "2026-09-29"]


@pytest.mark.parametrize("arrival_first", [True, False])
def test_a_move_between_two_comuni_is_told_to_both_whichever_file_comes_first(
    registry: Registry, tmp_path: Path, arrival_first: bool
) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))
    registry.load(make_file(tmp_path, make_riga(id_anagrafe="C1", id_nucleo="NC"), ente="B212"))
    left = make_file(tmp_path, make_riga(stato_anagrafico="E"), *FAMILY[1:], *OTHERS, giorno=GIORNO_2)
    came = make_file(
        tmp_path,
        make_riga(id_anagrafe="C1", id_nucleo="NC"),
        make_riga(id_nucleo="NX", data_iscrizione="2026-10-01"),
        ente="B212",
        giorno=GIORNO_2,
    )

    for path in (came, left) if arrival_first else (left, came):
        assert registry.load(path).stato is c.StatoCaricamento.COMPLETATO

    assert registry.facts() == [("A1", "registrato", "immigrazione"), ("A1", "trasferito", "emigrazione")]
    assert {(e.type.split(".")[2], e.data["ente"]) for e in registry.events("residente")} == {
        ("trasferito", "F704"),
        ("registrato", "B212"),
    }
    assert registry.rows("SELECT ente, stato FROM residenti WHERE id_anagrafe = 'A1'") == [("B212", "R")]
    assert registry.rows("SELECT codice, residenti FROM enti ORDER BY codice") == [("B212", 2), ("F704", 12)]


def test_a_person_listed_by_two_comuni_does_not_go_back_and_forth(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))
    registry.load(make_file(tmp_path, make_riga(), ente="B212"))

    assert registry.rows("SELECT ente FROM residenti WHERE id_anagrafe = 'A1'") == [("F704",)]
    said = registry.rows("SELECT motivo, avviso FROM righe_rifiutate")
    assert said == [("la persona risulta iscritta in un altro comune (F704): la riga non ha effetto", True)]


def test_streets_follow_their_file(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_viario(tmp_path, "V1;Via;Roma;1;45.5;9.2", "V1;Via;Roma;2;45.6;9.2"))

    result = registry.load(make_viario(tmp_path, "V1;Via;Roma;2;45.7;9.2"))

    assert result.stato is c.StatoCaricamento.COMPLETATO
    assert registry.rows("SELECT civico, lat FROM civici") == [("2", 45.7)]


def test_an_older_file_is_refused(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *FAMILY, giorno=GIORNO_2))

    result = registry.load(make_file(tmp_path, *FAMILY[:2], giorno=GIORNO_1))

    assert result.motivo == "il file è più vecchio dell'ultimo caricato (02/10/2026)"
    assert len(registry.state()) == 3
