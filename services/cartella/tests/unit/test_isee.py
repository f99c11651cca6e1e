"""ISEE: what is refused, what is only doubted, and until when it holds. The source stands in each case's id."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from services.cartella.tests.factories import make_add_isee, make_step

from cartella import policies
from cartella.domain import isee as rules
from cartella.domain.isee import Isee
from contracts.cartella import TipoIsee
from contracts.errors import Invalid


def register(already_there: bool = False, **changes: Any) -> Isee:
    return rules.register(make_add_isee(**changes), "F704", uuid4(), make_step(), already_there=already_there)


@pytest.mark.parametrize(
    ("tipo", "presentata", "scadenza"),
    [
        pytest.param(
            TipoIsee.ORDINARIO,
            date(2018, 3, 1),
            date(2019, 1, 15),
            id="DPCM 159/2013 art. 10 c. 1: 15 gennaio",
        ),
        pytest.param(
            TipoIsee.ORDINARIO,
            date(2019, 3, 1),
            date(2019, 12, 31),
            id="D.Lgs. 147/2017 art. 10 c. 4: DSU 2019",
        ),
        pytest.param(
            TipoIsee.MINORENNI,
            date(2026, 1, 2),
            date(2026, 12, 31),
            id="D.Lgs. 147/2017 art. 10 c. 4: 31 dicembre",
        ),
        pytest.param(
            TipoIsee.ORDINARIO,
            date(2026, 12, 31),
            date(2026, 12, 31),
            id="D.Lgs. 147/2017 art. 10 c. 4: last day",
        ),
        pytest.param(
            TipoIsee.CORRENTE,
            date(2026, 8, 31),
            date(2027, 2, 28),
            id="D.Lgs. 147/2017 art. 10 c. 5: sei mesi",
        ),
        pytest.param(
            TipoIsee.CORRENTE,
            date(2026, 5, 10),
            date(2026, 11, 10),
            id="D.Lgs. 147/2017 art. 10 c. 5: same day",
        ),
    ],
)
def test_an_isee_holds_until_the_day_the_law_says(tipo: TipoIsee, presentata: date, scadenza: date) -> None:
    assert policies.expiry(tipo, presentata) == scadenza


@pytest.mark.parametrize(
    ("scala", "presentata", "fits"),
    [
        pytest.param("1.00", date(2026, 1, 1), True, id="DPCM 159/2013 all. 1: nucleo di 1"),
        pytest.param("1.57", date(2025, 1, 1), True, id="DPCM 159/2013 all. 1: nucleo di 2"),
        pytest.param("3.20", date(2025, 1, 1), True, id="DPCM 159/2013 all. 1: nucleo di 6"),
        pytest.param("3.05", date(2025, 1, 1), True, id="DPCM 159/2013 all. 1: nucleo di 5 con 3 figli"),
        pytest.param(
            "2.34", date(2025, 1, 1), True, id="DPCM 159/2013 all. 1: nucleo di 3, figlio sotto i 3 anni"
        ),
        pytest.param(
            "2.56", date(2025, 6, 1), False, id="DPCM 159/2013 all. 1: due figli senza maggiorazione"
        ),
        pytest.param("2.56", date(2026, 6, 1), True, id="legge di bilancio 2026: due figli, +0,10"),
        pytest.param(
            "1.30", date(2026, 6, 1), False, id="DPCM 159/2013 all. 1: una persona sola senza lavoro"
        ),
        pytest.param("2.05", date(2026, 6, 1), False, id="slip of the pen"),
    ],
)
def test_a_scale_fits_a_household_or_not(scala: str, presentata: date, fits: bool) -> None:
    assert policies.fits_household(Decimal(scala), presentata) is fits


@pytest.mark.parametrize(
    ("isee", "coherent"),
    [("10000.00", True), ("10000.02", True), ("9999.98", True), ("10000.03", False), ("1000.00", False)],
)
def test_isee_is_ise_divided_by_the_scale_within_two_cents(isee: str, coherent: bool) -> None:
    assert policies.is_coherent(Decimal("20400.00"), Decimal("2.04"), Decimal(isee)) is coherent


def test_a_coherent_isee_raises_no_doubt_and_expires_at_the_end_of_the_year() -> None:
    isee = register()

    assert isee.avvisi == ()
    assert isee.scadenza == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"isee": Decimal("1000.00")}, "tre importi"),
        ({"scala": Decimal("2.05"), "isee": Decimal("9951.22")}, "nessun nucleo"),
        ({"protocollo_dsu": "INPS-ISEE-2025-01234567A-00"}, "anno del protocollo"),
        ({"scadenza": date(2027, 1, 15)}, "31/12/2026"),
        (
            {"data_presentazione": date(2025, 2, 1), "protocollo_dsu": "INPS-ISEE-2025-01234567A-00"},
            "già scaduto",
        ),
        ({"omissioni": True}, "omissioni"),
        ({"already_there": True}, "stesso protocollo"),
    ],
)
def test_a_doubt_is_told_and_the_isee_is_kept(changes: dict[str, Any], about: str) -> None:
    isee = register(**changes)

    assert len(isee.avvisi) == 1
    assert about in isee.avvisi[0]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"protocollo_dsu": "INPS-ISEE-2026-1234567A-00"}, "protocollo_dsu"),
        ({"protocollo_dsu": "INPS-ISEE-2026-01234567A-00\nx"}, "protocollo_dsu"),
        ({"data_presentazione": date(2026, 11, 24)}, "data_presentazione"),
        ({"scadenza": date(2026, 2, 9)}, "scadenza"),
        ({"scala": Decimal("0.00")}, "scala"),
        ({"ise": Decimal("-1.00")}, "ise"),
        ({"isee": Decimal("-1.00")}, "isee"),
    ],
)
def test_what_inps_cannot_have_written_is_refused_at_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        register(**changes)

    assert field in refused.value.fields


def test_all_wrong_fields_are_told_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        register(protocollo_dsu="", scala=Decimal("0.50"), isee=Decimal("-1.00"))

    assert set(refused.value.fields) == {"protocollo_dsu", "scala", "isee"}


def test_a_pasted_protocol_is_cleaned() -> None:
    assert (
        register(protocollo_dsu=" inps-isee-2026-01234567a-00 ").protocollo_dsu
        == "INPS-ISEE-2026-01234567A-00"
    )
