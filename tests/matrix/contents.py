"""What leaves the system as a file or a mail: prints, exports, mails, held against the oracle word by word."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

import httpx
from tests.matrix.loader import now
from tests.matrix.oracle import Case, Item, World
from tests.matrix.rpc_asking import Caller, Question
from tests.matrix.worlds import Cast
from tests.pdf import pdf_text
from tests.system import Json, System, eventually

PRINTED = ("presa_in_carico", "diario", "isee", "documenti", "fogli")
"""Sections whose words stand in a print."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def words(world: World) -> Iterator[tuple[Case, Item]]:
    """Every text of the world that stands nowhere else."""
    return ((case, item) for case in world.cases for item in case.items if item.parola)


# Prints


def ask_prints(caller: Caller, most: int = 1) -> dict[str, str]:
    """Prints of cases that he may print, just asked for: print by case."""
    mine = [case for case in caller.world.cases
            if caller.world.reaches(caller.viewer, "stampe:stampa", case, now())][:most]  # fmt: skip
    replies = caller.ask([Question("documenti.request_stampa", {"cartella_id": case.id}) for case in mine])
    for case, reply in zip(mine, replies, strict=True):
        if reply["result"] is None:
            caller.wrong.append(f"{caller.name}: print of {case.numero}: {reply['error']}")
    found = zip(mine, replies, strict=True)
    return {case.id: reply["result"]["id"] for case, reply in found if reply["result"] is not None}


def read_print(caller: Caller, case_id: str, stampa_id: str) -> None:
    """The words of what he reads stand in it, and no other word of the world."""
    ready = eventually(lambda: _ready(caller, stampa_id), 60)
    text = pdf_text(httpx.get(ready["download"]["get_url"], trust_env=False).raise_for_status().content)
    moment = now()
    for case, item in words(caller.world):
        may = (
            case.id == case_id
            and item.sezione in PRINTED
            and caller.world.extent(caller.viewer, f"{item.sezione}:leggi") != "nessuno"
            and caller.world.reads_item(caller.viewer, case, item, moment)
        )
        caller.differs(f"print of {case_id}: {item.sezione} of {case.numero}", item.parola in text, may)


def _ready(caller: Caller, stampa_id: str) -> Json:
    reply = caller.call("documenti.get_stampa", stampa_id=stampa_id)
    return dict(reply["result"]) if reply["result"] and reply["result"]["stato"] == "pronta" else {}


# Mails


def mails(system: System) -> list[Json]:
    """Whatever the mail server of the tests has received: once every mail is away."""
    eventually(lambda: not system.query("notifiche", "SELECT 1 FROM mail WHERE stato IN ('creata', 'in_invio')"
                                                     " AND errore <> 'no address' LIMIT 1"), 30)  # fmt: skip
    url = f"{system.supervisor.infra.mail.mailbox_url}/messages.json"
    return list(httpx.get(url, trust_env=False).raise_for_status().json())


def told_by_mail(found: list[Json], cast: Cast, world: World) -> list[str]:
    """Words of texts, names and codes that a mail holds: none may."""
    secret = {item.parola for _, item in words(world)}
    secret |= {one for person in cast.people for one in (person.cognome, person.codice_fiscale)}
    texts = {mail["id"]: " ".join((mail["subject"], mail["text"], mail["html"])) for mail in found}
    return [f"{mail} tells {word}" for mail, text in texts.items() for word in secret if word in text]


def mailed_in_vain(
    found: list[Json], addresses: dict[str, str], world: World, settled: list[Case]
) -> list[str]:
    """Who was mailed of a case that does not exist for him. `addresses`: of whom; `settled`: cases that have been as
    they are since the first mail."""
    moment, wrong = now(), []
    for mail in found:
        named = [case for case in settled if case.numero in mail["subject"] + mail["text"]]
        for case in named:
            for operatore in (addresses[to] for to in mail["recipients"] if to in addresses):
                viewer = world.viewer(operatore)
                offered = any(grant.is_for(viewer) or world.answers(viewer, "condivisioni:leggi", grant)
                              for grant in case.grants)  # fmt: skip
                if not (offered or world.knows(viewer, case, moment)):
                    wrong.append(f"{mail['subject']} to a {viewer.incarico.ruolo} of {viewer.incarico.ente}")
    return wrong


# Files


def csv_rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def formulas(rows: list[list[str]]) -> list[str]:
    """Cells that a spreadsheet would take for a formula."""
    return [cell for row in rows for cell in row if cell.startswith(FORMULA)]


def xlsx_cells(content: bytes) -> tuple[set[str], int]:
    """The texts of a workbook, and how many formulas it holds."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    texts: set[str] = set()
    made = 0
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for part in book.namelist():
            if part.startswith("xl/") and part.endswith(".xml"):
                root = ElementTree.fromstring(book.read(part))
                texts |= {one.text or "" for one in root.iter(f"{name}t")}
                made += len(list(root.iter(f"{name}f")))
    return texts, made
