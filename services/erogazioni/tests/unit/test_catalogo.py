import csv
from collections.abc import Iterator

import pytest

from contracts.cartella import Area
from erogazioni.policies import regione_of
from erogazioni.seed import CATALOGO


def rows(name: str) -> Iterator[dict[str, str]]:
    with (CATALOGO / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter=";")


def test_every_item_names_its_areas_and_says_that_it_is_reconstructed():
    for row in rows("voci_istat.csv"):
        assert row["aree"].split()
        assert {Area(area) for area in row["aree"].split()}
        assert row["fonte"] == "ricostruita"


def test_every_link_joins_an_item_to_a_benefit_of_the_list():
    voci = {row["codice"] for row in rows("voci_istat.csv")}
    prestazioni = {row["codice"] for row in rows("prestazioni_inps.csv")}

    for row in rows("voci_prestazioni.csv"):
        assert row["voce_istat"] in voci
        assert row["prestazione_inps"] in prestazioni


def test_every_exportable_benefit_has_a_name_the_schema_takes():
    for row in rows("prestazioni_inps.csv"):
        if row["esportabile"] == "si":
            assert 10 <= len(row["nome"]) <= 200
            assert 5 <= len(row["codice"]) <= 10


@pytest.mark.parametrize(
    ("codice_istat", "regione"),
    [("108033", "03"), ("015146", "03"), ("058091", "12"), ("111009", "20"), ("", "")],
)
def test_the_region_follows_from_the_comune(codice_istat: str, regione: str):
    assert regione_of(codice_istat) == regione
