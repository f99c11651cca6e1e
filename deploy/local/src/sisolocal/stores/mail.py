"""The mail server of the demo and of the tests (`sisolocal.mailsink`)."""

from __future__ import annotations

import http.client
import smtplib
import sys

from sisolocal.process import Spec
from sisolocal.stores.base import NotReady, Store


class Mail(Store):
    """Takes every message and shows it on a page."""

    name = "mail"
    port_names = ("smtp", "mailbox")

    def prepare(self) -> None:
        self.layout.data("mail").mkdir(parents=True, exist_ok=True)

    def spec(self) -> Spec:
        argv = [
            sys.executable, "-m", "sisolocal.mailsink", str(self.ports["smtp"]), str(self.ports["mailbox"]),
            str(self.layout.data("mail")),
        ]  # fmt: skip
        return Spec(self.name, argv, {}, self.layout.data("mail"), stop_timeout=5)

    @property
    def mailbox_url(self) -> str:
        return f"http://127.0.0.1:{self.ports['mailbox']}"

    def probe(self) -> None:
        """Both doors answer."""
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=2) as smtp:
            smtp.noop()
        page = http.client.HTTPConnection("127.0.0.1", self.ports["mailbox"], timeout=2)
        try:
            page.request("GET", "/health/ready")
            if page.getresponse().status != 200:
                raise NotReady("the mailbox page does not answer")
        finally:
            page.close()
