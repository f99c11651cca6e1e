"""The rules of a grant and of the second level, without a store."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.cartella.tests.factories import NOW, make_cartella, make_mandato, make_proposal, make_step

from cartella.domain import condivisioni as rules
from cartella.domain import presa_in_carico, secondo_livello, vista
from cartella.domain.presa_in_carico import Cartella
from contracts.cartella import Passaggio, StatoCartella
from contracts.condivisioni import DecideCondivisione, StatoCondivisione
from contracts.errors import Conflict, Forbidden, Invalid

RECEIVER = make_mandato(settore="adulti")


def proposed(cartella: Cartella | None = None, **changes: Any) -> Cartella:
    cartella = cartella or make_cartella()
    fields = {"dal": NOW, "al": NOW + timedelta(days=30), **changes}
    return rules.propose(cartella, make_proposal(cartella.id, RECEIVER, **fields), make_step())


def accept(cartella: Cartella, **step: Any) -> Cartella:
    offered = cartella.condivisioni[-1]
    request = DecideCondivisione(condivisione_id=offered.id, version=offered.version, accetta=True)
    return rules.decide(cartella, offered.id, request, make_step(**step))


@pytest.mark.parametrize(
    ("dal", "last"),
    [
        (datetime(2026, 11, 23, 9, 30, tzinfo=UTC), datetime(2027, 11, 23, 22, 59, 59, tzinfo=UTC)),
        (datetime(2028, 2, 29, 9, 0, tzinfo=UTC), datetime(2029, 2, 28, 22, 59, 59, tzinfo=UTC)),
    ],
    ids=["a year to the day", "from the 29th of February"],
)
def test_a_grant_lasts_at_most_to_the_end_of_the_same_day_of_next_year(dal: datetime, last: datetime) -> None:
    assert proposed(dal=dal, al=last).condivisioni[0].al == last

    with pytest.raises(Invalid):
        proposed(dal=dal, al=last + timedelta(seconds=2))


def test_a_few_minutes_of_a_slow_clock_are_not_the_past() -> None:
    assert proposed(dal=NOW - timedelta(minutes=4)).condivisioni

    with pytest.raises(Invalid):
        proposed(dal=NOW - timedelta(minutes=6))


def test_sections_named_twice_are_shared_once() -> None:
    assert proposed(sezioni=("diario", "isee", "diario")).condivisioni[0].sezioni == ("diario", "isee")


def test_a_proposal_changes_nobody_s_reach_and_no_version() -> None:
    before = make_cartella()
    after = proposed(before)

    assert after.version == before.version
    assert rules.active(after, NOW) == ()
    assert accept(after).version == before.version + 1


def test_only_what_is_in_force_or_to_come_is_told_to_the_others() -> None:
    cartella = accept(proposed())

    assert len(rules.active(cartella, NOW)) == 1
    assert rules.active(cartella, NOW + timedelta(days=31)) == ()


ACTS = ("propose", "accept", "decline", "revoke")


@given(st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 3)), max_size=20))
def test_any_sequence_of_acts_loses_no_grant_and_no_passaggio(acts: list[tuple[str, int]]) -> None:
    cartella, changes = make_cartella(), 0

    for act, index in acts:
        before = cartella
        try:
            cartella = _perform(act, cartella, index)
        except (Conflict, Invalid):
            continue
        assert cartella.passaggi[:-1] == before.passaggi
        assert [one.id for one in cartella.condivisioni][: len(before.condivisioni)] == [
            one.id for one in before.condivisioni
        ]
        assert cartella.version - before.version == (rules.active(cartella, NOW) != rules.active(before, NOW))
        changes += 1

    assert len(cartella.passaggi) == changes + 1
    for one in cartella.condivisioni:
        if one.stato is StatoCondivisione.ACCETTATA:
            assert one.decisa_da not in (None, one.proposta_da)


def _perform(act: str, cartella: Cartella, index: int) -> Cartella:
    if act == "propose":
        return proposed(cartella, settore=f"settore-{index}")
    if not cartella.condivisioni:
        raise Invalid("test", "nothing there")
    one = cartella.condivisioni[index % len(cartella.condivisioni)]
    if act == "revoke":
        return rules.revoke(cartella, one.id, one.version, make_step())
    request = DecideCondivisione(condivisione_id=one.id, version=one.version, accetta=act == "accept")
    return rules.decide(cartella, one.id, request, make_step())


# Another settore


def followed(team_of: int = 1) -> Cartella:
    cartella = presa_in_carico.take_in_carico(make_cartella(), make_step())
    team = (*cartella.team, *(uuid4() for _ in range(team_of)))
    return presa_in_carico.assign(cartella, make_step(), None, team, "")


def test_in_another_settore_the_old_responsible_worker_is_gone_and_the_case_waits() -> None:
    before = followed()

    after = presa_in_carico.assign(before, make_step(), None, None, "adulti")

    assert before.responsabile_id not in after.team
    assert set(after.team) == set(before.team) - {before.responsabile_id}
    assert (after.responsabile_id, after.stato, after.in_carico_dal) == (None, StatoCartella.APERTA, None)
    assert after.passaggi[-1].da_operatore_id == before.responsabile_id


def test_he_stays_where_he_is_named() -> None:
    before = followed()
    old = before.responsabile_id
    assert old is not None

    in_team = presa_in_carico.assign(before, make_step(), None, (old,), "adulti")
    still_his = presa_in_carico.assign(before, make_step(), old, None, "adulti")

    assert (in_team.team, in_team.responsabile_id) == ((old,), None)
    assert (still_his.responsabile_id, still_his.stato) == (old, StatoCartella.IN_CARICO)


def test_a_new_responsible_worker_takes_over_without_a_pause() -> None:
    before, new = followed(), uuid4()

    after = presa_in_carico.assign(before, make_step(), new, None, "adulti")

    assert (after.responsabile_id, after.stato) == (new, StatoCartella.IN_CARICO)
    assert before.responsabile_id not in after.team


def test_a_decision_on_a_mark_that_is_not_there_is_refused() -> None:
    cartella = make_cartella()

    with pytest.raises(Invalid):
        presa_in_carico.assign(cartella, make_step(), None, None, "adulti", "adulti")
    assert presa_in_carico.assign(cartella, make_step(), None, None, "adulti", "").settore == "adulti"


# The second level


def test_the_mark_goes_on_and_off_by_the_hand_of_its_settore() -> None:
    cartella, minori = make_cartella(), make_mandato()
    marked = secondo_livello.set_riservatezza(cartella, make_step(), "minori", minori)

    with pytest.raises(Forbidden):
        secondo_livello.set_riservatezza(marked, make_step(), "", RECEIVER)
    with pytest.raises(Invalid):
        secondo_livello.set_riservatezza(marked, make_step(), "minori", minori)
    assert secondo_livello.set_riservatezza(marked, make_step(), "", minori).settore_riservato == ""


def test_whose_own_a_case_is_before_and_after_somebody_takes_charge() -> None:
    step = make_step()
    opened = make_cartella(make_mandato(), step)
    assert step.operatore_id in opened.propria_di

    taken = presa_in_carico.take_in_carico(opened, make_step())
    without = presa_in_carico.assign(taken, make_step(), None, (), "")

    assert step.operatore_id not in without.propria_di
    assert without.propria_di == (without.responsabile_id, without.responsabile_id)


def test_a_borrower_sees_the_passaggi_since_the_grant_less_those_on_who_sees_the_case() -> None:
    cartella = accept(proposed(), quando=NOW + timedelta(days=1))
    later = Passaggio(id=uuid4(), tipo="chiusura", quando=NOW + timedelta(days=2), operatore_id=uuid4())
    cartella = presa_in_carico.changed(cartella, later)

    assert [one.tipo for one in vista.granted(cartella, NOW + timedelta(hours=1)).passaggi] == ["chiusura"]
    assert [one.tipo for one in vista.granted(cartella, None).passaggi] == ["apertura", "chiusura"]
