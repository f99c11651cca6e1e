import shutil
from pathlib import Path
from typing import Any

import pytest
from services.erogazioni.tests.conftest import House

from contracts.erogazioni import ListCatalogo
from erogazioni.jobs import carica_catalogo
from erogazioni.seed import CATALOGO
from erogazioni.use_cases.catalogo import list_catalogo


@pytest.fixture
def folder(tmp_path: Path, erogazioni_urls: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the three files, and a job that finds the test's database."""
    url = erogazioni_urls.app.replace("postgresql://", "postgresql+psycopg2://")
    monkeypatch.setenv("EROGAZIONI_DATABASE_URL", url)
    for file in CATALOGO.glob("*.csv"):
        shutil.copy(file, tmp_path)
    return tmp_path


def names(house: House) -> dict[str, str]:
    return {voce.codice: voce.nome for voce in list_catalogo(ListCatalogo(), house.db).voci}


def test_loading_the_same_list_again_changes_nothing(house: House, folder: Path):
    before = list_catalogo(ListCatalogo(), house.db)

    assert carica_catalogo(str(folder)) == 0
    assert list_catalogo(ListCatalogo(), house.db) == before


def test_an_official_list_takes_the_place_of_the_starting_one(house: House, folder: Path):
    voci = folder / "voci_istat.csv"
    voci.write_text(voci.read_text().replace("Asilo nido", "Nido d'infanzia"))

    assert carica_catalogo(str(folder)) == 0
    assert names(house)["H01"] == "Nido d'infanzia"

    assert carica_catalogo(str(CATALOGO)) == 0
    assert names(house)["H01"] == "Asilo nido"


@pytest.mark.parametrize(
    ("file", "good", "bad"),
    [
        ("voci_istat.csv", "famiglia_minori", "famiglie"),
        ("prestazioni_inps.csv", ";si;", ";forse;"),
        ("prestazioni_inps.csv", "prova_mezzi", "prova"),
        ("voci_prestazioni.csv", "2015-01-01", "2015-13-01"),
        ("prestazioni_inps.csv", ";no;no;1;", ";no;no;7;"),
        ("prestazioni_inps.csv", "2015-01-01;2022-02-28", "2015-01-01;2014-02-28"),
        ("voci_istat.csv", "A02;2015-01-01", "A01;2020-01-01"),
    ],
)
def test_a_malformed_list_is_refused_whole(
    house: House, folder: Path, capsys, file: str, good: str, bad: str
):
    before = names(house)
    voci = folder / "voci_istat.csv"
    voci.write_text(voci.read_text().replace("Telefonia sociale", "Telefono"))
    broken = folder / file
    broken.write_text(broken.read_text().replace(good, bad, 1))

    assert carica_catalogo(str(folder)) == 1

    assert names(house) == before
    refusal = capsys.readouterr().err
    assert "nulla è cambiato" in refusal
    assert file in refusal
