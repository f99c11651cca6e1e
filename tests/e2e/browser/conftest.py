"""Debian's Chromium, people who are signed in, and a case with something in every section."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.system import Person, System, eventually

NOW = datetime.now(UTC)
YEAR = NOW.year
CHROMIUM = os.environ.get("SISO_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
ED25519 = '{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}'
"""The public key of RFC 8037."""
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"  # noqa: E501


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; the tests are skipped, and say so, where Chromium is not installed."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is not there: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watched:
    """A page and what went wrong on it."""

    page: Any
    base_url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """The page at `path`, loaded; forgets earlier complaints."""
        self.complaints.clear()
        return self.page.goto(self.base_url + path, wait_until="load")


def watch(page: Any, base_url: str) -> Watched:
    watched = Watched(page, base_url)

    def on_console(message: Any) -> None:
        if message.type in ("error", "warning"):
            watched.complaints.append(f"{message.type}: {message.text[:200]}")

    def on_request(request: Any) -> None:
        if not request.url.startswith((base_url, "data:")):
            watched.complaints.append(f"off the host: {request.url[:100]}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: watched.complaints.append(f"exception: {error}"))
    page.on("request", on_request)
    return watched


def new_window(
    chromium: Any, base_url: str, identity: str, width: int = 1280, javascript: bool = True
) -> Watched:
    """A window with cookies of its own, signed in through the door of the tests."""
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, locale="it-IT", java_script_enabled=javascript
    )
    if identity:
        answer = context.request.post(
            f"{base_url}/api/v1/dev/login", data={"identita": identity}, headers={"Origin": base_url}
        )
        assert answer.status == 204, answer.text()
    return watch(context.new_page(), base_url)


@pytest.fixture
def open_as(chromium: Any, base_url: str) -> Iterator[Callable[..., Watched]]:
    """`open_as("giulia.bianchi", width=360)`: a browser window of somebody who is signed in ("" for nobody)."""
    windows: list[Watched] = []

    def opened(identity: str = "", width: int = 1280, javascript: bool = True) -> Watched:
        windows.append(new_window(chromium, base_url, identity, width, javascript))
        return windows[-1]

    yield opened
    for window in windows:
        window.page.context.close()


@dataclass(frozen=True)
class Story:
    """A case with an entry in each section. `place` fills the ids into a path."""

    ids: dict[str, str]
    surname: str

    def place(self, path: str) -> str:
        for name, value in self.ids.items():
            path = path.replace("{" + name + "}", value)
        return path


@pytest.fixture(scope="session")
def story(system: System) -> Story:
    giulia, anna = system.sign_in("giulia.bianchi"), system.sign_in("anna.ferrari")
    paolo, carla = system.sign_in("paolo.neri"), system.sign_in("carla.russo")
    taken = {str(row["residente_id"]) for row in system.documents("cartelle").find({}, {"residente_id": 1})}
    resident = next(one for one in system.residents(limit=400) if one["id"] not in taken)
    case = giulia.open_case(resident["id"])
    url = f"/cartelle/{case['id']}"
    entry = giulia.write(case, "Colloquio in sede con la famiglia.")
    giulia.write(case, "Appunto riservato.", private=True)
    year = YEAR
    giulia.post(
        f"{url}/isee", tipo="ordinario", protocollo_dsu=f"INPS-ISEE-{year}-01234567A-00", scala="2.46",
        data_presentazione=f"{year}-02-03", ise="15800.00", isee="6422.76",
    )  # fmt: skip
    foglio, proposed = (_propose(giulia, case["id"]) for _ in range(2))
    anna.post(f"/fogli/{foglio['id']}/decisione", version=foglio["version"], approva=True)
    anna.get(url)  # not her case: the reason given here holds for her pages for the rest of the day
    offer = giulia.post(
        f"{url}/condivisioni", ente="B212", settore="minori", sezioni=["diario", "isee"], motivo="Progetto comune",
        al=(NOW + timedelta(days=90)).isoformat(), nascondi_prima=True,
    )  # fmt: skip
    month = NOW.strftime("%Y-%m")
    payment = paolo.post(f"/fogli/{foglio['id']}/erogazioni", mese=month, idempotency_key=str(uuid4()))
    carla.post(f"/erogazioni/{payment['id']}/liquidazione", version=payment["version"])
    waiting = paolo.post(f"/fogli/{foglio['id']}/erogazioni", mese=f"{year}-01", idempotency_key=str(uuid4()))
    _upload(giulia, url)
    printed = giulia.post(f"{url}/stampe", idempotency_key=str(uuid4()))
    eventually(lambda: giulia.get(f"/stampe/{printed['id']}")["stato"] == "pronta", 60, "the print")
    admin = system.sign_in("admin.sistema")
    client = admin.post(
        "/clienti", nome="Protocollo", ente="F704", settore="minori", estensioni={"diario:leggi": "settore"},
        finalita="Fascicolazione degli atti", chiave=ED25519,
    )  # fmt: skip
    ids = {
        "operatore": giulia.id, "incarico": giulia.session["incarico_id"], "client": client["client_id"],
        "proprio": system.sign_in("bruno.leone").id,
        "persona": resident["id"], "caso": case["id"], "voce": entry["id"], "foglio": foglio["id"],
        "proposto": proposed["id"], "pagamento": waiting["id"], "stampa": printed["id"],
        "condivisione": offer["id"],
    }  # fmt: skip
    return Story(ids, resident["cognome"])


def _propose(giulia: Person, case_id: str) -> dict[str, Any]:
    catalogue = giulia.get("/catalogo", area="famiglia_minori")["voci"]
    item = next(voce for voce in catalogue if voce["prestazione_inps"] == "A1.04")
    return giulia.post(
        f"/cartelle/{case_id}/fogli", voce_istat=item["codice"], carattere="periodico", importo="320.00",
        quota_ente="320.00", dal=f"{YEAR}-01-01", motivazione="Affitto arretrato.",
        idempotency_key=str(uuid4()),
    )  # fmt: skip


def _upload(giulia: Person, url: str) -> None:
    headers = {"Content-Type": "application/pdf", "X-Nome-File": "relazione.pdf", "X-Tipo": "relazione"}
    giulia.http.post(f"{url}/documenti", content=PDF, headers=headers).raise_for_status()
