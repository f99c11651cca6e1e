"""kill -9 of each store, then start again: what was acknowledged is there. On a durable stack of its own."""

from __future__ import annotations

import os
import signal
import smtplib
import sys
import time
from io import BytesIO
from socket import create_server

import amqp
import psycopg
import pymongo
import pytest

from sisolocal.broker_users import ADMIN
from sisolocal.errors import PortTaken, StartFailed
from sisolocal.infra import Infra
from sisolocal.layout import Layout
from sisolocal.process import leftovers, start_time
from sisolocal.roles import RoleProcess
from sisolocal.stores.rabbitmq import VHOST
from sisolocal.supervisor import Supervisor
from sisolocal.waiting import eventually

QUEUE = {"x-queue-type": "quorum"}


@pytest.fixture(scope="module")
def infra(tmp_path_factory):
    running = Infra(Layout(tmp_path_factory.mktemp("sopravvivenza"), "prova"))
    running.start()
    yield running
    running.stop()


def kill(infra, store):
    pid = store.pid
    os.kill(pid, signal.SIGKILL)
    while start_time(pid) is not None:
        time.sleep(0.01)
    assert infra.ensure() is False


def test_postgres_keeps_what_was_committed(infra):
    with psycopg.connect(infra.postgres.role_url("anagrafe", "migrator")) as connection:
        connection.execute("CREATE TABLE prova AS SELECT generate_series(1, 1000) AS n")

    kill(infra, infra.postgres)

    with psycopg.connect(infra.postgres.role_url("anagrafe", "migrator")) as connection:
        assert connection.execute("SELECT count(*) FROM prova").fetchone() == (1000,)


def test_document_store_keeps_what_was_journalled_and_still_asks_for_a_password(infra):
    with pymongo.MongoClient(infra.mongo.url()) as client:
        client.get_default_database().prova.insert_many([{"_id": n} for n in range(500)])

    kill(infra, infra.mongo)

    with pymongo.MongoClient(infra.mongo.url()) as client:
        assert client.get_default_database().prova.count_documents({}) == 500
    with infra.mongo._open() as anonymous, pytest.raises(pymongo.errors.OperationFailure):
        anonymous.cartella.prova.find_one()


def test_object_store_is_ready_only_when_old_objects_can_be_read(infra):
    client = infra.s3.client("documenti")
    for n in range(50):
        client.put_object("documenti", f"prova/{n}", BytesIO(b"x" * 10_000), 10_000)

    kill(infra, infra.s3)

    for n in range(50):
        assert len(infra.s3.client("documenti").get_object("documenti", f"prova/{n}").read()) == 10_000


def test_broker_keeps_confirmed_messages(infra):
    def connect():
        password = infra.credentials[f"amqp_{ADMIN}"]
        host = f"127.0.0.1:{infra.ports['amqp']}"
        connection = amqp.Connection(
            host=host, userid=ADMIN, password=password, virtual_host=VHOST, confirm_publish=True
        )
        connection.connect()
        return connection

    connection = connect()
    channel = connection.channel()
    channel.queue_declare("prova", durable=True, auto_delete=False, arguments=QUEUE)
    for n in range(100):
        channel.basic_publish_confirm(amqp.Message(str(n), delivery_mode=2), exchange="", routing_key="prova")
    time.sleep(2)  # see QUEUES_SETTLE: a younger quorum queue may not survive

    kill(infra, infra.rabbitmq)

    channel = connect().channel()
    eventually(  # counts come with the leader of the queue
        lambda: channel.queue_declare("prova", passive=True).message_count >= 100, 10
    )
    assert channel.queue_declare("prova", passive=True).message_count == 100
    assert infra.rabbitmq.broken_queues() == []
    channel.queue_delete("prova")


def test_mail_server_keeps_what_it_accepted(infra):
    with smtplib.SMTP("127.0.0.1", infra.ports["smtp"]) as smtp:
        smtp.sendmail("a@example.org", ["b@example.org"], b"Subject: prova\r\n\r\nciao")

    kill(infra, infra.mail)

    assert len(list(infra.layout.data("mail").glob("*.eml"))) == 1


def test_everything_killed_at_once_comes_back_on_a_new_start(infra):
    for pid in leftovers(infra.layout):
        os.kill(pid, signal.SIGKILL)

    again = Infra(infra.layout)
    again.start()

    assert all(store.works() for store in again.stores)
    assert again.ports["amqp"] == infra.ports["amqp"]
    again.stop()
    assert leftovers(infra.layout) == []
    infra.start()


def test_nobody_outside_the_loopback_is_served(infra):
    addresses = set()
    inodes = {}
    for pid in leftovers(infra.layout):
        for link in os.scandir(f"/proc/{pid}/fd"):
            try:
                target = os.readlink(link.path)
            except OSError:
                continue
            if target.startswith("socket:["):
                inodes[target[8:-1]] = pid
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}", encoding="ascii") as lines:
            for line in list(lines)[1:]:
                fields = line.split()
                if fields[3] == "0A" and fields[9] in inodes:
                    addresses.add(fields[1].partition(":")[0])

    assert addresses <= {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


def test_port_asked_for_and_taken_is_said(tmp_path):
    with create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]

        with pytest.raises(PortTaken, match=f"La porta {port} è già occupata"):
            Supervisor(Layout(tmp_path, "prova"), port).start()


def test_service_that_dies_at_start_shows_its_last_lines(tmp_path):
    layout = Layout(tmp_path, "prova")
    layout.make()
    argv = [sys.executable, "-c", "print('manca DATABASE_URL'); raise SystemExit(3)"]

    with pytest.raises(
        StartFailed, match=r"(?s)«report-rpc» si è fermato all'avvio \(codice 3\).*manca DATABASE_URL"
    ) as stop:
        RoleProcess(Infra(layout), "report-rpc", argv, {}, 1).start()

    assert stop.value.exit_code != 0
