import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from uuid import uuid4

import psycopg
import pytest
from services.erogazioni.tests.conftest import House, propose_request
from services.erogazioni.tests.factories import make_mandato

from contracts.cartella import Area, StatoCartella
from contracts.erogazioni import (
    FoglioApprovatoV1,
    FoglioPropostoV1,
    FoglioSospesoV1,
    GetFoglio,
    ListCatalogo,
    ListFogli,
    StatoFoglio,
)
from contracts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound
from contracts.mandato import Extent
from erogazioni.repository.fogli import Registro
from erogazioni.use_cases import fogli
from erogazioni.use_cases.catalogo import list_catalogo


def test_a_proposal_keeps_what_was_typed_and_takes_the_benefit_from_the_catalogue(house: House):
    foglio = house.propose(house.open_cartella())

    assert (foglio.stato, foglio.version) == (StatoFoglio.PROPOSTO, 1)
    assert re.fullmatch("2026/00000[123]", foglio.numero)
    assert (foglio.prestazione_inps, str(foglio.importo), str(foglio.quota_beneficiario)) == (
        "A1.04",
        "320.00",
        "20.00",
    )
    assert [event["foglio_id"] for event in house.emitted(FoglioPropostoV1)] == [str(foglio.id)]


def test_numbers_rise_within_an_ente_by_steps_that_tell_nobody_how_many_fogli_lie_between(house: House):
    cartella, other = house.open_cartella(), house.open_cartella(ente="B212")
    numbers = [0, *(int(house.propose(cartella).numero.removeprefix("2026/")) for _ in range(40))]

    assert {later - before for before, later in pairwise(numbers)} == {1, 2, 3}
    assert house.propose(other, make_mandato(ente="B212")).numero <= "2026/000003"


def test_numbers_of_flows_run_without_gaps(house: House):
    with house.db.transaction() as tx:
        assert [Registro(tx.session).next_number("flusso/F704/20261123") for _ in range(3)] == [1, 2, 3]


def test_the_same_command_twice_gives_one_foglio(house: House):
    cartella, key = house.open_cartella(), uuid4()

    first, second = (house.propose(cartella, idempotency_key=key) for _ in range(2))

    assert first == second
    assert len(house.emitted(FoglioPropostoV1)) == 1


def test_the_same_command_at_the_same_time_gives_one_foglio(house: House):
    request = propose_request(house.open_cartella().cartella_id, idempotency_key=uuid4())
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: fogli.propose_foglio(request, house.proponente, house.db), range(4)))

    assert {foglio.id for foglio in made} == {request.idempotency_key}
    assert len(house.emitted(FoglioPropostoV1)) == 1


def test_an_item_outside_its_validity_is_refused(house: House):
    with pytest.raises(Invalid) as refusal:
        house.propose(house.open_cartella(), voce_istat="G16", dal=date(2022, 3, 1))

    assert "voce_istat" in refusal.value.fields


def test_an_item_of_another_area_is_refused(house: House):
    with pytest.raises(Invalid, match="area"):
        house.propose(house.open_cartella(area=Area.ANZIANI), voce_istat="H01")


def test_the_isee_of_another_case_is_refused(house: House):
    isee_id = house.register_isee(house.open_cartella())

    with pytest.raises(Invalid) as refusal:
        house.propose(house.open_cartella(), isee_id=isee_id)

    assert refusal.value.fields.keys() == {"isee_id"}


def test_the_isee_of_a_case_out_of_reach_is_answered_as_one_nobody_heard_of(house: House):
    hidden = house.register_isee(house.open_cartella(settore="tutela", settore_riservato="tutela"))

    for isee_id in (hidden, uuid4()):
        assert house.propose(house.open_cartella(), isee_id=isee_id).isee_id == isee_id


def test_nothing_is_proposed_on_a_closed_case(house: House):
    with pytest.raises(Conflict, match=r"foglio.cartella_chiusa"):
        house.propose(house.open_cartella(stato=StatoCartella.CHIUSA))


def test_who_proposed_may_not_approve(house: House):
    foglio = house.propose(house.open_cartella())

    with pytest.raises(Forbidden, match=r"foglio.quattro_occhi"):
        house.approve(foglio, house.proponente)


def test_a_second_decision_is_a_conflict_that_shows_the_state_reached(house: House):
    foglio = house.propose(house.open_cartella())
    house.approve(foglio)

    with pytest.raises(Conflict) as refusal:
        house.approve(foglio, make_mandato(), approva=False, motivo="no")

    assert refusal.value.details["attuale"]["stato"] == "approvato"


def test_two_decisions_at_the_same_time_leave_one(house: House):
    foglio = house.propose(house.open_cartella())

    def decide(approva: bool) -> str:
        try:
            return house.approve(foglio, make_mandato(), approva=approva, motivo="motivo").stato
        except DomainError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(decide, (True, False)))

    assert "versione.superata" in outcomes
    assert len({*outcomes} & {"approvato", "respinto"}) == 1


def test_the_same_approval_twice_is_answered_twice_and_told_once(house: House):
    foglio, key = house.propose(house.open_cartella()), uuid4()

    answers = [house.approve(foglio, idempotency_key=key) for _ in range(2)]

    assert answers[0] == answers[1]
    assert len(house.emitted(FoglioApprovatoV1)) == 1


@pytest.mark.parametrize(
    ("mandato", "seen"),
    [
        (make_mandato(), True),
        (make_mandato(extent=Extent.SETTORE, settore="minori"), True),
        (make_mandato(extent=Extent.SETTORE, settore="anziani"), False),
        (make_mandato(extent=Extent.PROPRI), False),
        (make_mandato(ente="B212"), False),
        (make_mandato(ente="B212", extent=Extent.AMBITO, enti_ambito=("B212", "F704")), True),
    ],
)
def test_a_foglio_out_of_reach_does_not_exist_not_even_as_a_number(house: House, mandato, seen: bool):
    cartella = house.open_cartella()
    foglio = house.propose(cartella)

    found = fogli.list_fogli(ListFogli(), mandato, house.db)

    assert (found.totale, len(found.fogli)) == ((1, 1) if seen else (0, 0))
    if not seen:
        for attempt in (
            lambda: fogli.get_foglio(GetFoglio(foglio_id=foglio.id), mandato, house.db),
            lambda: house.approve(foglio, mandato),
            lambda: house.propose(cartella, mandato),
        ):
            with pytest.raises(NotFound):
                attempt()


def test_a_worker_of_the_team_reaches_his_own_case(house: House):
    mandato = make_mandato(extent=Extent.PROPRI)
    house.propose(house.open_cartella(responsabile_id=mandato.operatore_id))

    assert fogli.list_fogli(ListFogli(), mandato, house.db).totale == 1


def test_a_role_without_the_scope_is_forbidden(house: House):
    with pytest.raises(Forbidden):
        fogli.list_fogli(ListFogli(), make_mandato(extent=Extent.NESSUNO), house.db)


def test_what_waits_for_approval_leaves_out_ones_own_proposals(house: House):
    cartella = house.open_cartella()
    house.approved(cartella)
    waiting = house.propose(cartella)

    mine = fogli.list_fogli(ListFogli(da_approvare=True), house.proponente, house.db)
    theirs = fogli.list_fogli(ListFogli(da_approvare=True), house.approvatore, house.db)

    assert mine.totale == 0
    assert [foglio.id for foglio in theirs.fogli] == [waiting.id]


def test_an_older_event_of_a_case_changes_nothing(house: House):
    cartella = house.open_cartella(sequence=5)
    house.deliver(cartella.model_copy(update={"settore": "anziani"}), sequence=4)

    assert fogli.list_fogli(ListFogli(), make_mandato(extent=Extent.SETTORE), house.db).totale == 0
    house.propose(cartella)
    assert fogli.list_fogli(ListFogli(), make_mandato(extent=Extent.SETTORE), house.db).totale == 1


def test_a_death_suspends_the_approved_fogli_that_reach_past_it(house: House):
    cartella = house.open_cartella()
    long, ended = house.approved(cartella), house.approved(cartella, al=date(2026, 10, 31))

    house.die(cartella.residente_id)

    states = {
        foglio.id: foglio.stato for foglio in fogli.list_fogli(ListFogli(), house.proponente, house.db).fogli
    }
    assert states == {long.id: StatoFoglio.SOSPESO, ended.id: StatoFoglio.APPROVATO}
    assert [event["motivo"] for event in house.emitted(FoglioSospesoV1)] == [
        "Decesso del beneficiario il 10/11/2026."
    ]


def test_a_death_that_was_an_error_gives_the_foglio_back(house: House):
    cartella = house.open_cartella()
    foglio = house.approved(cartella)
    house.die(cartella.residente_id)

    house.live_after_all(cartella.residente_id)

    resumed = fogli.get_foglio(GetFoglio(foglio_id=foglio.id), house.proponente, house.db)
    assert (resumed.stato, resumed.version) == (StatoFoglio.APPROVATO, 4)
    assert resumed.motivo_stato == "Decesso annullato in anagrafe."


def test_a_death_that_arrives_after_its_correction_changes_nothing(house: House):
    cartella = house.open_cartella()
    foglio = house.approved(cartella)
    house.live_after_all(cartella.residente_id, sequence=3)

    house.die(cartella.residente_id, sequence=2)

    assert (
        fogli.get_foglio(GetFoglio(foglio_id=foglio.id), house.proponente, house.db).stato
        is StatoFoglio.APPROVATO
    )


def test_the_database_itself_refuses_quotas_that_do_not_sum(house: House, erogazioni_urls):
    house.propose(house.open_cartella())
    with psycopg.connect(erogazioni_urls.app) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE fogli SET quota_ssn = quota_ssn + 0.01")


def test_the_history_of_states_can_not_be_rewritten(house: House, erogazioni_urls):
    house.propose(house.open_cartella())
    with psycopg.connect(erogazioni_urls.app) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("UPDATE passaggi SET motivo = 'altro'")


def test_the_catalogue_answers_by_area_and_day(house: House):
    minori = {
        voce.codice: voce for voce in list_catalogo(ListCatalogo(area="famiglia_minori"), house.db).voci
    }
    in_2021 = {voce.codice for voce in list_catalogo(ListCatalogo(data=date(2021, 1, 1)), house.db).voci}

    assert (minori["G13"].prestazione_inps, minori["G13"].esportabile) == ("A1.04", True)
    assert "C03" not in minori
    assert "G16" in in_2021
    assert "G16" not in minori
