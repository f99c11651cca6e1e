"""Cases of one person beside each other: what is hidden stands in nobody's way, what is seen is named."""

from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.cartella.tests.factories import make_mandato, make_open
from services.cartella.tests.integration.conftest import again, events_of, together
from services.cartella.tests.integration.doors import finds
from services.cartella.tests.integration.test_secondo_livello import mark

from cartella.domain.presa_in_carico import Cartella
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.use_cases import presa_in_carico
from chassis.mongo import MongoDatabase
from chassis.outbox import Transient
from contracts.cartella import AssignCartella, CartellaOut, CloseCartella, ReopenCartella
from contracts.errors import Conflict
from contracts.events import Envelope
from contracts.mandato import Extent, Mandato


@pytest.fixture
def riservato(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> CartellaOut:
    return mark(caso, giulia, database)


@pytest.fixture
def ignara(settore: str) -> Mandato:
    """Works in the same settore; its second level does not exist for her."""
    return make_mandato(settore=settore, secondo_livello__leggi=Extent.NESSUNO)


def open_for(caso: CartellaOut, who: Mandato, database: MongoDatabase, **changes: Any) -> CartellaOut:
    request = make_open(residente_id=caso.residente_id, **changes)
    return presa_in_carico.open_cartella(request, who, database)


def close(caso: CartellaOut, who: Mandato, database: MongoDatabase) -> CartellaOut:
    request = CloseCartella(cartella_id=caso.id, version=caso.version, motivo="Fine")
    return presa_in_carico.close_cartella(request, who, database)


def reopen(caso: CartellaOut, who: Mandato, database: MongoDatabase) -> CartellaOut:
    request = ReopenCartella(cartella_id=caso.id, version=caso.version, motivo="Di nuovo")
    return presa_in_carico.reopen_cartella(request, who, database)


def accanto_a(caso: CartellaOut, database: MongoDatabase) -> list[str]:
    """Whom the last event of the case says it stands beside."""
    found: list[str] = Envelope.model_validate_json(events_of(database, caso.id)[-1]["envelope"]).data[
        "accanto_a"
    ]
    return found


def refused(act: Any) -> tuple[str, dict[str, Any]]:
    with pytest.raises(Conflict) as conflict:
        act()
    return conflict.value.code, conflict.value.details


def named(caso: CartellaOut) -> tuple[str, dict[str, Any]]:
    return "cartella.gia_aperta", {"cartella_id": str(caso.id), "numero": caso.numero}


def test_who_may_not_know_of_a_hidden_case_opens_one_as_for_anybody(
    database: MongoDatabase, ignara: Mandato, riservato: CartellaOut
) -> None:
    opened = open_for(riservato, ignara, database)
    elsewhere = presa_in_carico.open_cartella(make_open(), ignara, database)

    personal = {"id", "numero", "residente_id", "aperta_il", "passaggi"}
    assert opened.model_dump(exclude=personal) == elsewhere.model_dump(exclude=personal)
    assert finds(opened, ignara, database)


def test_the_event_of_an_opening_names_the_hidden_case_to_its_settore(
    database: MongoDatabase, settore: str, ignara: Mandato, riservato: CartellaOut
) -> None:
    adulti = make_mandato(settore=f"{settore}-adulti")

    here, there = (open_for(riservato, who, database) for who in (ignara, adulti))

    assert accanto_a(here, database) == accanto_a(there, database) == [str(riservato.id)]


def test_nothing_is_told_of_ordinary_or_closed_cases_nor_of_those_of_other_enti(
    database: MongoDatabase, settore: str, giulia: Mandato, ignara: Mandato, riservato: CartellaOut
) -> None:
    foreign = open_for(riservato, make_mandato(ente="B212", settore=settore), database)
    close(riservato, giulia, database)
    opened = open_for(riservato, ignara, database)
    other = open_for(riservato, make_mandato(settore=f"{settore}-adulti"), database)

    assert [accanto_a(one, database) for one in (foreign, opened, other)] == [[], [], []]


def test_who_sees_the_hidden_case_is_told_its_number(
    database: MongoDatabase, marco: Mandato, riservato: CartellaOut
) -> None:
    assert refused(lambda: open_for(riservato, marco, database)) == named(riservato)


def test_who_sees_the_ordinary_case_is_told_its_number_and_no_other(
    database: MongoDatabase, settore: str, giulia: Mandato, ignara: Mandato, riservato: CartellaOut
) -> None:
    opened = open_for(riservato, ignara, database)
    colleague = make_mandato(settore=settore, secondo_livello__leggi=Extent.NESSUNO)

    assert refused(lambda: open_for(riservato, colleague, database)) == named(opened)
    assert refused(lambda: open_for(riservato, giulia, database)) == named(opened)


def test_of_two_who_open_beside_a_hidden_case_at_once_one_opens(
    database: MongoDatabase, settore: str, ignara: Mandato, riservato: CartellaOut
) -> None:
    colleague = make_mandato(settore=settore, secondo_livello__leggi=Extent.NESSUNO)

    results = together(
        lambda: open_for(riservato, ignara, database), lambda: open_for(riservato, colleague, database)
    )

    assert sorted(type(result).__name__ for result in results) == ["CartellaOut", "Conflict"]
    assert database.db.cartelle.count_documents({"residente_id": riservato.residente_id}) == 2


def test_the_same_opening_twice_beside_a_hidden_case_opens_one(
    database: MongoDatabase, ignara: Mandato, riservato: CartellaOut
) -> None:
    key = uuid4()

    first = open_for(riservato, ignara, database, idempotency_key=key)

    assert open_for(riservato, ignara, database, idempotency_key=key) == first


def test_a_repeated_opening_of_a_case_hidden_since_answers_as_for_ones_own_household(
    database: MongoDatabase, giulia: Mandato, ignara: Mandato
) -> None:
    request = make_open(idempotency_key=uuid4())
    mark(presa_in_carico.open_cartella(request, ignara, database), giulia, database)
    relative = ignara.model_copy(update={"esclusi": (request.residente_id,)})

    answers = [
        refused(lambda: presa_in_carico.open_cartella(request, who, database))  # noqa: B023
        for who in (ignara, relative)
    ]

    assert answers[0] == answers[1] == ("cartella.non_apribile", {})


def test_the_second_level_is_not_left_for_a_place_that_is_taken(
    database: MongoDatabase, giulia: Mandato, ignara: Mandato, riservato: CartellaOut
) -> None:
    opened = open_for(riservato, ignara, database)

    assert refused(lambda: mark(riservato, giulia, database, settore="")) == named(opened)
    close(opened, ignara, database)
    assert mark(riservato, giulia, database, settore="").settore_riservato == ""


def test_the_second_level_is_not_entered_where_the_settore_has_one_there(
    database: MongoDatabase, giulia: Mandato, ignara: Mandato, riservato: CartellaOut
) -> None:
    opened = open_for(riservato, ignara, database)

    assert refused(lambda: mark(opened, giulia, database)) == named(riservato)


def test_leaving_the_second_level_tells_nothing_of_a_case_one_cannot_see(
    database: MongoDatabase, settore: str, giulia: Mandato, ignara: Mandato, riservato: CartellaOut
) -> None:
    open_for(riservato, ignara, database)
    narrow = make_mandato(
        settore=settore, operatore_id=giulia.operatore_id, presa_in_carico__leggi=Extent.PROPRI
    )

    assert mark(riservato, narrow, database, settore="").settore_riservato == ""


def test_a_closed_case_is_reopened_beside_a_hidden_one_by_who_does_not_see_it(
    database: MongoDatabase, giulia: Mandato, ignara: Mandato, caso: CartellaOut
) -> None:
    closed = close(caso, giulia, database)
    hidden = mark(open_for(caso, giulia, database), giulia, database)

    assert refused(lambda: reopen(closed, giulia, database)) == named(hidden)
    opened = reopen(closed, ignara, database)

    assert accanto_a(opened, database) == [str(hidden.id)]


def test_a_hidden_case_that_is_reopened_is_told_of_to_no_other_second_level(
    database: MongoDatabase, settore: str, giulia: Mandato, riservato: CartellaOut
) -> None:
    other = make_mandato(settore=f"{settore}-adulti")
    mark(open_for(riservato, other, database), other, database)

    opened = reopen(close(riservato, giulia, database), giulia, database)

    assert opened.settore_riservato == settore
    assert accanto_a(opened, database) == []


def test_a_hidden_case_is_not_reopened_beside_an_ordinary_one_that_is_seen(
    database: MongoDatabase, giulia: Mandato, ignara: Mandato, riservato: CartellaOut
) -> None:
    closed = close(riservato, giulia, database)
    opened = open_for(riservato, ignara, database)

    assert refused(lambda: reopen(closed, giulia, database)) == named(opened)


@pytest.mark.parametrize("marked", [True, False], ids=["with its mark", "as an ordinary one"])
def test_a_case_moves_beside_one_hidden_there_as_if_it_were_not(
    database: MongoDatabase, settore: str, giulia: Mandato, riservato: CartellaOut, marked: bool
) -> None:
    other = make_mandato(settore=f"{settore}-adulti")
    there = mark(open_for(riservato, other, database), other, database)
    moving = AssignCartella(
        cartella_id=riservato.id, version=riservato.version, settore=other.settore, motivo="Passaggio",
        settore_riservato=other.settore if marked else "",
    )  # fmt: skip

    moved = presa_in_carico.assign_cartella(moving, giulia, database)

    assert moved.settore == other.settore
    assert accanto_a(moved, database) == [str(there.id)]
    assert finds(there, other, database)
    assert refused(lambda: open_for(riservato, other, database))[0] == "cartella.gia_aperta"


def test_two_that_came_to_stand_together_are_told_apart_by_who_sees_both(
    database: MongoDatabase, settore: str, giulia: Mandato, riservato: CartellaOut
) -> None:
    other = make_mandato(settore=f"{settore}-adulti")
    mark(open_for(riservato, other, database), other, database)
    moving = AssignCartella(
        cartella_id=riservato.id, version=riservato.version, settore=other.settore, motivo="Passaggio",
        settore_riservato=other.settore,
    )  # fmt: skip
    moved = presa_in_carico.assign_cartella(moving, giulia, database)

    assert mark(moved, other, database, settore="").settore_riservato == ""


def test_a_new_team_where_the_case_stays_is_told_of_to_nobody(
    database: MongoDatabase, settore: str, ignara: Mandato, riservato: CartellaOut
) -> None:
    opened = open_for(riservato, ignara, database)
    naming = AssignCartella(
        cartella_id=opened.id, version=opened.version, team=(uuid4(),), motivo="Nuova équipe"
    )

    assert accanto_a(presa_in_carico.assign_cartella(naming, ignara, database), database) == []


def test_an_opening_and_a_hidden_reopening_at_one_moment_do_not_pass_each_other_by(
    database: MongoDatabase,
    monkeypatch: pytest.MonkeyPatch,
    giulia: Mandato,
    ignara: Mandato,
    riservato: CartellaOut,
) -> None:
    closed = close(riservato, giulia, database)
    looking, meanwhile = CartellaRepository.open_ones, list[Any]()

    def look_and_be_overtaken(cases: CartellaRepository, residente_id: UUID, ente: str) -> list[Cartella]:
        found = looking(cases, residente_id, ente)
        monkeypatch.setattr(CartellaRepository, "open_ones", looking)
        with suppress(Transient):
            meanwhile.append(reopen(closed, giulia, database))
        return found

    monkeypatch.setattr(CartellaRepository, "open_ones", look_and_be_overtaken)
    opened = again(lambda: open_for(riservato, ignara, database))

    if meanwhile:
        assert accanto_a(opened, database) == [str(closed.id)]
    else:
        assert refused(lambda: reopen(closed, giulia, database)) == named(opened)


def test_the_index_answers_whatever_of_its_fields_a_query_names(
    database: MongoDatabase, giulia: Mandato, ignara: Mandato, riservato: CartellaOut
) -> None:
    """The embedded store gives nothing, silently, for a compound partial index whose first field is missing."""
    open_for(riservato, ignara, database)
    fields = {
        "attiva": True, "ente": "F704", "settore": giulia.settore, "residente_id": riservato.residente_id,
    }  # fmt: skip

    for left_out in ("none", "residente_id", "ente", "settore"):
        where = {name: value for name, value in fields.items() if name != left_out}
        assert database.db.cartelle.count_documents(where) == 2, left_out
        assert len(list(database.db.cartelle.aggregate([{"$match": where}]))) == 2, left_out
    hidden = {**fields, "settore_riservato": giulia.settore, "posto": ""}
    assert database.db.cartelle.count_documents(hidden) == 1
