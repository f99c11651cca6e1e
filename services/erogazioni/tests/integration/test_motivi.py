"""A reason for the fogli and payments of one case that is not of one's own; asked after it was found, never before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from services.erogazioni.tests.conftest import House, propose_request
from services.erogazioni.tests.factories import make_mandato

from contracts.cartella import CartellaApertaV1, CondivisioneAttiva
from contracts.erogazioni import (
    AnnulErogazione,
    DecideFoglio,
    ErogazioneOut,
    FoglioOut,
    GetFoglio,
    LiquidateErogazione,
    ListErogazioni,
    ListFogli,
    ProposeErogazione,
)
from contracts.errors import DomainError, NotFound
from contracts.mandato import Emergenza, Extent, Mandato
from erogazioni.use_cases import erogazioni, fogli

ASKED = "accesso.motivo_richiesto"


GIULIA = uuid4()


@pytest.fixture
def pagata(house: House) -> ErogazioneOut:
    """A payment of a case of the settore minori, Giulia's."""
    return house.paid(house.open_cartella(team=(GIULIA,)))


def colleague(**changes: Any) -> Mandato:
    """Of the settore, not of the team; says no reason."""
    return make_mandato(extent=Extent.SETTORE, **changes)


def doors(pagata: ErogazioneOut, who: Mandato, house: House) -> dict[str, Callable[[], Any]]:
    """Everything that reads or changes one case's; commands with a version nobody has."""
    db, foglio, case = house.db, pagata.foglio_id, pagata.cartella_id
    return {
        "foglio": lambda: fogli.get_foglio(GetFoglio(foglio_id=foglio), who, db),
        "fogli of the case": lambda: fogli.list_fogli(ListFogli(cartella_id=case), who, db),
        "payments of the case": lambda: erogazioni.list_erogazioni(ListErogazioni(cartella_id=case), who, db),
        "payments of the foglio": lambda: erogazioni.list_erogazioni(
            ListErogazioni(foglio_id=foglio, salta=50), who, db
        ),
        "propose": lambda: fogli.propose_foglio(propose_request(case), who, db),
        "decide": lambda: fogli.decide_foglio(
            DecideFoglio(foglio_id=foglio, version=99, approva=True), who, db
        ),
        "prepare": lambda: erogazioni.propose_erogazione(
            ProposeErogazione(foglio_id=foglio, mese="2026-10"), who, db
        ),
        "liquidate": lambda: erogazioni.liquidate_erogazione(
            LiquidateErogazione(erogazione_id=pagata.id, version=99), who, db
        ),
        "annul": lambda: erogazioni.annul_erogazione(
            AnnulErogazione(erogazione_id=pagata.id, version=99, motivo="prova"), who, db
        ),
    }


def asked(house: House, pagata: ErogazioneOut, who: Mandato) -> set[str]:
    """The doors that ask why this case is opened; another refusal is no question."""
    found = set()
    for name, door in doors(pagata, who, house).items():
        try:
            door()
        except DomainError as error:
            if error.code == ASKED and error.details == {"cartella_id": str(pagata.cartella_id)}:
                found.add(name)
    return found


def test_everything_of_a_colleague_s_case_asks_why(house: House, pagata: ErogazioneOut) -> None:
    assert asked(house, pagata, colleague()) == doors(pagata, colleague(), house).keys()


def test_with_a_reason_for_this_case_nothing_is_asked(house: House, pagata: ErogazioneOut) -> None:
    said = colleague(motivo="Sostituzione", motivo_per=(pagata.cartella_id,))

    assert asked(house, pagata, said) == set()
    assert fogli.get_foglio(GetFoglio(foglio_id=pagata.foglio_id), said, house.db).id == pagata.foglio_id


def test_a_reason_for_another_case_does_not_serve(house: House, pagata: ErogazioneOut) -> None:
    said = colleague(motivo="Sostituzione", motivo_per=(uuid4(),))

    assert asked(house, pagata, said) == doors(pagata, said, house).keys()


def test_lists_ask_nothing(house: House, pagata: ErogazioneOut) -> None:
    assert fogli.list_fogli(ListFogli(), colleague(), house.db).totale == 1
    assert erogazioni.list_erogazioni(ListErogazioni(mese="2026-11"), colleague(), house.db).totale == 1


TEXTS = ("motivazione", "motivo_decisione", "motivo_stato", "fondo", "isee_id")


def texts_listed(house: House, who: Mandato) -> tuple[Any, ...]:
    """What a list of all fogli says, of the only one there is, besides what any list shows."""
    (found,) = fogli.list_fogli(ListFogli(), who, house.db).fogli
    return tuple(getattr(found, name) for name in TEXTS)


@pytest.fixture
def detta(house: House) -> FoglioOut:
    """A foglio of Giulia's, in which everything is said that can be."""
    proposed = house.propose(house.open_cartella(team=(GIULIA,)), fondo="Fondo povertà", isee_id=uuid4())
    return house.approve(proposed, motivo="Va bene")


def test_a_list_of_many_cases_leaves_out_what_one_would_be_asked_a_reason_for(
    house: House, detta: FoglioOut
) -> None:
    assert texts_listed(house, colleague()) == ("", "", "", "", None)
    other = colleague(motivo="Sostituzione", motivo_per=(uuid4(),))
    assert texts_listed(house, other) == ("", "", "", "", None)


def test_a_list_says_all_of_one_s_own_cases_and_of_those_explained(house: House, detta: FoglioOut) -> None:
    everything = ("Reddito insufficiente", "Va bene", detta.motivo_stato, "Fondo povertà", detta.isee_id)
    said = colleague(motivo="Sostituzione", motivo_per=(detta.cartella_id,))

    assert texts_listed(house, colleague(operatore_id=GIULIA)) == everything
    assert texts_listed(house, make_mandato(extent=Extent.ENTE)) == everything
    assert texts_listed(house, said) == everything


def test_one_s_own_case_asks_nothing(house: House, pagata: ErogazioneOut) -> None:
    assert asked(house, pagata, colleague(operatore_id=GIULIA)) == set()
    assert asked(house, pagata, colleague(in_delega_di=GIULIA)) == set()


def test_who_opened_a_case_has_it_until_somebody_is_responsible(house: House) -> None:
    case = house.open_cartella(aperta_da=GIULIA)
    pagata = house.paid(case)
    opener = colleague(operatore_id=GIULIA)
    assert asked(house, pagata, opener) == set()

    taken = {"aperta_da": None, "responsabile_id": uuid4()}
    house.deliver(case.model_copy(update=taken), sequence=2)
    assert asked(house, pagata, opener) == doors(pagata, opener, house).keys()


@pytest.mark.parametrize("extent", [Extent.ENTE, Extent.AMBITO])
def test_an_office_that_works_for_the_whole_ente_is_not_asked(
    house: House, pagata: ErogazioneOut, extent: Extent
) -> None:
    office = make_mandato(extent=extent, settore="contabilita", enti_ambito=("F704", "B212"))

    assert asked(house, pagata, office) == set()


def test_an_office_reads_without_a_reason_no_further_than_its_own_scope_goes(
    house: House, pagata: ErogazioneOut
) -> None:
    """The payments of the whole ente, but the fogli of the settore alone."""
    office = make_mandato(estensioni={"fogli:leggi": Extent.SETTORE})

    assert asked(house, pagata, office) == {"foglio", "fogli of the case"}


def test_a_case_out_of_reach_asks_nothing_it_is_not_there(house: House, pagata: ErogazioneOut) -> None:
    stranger = colleague(settore="anziani")

    assert asked(house, pagata, stranger) == set()
    with pytest.raises(NotFound):
        fogli.get_foglio(GetFoglio(foglio_id=pagata.foglio_id), stranger, house.db)
    assert fogli.list_fogli(ListFogli(cartella_id=pagata.cartella_id), stranger, house.db).totale == 0


def lend(house: House, case: CartellaApertaV1, sequence: int, **changes: Any) -> None:
    """To the settore adulti, since yesterday, in place of any other grant."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    values: dict[str, Any] = {
        "ente": "F704", "settore": "adulti", "sezioni": ("fogli",), "dal": yesterday,
        "al": yesterday + timedelta(days=9),
    }  # fmt: skip
    grant = CondivisioneAttiva(**values | changes)
    house.deliver(case.model_copy(update={"condivisioni": (grant,)}), sequence)


def test_a_grant_in_person_has_said_why_and_one_to_the_settore_has_not(house: House) -> None:
    case = house.open_cartella(team=(GIULIA,))
    pagata = house.paid(case)
    sara = colleague(settore="adulti")

    lend(house, case, 2, operatore_id=sara.operatore_id)
    assert asked(house, pagata, sara) == set()
    assert fogli.get_foglio(GetFoglio(foglio_id=pagata.foglio_id), sara, house.db).id == pagata.foglio_id

    lend(house, case, 3)
    assert asked(house, pagata, sara) == {"foglio", "fogli of the case"}


def test_the_question_tells_nothing_of_what_a_grant_hides(house: House) -> None:
    case = house.open_cartella(team=(GIULIA,))
    pagata = house.paid(case)
    lend(house, case, 2, sezioni=("fogli", "liquidazioni"), dal=datetime.now(UTC), nascondi_prima=True)
    partner = colleague(settore="adulti")

    of_it = erogazioni.list_erogazioni(ListErogazioni(foglio_id=pagata.foglio_id), partner, house.db)

    assert of_it.totale == 0
    assert asked(house, pagata, partner) == {"fogli of the case", "payments of the case"}


def test_an_emergency_has_said_why_already(house: House, pagata: ErogazioneOut) -> None:
    opened = Emergenza(residente_id=pagata.residente_id, scopi=("fogli:leggi",))
    rescuer = make_mandato(extent=Extent.PROPRI, settore="pronto", emergenza=opened)

    assert fogli.get_foglio(GetFoglio(foglio_id=pagata.foglio_id), rescuer, house.db).id == pagata.foglio_id


def test_a_machine_has_said_once_for_all_what_it_reads_for(house: House, pagata: ErogazioneOut) -> None:
    machine = colleague(tipo="client", motivo="Mandati di pagamento")

    assert asked(house, pagata, machine) == set()
