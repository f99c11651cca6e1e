"""Steps 5, 6, 8, 9 and 10: the flow to INPS, a document, the print, the report, the access log."""

import hashlib
import io
import os
import subprocess
from pathlib import Path
from typing import Any

import pikepdf
from lxml import etree

from sisodemo.cammino import Cammino, Seen
from sisodemo.casi import open_cases
from sisodemo.passi_caso import ORDINARIA, SEGRETO
from sisodemo.persona import Persona, expect, wait_for

XSD = Path(__file__).resolve().parents[5] / "shared" / "data" / "siuss" / "PS_PSA_SINA201812.xsd"
CINQUE_MB = 5 * 1024 * 1024
SOGLIA = 5


def generate_flow(c: Cammino) -> Seen:
    """5. The flow of the month: valid against INPS's schema, the same bytes when asked again."""
    paolo = c.come("paolo.neri")
    mese, wanted = c.caso["mese"], c.caso["erogazione"]["id"]
    record = wait_for(
        lambda: next(
            (r for r in paolo.get("/siuss", mese=mese)["record"] if r["erogazione_id"] == wanted), None
        ),
        "l'erogazione non compare fra i record SIUSS del mese",
    )
    expect(record["stato"] == "pronto", f"il record è {record['stato']}: {record['anomalie']}")
    flusso = paolo.post("/siuss/flussi", {"mese": mese, "denominazione_ente": "Comune di Monza"})
    first, again = (paolo.bytes_of(f"/siuss/flussi/{flusso['id']}/xml").content for _ in range(2))
    expect(first == again, "il file rigenerato è diverso")
    expect(hashlib.sha256(first).hexdigest() == flusso["sha256"], "il file non ha l'impronta dichiarata")
    expect(c.scelte[0].codice_fiscale.encode() in first, "il beneficiario non è nel file")
    return {"flusso": flusso["nome"], "record": flusso["record"], "xsd": _validate(first)}


def _validate(xml: bytes) -> str:
    if not XSD.exists():
        return "assente"
    schema = etree.XMLSchema(etree.parse(str(XSD)))
    valid = schema.validate(etree.fromstring(xml))
    expect(valid, f"il flusso non è valido: {schema.error_log.last_error}")
    return "valido"


def move_document(c: Cammino) -> Seen:
    """6. A PDF of 5 MB goes in and comes out the same."""
    giulia = c.come("giulia.bianchi")
    content = make_pdf(CINQUE_MB)
    headers = {
        "Content-Type": "application/pdf", "Content-Length": str(len(content)),
        "X-Nome-File": "relazione%20sociale.pdf", "X-Tipo": "relazione",
    }  # fmt: skip
    chunks = (content[at : at + 65536] for at in range(0, len(content), 65536))
    made = wait_for(
        lambda: giulia.get(c.url("/documenti")) or None, "i documenti della cartella non si leggono"
    )
    before = made["totale"]
    documento = giulia.change("POST", c.url("/documenti"), content=chunks, headers=headers)
    listed = giulia.get(c.url("/documenti"))
    expect(listed["totale"] == before + 1, "il documento non è nell'elenco")
    back = giulia.bytes_of(c.url(f"/documenti/{documento['id']}/contenuto")).content
    digest = hashlib.sha256(content).hexdigest()
    expect(hashlib.sha256(back).hexdigest() == digest == documento["sha256"], "il documento è cambiato")
    return {"byte": len(content), "sha256": digest}


def make_pdf(size: int) -> bytes:
    """A valid PDF of one page and at least `size` bytes that do not compress."""
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.Root.SisoPeso = pdf.make_stream(os.urandom(size))
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def print_case(c: Cammino) -> Seen:
    """8. A colleague prints the case: tagged, with the ordinary entry, without the private one."""
    marco = c.come("marco.verdi")
    asked = marco.post(c.url("/stampe"), {}, 202)
    ready = wait_for(lambda: _printed(marco.get(f"/stampe/{asked['id']}")), "la stampa non è pronta", 120)
    content = marco.bytes_of(f"/stampe/{asked['id']}/contenuto").content
    expect(
        hashlib.sha256(content).hexdigest() == ready["sha256"], "la stampa scaricata non ha la sua impronta"
    )
    with pikepdf.open(io.BytesIO(content)) as pdf:
        tagged = "/StructTreeRoot" in pdf.Root and "/MarkInfo" in pdf.Root and bool(pdf.Root.MarkInfo.Marked)
        pages = len(pdf.pages)
    expect(tagged, "il PDF non è accessibile (senza struttura)")
    text = read_text(content)
    if text is not None:
        expect("girasole" in text, "la voce ordinaria del diario manca dalla stampa")
        expect("usignolo" not in text, "la voce privata di un'altra persona è nella stampa")
    expect(SEGRETO.encode() not in content and ORDINARIA != SEGRETO, "la voce privata è nella stampa")
    return {
        "pagine": pages,
        "accessibile": tagged,
        "testo": "letto" if text is not None else "pdftotext assente",
    }


def _printed(stampa: dict[str, Any]) -> dict[str, Any] | None:
    expect(stampa["stato"] != "fallita", f"stampa fallita: {stampa['motivo']}")
    return stampa if stampa["stato"] == "pronta" else None


def read_text(pdf: bytes) -> str | None:
    """The words of a PDF by pdftotext; None where it is not installed."""
    try:
        done = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    except FileNotFoundError:
        return None
    return done.stdout.decode("utf-8", "replace")


def run_report(c: Cammino) -> Seen:
    """9. People in charge by comune, area and sex; small cells protected; another comune does not see this one."""
    open_cases(c.base_url, c.city, 6, c.rng)  # others than young families, so that there are small cells
    question = {"misura": "in_carico", "righe": "comune", "colonne": ["area", "sesso"]}
    laura, davide = c.come("laura.conti"), c.come("davide.gallo")
    mine = wait_for(lambda: _with_rows(laura.get("/report/crosstab", **question)), "il report è vuoto")
    theirs = davide.get("/report/crosstab", **question)
    expect("F704" in mine["enti"], "la dirigente di Monza non vede Monza")
    expect("F704" not in theirs["enti"], "il dirigente di Brugherio vede i dati di Monza")
    cells = [cell for row in mine["celle"] for cell in row] + [*mine["totali_righe"], *mine["totali_colonne"]]
    small = [cell["valore"] for cell in cells if cell["valore"] is not None and 0 < cell["valore"] < SOGLIA]
    expect(not small, f"celle sotto {SOGLIA} visibili: {small}")
    protected = sum(1 for cell in cells if cell["protetta"])
    expect(
        protected or not any(cell["valore"] for cell in cells if cell["valore"] < SOGLIA),
        "nessuna cella piccola è protetta",
    )
    return {"celle": len(cells), "protette": protected, "enti_brugherio": theirs["enti"]}


def _with_rows(crosstab: dict[str, Any]) -> dict[str, Any] | None:
    return crosstab if crosstab["righe"] else None


def check_access_log(c: Cammino) -> Seen:
    """10. Everybody who touched the case stands in the log, and the log is whole."""
    elena = c.come("elena.riva")
    rows = elena.get("/registro-accessi", cartella=c.cartella_id, limite=500)["accessi"]
    who = {row["operatore_id"] for row in rows}
    for identita in ("giulia.bianchi", "marco.verdi", "anna.ferrari", "paolo.neri", "carla.russo"):
        expect(c.come(identita).operatore_id in who, f"{identita} non compare nel registro della cartella")
    refused = [row for row in rows if row["esito"] >= 400]
    expect(refused, "i tentativi rifiutati non sono nel registro")
    verifica = _verify(elena)
    return {
        "righe_cartella": len(rows), "rifiuti": len(refused), "righe": verifica["righe"], "catene": verifica["catene"],
        "integro": True,
    }  # fmt: skip


def _verify(elena: Persona) -> dict[str, Any]:
    """A verification of the whole log, asked for and waited for: the notaio does it at his next minute."""
    path = (
        f"/registro-accessi/verifiche/{elena.post('/registro-accessi/verifiche', {}, 202)['verifica']['id']}"
    )

    def ended() -> dict[str, Any] | None:
        found = elena.get(path)
        return dict(found) if found["integro"] is not None else None

    check = wait_for(ended, "il notaio non ha verificato il registro", 150)
    expect(check["integro"], f"il registro non è integro: {check['verifica']['anomalie']}")
    return dict(check["verifica"])
