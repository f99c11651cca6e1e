"""A real browser between two sites over https: the one place where SameSite and form-action mean something.

The gateway is on 127.0.0.1, the provider on localhost: to Chromium two sites. What the provider answers is made here.
"""

import base64
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from idp import Asked, FakeIdp, new_id, sign
from lxml import etree
from test_logout import logout_request

from sisolocal import spidtest, spidtool
from sisolocal.testdata import TestRun
from sisolocal.testprocess import free_port

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("SISO_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
IDP = FakeIdp("https://localhost:8443")
POSTS = (
    '<!doctype html><form method="post" action="{action}">{fields}</form>'
    "<script>document.forms[0].submit()</script>"
)


def form(action: str, **fields: str) -> str:
    hidden = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in fields.items())
    return POSTS.format(action=action, fields=hidden)


@pytest.fixture(scope="module")
def base(siso_run: TestRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("https")
    spidtool.make_keys(folder, ("127.0.0.1",))
    with spidtest.gateway_at(siso_run, folder, "127.0.0.1", free_port(), IDP.metadata()) as address:
        yield address


class Window:
    """A browser window, and the provider that answers it."""

    def __init__(self, page: Any, base: str) -> None:
        self.page = page
        self.base = base
        self.name_id, self.session_index = new_id(), new_id()
        self.logout_answers: list[str] = []
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.route("https://localhost:8443/sso", self._sign_in)
        page.route("https://localhost:8443/leave", self._leave)
        page.route("https://localhost:8443/slo", self._left)

    def _sign_in(self, route: Any) -> None:
        posted = parse_qs(route.request.post_data)
        asked = Asked(
            base64.b64decode(posted["SAMLRequest"][0]), posted["RelayState"][0], "", f"{self.base}/spid/acs",
            f"{self.base}/spid/metadata",
        )  # fmt: skip
        document = IDP.answer(asked, name_id=self.name_id, session=f' SessionIndex="{self.session_index}"')
        answer = base64.b64encode(document).decode()
        route.fulfill(
            content_type="text/html", body=form(asked.acs, SAMLResponse=answer, RelayState=asked.relay)
        )

    def _leave(self, route: Any) -> None:
        """The provider's own logout page: it tells us to end the session."""
        where = f"{self.base}/spid/logout"
        root = sign(logout_request(IDP, self.name_id, self.session_index, Destination=where), IDP.key)
        request = base64.b64encode(etree.tostring(root)).decode()
        route.fulfill(content_type="text/html", body=form(where, SAMLRequest=request, RelayState="r"))

    def _left(self, route: Any) -> None:
        self.logout_answers += parse_qs(route.request.post_data or "").get("SAMLResponse", [])
        route.fulfill(content_type="text/html", body="<title>Fuori</title>")

    def enter(self, click: bool = False) -> None:
        self.page.goto(f"{self.base}/spid/login?idp={IDP.entity_id}&ritorno=/aiuto")
        if click:
            self.page.get_by_role("button", name="Continua").click()
        self.page.wait_for_url(f"{self.base}/aiuto")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def window(chromium: Any, base: str) -> Iterator[Window]:
    context = chromium.new_context(ignore_https_errors=True)
    yield Window(context.new_page(), base)
    context.close()


def test_the_login_crosses_two_sites_and_comes_back(window: Window) -> None:
    window.enter()

    assert "Giulia Bianchi" in window.page.locator("header").inner_text()
    cookies = {cookie["name"]: cookie for cookie in window.page.context.cookies(window.base)}
    assert list(cookies) == ["__Host-siso"]
    assert (cookies["__Host-siso"]["secure"], cookies["__Host-siso"]["sameSite"]) == (True, "Lax")
    assert window.complaints == []


def test_the_provider_ends_the_session_and_is_answered(window: Window) -> None:
    window.enter()

    window.page.goto("https://localhost:8443/leave")
    window.page.wait_for_url("https://localhost:8443/slo")

    assert len(window.logout_answers) == 1
    window.page.goto(f"{window.base}/aiuto")
    assert "/accedi" in window.page.url
    assert window.complaints == []


def test_who_leaves_here_is_taken_to_the_provider(window: Window) -> None:
    window.enter()

    window.page.locator("header summary").click()
    window.page.get_by_role("button", name="Esci", exact=True).click()
    window.page.wait_for_url("https://localhost:8443/slo")

    assert window.complaints == []


def test_without_scripts_there_is_a_button(chromium: Any, base: str) -> None:
    """As far as the provider: what it then does without scripts is its own affair."""
    context = chromium.new_context(ignore_https_errors=True, java_script_enabled=False)
    page = context.new_page()
    page.route("https://localhost:8443/sso", lambda route: route.fulfill(body="<title>Gestore</title>"))

    page.goto(f"{base}/spid/login?idp={IDP.entity_id}")
    page.get_by_role("button", name="Continua").click()
    page.wait_for_url("https://localhost:8443/sso")

    context.close()
