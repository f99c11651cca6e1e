"""Configuration made for the stores, the page of the mail server, the choice of the test stack."""

from __future__ import annotations

import re
from email.message import EmailMessage

import pytest

from sisolocal import broker_users, mailsink, teststack
from sisolocal.errors import SisoError
from sisolocal.postgres_roles import create_roles, with_database
from sisolocal.stores.rabbitmq import BROKEN_QUEUE


def test_password_hash_is_rabbitmqs():
    # the worked example of RabbitMQ's documentation on passwords
    assert (
        broker_users.password_hash("test12", bytes.fromhex("908DC60A"))
        == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"
    )


@pytest.mark.parametrize(
    "queue", ["erogazioni.on_residente_deceduto_v1", "erogazioni.dead", "rpc-erogazioni"]
)
def test_service_reads_its_own_queues(queue):
    assert re.match(broker_users.permissions("erogazioni")["read"], queue)


@pytest.mark.parametrize(
    "queue", ["anagrafe.dead", "rpc-anagrafe", "erogazioniX.dead", "report.on_foglio_approvato_v1"]
)
def test_service_reads_nobody_elses_queue(queue):
    assert not re.match(broker_users.permissions("erogazioni")["read"], queue)


def test_only_the_administrator_may_declare_event_queues():
    queue = "erogazioni.on_residente_deceduto_v1"
    may = [
        user for user in broker_users.PEOPLE if re.match(broker_users.permissions(user)["configure"], queue)
    ]

    assert may == [broker_users.ADMIN]


def test_lost_quorum_queue_is_recognised_in_the_boot_log():
    line = b"[error] <0.1.0> quorum queue 'report.dead' in vhost 'siso' could not be restarted {error,enoent}"

    assert BROKEN_QUEUE.findall(line) == [b"report.dead"]


def test_sql_of_the_roles_takes_only_plain_words():
    with pytest.raises(ValueError, match="letters, digits"):
        create_roles(None, "x; DROP ROLE postgres", "a", "b")  # type: ignore[arg-type]


def test_with_database_changes_only_the_path():
    assert with_database("postgresql://u:p@127.0.0.1:5/a", "b") == "postgresql://u:p@127.0.0.1:5/b"


def test_mail_page_shows_markup_as_text(tmp_path):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = (
        "a@example.org",
        "b@example.org",
        "<script>alert(1)</script>",
    )
    message.set_content("perché <b>no</b>")
    box = mailsink.Mailbox(tmp_path)
    box.keep(message.as_bytes(), "a@example.org", ["b@example.org"])
    read = box.read(box.names()[0])
    assert read is not None

    pages = mailsink._list_page(box) + mailsink._message_page(read)

    assert "<script>" not in pages
    assert "<b>" not in pages
    assert "perché" in pages


def test_half_an_environment_is_refused(monkeypatch):
    monkeypatch.setenv("SISO_TEST_POSTGRES_URL", "postgresql://x")

    assert teststack.choose() == "environment"
    with pytest.raises(SisoError, match="SISO_TEST_AMQP_URL"):
        teststack.open_stack("environment")


def test_docker_that_does_not_answer_means_local_processes(monkeypatch):
    for name in teststack.ENVIRONMENT_NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")

    assert teststack.choose() == "local"
