from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from services.erogazioni.tests.factories import NOW, make_cartella, make_foglio

from contracts.cartella import StatoCartella
from contracts.erogazioni import StatoFoglio
from contracts.errors import Conflict, Forbidden, Invalid
from erogazioni.domain import fogli as rules

DECISION = {"approva": True, "motivo": "", "quando": NOW, "data_decesso": None}


def test_quotas_that_sum_to_the_cent_pass():
    rules.check_quote(Decimal("100.00"), Decimal("66.67"), Decimal("33.32"), Decimal("0.01"))


def test_quotas_one_cent_off_are_refused_naming_both_sums():
    with pytest.raises(Invalid) as refusal:
        rules.check_quote(Decimal("1100.00"), Decimal("1099.99"), Decimal("0.00"), Decimal("0.00"))

    assert refusal.value.fields == {"quota_ente": "Le quote sommano € 1.099,99 ma l'importo è € 1.100,00."}


def test_an_amount_only_a_slip_of_the_pen_can_mean_is_refused():
    with pytest.raises(Invalid) as refusal:
        rules.check_quote(Decimal("1000000.00"), Decimal("1000000.00"), Decimal("0.00"), Decimal("0.00"))

    assert list(refusal.value.fields) == ["importo"]


@pytest.mark.parametrize(
    ("dal", "al", "field"),
    [
        (date(202, 6, 1), None, "dal"),
        (date(9999, 12, 31), None, "dal"),
        (date(2026, 1, 1), date(2206, 1, 1), "al"),
    ],
)
def test_a_year_only_a_slip_of_the_pen_can_mean_is_refused(dal: date, al: date | None, field: str):
    with pytest.raises(Invalid) as refusal:
        rules.check_periodo(dal, al)

    assert list(refusal.value.fields) == [field]


@pytest.mark.parametrize("quota_ssn", ["-10.00", "-0.01"])
def test_a_negative_quota_is_refused_even_when_the_sum_is_right(quota_ssn: str):
    with pytest.raises(Invalid):
        rules.check_quote(
            Decimal("10.00"), Decimal("10.00") - Decimal(quota_ssn), Decimal(0), Decimal(quota_ssn)
        )


@pytest.mark.parametrize("importo", ["0.00", "-5.00"])
def test_an_amount_must_be_positive(importo: str):
    with pytest.raises(Invalid):
        rules.check_quote(Decimal(importo), Decimal(importo), Decimal(0), Decimal(0))


def test_an_end_before_the_start_is_refused():
    with pytest.raises(Invalid):
        rules.check_periodo(date(2026, 3, 2), date(2026, 3, 1))


def test_nothing_new_is_granted_on_a_closed_case():
    with pytest.raises(Conflict, match=r"foglio.cartella_chiusa"):
        rules.check_cartella_aperta(make_cartella(stato=StatoCartella.CHIUSA))


def test_a_second_person_approves_a_proposal():
    foglio = make_foglio(stato=StatoFoglio.PROPOSTO, version=1)
    approvatore = uuid4()

    approved = rules.decide(foglio, operatore_id=approvatore, **DECISION)

    assert (approved.stato, approved.approvatore_id, approved.version) == (
        StatoFoglio.APPROVATO,
        approvatore,
        2,
    )


def test_who_proposed_cannot_decide():
    foglio = make_foglio(stato=StatoFoglio.PROPOSTO)
    with pytest.raises(Forbidden, match=r"foglio.quattro_occhi"):
        rules.decide(foglio, operatore_id=foglio.proponente_id, **DECISION)


@pytest.mark.parametrize("stato", [s for s in StatoFoglio if s is not StatoFoglio.PROPOSTO])
def test_only_a_proposal_can_be_decided(stato: StatoFoglio):
    with pytest.raises(Conflict, match=r"foglio.gia_deciso"):
        rules.decide(make_foglio(stato=stato), operatore_id=uuid4(), **DECISION)


def test_a_refusal_needs_a_reason():
    with pytest.raises(Invalid, match=r"foglio.motivo"):
        rules.decide(
            make_foglio(stato=StatoFoglio.PROPOSTO),
            operatore_id=uuid4(),
            **(DECISION | {"approva": False, "motivo": " "}),
        )


def test_a_foglio_that_reaches_past_a_known_death_is_not_approved():
    foglio = make_foglio(stato=StatoFoglio.PROPOSTO, al=None)
    with pytest.raises(Conflict, match=r"erogazione.beneficiario_deceduto"):
        rules.decide(foglio, operatore_id=uuid4(), **(DECISION | {"data_decesso": date(2026, 11, 10)}))


def test_the_dead_beneficiary_is_named_with_the_day_and_the_case_stays_open():
    with pytest.raises(Conflict) as refusal:
        rules.check_beneficiario_vivo(date(2026, 11, 10), date(2026, 11, 11))

    assert "deceduto il 10/11/2026" in refusal.value.message
    assert "Il caso resta aperto" in refusal.value.message


def test_what_ends_by_the_day_of_death_is_still_due():
    rules.check_beneficiario_vivo(date(2026, 11, 10), date(2026, 11, 10))


def test_a_stale_version_is_refused_with_the_one_in_store():
    with pytest.raises(Conflict) as refusal:
        rules.check_version(3, 2, {"version": 3})

    assert refusal.value.details == {"attuale": {"version": 3}}
