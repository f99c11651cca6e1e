"""Who a codice fiscale is and whom he lives with: asked by the house itself alone."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from services.anagrafe.tests.factories import GIORNO_2, make_file, make_riga
from services.anagrafe.tests.integration.conftest import Registry

from anagrafe.domain.codici import omocodes
from anagrafe.use_cases import list_conviventi
from contracts.anagrafe import ListConviventi
from contracts.errors import Forbidden
from contracts.mandato import Mandato

CODICE = "RSSMRA85T10F205R"
FAMILY = (
    make_riga(id_anagrafe="A1", codice_fiscale=CODICE),
    make_riga(id_anagrafe="A2", nome="Anna", sesso="F", relazione="2"),
    make_riga(id_anagrafe="A3", nome="Luca", relazione="3"),
)
OTHERS = tuple(make_riga(id_anagrafe=f"B{i}", cognome="Verdi", id_nucleo=f"NB{i}") for i in range(10))


@pytest.fixture
def sistema(make_mandato: Callable[..., Mandato]) -> Mandato:
    return make_mandato().model_copy(update={"tipo": "sistema"})


def conviventi(
    registry: Registry, mandato: Mandato, codice: str = CODICE, solo_lui: bool = False
) -> set[UUID]:
    request = ListConviventi(codice_fiscale=codice, solo_lui=solo_lui)
    return set(list_conviventi(request, mandato, registry.db).residenti_id)


def test_the_household_is_found_by_a_code_and_by_its_omocodes(
    registry: Registry, tmp_path: Path, sistema: Mandato
) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))
    household = {registry.id_of(i) for i in ("A1", "A2", "A3")}

    assert conviventi(registry, sistema) == household
    assert conviventi(registry, sistema, omocodes(CODICE)[7].lower()) == household
    assert conviventi(registry, sistema, solo_lui=True) == {registry.id_of("A1")}


def test_who_has_exactly_this_code_is_not_whoever_shares_its_root(
    registry: Registry, tmp_path: Path, sistema: Mandato
) -> None:
    homonym = omocodes(CODICE)[7]  # omocodia: another person, told apart by this letter alone
    other = make_riga(id_anagrafe="C1", codice_fiscale=homonym, id_nucleo="NC1")
    registry.load(make_file(tmp_path, *FAMILY, other))

    assert conviventi(registry, sistema, solo_lui=True) == {registry.id_of("A1")}
    assert conviventi(registry, sistema, homonym, solo_lui=True) == {registry.id_of("C1")}
    assert conviventi(registry, sistema, omocodes(CODICE)[3], solo_lui=True) == set()
    assert {registry.id_of("A2"), registry.id_of("C1")} < conviventi(registry, sistema)


def test_an_unknown_code_and_a_shapeless_one_are_nobody(
    registry: Registry, tmp_path: Path, sistema: Mandato
) -> None:
    registry.load(make_file(tmp_path, *FAMILY))

    assert conviventi(registry, sistema, "VRDLGI80A01F205X") == set()
    assert conviventi(registry, sistema, "?") == set()


def test_the_dead_stay_of_the_household_and_who_left_does_not(
    registry: Registry, tmp_path: Path, sistema: Mandato
) -> None:
    registry.load(make_file(tmp_path, *FAMILY, *OTHERS))
    dead = make_riga(
        id_anagrafe="A2",
        nome="Anna",
        sesso="F",
        relazione="2",
        stato_anagrafico="D",
        data_decesso="2026-10-01",
    )
    registry.load(make_file(tmp_path, FAMILY[0], dead, *OTHERS, giorno=GIORNO_2))

    assert conviventi(registry, sistema) == {registry.id_of("A1"), registry.id_of("A2")}


@pytest.mark.parametrize("tipo", ["operatore", "cittadino", "client"])
def test_nobody_but_the_house_itself_asks(registry: Registry, sistema: Mandato, tipo: str) -> None:
    with pytest.raises(Forbidden):
        conviventi(registry, sistema.model_copy(update={"tipo": tipo}))
