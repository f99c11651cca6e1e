"""Who reaches fogli, payments and the records for INPS: second level, grants, own household; through every door."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from services.erogazioni.tests.conftest import House
from services.erogazioni.tests.factories import CF_OPERATORE, make_mandato

from contracts.cartella import CartellaApertaV1, CondivisioneAttiva
from contracts.erogazioni import (
    AnnulErogazione,
    DecideFoglio,
    GenerateFlusso,
    GetFlusso,
    GetFoglio,
    LiquidateErogazione,
    ListErogazioni,
    ListFlussi,
    ListFogli,
    PreviewSiuss,
    ProposeErogazione,
)
from contracts.errors import NotFound
from contracts.mandato import Extent, Mandato
from erogazioni.adapters import FlussoValidator
from erogazioni.settings import Settings
from erogazioni.use_cases import erogazioni, fogli, siuss

MESE = "2026-11"
OPEN = {"secondo_livello:leggi": Extent.SETTORE}


@pytest.fixture
def paid(house: House) -> CartellaApertaV1:
    """A case of the settore minori with a foglio and a payment."""
    return with_payment(house)


def with_payment(house: House) -> CartellaApertaV1:
    """A case with its ISEE, a foglio and a payment ready for INPS."""
    cartella = house.open_cartella()
    house.register_isee(cartella)
    house.paid(cartella)
    return cartella


def again(house: House, cartella: CartellaApertaV1, sequence: int = 2, **changes: Any) -> None:
    """The case told once more, changed."""
    house.deliver(cartella.model_copy(update=changes), sequence)


def grant(**changes: Any) -> CondivisioneAttiva:
    values: dict[str, Any] = {
        "ente": "F704", "settore": "contabilita", "sezioni": ("fogli",), "dal": datetime.now(UTC) - timedelta(days=1),
        "al": datetime.now(UTC) + timedelta(days=1),
    }  # fmt: skip
    return CondivisioneAttiva(**values | changes)


def seen(house: House, mandato: Mandato) -> tuple[int, int, int, str]:
    """Fogli, payments, records for INPS, and the sum: through lists, counts and totals."""
    listed = fogli.list_fogli(ListFogli(), mandato, house.db)
    payments = erogazioni.list_erogazioni(ListErogazioni(), mandato, house.db)
    preview = siuss.preview_siuss(PreviewSiuss(mese=MESE), mandato, house.db, house.anagrafe)
    assert (len(listed.fogli), len(payments.erogazioni)) == (listed.totale, payments.totale)
    return listed.totale, payments.totale, len(preview.record), str(payments.totale_importo)


ALL, NOTHING = (1, 1, 1, "320.00"), (0, 0, 0, "0")


def refused_everywhere(house: House, mandato: Mandato) -> None:
    """Nothing can be reached by its id either."""
    foglio = fogli.list_fogli(ListFogli(), house.proponente, house.db).fogli
    payment = erogazioni.list_erogazioni(ListErogazioni(), house.proponente, house.db).erogazioni[0]
    doors: list[Callable[[], Any]] = [
        lambda: fogli.get_foglio(GetFoglio(foglio_id=foglio[0].id), mandato, house.db),
        lambda: fogli.decide_foglio(
            DecideFoglio(foglio_id=foglio[0].id, version=1, approva=True), mandato, house.db
        ),
        lambda: erogazioni.propose_erogazione(
            ProposeErogazione(foglio_id=foglio[0].id, mese="2026-10"), mandato, house.db
        ),
        lambda: erogazioni.liquidate_erogazione(
            LiquidateErogazione(erogazione_id=payment.id, version=1), mandato, house.db
        ),
        lambda: erogazioni.annul_erogazione(
            AnnulErogazione(erogazione_id=payment.id, version=1, motivo="prova"), mandato, house.db
        ),
    ]
    for door in doors:
        with pytest.raises(NotFound):
            door()


def test_a_second_level_case_is_not_there_for_who_lacks_its_second_level(
    house: House, paid: CartellaApertaV1
) -> None:
    again(house, paid, settore_riservato="minori")
    accountant, of_the_settore = make_mandato(settore="contabilita"), make_mandato(estensioni=OPEN)
    house.proponente = of_the_settore

    assert seen(house, accountant) == NOTHING
    assert seen(house, of_the_settore) == ALL
    refused_everywhere(house, accountant)


def test_ones_own_household_is_not_there_whatever_the_role(house: House, paid: CartellaApertaV1) -> None:
    relative = make_mandato(esclusi=(paid.residente_id,))
    house.anagrafe.esclusi = {paid.residente_id}

    assert seen(house, relative) == NOTHING
    refused_everywhere(house, relative)


def test_a_grant_opens_its_section_alone(house: House, paid: CartellaApertaV1) -> None:
    partner = make_mandato(ente="B212", settore="contabilita")

    again(house, paid, condivisioni=(grant(ente="B212"),))
    assert seen(house, partner)[:2] == (1, 0)
    again(house, paid, 3, condivisioni=(grant(ente="B212", sezioni=("liquidazioni",)),))
    assert seen(house, partner)[:2] == (0, 1)


def test_a_grant_that_hides_the_past_hides_fogli_and_payments_made_before(
    house: House, paid: CartellaApertaV1
) -> None:
    partner = make_mandato(ente="B212", settore="contabilita")
    since = grant(ente="B212", sezioni=("fogli", "liquidazioni"), dal=datetime.now(UTC), nascondi_prima=True)
    again(house, paid, condivisioni=(since,))
    house.propose(paid)

    assert seen(house, partner)[:2] == (1, 0)


def test_a_grant_writes_only_where_it_says_so(house: House, paid: CartellaApertaV1) -> None:
    partner = make_mandato(
        ente="B212", settore="contabilita", motivo="Progetto comune", motivo_per=(paid.cartella_id,)
    )
    again(house, paid, condivisioni=(grant(ente="B212"),))
    with pytest.raises(NotFound):
        house.propose(paid, partner)

    again(house, paid, 3, condivisioni=(grant(ente="B212", scrive=True),))
    assert house.propose(paid, partner).cartella_id == paid.cartella_id


# --- the file for INPS holds everybody ---------------------------------------------------------------------------


def generate(house: House, mandato: Mandato) -> Any:
    request = GenerateFlusso(mese=MESE, cf_operatore=CF_OPERATORE)
    return siuss.generate_flusso(request, mandato, house.db, house.anagrafe, FlussoValidator(Settings()))


def test_the_file_holds_what_its_maker_may_not_open_and_the_page_only_counts_it(
    house: House, paid: CartellaApertaV1
) -> None:
    again(house, paid, settore_riservato="minori")
    own = with_payment(house)
    with_payment(house)
    exporter = make_mandato(settore="contabilita", esclusi=(own.residente_id,))
    house.anagrafe.esclusi = {own.residente_id}

    preview = siuss.preview_siuss(PreviewSiuss(mese=MESE), exporter, house.db, house.anagrafe)
    assert (len(preview.record), preview.altri_pronti, preview.altri_da_correggere) == (1, 2, 0)

    flusso = generate(house, exporter)
    xml = siuss.get_flusso(GetFlusso(flusso_id=flusso.id), exporter, house.db).xml
    assert (flusso.record, xml.count("<Beneficiario")) == (3, 3)


def test_who_may_only_look_is_told_no_number_of_the_rest(house: House, paid: CartellaApertaV1) -> None:
    again(house, paid, settore_riservato="minori")
    with_payment(house)
    generate(house, make_mandato())
    viewer = make_mandato(settore="contabilita", estensioni={"siuss:esporta": Extent.NESSUNO})

    preview = siuss.preview_siuss(PreviewSiuss(mese=MESE), viewer, house.db, house.anagrafe)
    flussi = siuss.list_flussi(ListFlussi(mese=MESE), viewer, house.db).flussi

    assert (len(preview.record), preview.altri_pronti, preview.altri_da_correggere) == (1, 0, 0)
    assert [flusso.record for flusso in flussi] == [1]
    whole = siuss.list_flussi(ListFlussi(mese=MESE), make_mandato(uuid4()), house.db).flussi
    assert [flusso.record for flusso in whole] == [2]
