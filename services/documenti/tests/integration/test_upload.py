"""A file goes in and comes out unchanged; what is not what it claims never becomes a documento."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.documenti.tests.factories import CARTELLA, GIULIA, MARCO, PDF, make_begin, make_mandato
from services.documenti.tests.integration.conftest import fetch, know_cartella, outbox, put
from sqlalchemy import select, update

from chassis.sql import SqlDatabase
from contracts.cartella import StatoCartella
from contracts.documenti import CompleteUpload, DocumentoOut, GetDownload, ListDocumenti
from contracts.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, TooLarge
from contracts.mandato import Extent
from documenti.adapters.store import ObjectMissing, S3Store
from documenti.models import documenti
from documenti.settings import Settings
from documenti.use_cases.upload import (
    begin_upload,
    complete_upload,
    get_download,
    list_documenti,
    sweep_uploads,
)

ME = make_mandato(GIULIA)
COLLEAGUE = make_mandato(MARCO)


class Desk:
    """The upload as the gateway performs it."""

    def __init__(self, db: SqlDatabase, store: S3Store, settings: Settings) -> None:
        self.db, self.store, self.settings = db, store, settings

    def upload(
        self, data: bytes, mandato: Any = ME, sent: bytes | None = None, **changes: Any
    ) -> DocumentoOut:
        begun = begin_upload(make_begin(len(data), **changes), mandato, self.db, self.store, self.settings)
        put(begun.put_url, data if sent is None else sent)
        return self.complete(begun.documento_id, data, mandato)

    def complete(self, documento_id: UUID, data: bytes, mandato: Any = ME) -> DocumentoOut:
        request = CompleteUpload(
            documento_id=documento_id, sha256=hashlib.sha256(data).hexdigest(), dimensione=len(data)
        )
        return complete_upload(request, mandato, self.db, self.store)

    def list(self, mandato: Any = ME, **changes: Any) -> tuple[list[UUID], int]:
        found = list_documenti(ListDocumenti(cartella_id=CARTELLA, **changes), mandato, self.db)
        return [documento.id for documento in found.documenti], found.totale

    def stato(self, documento_id: UUID) -> str:
        with self.db.read() as session:
            return session.execute(
                select(documenti.c.stato).where(documenti.c.id == documento_id)
            ).scalar_one()


@pytest.fixture
def desk(db: SqlDatabase, store: S3Store, settings: Settings) -> Desk:
    return Desk(db, store, settings)


def test_five_megabytes_come_back_with_the_same_checksum(desk: Desk) -> None:
    data = PDF + os.urandom(5_000_000)

    documento = desk.upload(data, nome_file="Relazione perché.pdf")

    found = get_download(
        GetDownload(documento_id=documento.id), COLLEAGUE, desk.db, desk.store, desk.settings
    )
    answer = fetch(found.get_url)
    assert hashlib.sha256(answer.data).hexdigest() == found.sha256 == hashlib.sha256(data).hexdigest()
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''Relazione%20perch%C3%A9.pdf"
    assert desk.list(COLLEAGUE) == ([documento.id], 1)
    assert outbox(desk.db, documento.id) == ["documenti.documento.caricato.v1"]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (PDF + b"altered.", "danneggiato"),
        (PDF + b"cut", "dimensione annunciata"),
        (PDF + b"x" * 1000, "dimensione annunciata"),
    ],
)
def test_bytes_changed_on_the_way_never_become_a_documento(desk: Desk, sent: bytes, why: str) -> None:
    data = PDF + b"original"
    begun = begin_upload(make_begin(len(data)), ME, desk.db, desk.store, desk.settings)
    put(begun.put_url, sent)

    with pytest.raises(Invalid, match=why):
        desk.complete(begun.documento_id, data)

    assert desk.stato(begun.documento_id) == "annullato"
    assert desk.list() == ([], 0)
    assert outbox(desk.db) == []


def test_content_of_another_type_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid, match="non è un file PDF"):
        desk.upload(b"MZ\x90\x00 a program called relazione.pdf")


def test_an_oversized_file_gets_no_address(desk: Desk) -> None:
    with pytest.raises(TooLarge):
        begin_upload(make_begin(50_000_001), ME, desk.db, desk.store, desk.settings)


def test_a_file_that_never_arrived_can_still_be_sent(desk: Desk) -> None:
    data = PDF + b"late"
    begun = begin_upload(make_begin(len(data)), ME, desk.db, desk.store, desk.settings)
    with pytest.raises(Invalid, match="non è arrivato"):
        desk.complete(begun.documento_id, data)

    put(begun.put_url, data)

    assert desk.complete(begun.documento_id, data).id == begun.documento_id


def test_completing_twice_is_completing_once(desk: Desk) -> None:
    data = PDF + b"twice"
    first = desk.upload(data)

    assert desk.complete(first.id, data) == first
    assert outbox(desk.db, first.id) == ["documenti.documento.caricato.v1"]
    with pytest.raises(Conflict):
        desk.complete(first.id, PDF + b"other")


def test_completing_five_times_at_once_is_completing_once(desk: Desk) -> None:
    data = PDF + os.urandom(200_000)
    begun = begin_upload(make_begin(len(data)), ME, desk.db, desk.store, desk.settings)
    put(begun.put_url, data)

    with ThreadPoolExecutor(5) as pool:
        done = list(pool.map(lambda _: desk.complete(begun.documento_id, data), range(5)))

    assert {documento.id for documento in done} == {begun.documento_id}
    assert outbox(desk.db) == ["documenti.documento.caricato.v1"]
    found = get_download(GetDownload(documento_id=begun.documento_id), ME, desk.db, desk.store, desk.settings)
    assert fetch(found.get_url).data == data


def test_the_same_key_begins_one_upload(desk: Desk) -> None:
    request = make_begin(10, idempotency_key=uuid4())

    first = begin_upload(request, ME, desk.db, desk.store, desk.settings)
    again = begin_upload(request, ME, desk.db, desk.store, desk.settings)

    assert first.documento_id == again.documento_id == request.idempotency_key
    with pytest.raises(DomainError):
        begin_upload(request, COLLEAGUE, desk.db, desk.store, desk.settings)


def test_the_address_for_writing_cannot_touch_the_documento_kept(desk: Desk) -> None:
    data = PDF + b"checked"
    begun = begin_upload(make_begin(len(data)), ME, desk.db, desk.store, desk.settings)
    put(begun.put_url, data)
    desk.complete(begun.documento_id, data)

    put(begun.put_url, PDF + b"swapped")

    found = get_download(GetDownload(documento_id=begun.documento_id), ME, desk.db, desk.store, desk.settings)
    assert fetch(found.get_url).data == data


def test_a_private_documento_exists_for_its_author_alone(desk: Desk) -> None:
    public, private = desk.upload(PDF + b"1"), desk.upload(PDF + b"2", privato=True)

    assert desk.list(COLLEAGUE) == ([public.id], 1)
    assert desk.list(ME) == ([private.id, public.id], 2)
    with pytest.raises(NotFound):
        get_download(GetDownload(documento_id=private.id), COLLEAGUE, desk.db, desk.store, desk.settings)
    assert outbox(desk.db, private.id) == []


def test_a_documento_does_not_exist_under_another_case(desk: Desk) -> None:
    documento = desk.upload(PDF)

    with pytest.raises(NotFound):
        get_download(
            GetDownload(documento_id=documento.id, cartella_id=uuid4()),
            ME,
            desk.db,
            desk.store,
            desk.settings,
        )


def test_the_author_who_lost_the_case_loses_the_private_documento(desk: Desk) -> None:
    private = desk.upload(PDF + b"mine", privato=True)
    know_cartella(desk.db, 2, settore="anziani", responsabile_id=MARCO, team=(MARCO,))

    with pytest.raises(NotFound):
        get_download(GetDownload(documento_id=private.id), ME, desk.db, desk.store, desk.settings)


@pytest.mark.parametrize(
    "stranger",
    [
        make_mandato(MARCO, ente="B212"),
        make_mandato(MARCO, settore="anziani"),
        make_mandato(MARCO, extent=Extent.PROPRI),
        make_mandato(MARCO, ente="B212", extent=Extent.ENTE),
    ],
    ids=["other ente", "other settore", "own cases only", "whole other ente"],
)
def test_out_of_reach_is_the_same_answer_as_not_there(desk: Desk, stranger: Any) -> None:
    documento = desk.upload(PDF + b"x")

    with pytest.raises(NotFound) as missing:
        desk.list(stranger)
    with pytest.raises(NotFound):
        get_download(GetDownload(documento_id=documento.id), stranger, desk.db, desk.store, desk.settings)
    with pytest.raises(NotFound):
        begin_upload(make_begin(), stranger, desk.db, desk.store, desk.settings)
    with pytest.raises(NotFound) as nowhere:
        begin_upload(make_begin(cartella_id=uuid4()), ME, desk.db, desk.store, desk.settings)
    assert (missing.value.code, missing.value.message) == (nowhere.value.code, nowhere.value.message)


def test_a_role_without_the_scope_is_told_so(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        begin_upload(
            make_begin(), make_mandato(without=("documenti:scrivi",)), desk.db, desk.store, desk.settings
        )


def test_only_who_began_an_upload_completes_it(desk: Desk) -> None:
    begun = begin_upload(make_begin(len(PDF)), ME, desk.db, desk.store, desk.settings)
    put(begun.put_url, PDF)

    with pytest.raises(NotFound):
        desk.complete(begun.documento_id, PDF, COLLEAGUE)


def test_a_closed_case_takes_no_documents(desk: Desk) -> None:
    know_cartella(desk.db, 2, stato=StatoCartella.CHIUSA)

    with pytest.raises(Conflict, match="chiuso"):
        begin_upload(make_begin(), ME, desk.db, desk.store, desk.settings)


def test_an_older_fact_of_the_case_changes_nothing(desk: Desk) -> None:
    know_cartella(desk.db, 5, settore="anziani", responsabile_id=MARCO, team=(MARCO,))
    know_cartella(desk.db, 3)

    with pytest.raises(NotFound):
        desk.list(ME)


def test_a_new_version_takes_the_place_of_the_old_in_the_list(desk: Desk) -> None:
    first = desk.upload(PDF + b"v1")
    second = desk.upload(PDF + b"v2", sostituisce=first.id)

    assert desk.list() == ([second.id], 1)
    assert desk.list(versioni_di=first.id) == ([second.id, first.id], 2)
    assert second.numero_versione == 2


def test_of_two_new_versions_the_second_is_refused(desk: Desk) -> None:
    first = desk.upload(PDF + b"v1")
    mine, his = PDF + b"mine", PDF + b"his"
    begun = begin_upload(make_begin(len(mine), sostituisce=first.id), ME, desk.db, desk.store, desk.settings)
    put(begun.put_url, mine)
    desk.upload(his, COLLEAGUE, sostituisce=first.id)

    with pytest.raises(Conflict, match="più recente"):
        desk.complete(begun.documento_id, mine)

    assert desk.stato(begun.documento_id) == "annullato"


def test_uploads_left_for_an_hour_are_annulled_and_their_bytes_removed(desk: Desk) -> None:
    begun = begin_upload(make_begin(len(PDF)), ME, desk.db, desk.store, desk.settings)
    put(begun.put_url, PDF)
    fresh = begin_upload(make_begin(len(PDF)), ME, desk.db, desk.store, desk.settings)
    with desk.db.transaction() as tx:
        long_ago = datetime.now(UTC) - timedelta(minutes=61)
        rows = update(documenti).where(documenti.c.id == begun.documento_id)
        tx.session.execute(rows.values(iniziato_il=long_ago))
        key = tx.session.execute(
            select(documenti.c.oggetto).where(documenti.c.id == begun.documento_id)
        ).scalar_one()

    assert sweep_uploads(desk.db, desk.store, desk.settings) == 1

    assert (desk.stato(begun.documento_id), desk.stato(fresh.documento_id)) == ("annullato", "in_arrivo")
    with pytest.raises(ObjectMissing):
        desk.store.keep(key, "nowhere", len(PDF))
