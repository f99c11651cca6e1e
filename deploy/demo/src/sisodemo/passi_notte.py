"""Step 7: the night. A death, a move and a birth among people in charge, and what the worker sees of it."""

from datetime import date, timedelta
from typing import Any

import httpx

from sisodemo.cammino import Cammino, Seen
from sisodemo.carica import run_load
from sisodemo.giorno import Decesso, Nascita, Trasloco, next_day
from sisodemo.persona import Persona, expect, wait_for

TIPI = ("decesso", "trasferimento", "nascita")


def live_through_night(c: Cammino) -> Seen:
    """7. The next day's files are loaded; within seconds there are alerts, live and by mail; payments stop."""
    giulia = c.come("giulia.bianchi")
    morta, mossa, madre = c.scelte
    with giulia.following() as live:
        notte = next_day(
            c.city,
            deaths=[Decesso(morta.id_anagrafe)],
            moves=[Trasloco(mossa.id_anagrafe)],
            births=[Nascita(madre.id_anagrafe)],
        )
        for result in run_load(notte.files):
            expect(result["stato"] == "completato", f"{result['file']}: {result['motivo']}")
        avvisi = {
            tipo: wait_for(lambda i=i, t=tipo: _alert(giulia, c, i, t), f"manca l'avviso di {tipo}")  # type: ignore[misc]
            for i, tipo in enumerate(TIPI)
        }
        seen = {avviso["id"] for avviso in avvisi.values()}
        wait_for(
            lambda: seen <= {a["avviso_id"] for a in live}, "gli avvisi non arrivano alla pagina aperta", 20
        )
    numeri = [cartella["numero"] for cartella in c.caso["cartelle"]]
    mails = wait_for(lambda: _mails(c.mailbox_url, numeri), "le mail non arrivano")
    confirmed = _confirm_death(c, giulia, avvisi["decesso"])
    refusal = _pay_the_dead(c, notte.giorno)
    return {
        "giorno": notte.giorno.isoformat(),
        "fatti_di_sfondo": sum(notte.fatti.values()),
        "avvisi": {tipo: avviso["titolo"] for tipo, avviso in avvisi.items()},
        "mail": mails,
        "variazione": confirmed["stato"],
        "pagamento_rifiutato": refusal,
    }


def _alert(giulia: Persona, c: Cammino, index: int, tipo: str) -> dict[str, Any] | None:
    cartella = c.caso["cartelle"][index]["id"]
    avvisi = giulia.get("/avvisi", cartella_id=cartella)["avvisi"]
    return next((avviso for avviso in avvisi if avviso["tipo"] == tipo), None)


def _mails(mailbox_url: str, numeri: list[str]) -> int | None:
    """How many messages name the cases; None until each case has one."""
    messages = httpx.get(f"{mailbox_url.rstrip('/')}/messages.json", trust_env=False, timeout=10).json()
    texts = [f"{m['subject']} {m['text']}" for m in messages]
    named = [sum(numero in text for text in texts) for numero in numeri]
    return sum(named) if all(named) else None


def _confirm_death(c: Cammino, giulia: Persona, avviso: dict[str, Any]) -> dict[str, Any]:
    body = {"version": avviso["version"]}
    confirmed: dict[str, Any] = giulia.post(f"/avvisi/{avviso['id']}/conferma", body, 200)
    expect(confirmed["stato"] == "confermato", f"l'avviso confermato è {confirmed['stato']}")
    wait_for(
        lambda: "variazione_anagrafica" in [p["tipo"] for p in giulia.get(c.url())["passaggi"]],
        "la conferma non compare fra i passaggi della cartella",
    )
    stato = giulia.get(c.url())["stato"]
    expect(stato == "in_carico", f"dopo il decesso la cartella è {stato}: doveva restare in carico")
    return confirmed


def _pay_the_dead(c: Cammino, giorno: date) -> str:
    after = (giorno.replace(day=1) + timedelta(days=62)).replace(day=1)
    path = f"/fogli/{c.caso['foglio']['id']}/erogazioni"
    problem = c.come("paolo.neri").refused("POST", path, 409, json={"mese": f"{after:%Y-%m}"})
    reason = str(problem.get("detail") or problem.get("message") or problem)
    expect("deceduto" in reason, f"il motivo del rifiuto non nomina il decesso: {reason}")
    return reason
