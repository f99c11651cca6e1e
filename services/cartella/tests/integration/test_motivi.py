"""A reason for opening one case that is not of one's own; asked after the case was found, never before."""

from typing import Any
from uuid import uuid4

import pytest
from services.cartella.tests.factories import make_add_isee, make_mandato, make_open, make_proposal
from services.cartella.tests.integration.doors import SINGLE, finds

from cartella.use_cases import condivisioni, isee, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import AssignCartella, CartellaOut, GetCartella, TakeInCarico
from contracts.condivisioni import DecideCondivisione, RevokeCondivisione
from contracts.errors import Forbidden, NotFound
from contracts.mandato import Emergenza, Extent, Mandato

ASKED = "accesso.motivo_richiesto"
WITHOUT = ["explain"]
"""Says why somebody sees the case, and nothing of the case."""


@pytest.fixture
def muto(settore: str) -> Mandato:
    """A colleague who says no reason."""
    return make_mandato(settore=settore, motivo="")


@pytest.mark.parametrize("door", [name for name in SINGLE if name not in WITHOUT])
def test_a_colleague_s_case_asks_why(
    database: MongoDatabase, muto: Mandato, caso: CartellaOut, door: str
) -> None:
    with pytest.raises(Forbidden) as refused:
        SINGLE[door](caso, muto, database)

    assert refused.value.code == ASKED


def test_a_reason_for_another_case_does_not_open_it(
    database: MongoDatabase, muto: Mandato, caso: CartellaOut
) -> None:
    for case, opens in ((uuid4(), False), (caso.id, True)):
        said = Mandato.model_validate(muto.model_dump() | {"motivo": "Turno", "motivo_per": (case,)})
        if opens:
            assert SINGLE["diary"](caso, said, database).totale == 0
            continue
        with pytest.raises(Forbidden) as refused:
            SINGLE["diary"](caso, said, database)
        assert (refused.value.code, refused.value.details) == (ASKED, {"cartella_id": str(caso.id)})


def test_with_a_reason_it_opens(database: MongoDatabase, marco: Mandato, caso: CartellaOut) -> None:
    assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), marco, database) == caso


def test_lists_ask_nothing(database: MongoDatabase, muto: Mandato, caso: CartellaOut) -> None:
    assert finds(caso, muto, database)


@pytest.mark.parametrize("door", SINGLE)
def test_who_cannot_see_the_case_is_not_asked(database: MongoDatabase, caso: CartellaOut, door: str) -> None:
    stranger = make_mandato(settore="altro", motivo="")

    with pytest.raises(NotFound):
        SINGLE[door](caso, stranger, database)


def test_one_s_own_case_asks_nothing(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> None:
    silent = giulia.model_copy(update={"motivo": ""})
    stands_in = make_mandato(settore="altro", motivo="").model_copy(
        update={"in_delega_di": giulia.operatore_id}
    )

    for who in (silent, stands_in):
        assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), who, database) == caso


def test_who_opened_a_case_has_it_until_somebody_takes_charge(database: MongoDatabase, settore: str) -> None:
    front_desk = make_mandato(Extent.ENTE, settore="segretariato", motivo="")
    worker = make_mandato(settore=settore)
    caso = presa_in_carico.open_cartella(make_open(settore=settore), front_desk, database)
    request = GetCartella(cartella_id=caso.id)
    assert caso.team == ()

    assert presa_in_carico.get_cartella(request, front_desk, database) == caso
    presa_in_carico.take_in_carico(TakeInCarico(cartella_id=caso.id, version=1), worker, database)

    with pytest.raises(Forbidden) as refused:
        presa_in_carico.get_cartella(request, front_desk, database)
    assert refused.value.code == ASKED


def test_an_emergency_has_said_why_already(database: MongoDatabase, caso: CartellaOut) -> None:
    scopes = ("presa_in_carico:leggi", "diario:leggi")
    opened = Emergenza(residente_id=caso.residente_id, scopi=scopes)
    who = make_mandato(Extent.PROPRI, settore="pronto", motivo="").model_copy(update={"emergenza": opened})

    assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), who, database).numero == caso.numero
    assert SINGLE["diary"](caso, who, database).totale == 0
    with pytest.raises(NotFound):
        SINGLE["isee"](caso, who, database)


def test_a_grant_in_person_has_its_reason_and_one_to_the_settore_has_not(
    database: MongoDatabase, giulia: Mandato, settore: str, caso: CartellaOut
) -> None:
    sara = make_mandato(settore=f"{settore}-adulti", motivo="")
    to_settore = make_proposal(caso.id, sara)
    for proposal in (to_settore, to_settore.model_copy(update={"operatore_id": sara.operatore_id})):
        offer = condivisioni.propose_condivisione(proposal, giulia, database)
        decision = DecideCondivisione(condivisione_id=offer.id, version=1, accetta=True)
        grant = condivisioni.decide_condivisione(decision, sara, database)
        if proposal is to_settore:
            with pytest.raises(Forbidden):
                SINGLE["diary"](caso, sara, database)
            ended = RevokeCondivisione(condivisione_id=grant.id, version=2, motivo="Rifatta")
            condivisioni.revoke_condivisione(ended, sara, database)

    assert SINGLE["diary"](caso, sara, database).totale == 0


def test_a_grant_in_person_has_its_reason_where_the_role_reaches_the_case_too(
    database: MongoDatabase, giulia: Mandato, settore: str, caso: CartellaOut
) -> None:
    """Of the section it names: what it does not name is a colleague's, as ever."""
    sara = make_mandato(Extent.ENTE, settore=f"{settore}-adulti", motivo="")
    with pytest.raises(Forbidden):
        SINGLE["diary"](caso, sara, database)
    lent = make_proposal(caso.id, sara).model_copy(
        update={"operatore_id": sara.operatore_id, "sezioni": ("diario",)}
    )
    offer = condivisioni.propose_condivisione(lent, giulia, database)
    decision = DecideCondivisione(condivisione_id=offer.id, version=1, accetta=True)
    condivisioni.decide_condivisione(decision, sara, database)

    assert SINGLE["diary"](caso, sara, database).totale == 0
    with pytest.raises(Forbidden):
        SINGLE["isee"](caso, sara, database)


def test_ending_a_colleague_s_grant_asks_why(
    database: MongoDatabase, giulia: Mandato, muto: Mandato, settore: str, caso: CartellaOut
) -> None:
    sara = make_mandato(settore=f"{settore}-adulti")
    offer = condivisioni.propose_condivisione(make_proposal(caso.id, sara), giulia, database)
    request = RevokeCondivisione(condivisione_id=offer.id, version=1, motivo="Basta")

    with pytest.raises(Forbidden) as refused:
        condivisioni.revoke_condivisione(request, muto, database)

    assert refused.value.code == ASKED


def test_one_s_own_household_is_never_asked_for_a_reason(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    """Not even on a case he has in charge: it does not exist for him."""
    relative = giulia.model_copy(update={"esclusi": (caso.residente_id,), "motivo": ""})

    for door in SINGLE.values():
        with pytest.raises(NotFound):
            door(caso, relative, database)
    assert not finds(caso, relative, database)


def test_a_command_is_done_with_the_reason_of_the_mandate(
    database: MongoDatabase, marco: Mandato, muto: Mandato, caso: CartellaOut
) -> None:
    moving: dict[str, Any] = {
        "cartella_id": caso.id,
        "version": 1,
        "responsabile_id": uuid4(),
        "motivo": "Turni",
    }

    with pytest.raises(Forbidden):
        presa_in_carico.assign_cartella(AssignCartella(**moving), muto, database)
    assert presa_in_carico.assign_cartella(AssignCartella(**moving), marco, database).version == 2


def test_an_isee_of_a_colleague_s_case_is_not_written_without_a_reason(
    database: MongoDatabase, giulia: Mandato, muto: Mandato, caso: CartellaOut
) -> None:
    with pytest.raises(Forbidden):
        isee.add_isee(make_add_isee(caso.id), muto, database)

    assert SINGLE["isee"](caso, giulia, database).isee == ()
