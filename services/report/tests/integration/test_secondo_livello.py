"""Second-level cases count for the ente and for no settore, and no subtraction brings them out."""

from typing import Any
from uuid import uuid4

import pytest
from services.report.tests.conftest import Desk
from services.report.tests.factories import make_cartella_event, make_mandato
from services.report.tests.integration.test_report import people

from contracts.cartella import Area, CartellaRiservataV1
from contracts.errors import Forbidden, Invalid
from contracts.mandato import Extent
from contracts.report import CrosstabOut
from report import repository
from report.domain.crosstab import RISERVATO


@pytest.fixture
def table(desk: Desk) -> Desk:
    """20 of minori, 30 of adulti, 40 of anziani, 6 of a second level; one person each."""
    for settore, number in (("minori", 20), ("adulti", 30), ("anziani", 40)):
        people(desk, number, settore=settore)
    people(desk, 6, settore="minori", settore_riservato="tutela")
    desk.write()
    return desk


def by_settore(answer: CrosstabOut) -> dict[str, int | None]:
    return {key[0]: cell.valore for key, cell in zip(answer.righe, answer.totali_righe, strict=True)}


def test_they_count_in_the_numbers_of_the_ente(table: Desk) -> None:
    assert table.ask(make_mandato(), colonne=()).totale.valore == 96


def test_no_settore_counts_them_and_none_is_named_for_them(table: Desk) -> None:
    answer = table.ask(make_mandato(), righe=("settore",), colonne=())

    assert by_settore(answer) == {"adulti": 30, "anziani": 40, "minori": None}
    assert RISERVATO not in answer.model_dump_json()
    assert "tutela" not in answer.model_dump_json()


@pytest.mark.parametrize("colonne", [(), ("sesso",), ("area", "sesso"), ("fascia_eta",)])
@pytest.mark.parametrize("misura", ["in_carico", "cartelle"])
def test_the_settori_cannot_be_subtracted_from_the_ente(
    table: Desk, colonne: tuple[str, ...], misura: str
) -> None:
    whole = table.ask(make_mandato(), colonne=colonne, misura=misura)
    parts = table.ask(make_mandato(), righe=("settore",), colonne=colonne, misura=misura)

    assert parts.totale == whole.totale
    for column, total in enumerate(whole.totali_colonne):
        shown = [line[column].valore for line in parts.celle]
        assert total.protetta or None in shown, "every line has a cell kept back beside the second level"


def test_nor_one_by_one_with_filters(table: Desk) -> None:
    def filtered(*settori: str) -> Any:
        return table.ask(make_mandato(), colonne=(), filtri={"settore": settori}).totale

    assert filtered("adulti").valore == 30
    assert filtered("minori").protetta, "it would leave the second level alone with the total"
    assert filtered("adulti", "anziani").valore == 70
    assert filtered("minori", "adulti", "anziani").protetta


@pytest.mark.parametrize("number", [1, 3, 6, 50])
def test_the_same_settore_is_kept_back_whatever_is_asked(desk: Desk, number: int) -> None:
    people(desk, 8, settore="minori", area=Area.ANZIANI)
    people(desk, 20, settore="adulti", area=Area.DISABILI)
    people(desk, 9, settore="adulti", area=Area.ANZIANI)
    people(desk, number, settore_riservato="tutela", area=Area.DISABILI)
    desk.write()

    for colonne in ((), ("area",), ("sesso",), ("area", "sesso")):
        answer = desk.ask(make_mandato(), righe=("settore",), colonne=colonne)
        assert by_settore(answer)["minori"] is None
    area = desk.ask(make_mandato(), righe=("settore",), colonne=("area",))
    disabled = area.colonne.index(("disabili",))
    assert None in [line[disabled].valore for line in area.celle] or area.totali_colonne[disabled].protetta


def test_the_name_that_stands_for_them_cannot_be_asked_for(table: Desk) -> None:
    with pytest.raises(Invalid):
        table.ask(make_mandato(), filtri={"settore": (RISERVATO,)})


@pytest.mark.parametrize("extent", [Extent.SETTORE, Extent.PROPRI])
def test_a_part_of_an_ente_is_given_to_nobody(table: Desk, extent: Extent) -> None:
    with pytest.raises(Forbidden):
        table.ask(make_mandato(extent), righe=("settore",), colonne=())


def test_a_case_that_enters_or_leaves_the_second_level_is_counted_anew(desk: Desk) -> None:
    people(desk, 10, settore="minori")
    people(desk, 20, settore="adulti")
    case = make_cartella_event(settore="adulti")
    desk.deliver(case)
    reserved = case.model_dump() | {"settore_riservato": "tutela"}
    desk.deliver(CartellaRiservataV1.model_validate(reserved), 2)
    desk.write()
    assert by_settore(desk.ask(make_mandato(), righe=("settore",), colonne=()))["adulti"] == 20

    desk.deliver(CartellaRiservataV1.model_validate(case.model_dump()), 3)
    desk.write()

    answer = desk.ask(make_mandato(), righe=("settore",), colonne=())
    assert by_settore(answer) == {"adulti": 21, "minori": 10}


def test_which_settore_it_is_enters_neither_facts_nor_snapshots(desk: Desk) -> None:
    desk.deliver(
        make_cartella_event(settore="settore-vero", settore_riservato="tutela", residente_id=uuid4())
    )
    desk.write()

    [partizione] = repository.partizioni_of(("F704",), desk.db)
    stored = str(desk.execute("SELECT * FROM fatti_cartelle")).encode() + desk.store.get(partizione.chiave)
    assert b"tutela" not in stored
    assert b"settore-vero" not in stored
