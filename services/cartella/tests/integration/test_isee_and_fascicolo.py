"""ISEE in the real store, and the export of a whole case section by section."""

from decimal import Decimal
from uuid import uuid4

import pytest
from services.cartella.tests.factories import make_add_isee, make_add_voce, make_mandato
from services.cartella.tests.integration.conftest import events_of

from cartella.use_cases import diario, fascicolo, isee
from chassis.mongo import MongoDatabase
from contracts.cartella import CartellaOut, ExportFascicolo, ListIsee
from contracts.errors import Forbidden, Invalid, NotFound
from contracts.events import Envelope
from contracts.mandato import Extent, Mandato


def test_an_isee_comes_back_to_the_cent(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> None:
    written = isee.add_isee(make_add_isee(caso.id, isee=Decimal("10000.01")), giulia, database)

    listed = isee.list_isee(ListIsee(cartella_id=caso.id), giulia, database)

    assert listed.isee == (written,)
    assert str(listed.isee[0].isee) == "10000.01"


def test_an_isee_is_told_to_payments_with_its_amount_and_expiry(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    written = isee.add_isee(make_add_isee(caso.id), giulia, database)

    (event,) = events_of(database, written.id)
    data = Envelope.model_validate_json(event["envelope"]).data

    assert event["type"] == "cartella.isee.registrato.v1"
    assert (data["isee"], data["scadenza"], data["residente_id"]) == (
        "10000.00",
        "2026-12-31",
        str(caso.residente_id),
    )


def test_the_same_dsu_twice_is_kept_with_a_doubt(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    first = isee.add_isee(make_add_isee(caso.id), giulia, database)
    second = isee.add_isee(make_add_isee(caso.id), giulia, database)

    assert first.avvisi == ()
    assert "stesso protocollo" in second.avvisi[0]


def test_the_same_command_twice_registers_one_isee(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    request = make_add_isee(caso.id, idempotency_key=uuid4())

    assert isee.add_isee(request, giulia, database) == isee.add_isee(request, giulia, database)
    assert len(isee.list_isee(ListIsee(cartella_id=caso.id), giulia, database).isee) == 1


def test_a_refused_isee_leaves_nothing(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> None:
    with pytest.raises(Invalid):
        isee.add_isee(make_add_isee(caso.id, protocollo_dsu="123"), giulia, database)

    assert isee.list_isee(ListIsee(cartella_id=caso.id), giulia, database).isee == ()


def test_isee_of_a_case_out_of_reach_do_not_exist(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    isee.add_isee(make_add_isee(caso.id), giulia, database)
    stranger = make_mandato(settore="altro")

    with pytest.raises(NotFound):
        isee.list_isee(ListIsee(cartella_id=caso.id), stranger, database)
    with pytest.raises(NotFound):
        isee.add_isee(make_add_isee(caso.id), stranger, database)


def test_the_whole_case_is_exported(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> None:
    voce = diario.add_voce_diario(make_add_voce(caso.id), giulia, database)
    registered = isee.add_isee(make_add_isee(caso.id), giulia, database)

    whole = fascicolo.export_fascicolo(ExportFascicolo(cartella_id=caso.id), giulia, database)

    assert (whole.cartella, whole.voci, whole.isee) == (caso, (voce,), (registered,))


def test_a_section_without_scope_is_absent_from_the_export(
    database: MongoDatabase, settore: str, giulia: Mandato, caso: CartellaOut
) -> None:
    diario.add_voce_diario(make_add_voce(caso.id), giulia, database)
    isee.add_isee(make_add_isee(caso.id), giulia, database)
    limited = make_mandato(
        settore=settore, diario__leggi=Extent.NESSUNO, presa_in_carico__leggi=Extent.PROPRI
    )

    whole = fascicolo.export_fascicolo(ExportFascicolo(cartella_id=caso.id), limited, database)

    assert (whole.voci, len(whole.isee), whole.cartella.passaggi) == ((), 1, ())


def test_only_the_sections_asked_for_are_exported(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    isee.add_isee(make_add_isee(caso.id), giulia, database)
    request = ExportFascicolo(cartella_id=caso.id, sezioni=("diario", "documenti"))

    assert fascicolo.export_fascicolo(request, giulia, database).isee == ()


def test_without_the_right_to_print_nothing_is_exported(
    database: MongoDatabase, settore: str, caso: CartellaOut
) -> None:
    reader = make_mandato(settore=settore, stampe__stampa=Extent.NESSUNO)

    with pytest.raises(Forbidden):
        fascicolo.export_fascicolo(ExportFascicolo(cartella_id=caso.id), reader, database)
