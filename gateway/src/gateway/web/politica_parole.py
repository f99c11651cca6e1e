"""Changes of the policy said in plain words: for pages, for the API, for whoever approves."""

from gateway.chi_legge import PROPRI, SETTORE
from gateway.politica.anteprima import Differenza, Effetto, Modifica, ModificaTerritorio
from gateway.politica.regole import Divieto, Pericolo
from gateway.web import labels

AZIONI = {
    "leggi": "leggere", "scrivi": "scrivere", "approva": "approvare", "liquida": "liquidare", "esporta": "esportare",
    "stampa": "stampare", "assegna": "assegnare",
}  # fmt: skip
ESTENSIONI = {
    "nessuno": "nessuno",
    "propri": "i propri casi",
    "settore": "il settore",
    "ente": "tutto l’ente",
    "ambito": "tutto l’ambito",
    "provincia": "tutta la provincia",
}
DIVIETI = {
    "amministratore_fascicolo": "Un amministratore di sistema non vede il contenuto dei casi: togli {cosa}.",
    "governo_fascicolo": "Chi cambia gli operatori o la politica non vede il contenuto dei casi: togli {cosa}.",
    "ruolo_riservato": "“{nome}” è un nome riservato al sistema: chiama il ruolo in un altro modo.",
    "cittadino_oltre": "Un cittadino arriva solo a ciò che è suo: {cosa} può essere solo “i propri casi”.",
    "emergenza_oltre": "L’emergenza apre una sola persona: {cosa} può essere solo “i propri casi”.",
    "emergenza_sezione": "L’emergenza apre solo sezioni del fascicolo: togli {cosa}.",
    "secondo_livello_propri": "Il secondo livello è di un settore: {cosa} non può essere “i propri casi”.",
    "scopo_sconosciuto": "{cosa}: sezione o azione che il sistema non conosce.",
    "nessun_approvatore": "Nessun ruolo potrebbe più approvare una modifica della politica.",
    "nessun_autore": "Nessun ruolo potrebbe più proporre una modifica della politica.",
}
PERICOLI = {
    "territorio": "{ruolo} arriverebbe a {cosa} di {dove}, anche di Comuni in cui non lavora.",
    "secondo_livello": "{ruolo} aprirebbe il secondo livello di tutti i settori ({dove}).",
    "emergenza_secondo_livello": "L’emergenza aprirebbe anche i casi e le voci di secondo livello.",
    "emergenza_nuova": "{ruolo} potrebbe aprire un’emergenza su qualunque persona che trova in anagrafe.",
    "contenuto_rpd": "Il responsabile della protezione dei dati leggerebbe il contenuto dei casi ({cosa}).",
    "due_persone": "Oggi non ci sono due persone diverse che possano proporre e approvare la modifica successiva.",
}


def ruolo(name: str) -> str:
    return labels.word(name, "ruolo")


def scope(value: str) -> str:
    """ "diario:leggi" → "leggere Diario"."""
    sezione, _, azione = value.partition(":")
    return f"{AZIONI.get(azione, azione)} {labels.word(sezione, 'sezione')}"


def cella(value: str) -> str:
    """ "diario:leggi" → "Diario, leggere"."""
    sezione, _, azione = value.partition(":")
    return f"{labels.word(sezione, 'sezione')}, {AZIONI.get(azione, azione)}"


def pezzi(reached: frozenset[str], enti: dict[str, str]) -> str:
    """What a scope reaches more or less: "il settore", "Brugherio e Villasanta", "i Comuni: 54"."""
    if not reached:
        return ""
    comuni = sorted(enti.get(code, code) for code in reached - {PROPRI, SETTORE})
    if comuni:
        return _list(comuni) if len(comuni) <= 4 else f"{len(comuni)} Comuni"
    return "il settore" if SETTORE in reached else "i propri casi"


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} e {words[-1]}"


def modifica(change: Modifica) -> str:
    return (
        f"{ruolo(change.ruolo)} · {cella(change.scope)}: da {ESTENSIONI[change.prima.value]}"
        f" a {ESTENSIONI[change.dopo.value]}"
    )


def territorio(change: ModificaTerritorio, enti: dict[str, str]) -> str:
    def names(codes: tuple[str, ...]) -> str:
        return _list([enti.get(code, code) for code in codes])

    parts = [f"entra {names(change.aggiunti)}"] if change.aggiunti else []
    parts += [f"esce {names(change.tolti)}"] if change.tolti else []
    return f"{labels.plain(change.tipo)} {change.codice}: {'; '.join(parts)}"


def righe(found: Differenza, enti: dict[str, str]) -> list[str]:
    """Every change, a sentence each."""
    return [
        *(modifica(change) for change in found.regole),
        *(territorio(change, enti) for change in found.territori),
        *(
            f"{ruolo(change.ruolo)}: livello SPID da {change.prima} a {change.dopo}"
            for change in found.livelli
        ),
    ]


def effetto(found: Effetto, enti: dict[str, str]) -> str:
    """What the same people would gain or lose, a sentence."""
    when = " durante un’emergenza" if found.in_emergenza else ""
    parts = []
    if found.guadagnano:
        parts.append(f"in più {pezzi(found.guadagnano, enti)}")
    if found.perdono:
        parts.append(f"non più {pezzi(found.perdono, enti)}")
    return f"{scope(found.scope)}{when}: {', '.join(parts)}"


def divieto(found: Divieto) -> str:
    cell = cella(found.scope) if found.scope else ""
    what = f"“{cell}” di {ruolo(found.ruolo)}" if found.ruolo else cell
    return DIVIETI[found.codice].format(cosa=what, nome=found.ruolo)


def pericolo(found: Pericolo) -> str:
    return PERICOLI[found.codice].format(
        ruolo=ruolo(found.ruolo) if found.ruolo else "",
        cosa=cella(found.scope) if found.scope else "",
        dove=ESTENSIONI[found.estensione.value],
    )
