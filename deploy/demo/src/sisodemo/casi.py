"""Cases for the demo city, opened through the gateway as its workers would: the pages have something to show."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sisodemo.files import CF, COGNOME, NASCITA, NOME, SESSO, STATO, Riga, day_of, latest_files, read_rows
from sisodemo.persona import Persona

OPERATORI = {"F704": ("giulia.bianchi", "marco.verdi"), "B212": ("sara.costa",)}
DIARIO = (
    ("colloquio", "Primo colloquio: la famiglia chiede un sostegno per le spese di casa."),
    ("telefonata", "Contatto telefonico con la scuola: frequenza regolare, qualche difficoltà di lettura."),
    ("visita_domiciliare", "Visita a domicilio: ambiente curato, spazi ridotti per il numero di persone."),
    ("riunione", "Incontro di rete con il consultorio: concordato un percorso di sei mesi."),
    ("nota", "In attesa della documentazione sul reddito."),
)


def open_cases(base_url: str, city: Path, count: int, rng: Random) -> dict[str, int]:
    """Opens `count` cases in Monza and Brugherio, for people who have none. Ends early when people run out."""
    opened = {"cartelle": 0, "voci": 0, "isee": 0}
    workers = {ente: [Persona(base_url, identita) for identita in names] for ente, names in OPERATORI.items()}
    giorno = day_of(latest_files(city)["F704"])
    residents = {ente: _shuffled(city, ente, rng) for ente in OPERATORI}
    for number in range(count):
        ente = "B212" if number % 5 == 4 else "F704"
        worker = rng.choice(workers[ente])
        residente = next(filter(None, (_without_case(worker, row) for row in residents[ente])), None)
        if residente is None:
            break
        cartella = _take_charge(worker, residente, giorno.year)
        opened["cartelle"] += 1
        opened["voci"] += _write_diary(worker, cartella["id"], giorno.isoformat(), rng)
        opened["isee"] += _maybe_isee(worker, cartella["id"], giorno.year, rng)
    return opened


def _shuffled(city: Path, ente: str, rng: Random) -> Iterator[Riga]:
    rows = [row for row in read_rows(latest_files(city)[ente]) if row[STATO] == "R" and row[CF]]
    rng.shuffle(rows)
    return iter(rows)


def _without_case(worker: Persona, row: Riga) -> dict[str, Any] | None:
    found = worker.get("/residenti", testo=f"{row[COGNOME]} {row[NOME]}", limite=50)["residenti"]
    residente = next((r for r in found if r["codice_fiscale"] == row[CF]), None)
    if residente is None or worker.get("/cartelle", residente_id=residente["id"])["totale"]:
        return None
    return residente | {"nascita": int(row[NASCITA][:4]), "sesso": row[SESSO]}


def _take_charge(worker: Persona, residente: dict[str, Any], anno: int) -> dict[str, Any]:
    age = anno - residente["nascita"]
    area = "anziani" if age >= 65 else "famiglia_minori" if age < 45 else "poverta" if age % 3 else "disabili"
    body = {"residente_id": residente["id"], "area": area, "motivo": "Richiesta di sostegno"}
    opened = worker.post("/cartelle", body)
    path = f"/cartelle/{opened['id']}/presa-in-carico"
    taken: dict[str, Any] = worker.post(path, {"version": opened["version"], "motivo": ""}, 200)
    return taken


def _write_diary(worker: Persona, cartella_id: str, giorno: str, rng: Random) -> int:
    entries = rng.sample(DIARIO, rng.randint(1, 3))
    start = datetime.fromisoformat(f"{giorno}T09:30:00+01:00") - timedelta(days=rng.randint(20, 200))
    for number, (tipo, testo) in enumerate(entries):
        quando = (start + timedelta(days=6 * number, minutes=15 * rng.randint(0, 20))).isoformat()
        body = {"tipo": tipo, "quando": quando, "testo": testo, "privata": rng.random() < 0.1}
        worker.post(f"/cartelle/{cartella_id}/diario", body)
    return len(entries)


def _maybe_isee(worker: Persona, cartella_id: str, anno: int, rng: Random) -> int:
    if rng.random() < 0.4:
        return 0
    scala = rng.choice((100, 157, 204, 246, 285))
    isee = rng.randrange(150_000, 2_400_000)
    body = {
        "tipo": "ordinario",
        "protocollo_dsu": f"INPS-ISEE-{anno}-{rng.randrange(10**8):08d}B-00",
        "data_presentazione": f"{anno}-0{rng.randint(1, 9)}-15",
        "ise": f"{isee * scala / 10_000:.2f}",
        "scala": f"{scala / 100:.2f}",
        "isee": f"{isee / 100:.2f}",
    }
    worker.post(f"/cartelle/{cartella_id}/isee", body)
    return 1
