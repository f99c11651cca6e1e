"""The case's life: what may follow what, and what is always true of it."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from services.cartella.tests.factories import make_cartella, make_mandato, make_open, make_step

from cartella.domain import apertura
from cartella.domain import presa_in_carico as rules
from contracts.cartella import StatoCartella
from contracts.errors import Conflict, Invalid
from contracts.mandato import Extent


def test_a_new_case_is_open_numbered_and_has_its_opening_as_first_passaggio() -> None:
    cartella = make_cartella()

    assert cartella.numero == "F704-2026-000001"
    assert cartella.stato is StatoCartella.APERTA
    assert [passaggio.tipo for passaggio in cartella.passaggi] == ["apertura"]


def test_the_year_of_the_number_is_the_one_of_the_office_not_of_greenwich() -> None:
    just_after_midnight = make_step().quando.replace(year=2026, month=12, day=31, hour=23, minute=30)

    cartella = make_cartella(step=make_step(quando=just_after_midnight))

    assert cartella.numero.startswith("F704-2027-")


def test_who_opens_a_case_in_his_settore_is_in_its_team() -> None:
    mandato = make_mandato()

    assert make_cartella(mandato).team == (mandato.operatore_id,)


def test_who_reaches_the_whole_ente_opens_in_another_settore_without_joining_its_team() -> None:
    mandato = make_mandato(Extent.ENTE)
    request = make_open(settore="anziani")

    settore = apertura.settore_of(request, mandato, "presa_in_carico:scrivi")

    assert settore == "anziani"
    assert apertura.open_cartella(request, mandato, settore, 1, make_step()).team == ()


def test_a_case_cannot_be_opened_in_somebody_elses_settore() -> None:
    with pytest.raises(Invalid) as refused:
        apertura.settore_of(make_open(settore="anziani"), make_mandato(), "presa_in_carico:scrivi")

    assert "settore" in refused.value.fields


def test_a_case_needs_a_settore() -> None:
    with pytest.raises(Invalid):
        apertura.settore_of(make_open(), make_mandato(Extent.ENTE, settore=""), "presa_in_carico:scrivi")


def test_taking_in_charge_makes_the_caller_responsible_and_a_member() -> None:
    step = make_step()

    cartella = rules.take_in_carico(make_cartella(), step)

    assert cartella.stato is StatoCartella.IN_CARICO
    assert cartella.responsabile_id == step.operatore_id
    assert step.operatore_id in cartella.team
    assert cartella.in_carico_dal == step.quando


def test_a_case_somebody_follows_cannot_be_taken_by_another() -> None:
    followed = rules.take_in_carico(make_cartella(), make_step())

    with pytest.raises(Conflict):
        rules.take_in_carico(followed, make_step())


def test_a_case_assigned_to_one_cannot_be_taken_by_another() -> None:
    assigned = rules.assign(make_cartella(), make_step(), uuid4(), None, "")

    with pytest.raises(Conflict):
        rules.take_in_carico(assigned, make_step())


def test_the_one_it_was_assigned_to_takes_it_in_charge() -> None:
    step = make_step()
    assigned = rules.assign(make_cartella(), make_step(), step.operatore_id, None, "")

    assert assigned.stato is StatoCartella.APERTA
    assert rules.take_in_carico(assigned, step).stato is StatoCartella.IN_CARICO


def test_assigning_writes_from_whom_to_whom() -> None:
    first, second = make_step(), uuid4()
    followed = rules.take_in_carico(make_cartella(), first)

    passaggio = rules.assign(followed, make_step(), second, None, "").passaggi[-1]

    assert (passaggio.tipo, passaggio.da_operatore_id, passaggio.a_operatore_id) == (
        "assegnazione",
        first.operatore_id,
        second,
    )


def test_moving_to_another_settore_writes_both() -> None:
    passaggio = rules.assign(make_cartella(), make_step(), None, None, "anziani").passaggi[-1]

    assert (passaggio.tipo, passaggio.da_settore, passaggio.a_settore) == (
        "passaggio_settore",
        "minori",
        "anziani",
    )


def test_the_responsible_worker_cannot_be_left_out_of_the_team() -> None:
    responsabile = uuid4()

    cartella = rules.assign(make_cartella(), make_step(), responsabile, (), "")

    assert cartella.team == (responsabile,)


def test_an_assignment_that_changes_nothing_is_refused() -> None:
    cartella = make_cartella()

    with pytest.raises(Invalid):
        rules.assign(cartella, make_step(), None, cartella.team, cartella.settore)


def test_a_closed_case_is_not_changed_but_reopened() -> None:
    closed = rules.close(make_cartella(), make_step())

    for change in (rules.take_in_carico, rules.close):
        with pytest.raises(Conflict):
            change(closed, make_step())
    with pytest.raises(Conflict):
        rules.assign(closed, make_step(), uuid4(), None, "")


def test_reopening_waits_for_a_new_taking_in_charge() -> None:
    closed = rules.close(rules.take_in_carico(make_cartella(), make_step()), make_step())

    reopened = rules.reopen(closed, make_step())

    assert reopened.stato is StatoCartella.APERTA
    assert (reopened.responsabile_id, reopened.chiusa_il, reopened.in_carico_dal) == (None, None, None)
    assert reopened.team == closed.team


def test_an_open_case_cannot_be_reopened() -> None:
    with pytest.raises(Conflict):
        rules.reopen(make_cartella(), make_step())


def test_a_stale_version_is_answered_with_the_present_one() -> None:
    cartella = rules.take_in_carico(make_cartella(), make_step())

    with pytest.raises(Conflict) as refused:
        rules.check_version(cartella, 1)

    assert refused.value.details["attuale"]["version"] == 2
    assert refused.value.details["attuale"]["stato"] == "in_carico"


def test_a_confirmed_death_is_noted_and_closes_nothing() -> None:
    followed = rules.take_in_carico(make_cartella(), make_step())

    noted = rules.note_variazione(followed, make_step())

    assert replace(noted, passaggi=()) == replace(followed, passaggi=())
    assert noted.passaggi[-1].tipo == "variazione_anagrafica"


def test_a_confirmed_change_noted_twice_is_written_once() -> None:
    step = make_step()
    noted = rules.note_variazione(make_cartella(), step)

    assert rules.note_variazione(noted, step) is noted


COMMANDS = {
    "take": lambda cartella, who: rules.take_in_carico(cartella, make_step(operatore_id=who)),
    "assign": lambda cartella, who: rules.assign(cartella, make_step(), who, None, ""),
    "empty_team": lambda cartella, who: rules.assign(cartella, make_step(), None, (), ""),
    "move": lambda cartella, who: rules.assign(cartella, make_step(), None, None, "anziani"),
    "move_back": lambda cartella, who: rules.assign(cartella, make_step(), None, None, "minori"),
    "close": lambda cartella, who: rules.close(cartella, make_step(operatore_id=who)),
    "reopen": lambda cartella, who: rules.reopen(cartella, make_step(operatore_id=who)),
    "note": lambda cartella, who: rules.note_variazione(cartella, make_step(operatore_id=who)),
}
WORKERS = [uuid4() for _ in range(3)]


@given(st.lists(st.tuples(st.sampled_from(sorted(COMMANDS)), st.sampled_from(WORKERS)), max_size=25))
def test_any_sequence_of_commands_keeps_the_history_whole(commands: list[tuple[str, object]]) -> None:
    cartella = make_cartella()

    for name, worker in commands:
        before = cartella
        try:
            cartella = COMMANDS[name](cartella, worker)
        except (Conflict, Invalid):
            continue

        assert cartella.passaggi[: len(before.passaggi)] == before.passaggi
        assert len(cartella.passaggi) == len(before.passaggi) + 1

    changes = [passaggio for passaggio in cartella.passaggi if passaggio.tipo != rules.VARIAZIONE]
    assert cartella.version == len(changes)
    assert cartella.responsabile_id is None or cartella.responsabile_id in cartella.team
    assert (cartella.chiusa_il is not None) == cartella.is_closed
    assert len({passaggio.id for passaggio in cartella.passaggi}) == len(cartella.passaggi)
    moves = [passaggio.a_settore for passaggio in changes if passaggio.a_settore]
    assert cartella.settore == moves[-1]
