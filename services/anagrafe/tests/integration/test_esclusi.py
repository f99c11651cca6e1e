"""One's own household is as if it were not in the registry, through every door; INPS is told of everybody."""

from collections.abc import Callable
from pathlib import Path

import pytest
from services.anagrafe.tests.factories import GIORNO_2, make_file, make_riga
from services.anagrafe.tests.integration.conftest import Registry

from anagrafe.use_cases import (
    get_residente,
    get_residenti,
    list_beneficiari,
    list_variazioni,
    search_residenti,
)
from contracts.anagrafe import GetResidente, GetResidenti, ListBeneficiari, ListVariazioni, SearchResidenti
from contracts.errors import Forbidden, NotFound
from contracts.mandato import Emergenza, Extent, Mandato

PEOPLE = (
    make_riga(id_anagrafe="A1", codice_fiscale="RSSMRA85T10F205R"),
    make_riga(id_anagrafe="A2", nome="Anna", sesso="F", relazione="2"),
    make_riga(id_anagrafe="A3", nome="Bruno", id_nucleo="N3"),
)


@pytest.fixture
def relative(registry: Registry, tmp_path: Path, make_mandato: Callable[..., Mandato]) -> Mandato:
    """An operator who lives with A1 and A2."""
    registry.load(make_file(tmp_path, *PEOPLE))
    changed = (PEOPLE[0].replace("Via Roma", "Via Milano"), *PEOPLE[1:])
    registry.load(make_file(tmp_path, *changed, giorno=GIORNO_2))
    household = (registry.id_of("A1"), registry.id_of("A2"))
    return make_mandato().model_copy(update={"esclusi": household})


@pytest.mark.parametrize("testo", ["rossi", "rossi mario", "RSSMRA85T10F205R", "RSSMRA85T1", "10/12/1985"])
def test_a_search_does_not_find_nor_count_them(registry: Registry, relative: Mandato, testo: str) -> None:
    found = search_residenti(SearchResidenti(testo=testo), relative, registry.db)

    others = [] if testo.startswith("RSS") or "mario" in testo else ["Bruno"]
    assert [one.nome for one in found.residenti] == others
    assert (found.totale, found.altri) == (len(others), False)


def test_their_pages_and_their_history_are_not_there(registry: Registry, relative: Mandato) -> None:
    me, other = registry.id_of("A1"), registry.id_of("A3")

    with pytest.raises(NotFound):
        get_residente(GetResidente(residente_id=me), relative, registry.db)
    with pytest.raises(NotFound):
        list_variazioni(ListVariazioni(residente_id=me), relative, registry.db)
    found = get_residenti(GetResidenti(residenti_id=(me, other)), relative, registry.db)
    assert [one.id for one in found.residenti] == [other]


def test_an_emergency_does_not_open_them(registry: Registry, relative: Mandato) -> None:
    me = registry.id_of("A1")
    opened = Emergenza(residente_id=me, scopi=("anagrafe:leggi",))

    with pytest.raises(NotFound):
        get_residente(
            GetResidente(residente_id=me), relative.model_copy(update={"emergenza": opened}), registry.db
        )


def test_inps_is_told_of_them_without_street_or_household(registry: Registry, relative: Mandato) -> None:
    exporter = relative.model_copy(update={"estensioni": {"siuss:esporta": Extent.ENTE}})
    request = ListBeneficiari(residenti_id=(registry.id_of("A1"),))

    (me,) = list_beneficiari(request, exporter, registry.db).residenti

    assert (me.cognome, me.codice_istat_comune) == ("Rossi", "108033")
    assert (me.via, me.civico, me.indirizzo.via, me.indirizzo.lat, me.nucleo) == ("", "", "", None, ())


def test_beneficiari_are_for_who_exports_for_his_whole_ente(registry: Registry, relative: Mandato) -> None:
    request = ListBeneficiari(residenti_id=(registry.id_of("A3"),))

    with pytest.raises(Forbidden):
        list_beneficiari(request, relative, registry.db)
    for extent in (Extent.SETTORE, Extent.PROPRI):
        narrow = relative.model_copy(update={"estensioni": {"siuss:esporta": extent}})
        assert list_beneficiari(request, narrow, registry.db).residenti == ()
    elsewhere = relative.model_copy(update={"estensioni": {"siuss:esporta": Extent.ENTE}, "ente": "B212"})
    assert list_beneficiari(request, elsewhere, registry.db).residenti == ()
