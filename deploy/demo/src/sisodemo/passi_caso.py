"""Steps 1 to 4: registry, case, diary, ISEE and intervention with its payment."""

from datetime import date
from typing import Any

from sisodemo.cammino import Cammino, Seen
from sisodemo.famiglie_scelte import Scelta, pick_candidates
from sisodemo.files import day_of, latest_files
from sisodemo.persona import Persona, expect, same_id, wait_for

SEGRETO = "Annotazione riservata usignolo"
ORDINARIA = "Primo colloquio conoscitivo girasole"


def check_registry(c: Cammino) -> Seen:
    """1. The city is in the registry, every file taken in."""
    enti = c.come("laura.conti").get("/enti")["enti"]
    residenti = sum(ente["residenti"] for ente in enti)
    loads = c.come("paolo.neri").get("/caricamenti", limite=10)["caricamenti"]
    expect(len(enti) == 55, f"l'anagrafe conosce {len(enti)} comuni invece di 55")
    expect(residenti > 0, "nessun residente in anagrafe")
    expect(loads and all(x["stato"] == "completato" for x in loads), "un caricamento non è completato")
    return {"comuni": len(enti), "residenti": residenti, "ultimo_file": loads[0]["file"]}


def open_cases(c: Cammino) -> Seen:
    """2. A worker finds people by a part of the surname, opens their cases, takes them in charge."""
    giulia = c.come("giulia.bianchi")
    c.caso["cartelle"] = []
    for scelta in pick_candidates(c.city, c.rng):
        residente = _find(giulia, scelta)
        if residente and not _has_case(giulia, residente["id"]):
            c.caso["cartelle"].append(_open(giulia, residente))
            c.scelte.append(scelta)
        if len(c.scelte) == 3:
            break
    expect(len(c.scelte) == 3, "non ci sono tre persone senza cartella nei file di Monza")
    cartella = c.caso["cartelle"][0]
    giulia.refused("DELETE", c.url(), 404, 405)
    steps = [p["tipo"] for p in giulia.get(c.url())["passaggi"]]
    expect({"apertura", "presa_in_carico"} <= set(steps), f"i passaggi della cartella sono {steps}")
    return {"cartella": cartella["numero"], "passaggi": steps, "casi": 3}


def _find(giulia: Persona, scelta: Scelta) -> dict[str, Any] | None:
    part = scelta.cognome[:-1] if len(scelta.cognome) > 3 else scelta.cognome
    found = giulia.get("/residenti", testo=f"{scelta.nome} {part}", limite=50)["residenti"]
    return next((r for r in found if r["codice_fiscale"] == scelta.codice_fiscale), None)


def _has_case(giulia: Persona, residente_id: str) -> bool:
    return bool(giulia.get("/cartelle", residente_id=residente_id)["totale"])


def _open(giulia: Persona, residente: dict[str, Any]) -> dict[str, Any]:
    body = {"residente_id": residente["id"], "area": "famiglia_minori", "motivo": "Richiesta di sostegno"}
    opened = giulia.post("/cartelle", body)
    taken: dict[str, Any] = giulia.post(
        f"/cartelle/{opened['id']}/presa-in-carico", {"version": opened["version"], "motivo": ""}, 200
    )
    expect(taken["stato"] == "in_carico", "la cartella non risulta in carico")
    expect(
        same_id(taken["responsabile_id"], giulia.operatore_id), "il responsabile non è chi ha preso in carico"
    )
    return taken


def write_diary(c: Cammino) -> Seen:
    """3. An ordinary entry and a private one: a colleague with the same case sees no trace of the second."""
    giulia, marco, anna = c.come("giulia.bianchi"), c.come("marco.verdi"), c.come("anna.ferrari")
    version = anna.get(c.url())["version"]
    team = [giulia.operatore_id, marco.operatore_id]
    anna.post(c.url("/assegnazione"), {"version": version, "team": team, "motivo": "Lavoro di équipe"}, 200)
    common = {"tipo": "colloquio", "quando": "2026-10-20T09:30:00+02:00", "con_chi": "la signora"}
    giulia.post(c.url("/diario"), common | {"testo": ORDINARIA})
    private = giulia.post(c.url("/diario"), common | {"testo": SEGRETO, "privata": True})
    mine, theirs = giulia.get(c.url("/diario")), marco.get(c.url("/diario"))
    expect(mine["totale"] == 2, f"l'autrice vede {mine['totale']} voci invece di 2")
    expect(theirs["totale"] == 1, f"il collega conta {theirs['totale']} voci invece di 1")
    expect(SEGRETO not in str(theirs), "il collega legge la voce privata")
    marco.refused("GET", c.url(f"/diario/{private['id']}"), 404)
    found = marco.get(c.url("/diario"), testo="usignolo")
    expect(found["totale"] == 0, "la ricerca del collega trova la voce privata")
    return {"voci_autrice": mine["totale"], "voci_collega": theirs["totale"]}


def grant_money(c: Cammino) -> Seen:
    """4. ISEE, a foglio approved by another person, a payment liquidated by a third."""
    giulia, anna = c.come("giulia.bianchi"), c.come("anna.ferrari")
    paolo, carla = c.come("paolo.neri"), c.come("carla.russo")
    c.caso["mese"] = f"{day_of(latest_files(c.city)['F704']):%Y-%m}"
    anno = int(c.caso["mese"][:4])
    isee = _add_isee(c, giulia, anno)
    voce = _catalogue_item(giulia)
    proposal = {
        "voce_istat": voce["codice"], "carattere": "periodico", "importo": "350.00", "quota_ente": "350.00",
        "dal": date(anno, 1, 1).isoformat(), "isee_id": isee["id"], "motivazione": "Reddito insufficiente",
    }  # fmt: skip
    foglio = wait_for(lambda: _try_post(giulia, c.url("/fogli"), proposal), "il foglio non si può proporre")
    decision = {"version": foglio["version"], "approva": True}
    giulia.refused("POST", f"/fogli/{foglio['id']}/decisione", 403, json=decision)
    approved = anna.post(f"/fogli/{foglio['id']}/decisione", decision, 200)
    expect(approved["stato"] == "approvato", f"il foglio è {approved['stato']}")
    payment = paolo.post(f"/fogli/{foglio['id']}/erogazioni", {"mese": c.caso["mese"]})
    liquidation = {"version": payment["version"]}
    paolo.refused("POST", f"/erogazioni/{payment['id']}/liquidazione", 403, json=liquidation)
    paid = carla.post(f"/erogazioni/{payment['id']}/liquidazione", liquidation, 200)
    expect(paid["stato"] == "liquidata", f"l'erogazione è {paid['stato']}")
    c.caso |= {"foglio": approved, "erogazione": paid}
    return {"foglio": foglio["numero"], "prestazione": foglio["prestazione_inps"], "importo": paid["importo"]}


def _add_isee(c: Cammino, giulia: Persona, anno: int) -> Any:
    body = {
        "tipo": "ordinario", "protocollo_dsu": f"INPS-ISEE-{anno}-{c.rng.randrange(10**8):08d}A-00",
        "data_presentazione": date(anno, 1, 15).isoformat(), "ise": "9840.00", "scala": "2.46", "isee": "4000.00",
    }  # fmt: skip
    return giulia.post(c.url("/isee"), body)


def _catalogue_item(giulia: Persona) -> dict[str, Any]:
    voci = giulia.get("/catalogo", area="famiglia_minori")["voci"]
    found = [v for v in voci if v["prestazione_inps"].startswith("A1.04")]
    expect(found, "nel catalogo non c'è il contributo a integrazione del reddito (A1.04)")
    return dict(found[0])


def _try_post(persona: Persona, path: str, body: dict[str, Any]) -> Any:
    """The answer, or None while another service has not heard of the case yet."""
    answer = persona.http.post(f"/api/v1{path}", json=body)
    if answer.status_code in (404, 409):
        return None
    expect(answer.status_code == 201, f"{path}: {answer.status_code} {answer.text[:300]}")
    return answer.json()
