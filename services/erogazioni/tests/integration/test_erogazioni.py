from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from services.erogazioni.tests.conftest import House
from services.erogazioni.tests.factories import make_mandato
from sqlalchemy import text

from contracts.erogazioni import (
    AnnulErogazione,
    Carattere,
    ErogazioneAnnullataV1,
    ErogazioneLiquidataV1,
    ErogazioneOut,
    ErogazionePropostaV1,
    ListErogazioni,
    StatoErogazione,
)
from contracts.errors import Conflict, DomainError, Forbidden, NotFound
from contracts.mandato import Extent
from erogazioni.use_cases import erogazioni


def annul(house: House, erogazione: ErogazioneOut, **over) -> ErogazioneOut:
    request = AnnulErogazione(
        erogazione_id=erogazione.id, version=erogazione.version, motivo="Importo errato", **over
    )
    return erogazioni.annul_erogazione(request, house.proponente, house.db)


def test_a_payment_is_proposed_by_one_and_liquidated_by_another(house: House):
    erogazione = house.paid(house.open_cartella())

    assert (erogazione.stato, erogazione.importo) == (StatoErogazione.LIQUIDATA, Decimal("320.00"))
    assert erogazione.liquidatore_id == house.liquidatore.operatore_id
    assert [event["importo"] for event in house.emitted(ErogazioneLiquidataV1)] == ["320.00"]


def test_who_proposed_may_not_liquidate(house: House):
    erogazione = house.prepare(house.approved(house.open_cartella()))

    with pytest.raises(Forbidden, match=r"erogazione.quattro_occhi"):
        house.liquidate(erogazione, house.proponente)


def test_a_foglio_not_yet_approved_pays_nothing(house: House):
    with pytest.raises(Conflict, match=r"erogazione.foglio_non_approvato"):
        house.prepare(house.propose(house.open_cartella()))


def test_a_month_is_paid_once(house: House):
    foglio = house.approved(house.open_cartella())
    house.prepare(foglio)

    with pytest.raises(Conflict, match=r"erogazione.gia_presente"):
        house.prepare(foglio)

    assert house.prepare(foglio, "2026-12").mese == "2026-12"


def test_an_occasional_foglio_is_paid_once_in_all(house: House):
    foglio = house.approved(house.open_cartella(), carattere=Carattere.OCCASIONALE)
    house.prepare(foglio, "2026-11")

    with pytest.raises(Conflict, match=r"erogazione.gia_presente"):
        house.prepare(foglio, "2026-12")


def test_four_people_preparing_the_same_month_at_once_make_one_payment(house: House):
    foglio = house.approved(house.open_cartella())

    def prepare(_: int) -> str:
        try:
            return house.prepare(foglio).stato
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(prepare, range(4)))

    assert outcomes == ["erogazione.gia_presente"] * 3 + ["proposta"]


def test_the_same_command_twice_makes_one_payment(house: House):
    foglio, key = house.approved(house.open_cartella()), uuid4()

    first, second = (house.prepare(foglio, idempotency_key=key) for _ in range(2))

    assert first == second
    assert len(house.emitted(ErogazionePropostaV1)) == 1


def test_two_liquidations_at_once_pay_once(house: House):
    erogazione = house.prepare(house.approved(house.open_cartella()))

    def liquidate(_: int) -> str:
        try:
            return house.liquidate(erogazione, make_mandato()).stato
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        outcomes = sorted(pool.map(liquidate, range(4)))

    assert outcomes == ["liquidata"] + ["versione.superata"] * 3
    assert len(house.emitted(ErogazioneLiquidataV1)) == 1


def test_the_same_liquidation_twice_is_answered_twice_and_told_once(house: House):
    erogazione, key = house.prepare(house.approved(house.open_cartella())), uuid4()

    answers = [house.liquidate(erogazione, idempotency_key=key) for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(house.emitted(ErogazioneLiquidataV1)) == 1


def test_a_stale_version_shows_the_payment_now_in_store(house: House):
    erogazione = house.prepare(house.approved(house.open_cartella()))

    with pytest.raises(Conflict) as refusal:
        house.liquidate(erogazione, version=7)

    assert refusal.value.details["attuale"]["version"] == 1


def test_a_known_death_refuses_a_new_payment_with_its_day(house: House):
    cartella = house.open_cartella()
    foglio = house.approved(cartella)
    house.die(cartella.residente_id)

    with pytest.raises(Conflict) as refusal:
        house.prepare(foglio, "2026-12")

    assert refusal.value.code == "erogazione.beneficiario_deceduto"
    assert "deceduto il 10/11/2026" in refusal.value.message


def test_a_known_death_refuses_to_liquidate_what_was_proposed_before(house: House):
    cartella = house.open_cartella()
    erogazione = house.prepare(house.approved(cartella))
    house.die(cartella.residente_id)

    with pytest.raises(Conflict, match=r"erogazione.beneficiario_deceduto"):
        house.liquidate(erogazione)

    assert house.emitted(ErogazioneLiquidataV1) == []


def test_what_was_due_before_the_death_is_still_paid(house: House):
    cartella = house.open_cartella()
    october = house.prepare(house.approved(cartella), "2026-10")
    house.die(cartella.residente_id)

    assert house.liquidate(october).stato is StatoErogazione.LIQUIDATA


def test_a_death_that_was_an_error_lets_payments_go_on(house: House):
    cartella = house.open_cartella()
    erogazione = house.prepare(house.approved(cartella))
    house.die(cartella.residente_id)
    house.live_after_all(cartella.residente_id)

    assert house.liquidate(erogazione).stato is StatoErogazione.LIQUIDATA


def test_no_foglio_is_proposed_for_a_time_after_a_known_death(house: House):
    cartella = house.open_cartella()
    house.die(cartella.residente_id)

    with pytest.raises(Conflict, match=r"erogazione.beneficiario_deceduto"):
        house.propose(cartella, dal=date(2026, 12, 1))


def test_a_death_known_while_a_payment_is_liquidated_is_never_missed_by_both(house: House):
    """Either the payment went out before the death was known, or it was refused: 20 races."""
    for _ in range(20):
        cartella = house.open_cartella()
        foglio = house.approved(cartella)
        erogazione = house.prepare(foglio)

        def liquidate(erogazione=erogazione) -> str:
            try:
                return house.liquidate(erogazione).stato
            except Conflict as error:
                return error.code

        with ThreadPoolExecutor(2) as pool:
            paid = pool.submit(liquidate)
            pool.submit(house.die, cartella.residente_id).result()
            outcome = paid.result()

        assert outcome in ("liquidata", "erogazione.beneficiario_deceduto")
        with pytest.raises(Conflict, match=r"erogazione.beneficiario_deceduto"):
            house.prepare(foglio, "2026-12")


def test_an_annulled_payment_frees_its_month(house: House):
    foglio = house.approved(house.open_cartella())
    erogazione = house.prepare(foglio)

    assert annul(house, erogazione).stato is StatoErogazione.ANNULLATA

    assert house.prepare(foglio).id != erogazione.id
    assert [event["motivo"] for event in house.emitted(ErogazioneAnnullataV1)] == ["Importo errato"]


def test_a_partial_payment_keeps_the_shares_of_the_foglio(house: House):
    foglio = house.approved(house.open_cartella())
    house.prepare(foglio, importo=Decimal("100.00"))

    with house.db.read() as session:
        row = session.execute(text("SELECT quota_ente, quota_beneficiario, quota_ssn FROM erogazioni")).one()
    assert tuple(row) == (Decimal("93.75"), Decimal("6.25"), Decimal("0.00"))


def test_the_list_counts_and_sums_what_is_not_annulled(house: House):
    foglio = house.approved(house.open_cartella())
    annul(house, house.prepare(foglio, "2026-10"))
    house.prepare(foglio, "2026-11")
    house.prepare(foglio, "2026-12")

    found = erogazioni.list_erogazioni(ListErogazioni(limite=1), house.proponente, house.db)

    assert (found.totale, found.totale_importo) == (3, Decimal("640.00"))
    assert [erogazione.mese for erogazione in found.erogazioni] == ["2026-12"]


@pytest.mark.parametrize(
    "mandato",
    [
        make_mandato(ente="B212"),
        make_mandato(extent=Extent.SETTORE, settore="anziani"),
        make_mandato(extent=Extent.PROPRI),
    ],
)
def test_a_payment_out_of_reach_does_not_exist_not_even_as_a_number(house: House, mandato):
    erogazione = house.prepare(house.approved(house.open_cartella()))

    found = erogazioni.list_erogazioni(ListErogazioni(), mandato, house.db)

    assert (found.totale, found.totale_importo) == (0, Decimal(0))
    with pytest.raises(NotFound):
        house.liquidate(erogazione, mandato)
