"""Documents of a second level: whom they lead to their case, and what may not be replaced unread."""

from uuid import uuid4

import pytest
from services.documenti.tests.factories import GIULIA, PDF, make_begin, make_mandato
from services.documenti.tests.integration.conftest import outbox
from services.documenti.tests.integration.test_mandato import reaches
from services.documenti.tests.integration.test_upload import Desk

from chassis.sql import SqlDatabase
from contracts.documenti import DocumentoRiservatoV1
from contracts.errors import NotFound
from contracts.mandato import Extent
from documenti.adapters.store import S3Store
from documenti.settings import Settings
from documenti.use_cases.upload import begin_upload


@pytest.fixture
def desk(db: SqlDatabase, store: S3Store, settings: Settings) -> Desk:
    return Desk(db, store, settings)


def test_cartella_is_told_whose_second_level_it_is_and_nothing_of_the_file(desk: Desk) -> None:
    reserved = desk.upload(PDF, settore_riservato="anziani")

    assert outbox(desk.db, reserved.id) == ["documenti.documento.riservato.v1"]
    assert set(DocumentoRiservatoV1.model_fields) == {
        "documento_id", "cartella_id", "ente", "settore_riservato",
    }  # fmt: skip


def test_a_private_one_is_told_to_nobody(desk: Desk) -> None:
    assert outbox(desk.db, desk.upload(PDF, privato=True).id) == []


@pytest.mark.parametrize("extent", [Extent.AMBITO, Extent.PROVINCIA])
def test_a_territory_of_which_ones_ente_is_no_part_leads_to_nothing(desk: Desk, extent: Extent) -> None:
    reserved = desk.upload(PDF, settore_riservato="anziani")

    assert not reaches(desk, make_mandato(uuid4(), settore="anziani", extent=extent), reserved.id)


def test_who_works_there_reads_them_however_far_his_second_level_goes(desk: Desk) -> None:
    reserved = desk.upload(PDF, settore_riservato="anziani")
    who = make_mandato(uuid4(), settore="anziani")
    narrow = who.model_copy(update={"estensioni": who.estensioni | {"secondo_livello:leggi": Extent.PROPRI}})

    assert reaches(desk, narrow, reserved.id)


def test_what_one_may_not_read_is_replaced_as_if_it_were_not_there(desk: Desk) -> None:
    documento = desk.upload(PDF)
    writer = make_mandato(uuid4(), without=("documenti:leggi",))
    answers = []

    for known in (documento.id, uuid4()):
        with pytest.raises(NotFound) as refused:
            begin_upload(make_begin(10, sostituisce=known), writer, desk.db, desk.store, desk.settings)
        answers.append((refused.value.code, refused.value.message))

    assert answers[0] == answers[1]
    own = make_mandato(GIULIA, without=("documenti:leggi",))
    begin_upload(make_begin(10, sostituisce=documento.id), own, desk.db, desk.store, desk.settings)
