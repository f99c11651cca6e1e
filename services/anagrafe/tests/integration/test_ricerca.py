from collections.abc import Callable
from pathlib import Path

import pytest
from services.anagrafe.tests.factories import GIORNO_2, make_file, make_riga
from services.anagrafe.tests.integration.conftest import Registry

from anagrafe.use_cases import (
    get_residente,
    get_residenti,
    list_caricamenti,
    list_comuni,
    list_righe_rifiutate,
    list_variazioni,
    search_residenti,
)
from contracts.anagrafe import (
    GetResidente,
    GetResidenti,
    ListCaricamenti,
    ListRigheRifiutate,
    ListVariazioni,
    SearchResidenti,
    StatoAnagrafico,
)
from contracts.errors import Forbidden, NotFound
from contracts.mandato import Extent, Mandato

MakeMandato = Callable[..., Mandato]
PEOPLE = (
    make_riga(id_anagrafe="A1", codice_fiscale="RSSMRA85T10F205R"),
    make_riga(id_anagrafe="A2", data_nascita="1990-02-03", id_nucleo="N2"),
    make_riga(id_anagrafe="A3", cognome="D'Angelo", nome="Nicolò", id_nucleo="N3"),
    make_riga(id_anagrafe="A4", cognome="De Luca", nome="Rossana", sesso="F", id_nucleo="N4"),
    make_riga(id_anagrafe="A5", cognome="Mariani", nome="Rosa", sesso="F", id_nucleo="N1", relazione="2"),
)


@pytest.fixture(autouse=True)
def _people(registry: Registry, tmp_path: Path) -> None:
    registry.load(make_file(tmp_path, *PEOPLE))
    registry.load(make_file(tmp_path, make_riga(id_anagrafe="B1", nome="Bruno"), ente="B212"))


def names(registry: Registry, mandato: Mandato, testo: str, limite: int = 10) -> list[str]:
    found = search_residenti(SearchResidenti(testo=testo, limite=limite), mandato, registry.db)
    return [f"{r.cognome} {r.nome}" for r in found.residenti]


@pytest.mark.parametrize(
    ("testo", "found"),
    [
        ("rossi mario", ["Rossi Mario", "Rossi Mario"]),
        ("MARIO ross", ["Rossi Mario", "Rossi Mario"]),
        ("rossi mario 3/2/1990", ["Rossi Mario"]),
        ("03.02.1990", ["Rossi Mario"]),
        ("dangelo", ["D'Angelo Nicolò"]),
        ("d'angelo", ["D'Angelo Nicolò"]),
        ("nicolo", ["D'Angelo Nicolò"]),
        ("angelo", ["D'Angelo Nicolò"]),
        ("deluca", ["De Luca Rossana"]),
        ("luca de", ["De Luca Rossana"]),
        ("rssmra85t10f205r", ["Rossi Mario"]),
        ("RSSMRA85T1", ["Rossi Mario"]),
        ("nessuno", []),
    ],
)
def test_people_are_found_by_any_part_in_any_order(
    registry: Registry, make_mandato: MakeMandato, testo: str, found: list[str]
) -> None:
    assert names(registry, make_mandato(), testo) == found


def test_the_surname_comes_before_the_name_and_the_name_before_the_inside(
    registry: Registry, make_mandato: MakeMandato
) -> None:
    assert names(registry, make_mandato(), "ross") == ["Rossi Mario", "Rossi Mario", "De Luca Rossana"]
    assert names(registry, make_mandato(), "mari") == ["Mariani Rosa", "Rossi Mario", "Rossi Mario"]


def test_a_person_is_found_by_an_omocode_of_his_code(registry: Registry, make_mandato: MakeMandato) -> None:
    from anagrafe.domain.codici import omocodes

    assert names(registry, make_mandato(), omocodes("RSSMRA85T10F205R")[5]) == ["Rossi Mario"]


def test_the_mandate_is_part_of_search_read_and_count(registry: Registry, make_mandato: MakeMandato) -> None:
    brugherio = registry.id_of("B1")
    monza = make_mandato("F704")

    assert names(registry, monza, "bruno") == []
    assert names(registry, make_mandato("B212"), "rossi") == ["Rossi Bruno"]
    assert names(registry, make_mandato("F704", Extent.PROVINCIA, ("B212",)), "mario") == []
    with pytest.raises(NotFound):
        get_residente(GetResidente(residente_id=brugherio), monza, registry.db)
    with pytest.raises(NotFound):
        list_variazioni(ListVariazioni(residente_id=brugherio), monza, registry.db)
    assert get_residenti(GetResidenti(residenti_id=(brugherio,)), monza, registry.db).residenti == ()


@pytest.mark.parametrize("extent", [Extent.NESSUNO, Extent.PROPRI, Extent.SETTORE])
def test_a_narrow_extent_reaches_no_registry(
    registry: Registry, make_mandato: MakeMandato, extent: Extent
) -> None:
    mandato = make_mandato("F704", extent)
    if extent is Extent.NESSUNO:
        with pytest.raises(Forbidden):
            names(registry, mandato, "rossi")
    else:
        assert names(registry, mandato, "rossi") == []


def test_a_page_says_that_there_are_others(registry: Registry, make_mandato: MakeMandato) -> None:
    found = search_residenti(SearchResidenti(testo="ross", limite=1), make_mandato(), registry.db)

    assert (len(found.residenti), found.altri) == (1, True)


def test_a_person_comes_with_household_and_places(registry: Registry, make_mandato: MakeMandato) -> None:
    from anagrafe.repository.carico import connect, fill_luoghi

    with connect(registry.settings.database_url) as connection:
        fill_luoghi(connection)
    person = get_residente(GetResidente(residente_id=registry.id_of("A1")), make_mandato(), registry.db)

    assert [(m.nome, m.relazione_nome) for m in person.nucleo] == [
        ("Mario", "Intestatario scheda"),
        ("Rosa", "Marito/Moglie"),
    ]
    assert person.luogo_nascita_nome == "Milano (MI)"
    assert person.codice_istat_comune == "108033"
    assert (person.indirizzo.via, person.indirizzo.comune_nome) == ("Via Roma", "Monza")


def test_the_order_asked_for_is_kept(registry: Registry, make_mandato: MakeMandato) -> None:
    ids = tuple(registry.id_of(i) for i in ("A3", "A1", "A2"))

    found = get_residenti(GetResidenti(residenti_id=ids), make_mandato(), registry.db).residenti

    assert tuple(r.id for r in found) == ids


def test_who_left_is_known_as_he_was_and_not_as_he_is(
    registry: Registry, tmp_path: Path, make_mandato: MakeMandato
) -> None:
    arrived = make_riga(
        id_anagrafe="A2", indirizzo="Via Segreta", data_iscrizione="2026-10-01", id_nucleo="NX"
    )
    registry.load(make_file(tmp_path, make_riga(id_anagrafe="B1"), arrived, ente="B212", giorno=GIORNO_2))

    seen = get_residente(GetResidente(residente_id=registry.id_of("A2")), make_mandato(), registry.db)

    assert (seen.stato, seen.via, seen.ente) == (StatoAnagrafico.EMIGRATO, "Via Roma", "F704")
    assert seen.nucleo == ()


def test_history_says_what_changed_from_when_and_since_when_we_know(
    registry: Registry, tmp_path: Path, make_mandato: MakeMandato
) -> None:
    changed = make_riga(id_anagrafe="A1", codice_fiscale="RSSMRA85T10F205R", stato_civile="2", civico="7")
    registry.load(make_file(tmp_path, changed, *PEOPLE[1:], giorno=GIORNO_2))

    found = list_variazioni(ListVariazioni(residente_id=registry.id_of("A1")), make_mandato(), registry.db)

    assert {(v.campo, v.prima, v.dopo, v.valida_dal) for v in found.variazioni} == {
        ("stato_civile", "Celibe/Nubile", "Coniugato/a", GIORNO_2),
        ("civico", "1", "7", GIORNO_2),
    }
    assert all(v.conosciuta_dal.tzinfo is not None for v in found.variazioni)


def test_loads_and_their_reports_are_seen_by_their_ente_alone(
    registry: Registry, tmp_path: Path, make_mandato: MakeMandato
) -> None:
    registry.load(make_file(tmp_path, *PEOPLE, "storta", giorno=GIORNO_2))
    mine = list_caricamenti(ListCaricamenti(), make_mandato(), registry.db)

    assert [r.rifiutate for r in mine.caricamenti] == [1, 0]
    request = ListRigheRifiutate(caricamento_id=mine.caricamenti[0].id)
    assert [r.riga for r in list_righe_rifiutate(request, make_mandato(), registry.db).righe] == [7]
    with pytest.raises(NotFound):
        list_righe_rifiutate(request, make_mandato("B212"), registry.db)


def test_the_loaded_comuni_are_listed_with_their_residents(registry: Registry) -> None:
    assert [(e.nome, e.residenti) for e in list_comuni(registry.db).enti] == [("Brugherio", 1), ("Monza", 5)]
