"""Step 11: the door. Somebody enters with SPID and with CIE through the test identity provider; others are kept out."""

import time
from typing import Any

import httpx
from lxml import html

from sisodemo.cammino import Cammino, Seen
from sisodemo.persona import TIMEOUT, expect

OPERATORE, ESTRANEO = "Giulia Bianchi", "Ignazio Fontana"
Page = tuple[Any, httpx.Response]


def enter_by_the_door(c: Cammino) -> Seen:
    """11. SPID and CIE let an operator in; a stranger, a lower level and a withdrawn consent stay out."""
    if not c.idp_url:
        return {"saltato": "qui non c'è un gestore di identità di prova"}
    began = time.perf_counter()
    for scheme in ("SPID", "CIE"):
        browser = Browser(c.base_url)
        _, answer = browser.come_back(browser.sign_in(scheme, OPERATORE))
        expect(answer.status_code == 200, f"con {scheme} {OPERATORE} ha avuto {answer.status_code}")
        expect(browser.name() == OPERATORE, f"con {scheme} è entrato «{browser.name()}»")
    elapsed = round((time.perf_counter() - began) / 2, 2)
    kept_out = {
        "sconosciuto": _refused(c, person=ESTRANEO),
        "livello_1": _refused(c, level="1"),
        "senza_consenso": _refused(c, outcome="nr22"),
    }
    return {"con": ["SPID", "CIE"], "secondi_per_accesso": elapsed, "respinti": kept_out}


def _refused(c: Cammino, person: str = OPERATORE, level: str = "2", outcome: str = "") -> str:
    """The title of the page whoever is not let in gets."""
    browser = Browser(c.base_url)
    page, answer = browser.come_back(browser.sign_in("SPID", person, level, outcome))
    expect(
        answer.status_code in (401, 403),
        f"{person}, livello {level}: {answer.status_code} invece di un rifiuto",
    )
    expect(browser.name() == "", f"{person}, livello {level} {outcome}: è entrato lo stesso")
    return " ".join(page.findtext(".//h1").split())


class Browser:
    """Follows links and sends forms as a browser without JavaScript does."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.http = httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=True)

    def sign_in(self, scheme: str, person: str, level: str = "2", outcome: str = "") -> Page:
        """From the login page to the page of the provider that carries the answer back."""
        page, answer = self._open(self.http.get(f"{self.base_url}/accedi"))
        links = page.xpath(f"//a[starts-with(@href, '/{scheme.lower()}/login')]/@href")
        expect(links, f"la pagina di accesso non offre {scheme}")
        page, answer = self._open(self.http.get(f"{self.base_url}{links[0]}"))
        if page.xpath("//input[@name='SAMLRequest']"):  # by POST; a redirect has brought us there already
            page, answer = self._send(page, answer)
        people = {" ".join(one.text.split()): one.get("value") for one in page.xpath("//option")}
        code = next((code for name, code in people.items() if name.startswith(person)), None)
        expect(code, f"{person} non è fra le identità di prova")
        page, answer = self._send(page, answer, persona=code, livello=level)
        return self._send(page, answer, **({"esito": outcome} if outcome else {}))

    def come_back(self, at: Page) -> Page:
        """The answer of the provider, posted to the gateway."""
        return self._send(*at)

    def name(self) -> str:
        """Who is signed in, empty for nobody."""
        answer = self.http.get(f"{self.base_url}/api/v1/sessione")
        return str(answer.json()["nome"]) if answer.status_code == 200 else ""

    def _open(self, answer: httpx.Response) -> Page:
        return html.fromstring(answer.text), answer

    def _send(self, page: Any, answer: httpx.Response, **typed: str | None) -> Page:
        """The form of the page, with its own values and those typed in."""
        form = page.find(".//main//form")
        expect(
            form is not None, f"{answer.request.url.path} ha risposto {answer.status_code} senza un modulo"
        )
        values = {name: value for name, value in form.form_values() if name}
        url = answer.url.join(form.get("action"))
        return self._open(
            self.http.post(url, data=values | {k: v for k, v in typed.items() if v is not None})
        )
