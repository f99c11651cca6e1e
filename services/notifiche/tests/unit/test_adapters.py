"""Three ways to fail: nothing now, this one later, this one never."""

import smtplib
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from notifiche.adapters import (
    MailPostponed,
    MailRefused,
    MailServerAway,
    SmtpSender,
    _named_failures,
    compose,
)
from notifiche.settings import Settings


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (smtplib.SMTPRecipientsRefused({"a@example.org": (550, b"no such user")}), MailRefused),
        (smtplib.SMTPRecipientsRefused({"a@example.org": (450, b"busy")}), MailPostponed),
        (smtplib.SMTPDataError(554, b"spam"), MailRefused),
        (smtplib.SMTPDataError(451, b"later"), MailPostponed),
        (smtplib.SMTPDataError(421, b"goodbye"), MailServerAway),
        (smtplib.SMTPNotSupportedError("no SMTPUTF8"), MailRefused),
        (ValueError("a line break in an address"), MailRefused),
        (smtplib.SMTPServerDisconnected("bye"), MailServerAway),
        (smtplib.SMTPSenderRefused(550, b"not you", "x@example.org"), MailServerAway),
        (ConnectionRefusedError(), MailServerAway),
        (TimeoutError(), MailServerAway),
    ],
)
def test_every_failure_has_one_of_three_names(error: Exception, expected: type[Exception]) -> None:
    with pytest.raises(expected), _named_failures():
        raise error


def test_the_message_id_is_ours_so_that_a_repeat_is_recognised() -> None:
    mail_id = uuid4()

    message = compose(
        "servizi@comune.example", mail_id, ["a@example.org"], "Oggetto", "Testo", datetime.now(UTC)
    )

    assert message["Message-ID"] == f"<{mail_id}@comune.example>"
    assert message["Auto-Submitted"] == "auto-generated"


def test_without_a_configured_server_mails_wait() -> None:
    with pytest.raises(MailServerAway), SmtpSender(Settings(smtp_host="")).connect():
        pass
