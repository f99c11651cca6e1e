from datetime import date
from decimal import Decimal

import pytest
from services.erogazioni.tests.factories import make_codice_fiscale, make_da_comunicare, make_residente

from contracts.cartella import Area
from contracts.erogazioni import Carattere
from erogazioni.domain.siuss import Dsu, build_record, find_anomalie


def anomalie(residente=None, **da_comunicare) -> dict[str, str]:
    """Field → sentence of what is wrong."""
    residente = residente or make_residente()
    payment = make_da_comunicare(**da_comunicare)
    found = find_anomalie(payment, residente, build_record(payment, residente))
    return {one.campo: one.messaggio for one in found}


def prestazione(**da_comunicare) -> dict[str, str]:
    return build_record(make_da_comunicare(**da_comunicare), make_residente()).prestazione


def test_a_complete_payment_has_no_anomaly():
    assert anomalie() == {}


def test_an_omocodia_in_the_year_is_reported_and_never_changed():
    residente = make_residente(codice_fiscale=make_codice_fiscale("RSSMRA8LA41F704"))

    assert "omocodico" in anomalie(residente)["codice_fiscale"]
    assert build_record(make_da_comunicare(), residente).beneficiario == {
        "CodiceFiscale": residente.codice_fiscale
    }


def test_an_omocodia_in_the_birthplace_is_one_the_schema_takes():
    assert anomalie(make_residente(codice_fiscale=make_codice_fiscale("RSSMRA80A41F7LQ"))) == {}


def test_a_missing_codice_fiscale_is_reported():
    assert "Manca il codice fiscale" in anomalie(make_residente(codice_fiscale=None))["codice_fiscale"]


def test_a_wrong_control_letter_is_reported():
    right = make_codice_fiscale()
    wrong = right[:15] + ("A" if right[15] != "A" else "B")

    assert "carattere di controllo" in anomalie(make_residente(codice_fiscale=wrong))["codice_fiscale"]


def test_a_birth_year_unlike_the_codice_fiscale_is_reported():
    assert "1981" in anomalie(make_residente(data_nascita=date(1981, 1, 1)))["data_nascita"]


def test_a_sex_unlike_the_codice_fiscale_is_reported():
    assert "sesso" in anomalie(make_residente(sesso="M"))


def test_a_provisional_codice_fiscale_of_eleven_digits_is_taken():
    assert anomalie(make_residente(codice_fiscale="12345678901")) == {}


def test_a_surname_longer_than_the_schema_is_reported():
    assert "36 caratteri" in anomalie(make_residente(cognome="A" * 37))["cognome"]


def test_quotas_that_do_not_sum_are_reported():
    assert "sommano" in anomalie(quota_ente=Decimal("1.00"))["quote"]


def test_a_periodic_benefit_may_not_pass_the_year():
    assert "31 dicembre" in anomalie(dal=date(2026, 12, 1), al=date(2027, 1, 31))["periodo"]


def test_a_benefit_subject_to_isee_without_one_says_where_to_mend_it():
    assert "sezione ISEE" in anomalie(dsu=None)["isee"]


def test_a_dsu_without_protocol_is_reported():
    assert "protocollo" in anomalie(dsu=Dsu(protocollo="", data_presentazione=date(2026, 1, 1)))["isee"]


def test_a_denomination_shorter_than_ten_is_reported():
    assert "prestazione_nome" in anomalie(prestazione_nome="Mensa")


def test_a_benefit_for_people_in_charge_only_is_reported_outside_a_charge():
    assert "presa_in_carico" in anomalie(solo_in_carico=True, in_carico=False)


def test_a_person_the_registry_does_not_give_is_reported():
    found = find_anomalie(make_da_comunicare(), None, None)

    assert [one.campo for one in found] == ["residente"]


def test_a_periodic_payment_carries_start_end_months_and_monthly_amount():
    record = prestazione()

    assert {
        "CaratterePrestazione": "1",
        "DataInizioPrestazione": "2026-11-01",
        "DataFinePrestazione": "2026-11-30",
        "PeriodoErogazione": "1",
        "ImportoMensile": "320.00",
    }.items() <= record.items()
    assert "ImportoPrestazione" not in record


def test_an_occasional_payment_carries_its_day_and_amount():
    record = prestazione(carattere=Carattere.OCCASIONALE)

    assert {
        "CaratterePrestazione": "2",
        "DataErogazionePrestazione": "2026-11-23",
        "ImportoPrestazione": "320.00",
    }.items() <= record.items()
    assert "ImportoMensile" not in record


def test_the_dsu_goes_whole_with_the_year_of_its_protocol():
    record = prestazione(
        dsu=Dsu(protocollo="INPS-ISEE-2025-01234567A-00", data_presentazione=date(2026, 1, 2))
    )

    assert (record["AnnoProtocolloDSU"], record["DataDSU"]) == ("2025", "2026-01-02")


@pytest.mark.parametrize(
    ("area", "area_utenza"),
    [(Area.FAMIGLIA_MINORI, "1"), (Area.DISABILI, "2"), (Area.ANZIANI, "2")]
    + [(area, "3") for area in (Area.DIPENDENZE, Area.IMMIGRATI, Area.POVERTA, Area.MULTIUTENZA)],
)
def test_the_istat_area_gives_the_area_utenza(area: Area, area_utenza: str):
    assert prestazione(area=area)["AreaUtenza"] == area_utenza


def test_outside_a_charge_there_is_no_area_utenza():
    record = prestazione(in_carico=False)

    assert record["PresaCarico"] == "2"
    assert "AreaUtenza" not in record
