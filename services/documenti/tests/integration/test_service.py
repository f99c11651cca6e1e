"""The service as it runs: a process on the broker, answering as the gateway asks."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import aio_pika
import pytest
from services.documenti.tests.factories import CARTELLA, PDF, make_begin, make_mandato, make_request_stampa
from services.documenti.tests.integration.conftest import fetch, put

from chassis.mandate import load_private_key, sign
from chassis.sql import SqlDatabase
from contracts.base import Message
from contracts.documenti import CompleteUpload, DownloadOut, GetDownload, ListDocumenti, UploadOut


class Bus:
    """What the gateway does on the broker."""

    def __init__(self, amqp_url: str, private_key: Any) -> None:
        self.amqp_url = amqp_url
        self.private_key = private_key

    def call(self, method: str, request: Message, audience: str = "documenti") -> dict[str, Any]:
        """The raw answer: `result` or `error`."""
        token = sign(make_mandato(), (audience,), self.private_key)
        return asyncio.run(self._call(method, request.model_dump(mode="json"), token))

    async def _call(self, method: str, request: dict[str, Any], token: str) -> dict[str, Any]:
        async with await aio_pika.connect(self.amqp_url) as connection:
            channel = await connection.channel()
            exchange = await channel.get_exchange("nameko-rpc", ensure=False)
            replies = await channel.declare_queue(
                f"rpc.reply-test-{uuid4()}", exclusive=True, auto_delete=True
            )
            await replies.bind(exchange, replies.name)
            message = aio_pika.Message(
                json.dumps({"args": [], "kwargs": {"request": request}}).encode(),
                content_type="application/json",
                content_encoding="utf-8",
                reply_to=replies.name,
                correlation_id="1",
                headers={"nameko.mandato": token},
            )
            await exchange.publish(message, routing_key=f"documenti.{method}")
            async with replies.iterator(timeout=20) as answers:
                async for answer in answers:
                    await answer.ack()
                    return dict(json.loads(answer.body))
        raise TimeoutError(method)


@pytest.fixture
def bus(
    amqp_url: str, siso_run: Any, run_service: Callable[..., Any], s3_bucket: Any, db: SqlDatabase
) -> Bus:
    run_service("documenti", "rpc", DOCUMENTI_S3_BUCKET=s3_bucket.bucket)
    return Bus(amqp_url, load_private_key(siso_run.keys.private_key_file))


def test_a_file_travels_through_the_running_service(bus: Bus) -> None:
    data = PDF + b"x" * 5_000_000
    begun = UploadOut.model_validate(bus.call("begin_upload", make_begin(len(data)))["result"])
    put(begun.put_url, data)
    sha256 = hashlib.sha256(data).hexdigest()

    completed = bus.call(
        "complete_upload",
        CompleteUpload(documento_id=begun.documento_id, sha256=sha256, dimensione=len(data)),
    )
    listed = bus.call("list_documenti", ListDocumenti(cartella_id=CARTELLA))["result"]
    download = bus.call("get_download", GetDownload(documento_id=begun.documento_id))["result"]

    assert completed["error"] is None
    assert [UUID(documento["id"]) for documento in listed["documenti"]] == [begun.documento_id]
    assert hashlib.sha256(fetch(DownloadOut.model_validate(download).get_url).data).hexdigest() == sha256


def test_a_mandate_for_another_service_opens_nothing(bus: Bus) -> None:
    answer = bus.call("list_documenti", ListDocumenti(cartella_id=CARTELLA), audience="cartella")

    assert answer["error"]["exc_type"] == "Forbidden"


def test_a_print_waits_for_the_other_services_only_so_long(bus: Bus) -> None:
    answer = bus.call("request_stampa", make_request_stampa())

    assert answer["error"]["exc_type"] == "Unavailable"
