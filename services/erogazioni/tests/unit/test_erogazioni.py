from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.erogazioni.tests.factories import NOW, make_erogazione, make_foglio

from contracts.erogazioni import StatoErogazione, StatoFoglio
from contracts.errors import Conflict, Forbidden, Invalid
from erogazioni.domain import erogazioni as rules
from erogazioni.domain.fogli import Foglio

cents = st.integers(0, 10_000_000).map(lambda n: Decimal(n) / 100)


def propose(
    foglio: Foglio, mese: str = "2026-11", importo: Decimal | None = None, data_decesso: date | None = None
):
    return rules.propose(
        foglio,
        id=uuid4(),
        mese=mese,
        importo=importo,
        operatore_id=uuid4(),
        quando=NOW,
        data_decesso=data_decesso,
    )


def liquidate(erogazione, foglio, operatore_id=None, data_decesso=None):
    return rules.liquidate(
        erogazione, foglio, operatore_id=operatore_id or uuid4(), quando=NOW, data_decesso=data_decesso
    )


def test_a_payment_takes_amount_shares_and_month_from_the_foglio():
    erogazione = propose(make_foglio(dal=date(2026, 11, 10), al=None))

    assert (erogazione.importo, erogazione.quota_ente) == (Decimal("320.00"), Decimal("320.00"))
    assert (erogazione.dal, erogazione.al) == (date(2026, 11, 10), date(2026, 11, 30))


@pytest.mark.parametrize("mese", ["2025-12", "2027-01", "0000-01"])
def test_a_month_outside_the_period_is_refused(mese: str):
    with pytest.raises(Invalid, match=r"erogazione.mese"):
        propose(make_foglio(), mese=mese)


@pytest.mark.parametrize("stato", [s for s in StatoFoglio if s is not StatoFoglio.APPROVATO])
def test_only_an_approved_foglio_pays(stato: StatoFoglio):
    with pytest.raises(Conflict, match=r"erogazione.foglio_non_approvato"):
        propose(make_foglio(stato=stato))


@pytest.mark.parametrize("importo", ["320.01", "0.00"])
def test_an_amount_beyond_what_was_approved_is_refused(importo: str):
    with pytest.raises(Invalid, match=r"erogazione.importo"):
        propose(make_foglio(), importo=Decimal(importo))


def test_a_known_death_refuses_a_month_that_reaches_past_it_even_on_a_suspended_foglio():
    with pytest.raises(Conflict, match=r"erogazione.beneficiario_deceduto"):
        propose(make_foglio(stato=StatoFoglio.SOSPESO), data_decesso=date(2026, 11, 10))


def test_a_known_death_refuses_to_liquidate_what_was_proposed_before_it_was_known():
    foglio = make_foglio()
    with pytest.raises(Conflict, match=r"erogazione.beneficiario_deceduto"):
        liquidate(make_erogazione(foglio), foglio, data_decesso=date(2026, 11, 10))


def test_what_was_due_before_the_death_may_still_be_liquidated():
    foglio = make_foglio(stato=StatoFoglio.SOSPESO)
    october = make_erogazione(foglio, mese="2026-10", dal=date(2026, 10, 1), al=date(2026, 10, 31))

    assert liquidate(october, foglio, data_decesso=date(2026, 11, 10)).stato is StatoErogazione.LIQUIDATA


def test_a_foglio_suspended_for_another_reason_does_not_pay():
    foglio = make_foglio(stato=StatoFoglio.SOSPESO)
    with pytest.raises(Conflict, match=r"erogazione.foglio_non_approvato"):
        liquidate(make_erogazione(foglio), foglio)


def test_who_proposed_a_payment_cannot_liquidate_it():
    foglio = make_foglio()
    erogazione = make_erogazione(foglio)
    with pytest.raises(Forbidden, match=r"erogazione.quattro_occhi"):
        liquidate(erogazione, foglio, operatore_id=erogazione.proponente_id)


def test_a_payment_is_liquidated_once():
    foglio = make_foglio()
    with pytest.raises(Conflict, match=r"erogazione.gia_lavorata"):
        liquidate(make_erogazione(foglio, stato=StatoErogazione.LIQUIDATA), foglio)


@pytest.mark.parametrize("stato", [StatoErogazione.PAGATA, StatoErogazione.ANNULLATA])
def test_a_payment_paid_or_annulled_is_not_annulled(stato: StatoErogazione):
    with pytest.raises(Conflict, match=r"erogazione.non_annullabile"):
        rules.annul(make_erogazione(make_foglio(), stato=stato))


@given(ente=cents, beneficiario=cents, ssn=cents, share=st.integers(1, 1000))
def test_shares_of_a_partial_payment_sum_to_the_cent_and_none_is_negative(ente, beneficiario, ssn, share):
    importo = ente + beneficiario + ssn
    if importo == 0:
        return
    foglio = make_foglio(importo=importo, quota_ente=ente, quota_beneficiario=beneficiario, quota_ssn=ssn)
    paid = max((importo * share / 1000).quantize(Decimal("0.01")), Decimal("0.01"))

    quote = rules.split_quote(foglio, paid)

    assert sum(quote) == paid
    assert min(quote) >= 0
    assert all(quota == quota.quantize(Decimal("0.01")) for quota in quote)
