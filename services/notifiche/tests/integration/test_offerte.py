"""An offer that has been answered is nobody's business any more, and who made it hears the answer."""

from uuid import UUID, uuid4

import pytest
from services.notifiche.tests.conftest import Door
from services.notifiche.tests.factories import OGGI, make_cartella_event, make_mandato
from services.notifiche.tests.integration.test_alerts import listed

from chassis.outbox import RetryLater
from contracts.cartella import CondivisioneDecisaV1, CondivisionePropostaV1, EsitoProposta, FattoCartella
from contracts.mandato import Extent
from contracts.notifiche import StatoAvviso

OFFERTA, PROPONENTE = uuid4(), uuid4()
RECEIVER = make_mandato(
    settore="adulti", estensioni={"avvisi:leggi": Extent.SETTORE, "condivisioni:leggi": Extent.SETTORE}
)


def offered(condivisione_id: UUID) -> CondivisionePropostaV1:
    return CondivisionePropostaV1(
        condivisione_id=condivisione_id, numero="F704-2026-000012", da_ente="F704", da_settore="minori",
        proposta_da=PROPONENTE, ente="F704", settore="adulti", data=OGGI,
    )  # fmt: skip


def decided(condivisione_id: UUID, cartella: FattoCartella, esito: EsitoProposta) -> CondivisioneDecisaV1:
    return CondivisioneDecisaV1(
        condivisione_id=condivisione_id, cartella_id=cartella.cartella_id, proposta_da=PROPONENTE,
        esito=esito, data=OGGI,
    )  # fmt: skip


@pytest.fixture
def cartella(door: Door) -> FattoCartella:
    event = make_cartella_event(uuid4(), responsabile_id=PROPONENTE)
    door.deliver(event)
    return event


@pytest.mark.parametrize(
    ("esito", "told"),
    [
        (EsitoProposta.ACCETTATA, ["Condivisione accettata"]),
        (EsitoProposta.RIFIUTATA, ["Condivisione rifiutata"]),
        (EsitoProposta.RITIRATA, []),
    ],
)
def test_the_alert_of_an_answered_offer_is_done_with_and_its_maker_hears(
    door: Door, cartella: FattoCartella, esito: EsitoProposta, told: list[str]
) -> None:
    door.deliver(offered(OFFERTA))
    other = offered(uuid4())
    door.deliver(other)
    assert len(listed(door, RECEIVER)) == 2

    door.deliver(decided(OFFERTA, cartella, esito))

    assert [one.riferimento_id for one in listed(door, RECEIVER)] == [other.condivisione_id]
    states = {one.riferimento_id: one.stato for one in listed(door, RECEIVER, solo_aperti=False)}
    assert states == {OFFERTA: StatoAvviso.LETTO, other.condivisione_id: StatoAvviso.NUOVO}
    heard = listed(door, make_mandato(PROPONENTE))
    assert [one.titolo for one in heard] == told
    assert all((one.cartella_id, one.riferimento_id) == (cartella.cartella_id, OFFERTA) for one in heard)


def test_an_answer_that_comes_before_its_offer_waits_for_it(door: Door, cartella: FattoCartella) -> None:
    answer = decided(OFFERTA, cartella, EsitoProposta.RIFIUTATA)

    with pytest.raises(RetryLater):
        door.deliver(answer)
    door.deliver(offered(OFFERTA))
    door.deliver(answer)

    assert listed(door, RECEIVER) == []
