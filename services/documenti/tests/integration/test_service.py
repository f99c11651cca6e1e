"""The service as it runs: a process on the broker, answering as the gateway asks."""

import hashlib
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from services.documenti.tests.factories import CARTELLA, PDF, make_begin, make_mandato, make_request_stampa
from services.documenti.tests.integration.conftest import fetch, put

from chassis.sql import SqlDatabase
from contracts.base import Message
from contracts.documenti import CompleteUpload, DownloadOut, GetDownload, ListDocumenti, UploadOut
from sisolocal.testbus import Bus, Reply


@pytest.fixture
def bus(bus: Bus, run_service: Callable[..., Any], s3_bucket: Any, db: SqlDatabase) -> Bus:
    run_service("documenti", "rpc", DOCUMENTI_S3_BUCKET=s3_bucket.bucket)
    return bus


def call(bus: Bus, method: str, request: Message) -> Reply:
    return bus.call("documenti", method, request, make_mandato())


def test_a_file_travels_through_the_running_service(bus: Bus) -> None:
    data = PDF + b"x" * 5_000_000
    begun = UploadOut.model_validate(call(bus, "begin_upload", make_begin(len(data)))["result"])
    put(begun.put_url, data)
    sha256 = hashlib.sha256(data).hexdigest()

    completed = call(
        bus,
        "complete_upload",
        CompleteUpload(documento_id=begun.documento_id, sha256=sha256, dimensione=len(data)),
    )
    listed = call(bus, "list_documenti", ListDocumenti(cartella_id=CARTELLA))["result"]
    download = call(bus, "get_download", GetDownload(documento_id=begun.documento_id))["result"]

    assert completed["error"] is None
    assert [UUID(documento["id"]) for documento in listed["documenti"]] == [begun.documento_id]
    assert hashlib.sha256(fetch(DownloadOut.model_validate(download).get_url).data).hexdigest() == sha256


def test_a_mandate_for_another_service_opens_nothing(bus: Bus) -> None:
    token = bus.token(make_mandato(), "cartella")

    (answer,) = bus.ask("documenti", "list_documenti", [ListDocumenti(cartella_id=CARTELLA)], token)

    assert answer["error"]["exc_type"] == "Forbidden"


def test_a_print_waits_for_the_other_services_only_so_long(bus: Bus) -> None:
    answer = call(bus, "request_stampa", make_request_stampa())

    assert answer["error"]["exc_type"] == "Unavailable"
