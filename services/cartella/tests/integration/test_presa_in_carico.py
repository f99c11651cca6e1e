"""Cases in the real store: numbers, conflicts, visibility, and one transaction with the outbox."""

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest
from services.cartella.tests.factories import make_mandato, make_open
from services.cartella.tests.integration.conftest import events_of, together

from cartella.domain.steps import local_date, utc_now
from cartella.use_cases import presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import (
    AssignCartella,
    CartellaOut,
    CloseCartella,
    GetCartella,
    ListCartelle,
    ReopenCartella,
    StatoCartella,
    TakeInCarico,
)
from contracts.errors import Conflict, Forbidden, Invalid, NotFound
from contracts.events import Envelope
from contracts.mandato import Extent, Mandato
from contracts.notifiche import AvvisoConfermatoV1


def broken(*_: Any, **__: Any) -> None:
    raise RuntimeError("no outbox")


def numbers_of(ente: str, opened: Sequence[CartellaOut]) -> list[int]:
    """The counters of cases opened this year in the ente, in the order given."""
    head = f"{ente}-{local_date(utc_now()).year}-"
    assert all(cartella.numero.startswith(head) for cartella in opened)
    return [int(cartella.numero[-6:]) for cartella in opened]


def test_numbers_of_an_ente_go_up_in_uneven_steps_so_that_a_gap_tells_of_no_case(
    database: MongoDatabase,
) -> None:
    ente = f"Z{uuid4().int % 1000:03d}"
    mandato = make_mandato(ente=ente)

    opened = [presa_in_carico.open_cartella(make_open(), mandato, database) for _ in range(25)]

    steps = {after - before for before, after in pairwise([0, *numbers_of(ente, opened)])}
    assert len(steps) > 1
    assert steps <= {1, 2, 3}


def test_openings_at_the_same_moment_get_different_numbers(database: MongoDatabase) -> None:
    ente = f"Y{uuid4().int % 1000:03d}"
    mandato = make_mandato(ente=ente)

    opened = together(
        *[lambda: presa_in_carico.open_cartella(make_open(), mandato, database) for _ in range(4)]
    )

    assert len(set(numbers_of(ente, opened))) == 4


def test_an_opening_that_fails_at_the_end_leaves_nothing_behind(
    database: MongoDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    mandato, request = make_mandato(ente=f"X{uuid4().int % 1000:03d}"), make_open()
    monkeypatch.setattr("chassis.mongo.Transaction.emit", broken)

    with pytest.raises(RuntimeError):
        presa_in_carico.open_cartella(request, mandato, database)

    year = local_date(utc_now()).year
    assert database.db.contatori.find_one({"_id": f"{mandato.ente}-{year}"}) is None
    assert database.db.cartelle.count_documents({"residente_id": request.residente_id}) == 0


def test_the_event_and_the_change_are_one_transaction(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.mongo.Transaction.emit", broken)

    with pytest.raises(RuntimeError):
        presa_in_carico.take_in_carico(TakeInCarico(cartella_id=caso.id, version=1), giulia, database)

    assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), giulia, database) == caso
    assert [event["sequence"] for event in events_of(database, caso.id)] == [1]


def test_every_change_tells_the_state_it_led_to(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    taken = presa_in_carico.take_in_carico(TakeInCarico(cartella_id=caso.id, version=1), giulia, database)
    presa_in_carico.close_cartella(
        CloseCartella(cartella_id=caso.id, version=taken.version, motivo="Fine progetto"), giulia, database
    )
    presa_in_carico.reopen_cartella(
        ReopenCartella(cartella_id=caso.id, version=3, motivo="Nuova segnalazione"), giulia, database
    )

    events = [Envelope.model_validate_json(row["envelope"]) for row in events_of(database, caso.id)]

    assert [(event.type, event.sequence, event.data["stato"]) for event in events] == [
        ("cartella.cartella.aperta.v1", 1, "aperta"),
        ("cartella.cartella.presa_in_carico.v1", 2, "in_carico"),
        ("cartella.cartella.chiusa.v1", 3, "chiusa"),
        ("cartella.cartella.riaperta.v1", 4, "aperta"),
    ]
    opener = str(giulia.operatore_id)
    assert [event.data["aperta_da"] for event in events] == [opener, None, None, opener]


def test_a_person_has_one_open_case_in_a_settore_and_is_told_which(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    with pytest.raises(Conflict) as refused:
        presa_in_carico.open_cartella(make_open(residente_id=caso.residente_id), giulia, database)

    assert refused.value.details == {"cartella_id": str(caso.id), "numero": caso.numero}


def test_who_cannot_see_the_other_case_is_not_told_of_it(
    database: MongoDatabase, settore: str, caso: CartellaOut
) -> None:
    stranger = make_mandato(Extent.PROPRI, settore=settore)

    with pytest.raises(Conflict) as refused:
        presa_in_carico.open_cartella(make_open(residente_id=caso.residente_id), stranger, database)

    assert refused.value.details == {}
    assert caso.numero not in refused.value.message


def test_two_openings_for_one_person_make_one_case(
    database: MongoDatabase, giulia: Mandato, marco: Mandato
) -> None:
    request = make_open()

    results = together(
        lambda: presa_in_carico.open_cartella(request, giulia, database),
        lambda: presa_in_carico.open_cartella(request, marco, database),
    )

    assert sorted(type(result).__name__ for result in results) == ["CartellaOut", "Conflict"]
    assert database.db.cartelle.count_documents({"residente_id": request.residente_id}) == 1


def test_a_closed_case_leaves_room_for_another_and_cannot_then_be_reopened(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    presa_in_carico.close_cartella(
        CloseCartella(cartella_id=caso.id, version=1, motivo="Fine"), giulia, database
    )
    presa_in_carico.open_cartella(make_open(residente_id=caso.residente_id), giulia, database)

    with pytest.raises(Conflict):
        presa_in_carico.reopen_cartella(
            ReopenCartella(cartella_id=caso.id, version=2, motivo="Di nuovo"), giulia, database
        )


def test_the_same_command_twice_opens_one_case(database: MongoDatabase, giulia: Mandato) -> None:
    request = make_open(idempotency_key=uuid4())

    first = presa_in_carico.open_cartella(request, giulia, database)
    second = presa_in_carico.open_cartella(request, giulia, database)

    assert second == first
    assert len(events_of(database, first.id)) == 1


def test_the_same_change_twice_is_done_once(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    request = TakeInCarico(cartella_id=caso.id, version=1, idempotency_key=uuid4())

    first = presa_in_carico.take_in_carico(request, giulia, database)

    assert presa_in_carico.take_in_carico(request, giulia, database) == first
    assert len(events_of(database, caso.id)) == 2


def test_of_two_who_take_a_case_at_once_one_wins_and_the_other_sees_it(
    database: MongoDatabase, giulia: Mandato, marco: Mandato, caso: CartellaOut
) -> None:
    request = TakeInCarico(cartella_id=caso.id, version=1)

    results = together(
        lambda: presa_in_carico.take_in_carico(request, giulia, database),
        lambda: presa_in_carico.take_in_carico(request, marco, database),
    )

    won = next(result for result in results if isinstance(result, CartellaOut))
    lost = next(result for result in results if isinstance(result, Conflict))
    stored = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), giulia, database)
    assert stored == won
    assert stored.version == 2
    assert lost.details["attuale"]["responsabile_id"] == str(won.responsabile_id)
    assert len(stored.passaggi) == 2


def test_a_stale_change_changes_nothing(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> None:
    presa_in_carico.take_in_carico(TakeInCarico(cartella_id=caso.id, version=1), giulia, database)

    with pytest.raises(Conflict) as refused:
        presa_in_carico.close_cartella(
            CloseCartella(cartella_id=caso.id, version=1, motivo="Fine"), giulia, database
        )

    assert refused.value.details["attuale"]["version"] == 2


@pytest.mark.parametrize(
    ("stranger", "sees"),
    [
        ({"extent": Extent.SETTORE, "settore": "altro"}, False),
        ({"extent": Extent.PROPRI}, False),
        ({"extent": Extent.ENTE, "ente": "B212"}, False),
        ({"extent": Extent.SETTORE, "ente": "B212"}, False),
        ({"extent": Extent.SETTORE}, True),
        ({"extent": Extent.ENTE, "settore": ""}, True),
    ],
    ids=[
        "other settore",
        "only own cases",
        "other ente",
        "same settore name elsewhere",
        "colleague",
        "director",
    ],
)
def test_what_one_may_not_see_does_not_exist_for_him(
    database: MongoDatabase, settore: str, caso: CartellaOut, stranger: dict[str, Any], sees: bool
) -> None:
    mandato = make_mandato(**({"settore": settore} | stranger))

    listed = presa_in_carico.list_cartelle(ListCartelle(residente_id=caso.residente_id), mandato, database)

    assert listed.totale == len(listed.cartelle) == int(sees)
    if sees:
        assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), mandato, database) == caso
        return
    unknown = GetCartella(cartella_id=uuid4())
    answers = []
    for request in (GetCartella(cartella_id=caso.id), unknown):
        with pytest.raises(NotFound) as refused:
            presa_in_carico.get_cartella(request, mandato, database)
        answers.append((refused.value.code, refused.value.message, refused.value.details))
    assert answers[0] == answers[1]
    with pytest.raises(NotFound):
        presa_in_carico.take_in_carico(TakeInCarico(cartella_id=caso.id, version=1), mandato, database)


def test_a_role_without_the_scope_is_refused_before_any_query(
    database: MongoDatabase, caso: CartellaOut
) -> None:
    nobody = make_mandato(Extent.NESSUNO)

    with pytest.raises(Forbidden):
        presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), nobody, database)


def test_a_member_of_the_team_sees_the_case_from_another_settore(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    educator = make_mandato(Extent.PROPRI, settore="altro")
    request = AssignCartella(
        cartella_id=caso.id, version=1, team=(*caso.team, educator.operatore_id), motivo="Equipe"
    )

    presa_in_carico.assign_cartella(request, giulia, database)

    assert presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), educator, database).version == 2


def test_lists_filter_page_and_count(database: MongoDatabase, giulia: Mandato, marco: Mandato) -> None:
    cases = [presa_in_carico.open_cartella(make_open(), giulia, database) for _ in range(3)]
    presa_in_carico.take_in_carico(TakeInCarico(cartella_id=cases[0].id, version=1), marco, database)

    def listed(mandato: Mandato, **filters: Any) -> tuple[list[Any], int]:
        found = presa_in_carico.list_cartelle(ListCartelle(**filters), mandato, database)
        return [cartella.id for cartella in found.cartelle], found.totale

    newest_first = [cartella.id for cartella in reversed(cases)]
    assert listed(giulia) == (newest_first, 3)
    assert listed(giulia, limite=2, salta=2) == (newest_first[2:], 3)
    assert listed(marco, solo_mie=True) == ([cases[0].id], 1)
    assert listed(giulia, stato=StatoCartella.IN_CARICO) == ([cases[0].id], 1)
    assert listed(giulia, residenti_id=tuple(c.residente_id for c in cases[:2])) == (newest_first[1:], 2)
    assert listed(giulia, numero=str(int(cases[1].numero[-6:]))) == ([cases[1].id], 1)
    assert listed(giulia, numero=cases[1].numero.lower()) == ([cases[1].id], 1)
    assert listed(giulia, numero="F704-2.*") == ([], 0)


def test_a_case_is_not_moved_where_the_person_has_another(
    database: MongoDatabase, settore: str, giulia: Mandato, caso: CartellaOut
) -> None:
    other = make_mandato(settore=f"{settore}-anziani")
    presa_in_carico.open_cartella(make_open(residente_id=caso.residente_id), other, database)

    with pytest.raises(Conflict):
        presa_in_carico.assign_cartella(
            AssignCartella(cartella_id=caso.id, version=1, settore=other.settore, motivo="Passaggio"),
            giulia,
            database,
        )


def make_avviso(caso: CartellaOut, **changes: Any) -> AvvisoConfermatoV1:
    fields = {
        "avviso_id": uuid4(),
        "ente": caso.ente,
        "settore": caso.settore,
        "tipo": "decesso",
        "cartella_id": caso.id,
        "esito": "confermato",
        "operatore_id": uuid4(),
        "residente_id": caso.residente_id,
        "descrizione": "Decesso di una persona del nucleo",
        "data_evento": date(2026, 11, 21),
    }
    return AvvisoConfermatoV1(**{**fields, **changes})


def test_a_confirmed_registry_change_is_a_passaggio_and_leaves_the_case_open(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    avviso = make_avviso(caso)

    for _ in range(2):
        with database.transaction() as tx:
            presa_in_carico.note_avviso(avviso, tx)

    after = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), giulia, database)
    assert [passaggio.tipo for passaggio in after.passaggi] == ["apertura", "variazione_anagrafica"]
    assert after.passaggi[-1].motivo == "Confermata: Decesso di una persona del nucleo (21/11/2026)"
    assert (after.stato, after.version) == (caso.stato, caso.version)
    assert len(events_of(database, caso.id)) == 1


def test_a_disputed_registry_change_is_noted_as_such(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    with database.transaction() as tx:
        presa_in_carico.note_avviso(make_avviso(caso, esito="contestato"), tx)

    after = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), giulia, database)
    assert after.passaggi[-1].motivo.startswith("Contestata: ")


def test_an_alert_about_no_case_of_ours_is_for_a_person_to_look_at(
    database: MongoDatabase, caso: CartellaOut
) -> None:
    with pytest.raises(Invalid), database.transaction() as tx:
        presa_in_carico.note_avviso(make_avviso(caso, cartella_id=uuid4()), tx)
    with database.transaction() as tx:
        presa_in_carico.note_avviso(make_avviso(caso, cartella_id=None), tx)
