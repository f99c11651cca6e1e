"""SMTP behind a Protocol. smtplib's many ways to fail become three: nothing now, this one later, this one never."""

import smtplib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Protocol
from uuid import UUID

from notifiche.settings import Settings

TIMEOUT = 10.0
GOODBYE = 421


class MailServerAway(Exception):
    """Nothing now: the server does not answer, or says goodbye (421)."""


class MailPostponed(Exception):
    """This one later: the server asks to come again with it (4xx). Others may go."""


class MailRefused(Exception):
    """This one never: the server refuses it or its recipients for good (5xx), or it cannot be written as a mail."""


class Mailbox(Protocol):
    def send(self, mail_id: UUID, to: list[str], subject: str, body: str, date: datetime) -> None:
        """Hands one mail over; MailServerAway, MailPostponed or MailRefused when it cannot."""


class MailSender(Protocol):
    def connect(self) -> AbstractContextManager[Mailbox]:
        """A connection for a batch of mails; MailServerAway when there is none."""


class SmtpSender:
    """The ente's mail server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @contextmanager
    def connect(self) -> Iterator[Mailbox]:
        settings = self._settings
        if not settings.smtp_host:
            raise MailServerAway("no mail server is configured")
        with _named_failures():
            server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT)
        try:
            with _named_failures():
                if settings.smtp_starttls:
                    server.starttls()
                if settings.smtp_user:
                    server.login(settings.smtp_user, settings.smtp_password)
            yield _SmtpMailbox(server, settings.mail_from)
        finally:
            server.close()


class _SmtpMailbox:
    def __init__(self, server: smtplib.SMTP, mail_from: str) -> None:
        self._server = server
        self._from = mail_from

    def send(self, mail_id: UUID, to: list[str], subject: str, body: str, date: datetime) -> None:
        with _named_failures():
            self._server.send_message(compose(self._from, mail_id, to, subject, body, date))


def compose(
    mail_from: str, mail_id: UUID, to: list[str], subject: str, body: str, date: datetime
) -> EmailMessage:
    """The message; its Message-ID is ours, so that a mail sent twice is recognised as one."""
    message = EmailMessage()
    message["From"] = mail_from
    message["To"] = ", ".join(to)
    message["Subject"] = subject
    message["Date"] = format_datetime(date)
    message["Message-ID"] = f"<{mail_id}@{mail_from.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(body)
    return message


@contextmanager
def _named_failures() -> Iterator[None]:
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        raise _by_codes([code for code, _text in error.recipients.values()]) from error
    except smtplib.SMTPDataError as error:
        raise _by_codes([error.smtp_code]) from error
    except (smtplib.SMTPNotSupportedError, MessageError, ValueError) as error:
        raise MailRefused(type(error).__name__) from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailServerAway(type(error).__name__) from error


def _by_codes(codes: list[int]) -> Exception:
    if GOODBYE in codes:
        return MailServerAway(str(codes))
    return MailRefused(str(codes)) if all(code >= 500 for code in codes) else MailPostponed(str(codes))
