"""A mail server that keeps what it receives and shows it on a page: no mail ever leaves the machine.

`python -m sisolocal.mailsink SMTP_PORT HTTP_PORT FOLDER`. Messages are files (`<time>-<id>.eml`), so a kill loses none
that was accepted. Pages: `/` list, `/messages/<id>` text; `/messages.json` for programs; DELETE `/messages` empties it.
"""

from __future__ import annotations

import email
import json
import os
import signal
import sys
import threading
import time
import uuid
from email.message import EmailMessage
from email.policy import default
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

PAGE = """<!doctype html><html lang="it"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>{title}</h1>{body}</main></body></html>"""


class Mailbox:
    """The folder of received messages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, content: bytes, sender: str, recipients: list[str]) -> None:
        """Store one message, synced to disk before the sender hears «250 OK»."""
        name = f"{time.time_ns()}-{uuid.uuid4().hex[:8]}"
        partial = self.folder / f"{name}.part"
        envelope = f"X-Siso-From: {sender}\r\nX-Siso-To: {', '.join(recipients)}\r\n"
        with partial.open("wb") as stream:
            stream.write(envelope.encode() + content)
            stream.flush()
            os.fsync(stream.fileno())
        partial.rename(self.folder / f"{name}.eml")

    def names(self) -> list[str]:
        """Message names, newest first."""
        return sorted((path.stem for path in self.folder.glob("*.eml")), reverse=True)

    def read(self, name: str) -> dict[str, Any] | None:
        """One message as `{id, from, to, recipients, subject, date, text, html}`, None when there is no such."""
        if name not in self.names():
            return None
        message = email.message_from_bytes((self.folder / f"{name}.eml").read_bytes(), policy=default)
        assert isinstance(message, EmailMessage)
        return {
            "id": name,
            "from": str(message["From"] or message["X-Siso-From"]),
            "to": str(message["To"] or ""),
            "recipients": [one.strip() for one in str(message["X-Siso-To"]).split(",")],
            "subject": str(message["Subject"] or ""),
            "date": str(message["Date"] or ""),
            "text": _part(message, "plain"),
            "html": _part(message, "html"),
        }

    def empty(self) -> None:
        for path in self.folder.glob("*.eml"):
            path.unlink(missing_ok=True)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


class SmtpHandler:
    """aiosmtpd calls this for every message."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self._mailbox.keep(envelope.content, envelope.mail_from, envelope.rcpt_tos)
        return "250 OK"


def make_web_handler(mailbox: Mailbox) -> type[BaseHTTPRequestHandler]:
    """The pages of one mailbox."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/health/ready":
                self._answer(200, "text/plain", "pronto")
            elif self.path == "/messages.json":
                messages = [mailbox.read(name) for name in mailbox.names()]
                self._answer(200, "application/json", json.dumps(messages, ensure_ascii=False))
            elif self.path == "/":
                self._answer(200, "text/html", _list_page(mailbox))
            elif self.path.startswith("/messages/") and (
                message := mailbox.read(self.path.rpartition("/")[2])
            ):
                self._answer(200, "text/html", _message_page(message))
            else:
                self._answer(404, "text/plain", "Messaggio non trovato")

        def do_DELETE(self) -> None:
            if self.path == "/messages":
                mailbox.empty()
                self._answer(200, "application/json", "{}")
            else:
                self._answer(404, "text/plain", "Pagina non trovata")

        def _answer(self, status: int, kind: str, body: str) -> None:
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Content-Security-Policy", "default-src 'none'")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: the log of the stack is not for page hits."""

    return Handler


def _list_page(mailbox: Mailbox) -> str:
    messages = [message for name in mailbox.names() if (message := mailbox.read(name))]
    rows = "".join(
        f'<li><a href="/messages/{escape(one["id"])}">{escape(one["subject"] or "(senza oggetto)")}</a> '
        f"a {escape(one['to'])} <small>{escape(one['date'])}</small></li>"
        for one in messages
    )
    return PAGE.format(
        title="Posta di prova", body=f"<ul>{rows}</ul>" if rows else "<p>Nessun messaggio.</p>"
    )


def _message_page(message: dict[str, Any]) -> str:
    body = (
        f"<p>Da {escape(message['from'])} a {escape(message['to'])}, {escape(message['date'])}</p>"
        f"<pre>{escape(message['text'] or message['html'])}</pre><p><a href='/'>Tutti i messaggi</a></p>"
    )
    return PAGE.format(title=escape(message["subject"]), body=body)


def main(smtp_port: int, http_port: int, folder: Path) -> None:
    """Serve until SIGTERM."""
    mailbox = Mailbox(folder)
    smtp = Controller(SmtpHandler(mailbox), hostname="127.0.0.1", port=smtp_port, data_size_limit=50_000_000)
    web = ThreadingHTTPServer(("127.0.0.1", http_port), make_web_handler(mailbox))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=web.shutdown).start())
    smtp.start()
    try:
        web.serve_forever(poll_interval=0.2)
    finally:
        smtp.stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
