"""The mail queue: a server that is away, one that refuses, a process that dies half-way."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.notifiche.tests.conftest import Door
from services.notifiche.tests.factories import make_cartella_event
from services.notifiche.tests.integration.test_alerts import abilitato, deceduto

from contracts.gateway import OperatoreAbilitatoV1
from notifiche.adapters import Mailbox, MailPostponed, MailRefused, MailServerAway, SmtpSender
from notifiche.policies import InboxReaders
from notifiche.repository import MailRepository
from notifiche.settings import Settings
from notifiche.use_cases.mail import send_due_mail
from sisolocal.testbus import Bus
from sisolocal.waiting import eventually

BASE = "https://siso.example"


@dataclass
class FakeServer:
    """A mail server that keeps what it takes. `refuses`: recipients it will not have; `dies_after`: mails it takes."""

    taken: list[tuple[UUID, list[str], str, str]] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    dies_after: int = 1_000_000
    refusal: Exception = field(default_factory=lambda: MailRefused("550"))

    @contextmanager
    def connect(self) -> Iterator[Mailbox]:
        yield self

    def send(self, mail_id: UUID, to: list[str], subject: str, body: str, date: datetime) -> None:
        if len(self.taken) >= self.dies_after:
            raise MailServerAway("gone")
        if self.refuses & set(to):
            raise self.refusal
        self.taken.append((mail_id, to, subject, body))


def alert_for(door: Door, *, email: str = "giulia@example.org", responsabile: bool = True) -> None:
    giulia, person = uuid4(), uuid4()
    door.deliver(abilitato(giulia, email=email))
    door.deliver(make_cartella_event(person, responsabile_id=giulia if responsabile else None))
    door.deliver(deceduto(person))


def make_due(door: Door) -> None:
    door.execute("UPDATE mail SET prossimo_tentativo = now() WHERE stato IN ('creata', 'in_invio')")


def states(door: Door) -> list[str]:
    return [row[0] for row in door.execute("SELECT stato FROM mail ORDER BY creata_il, id")]


def test_the_worker_gets_a_mail_without_names(door: Door) -> None:
    server = FakeServer()
    alert_for(door)

    assert send_due_mail(door.db, server, BASE) == 1

    [(_, to, _, body)] = server.taken
    assert to == ["giulia@example.org"]
    assert "Variazione anagrafica (decesso) su un caso a te affidato: n. F704-2026-000012" in body
    assert "https://siso.example/avvisi/" in body
    assert states(door) == ["inviata"]


def test_the_inbox_of_a_settore_is_mailed_to_everybody_in_it(door: Door) -> None:
    server = FakeServer()
    door.deliver(abilitato(uuid4(), email="marco@example.org"))
    door.deliver(abilitato(uuid4(), email="altrove@example.org", settore="anziani"))
    alert_for(door, responsabile=False)

    send_due_mail(door.db, server, BASE)

    [(_, to, _, body)] = server.taken
    assert set(to) == {"giulia@example.org", "marco@example.org"}
    assert "senza responsabile nel tuo settore" in body


@pytest.mark.parametrize("ruolo", ["educatore", "psicologo", "fornitore", "pronto_intervento", "rpd"])
def test_the_inbox_is_not_mailed_to_who_does_not_see_it(door: Door, ruolo: str) -> None:
    server = FakeServer()
    door.deliver(abilitato(uuid4(), email="altri@example.org", ruolo=ruolo))
    alert_for(door, responsabile=False)

    send_due_mail(door.db, server, BASE)

    assert [to for _, to, *_ in server.taken] == [["giulia@example.org"]]


def test_an_inbox_of_the_second_level_is_mailed_to_whom_it_is_open(door: Door) -> None:
    server, person = FakeServer(), uuid4()
    door.deliver(abilitato(uuid4(), email="dentro@example.org", settore="tutela"))
    door.deliver(abilitato(uuid4(), email="ufficio@example.org", settore="tutela", ruolo="amministrativo"))
    door.deliver(make_cartella_event(person, responsabile_id=None, settore_riservato="tutela"))
    door.deliver(deceduto(person))

    send_due_mail(door.db, server, BASE)

    assert [to for _, to, *_ in server.taken] == [["dentro@example.org"]]


def test_a_changed_policy_is_told_by_the_settings(door: Door) -> None:
    server, edu = FakeServer(), frozenset({"educatore"})
    door.deliver(abilitato(uuid4(), email="edu@example.org", ruolo="educatore"))
    alert_for(door, responsabile=False)

    send_due_mail(door.db, server, BASE, InboxReaders(inbox=edu, sections={"presa_in_carico:leggi": edu}))

    assert [to for _, to, *_ in server.taken] == [["edu@example.org"]]


def test_a_server_that_goes_away_in_the_middle_gets_the_rest_later(door: Door) -> None:
    server = FakeServer(dies_after=1)
    for _ in range(3):
        alert_for(door)
    assert send_due_mail(door.db, server, BASE) == 1
    assert sorted(states(door)) == ["creata", "creata", "inviata"]

    server.dies_after = 1_000_000
    make_due(door)
    send_due_mail(door.db, server, BASE)

    assert states(door) == ["inviata"] * 3
    assert len({mail_id for mail_id, *_ in server.taken}) == len(server.taken) == 3


def test_a_waiting_mail_is_not_tried_before_its_time(door: Door) -> None:
    alert_for(door)
    send_due_mail(door.db, FakeServer(dies_after=0), BASE)

    assert send_due_mail(door.db, FakeServer(), BASE) == 0


def test_a_refused_address_does_not_stop_the_others(door: Door) -> None:
    server = FakeServer(refuses={"wrong@example.org"})
    alert_for(door, email="wrong@example.org")
    alert_for(door)

    assert send_due_mail(door.db, server, BASE) == 1
    assert sorted(states(door)) == ["fallita", "inviata"]


def test_a_busy_mailbox_waits_alone(door: Door) -> None:
    server = FakeServer(refuses={"busy@example.org"}, refusal=MailPostponed("450"))
    alert_for(door, email="busy@example.org")
    alert_for(door)

    assert send_due_mail(door.db, server, BASE) == 1
    assert sorted(states(door)) == ["creata", "inviata"]


def test_an_address_that_is_none_does_not_stop_the_others(door: Door, stack: Any, mailbox: Any) -> None:
    alert_for(door, email="a\nBcc: b@example.org")
    alert_for(door)
    settings = Settings(smtp_host=stack.smtp_host, smtp_port=stack.smtp_port, mail_from="siso@example.org")

    assert send_due_mail(door.db, SmtpSender(settings), BASE) == 1

    assert sorted(states(door)) == ["fallita", "inviata"]
    assert [message["recipients"] for message in mailbox.messages()] == [["giulia@example.org"]]


def test_an_operator_not_known_yet_gets_his_mail_when_he_is(door: Door) -> None:
    server, giulia, person = FakeServer(), uuid4(), uuid4()
    door.deliver(make_cartella_event(person, responsabile_id=giulia))
    door.deliver(deceduto(person))
    assert send_due_mail(door.db, server, BASE) == 0

    door.deliver(abilitato(giulia, email="giulia@example.org"))
    make_due(door)

    assert send_due_mail(door.db, server, BASE) == 1


def test_a_process_killed_before_marking_sends_one_duplicate_with_the_same_id(door: Door) -> None:
    server = FakeServer()
    alert_for(door)
    with door.db.transaction() as tx:  # claimed and handed over; then the process dies
        [mail] = MailRepository(tx).claim(10)
    server.send(mail.id, ["giulia@example.org"], "", "", mail.creata_il)
    assert send_due_mail(door.db, server, BASE) == 0

    make_due(door)  # two minutes later
    send_due_mail(door.db, server, BASE)
    send_due_mail(door.db, server, BASE)

    assert [mail_id for mail_id, *_ in server.taken] == [mail.id, mail.id]


def test_smtp_down_then_up(door: Door, stack: Any, mailbox: Any) -> None:
    alert_for(door)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        closed = Settings(smtp_host="127.0.0.1", smtp_port=probe.getsockname()[1])
    assert send_due_mail(door.db, SmtpSender(closed), BASE) == 0
    assert states(door) == ["creata"]

    make_due(door)
    working = Settings(smtp_host=stack.smtp_host, smtp_port=stack.smtp_port, mail_from="siso@example.org")
    assert send_due_mail(door.db, SmtpSender(working), BASE) == 1

    [message] = mailbox.messages()
    assert message["subject"] == "Variazione anagrafica: caso n. F704-2026-000012"


def test_the_running_service_turns_a_death_on_the_broker_into_a_mail(
    run_service: Callable[..., Any], bus: Bus, mailbox: Any
) -> None:
    person, giulia = uuid4(), uuid4()
    address = f"{giulia.hex}@example.org"
    operatore: OperatoreAbilitatoV1 = abilitato(giulia, email=address)
    run_service("notifiche", "events")

    bus.publish(operatore, make_cartella_event(person, responsabile_id=giulia), deceduto(person))

    eventually(
        lambda: any(address in str(message["recipients"]) for message in mailbox.messages()), why="a mail"
    )


@pytest.mark.parametrize("attempts", [1, 40])
def test_a_server_away_for_days_loses_nothing(door: Door, attempts: int) -> None:
    alert_for(door)
    door.execute("UPDATE mail SET tentativi = :n", n=attempts)

    send_due_mail(door.db, FakeServer(dies_after=0), BASE)

    assert states(door) == ["creata"]
