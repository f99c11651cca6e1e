"""The fixtures other tests stand on."""

from __future__ import annotations

import smtplib
from uuid import uuid4

import amqp
import psycopg
import pymongo
import pytest
from aio_pika.exceptions import PublishError
from minio.error import S3Error

from contracts.anagrafe import GetResidente, ListEnti
from contracts.mandato import Mandato
from sisolocal.testdata import s3_client

MANDATO = Mandato(
    operatore_id=uuid4(), incarico_id=uuid4(), ruolo="prova", ente="F704", settore="minori", estensioni={}
)


def test_stack_reaches_all_five_stores(stack, amqp_url, s3_bucket, mailbox, siso_run):
    with psycopg.connect(stack.postgres_admin_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    client = pymongo.MongoClient(siso_run.mongo_database("cartella", migrated=False))
    client.get_default_database().prova.insert_one({"_id": 1})
    assert client.get_default_database().prova.count_documents({}) == 1
    client.close()
    assert s3_client(s3_bucket).bucket_exists(s3_bucket.bucket)
    with smtplib.SMTP(stack.smtp_host, stack.smtp_port) as smtp:
        smtp.sendmail("a@example.org", ["b@example.org"], "Subject: ciao\r\n\r\nperché no".encode())
    assert [message["subject"] for message in mailbox.messages()] == ["ciao"]
    assert amqp_url.endswith(siso_run.vhost)


def test_app_role_can_change_rows_but_not_tables(siso_run):
    urls = siso_run.pg_database("erogazioni", fresh=True, migrated=False)
    with psycopg.connect(urls.migrator) as connection:
        connection.execute("CREATE TABLE prova (n int)")
        connection.execute("GRANT SELECT, INSERT ON prova TO erogazioni_app")

    with psycopg.connect(urls.app) as connection:
        connection.execute("INSERT INTO prova VALUES (1)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE altra (n int)")


def test_role_of_one_service_cannot_enter_the_database_of_another(siso_run):
    urls = siso_run.pg_database("erogazioni", fresh=True, migrated=False)
    other = siso_run.stack.postgres_url("notifiche", "app", urls.app.rpartition("/")[2])

    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(other)


def test_user_of_one_service_cannot_read_or_declare_what_is_anothers(siso_run):
    url = siso_run.stack.amqp_url(siso_run.vhost, "erogazioni")
    user, _, password = url.removeprefix("amqp://").partition("@")[0].partition(":")
    host = url.partition("@")[2].partition("/")[0]

    connection = amqp.Connection(host=host, userid=user, password=password, virtual_host=siso_run.vhost)
    connection.connect()

    with pytest.raises(amqp.exceptions.AccessRefused):
        connection.channel().queue_declare("anagrafe.on_prova", durable=True)
    with pytest.raises(amqp.exceptions.AccessRefused):
        connection.channel().basic_get("anagrafe.dead")
    connection.close()


def test_s3_user_sees_only_his_own_bucket(stack):
    if stack.kind != "local":
        pytest.skip("identities of the local object store")
    from sisolocal.infra import Infra
    from sisolocal.layout import Layout

    client = Infra(Layout.of("test"), durable=False).s3.client("documenti")

    assert client.bucket_exists("documenti")
    with pytest.raises(S3Error, match="Access Denied"):
        list(client.list_objects("report"))


def test_bus_gives_each_question_its_own_reply(bus):
    def answer(method, request):
        return GetResidente(residente_id=request["residente_id"])

    questions = [GetResidente(residente_id=uuid4()) for _ in range(20)]
    with bus.playing("anagrafe", answer):
        replies = bus.ask("anagrafe", "get_residente", questions, bus.token(MANDATO, "anagrafe"))

    assert [reply["result"]["residente_id"] for reply in replies] == [str(q.residente_id) for q in questions]


def test_bus_says_so_when_nobody_takes_what_it_sends(bus):
    with pytest.raises(PublishError):
        bus.ask("nessuno", "list_enti", [ListEnti()], token=None)
    with pytest.raises(PublishError):
        bus.publish_raw(b"{}", source="cartella", key="mai.sentita.v1")
