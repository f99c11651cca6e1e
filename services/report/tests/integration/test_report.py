"""From events of cartella to protected crosstabs, on PostgreSQL and S3."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from services.report.tests.conftest import Desk
from services.report.tests.factories import make_cartella_event, make_mandato

from contracts.cartella import Area, CartellaAssegnataV1, CartellaChiusaV1, StatoCartella
from contracts.errors import Forbidden, Unavailable
from contracts.mandato import Extent
from report import repository, use_cases
from report.adapters import cube


def people(desk: Desk, number: int, **changes: Any) -> None:
    for _ in range(number):
        desk.deliver(make_cartella_event(**changes))


def numbers(lines: Any) -> list[list[int | None]]:
    return [[cell.valore for cell in line] for line in lines]


def test_people_in_charge_by_comune_area_and_sex(desk: Desk) -> None:
    people(desk, 6, sesso="F")
    people(desk, 7, sesso="M")
    people(desk, 8, sesso="F", area=Area.ANZIANI)
    people(desk, 9, sesso="F", stato=StatoCartella.APERTA)
    desk.write()

    table = desk.ask(make_mandato())

    assert table.righe == (("F704",),)
    assert table.colonne == (("famiglia_minori", "F"), ("famiglia_minori", "M"), ("anziani", "F"))
    assert numbers(table.celle) == [[6, 7, 8]]
    assert table.totale.valore == 21
    assert table.enti == ("F704",)


def test_a_foreign_director_sees_nothing_of_this_comune(desk: Desk) -> None:
    people(desk, 30)
    people(desk, 7, ente="B212")
    desk.write()

    table = desk.ask(make_mandato(ente="B212"))

    assert table.righe == (("B212",),)
    assert numbers(table.celle) == [[7]]
    assert (table.totale.valore, table.totali_colonne[0].valore) == (7, 7)


def test_a_filter_does_not_reach_beyond_the_mandate(desk: Desk) -> None:
    people(desk, 30)
    desk.write()

    table = desk.ask(make_mandato(ente="B212"), filtri={"comune": ("F704",)})

    assert (table.righe, table.totale.valore) == ((), 0)


def test_an_analyst_of_the_provincia_sees_both(desk: Desk) -> None:
    people(desk, 30)
    people(desk, 7, ente="B212")
    desk.write()

    table = desk.ask(make_mandato(Extent.PROVINCIA, enti_provincia=("F704", "B212")), colonne=())

    assert (table.righe, numbers(table.celle)) == ((("B212",), ("F704",)), [[7], [30]])


def test_without_extent_nothing_is_counted(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        desk.ask(make_mandato(Extent.PROPRI))


def test_few_people_are_protected_in_the_cell_and_in_every_total(desk: Desk) -> None:
    people(desk, 3)
    desk.write()

    table = desk.ask(make_mandato())

    every = [table.celle[0][0], table.totali_righe[0], table.totali_colonne[0], table.totale]
    assert all(cell.protetta and cell.valore is None for cell in every)
    assert '"valore":3' not in table.model_dump_json()


def test_one_person_with_two_cases_is_counted_once_and_the_cases_twice(desk: Desk) -> None:
    people(desk, 5)
    person = uuid4()
    for settore in ("minori", "adulti"):
        desk.deliver(make_cartella_event(residente_id=person, settore=settore))
    desk.write()

    by_person = desk.ask(make_mandato(), colonne=())
    by_case = desk.ask(make_mandato(), colonne=(), misura="cartelle")

    assert (by_person.totale.valore, by_case.totale.valore) == (6, 7)


def test_the_newest_state_of_a_case_counts_in_whatever_order_it_arrives(desk: Desk) -> None:
    people(desk, 5)
    case, person = uuid4(), uuid4()
    closed = make_cartella_event(
        CartellaChiusaV1, cartella_id=case, residente_id=person, stato=StatoCartella.CHIUSA
    )
    desk.deliver(closed, sequence=3)
    desk.deliver(make_cartella_event(cartella_id=case, residente_id=person), sequence=1)
    desk.write()

    assert desk.ask(make_mandato(), colonne=()).totale.valore == 5


def test_a_case_that_goes_to_another_ente_leaves_the_first(desk: Desk) -> None:
    people(desk, 6)
    people(desk, 6, ente="B212")
    case, person = uuid4(), uuid4()
    desk.deliver(make_cartella_event(cartella_id=case, residente_id=person))
    desk.write()

    moved = make_cartella_event(CartellaAssegnataV1, cartella_id=case, residente_id=person, ente="B212")
    desk.deliver(moved, sequence=2)
    assert desk.write() == 2

    assert desk.ask(make_mandato(), colonne=()).totale.valore == 6
    assert desk.ask(make_mandato(ente="B212"), colonne=()).totale.valore == 7


def test_only_what_changed_is_written_again(desk: Desk) -> None:
    people(desk, 5)
    people(desk, 5, ente="B212")

    assert (desk.write(), desk.write()) == (2, 0)

    people(desk, 1)
    assert desk.write() == 1


def test_a_slow_writer_does_not_undo_a_faster_one(desk: Desk) -> None:
    people(desk, 5)
    slow = repository.take_snapshot("F704", desk.db)
    people(desk, 5)
    desk.write()

    assert not repository.point_to(slow, "fatti_cartelle/F704/late.parquet", "0" * 64, desk.db)
    assert desk.ask(make_mandato(), colonne=()).totale.valore == 10


def test_a_crash_between_object_and_pointer_leaves_the_old_snapshot_holding(desk: Desk) -> None:
    people(desk, 5)
    desk.write()
    people(desk, 5)
    desk.store.put("F704", b"half of it")

    assert desk.ask(make_mandato(), colonne=()).totale.valore == 5


def test_objects_nothing_points_to_are_removed_and_the_others_stay(desk: Desk) -> None:
    people(desk, 5)
    desk.write()
    desk.store.put("F704", b"left over")

    removed = desk.store.delete_unused(repository.keys_in_use(desk.db), timedelta(seconds=-60))

    assert removed == 1
    assert use_cases.delete_unused_snapshots(desk.db, desk.store) == 0
    assert desk.ask(make_mandato(), colonne=()).totale.valore == 5


def test_an_object_that_is_not_what_was_written_is_refused(desk: Desk) -> None:
    people(desk, 5)
    desk.write()
    key, _ = desk.store.put("F704", b"something else")
    desk.execute("UPDATE partizioni SET chiave = :key", key=key)

    with pytest.raises(Unavailable):
        desk.ask(make_mandato())


def test_the_cache_keeps_the_copy_in_use_and_the_one_before(desk: Desk) -> None:
    for _ in range(4):
        people(desk, 5)
        desk.write()
        desk.ask(make_mandato())

    assert len(list(desk.cache.folder.iterdir())) == 2


def test_no_id_and_no_name_is_kept(desk: Desk) -> None:
    event = make_cartella_event()
    desk.deliver(event)
    desk.write()

    [partizione] = repository.partizioni_of(("F704",), desk.db)
    stored = str(desk.execute("SELECT * FROM fatti_cartelle")).encode() + desk.store.get(partizione.chiave)

    for secret in (event.cartella_id, event.residente_id):
        assert str(secret).encode() not in stored
        assert secret.bytes not in stored
    assert event.numero.encode() not in stored


@pytest.mark.parametrize("value", ["'; DROP TABLE fatti; --", "it's", '"', "%", "\\"])
def test_filter_values_are_values(desk: Desk, value: str) -> None:
    people(desk, 6)
    desk.write()

    assert desk.ask(make_mandato(), filtri={"area": (value, "famiglia_minori")}).totale.valore == 6
    assert desk.ask(make_mandato(), filtri={"area": (value,)}).totale.valore == 0


def test_filtering_cannot_isolate_the_few_who_are_left_out(desk: Desk) -> None:
    people(desk, 20, sesso="M")
    people(desk, 3, sesso="F")
    desk.write()

    assert desk.ask(make_mandato(), colonne=()).totale.valore == 23
    assert desk.ask(make_mandato(), colonne=(), filtri={"sesso": ("M",)}).totale.protetta


def test_ages_are_those_reached_this_year(desk: Desk) -> None:
    people(desk, 5, anno_nascita=1930)
    people(desk, 5, anno_nascita=None)
    desk.write()

    table = desk.ask(make_mandato(), colonne=("fascia_eta",))

    assert table.colonne == (("85+",), ("n.d.",))


def test_the_engine_reads_its_cache_and_nothing_else(desk: Desk) -> None:
    people(desk, 5)
    desk.write()
    desk.ask(make_mandato())
    connection = cube._connect(cube.Cube((), desk.cache.folder, "64MB", 2026))

    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises(Exception, match=r"disabled|locked|Permission|not allowed"):
            connection.raw_sql(statement)
    connection.disconnect()


def test_without_any_snapshot_the_answer_is_empty(desk: Desk) -> None:
    table = desk.ask(make_mandato())

    assert (table.righe, table.totale.valore, table.dati_al) == ((), 0, None)


def test_an_object_that_is_not_there_is_said_so(desk: Desk) -> None:
    people(desk, 5)
    desk.write()
    desk.execute("UPDATE partizioni SET chiave = 'fatti_cartelle/F704/none.parquet'")

    with pytest.raises(Unavailable):
        desk.ask(make_mandato())
