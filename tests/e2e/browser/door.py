"""The way in through the test identity provider, by mouse and by keyboard."""

from __future__ import annotations

from typing import Any

from tests.e2e.browser.conftest import Watched

GIULIA = "BNCGLI88D52F704H"


class AtTheDoor:
    """Somebody at the login page. Steps by mouse; `with_script` False takes the buttons that scripts press."""

    def __init__(self, window: Watched, with_script: bool = True) -> None:
        self.window, self.page, self.with_script = window, window.page, with_script
        self.statuses: dict[str, int] = {}
        self.page.on("response", self._note)

    def _note(self, response: Any) -> None:
        if response.request.is_navigation_request():
            self.statuses[response.url.partition("?")[0]] = response.status

    def leave_for(self, provider: str = "Identità di prova Acero", path: str = "/accedi") -> None:
        """To the provider's page."""
        if path:
            self.window.open(path)
        if provider == "CIE":
            self.page.get_by_role("link", name="Entra con CIE").click()
        else:
            self.page.get_by_text("Entra con SPID").click()
            self.page.get_by_role("link", name=provider).click()
        if not self.with_script and provider != "CIE":  # which is reached by a redirect
            self.page.get_by_role("button", name="Continua").click()
        self.page.wait_for_url("**/sso**")

    def sign_in(self, person: str = GIULIA, level: int | None = None) -> None:
        """Through the provider's two pages, and back."""
        self.page.select_option("#persona", person)
        if level is not None:
            self.page.get_by_label(str(level), exact=False).and_(self.page.get_by_role("radio")).check()
        self.page.get_by_role("button", name="Prosegui").click()
        self.page.get_by_role("button", name="Acconsento", exact=True).click()
        self.come_back()

    def come_back(self) -> None:
        if not self.with_script:
            self.page.get_by_role("button", name="Prosegui").click()
        self.page.wait_for_url(f"{self.window.base_url}/**", wait_until="load")

    @property
    def path(self) -> str:
        return str(self.page.url).removeprefix(self.window.base_url).partition("?")[0]

    @property
    def title(self) -> str:
        return str(self.page.locator("h1").inner_text())

    def is_in(self) -> bool:
        """Whether the first page opens, rather than the login page."""
        self.window.open("/")
        return self.path != "/accedi"


def tab_to(page: Any, name: str) -> None:
    """Tab until what has the focus is called `name`."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "(() => { const e = document.activeElement;"
            " return (e.labels?.[0]?.innerText || e.innerText || '').trim(); })()"
        )
        if focused.startswith(name):
            return
    raise AssertionError(f"no way to «{name}» with the keyboard")


def press(page: Any, *names: str) -> None:
    """Tab to each and press Enter, which leads to another page."""
    for name in names:
        tab_to(page, name)
        with page.expect_navigation():
            page.keyboard.press("Enter")
