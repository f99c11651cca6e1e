"""Every route of the application, and what the matrix does with it. A route that stands nowhere here fails the test.

Written by hand from what the route is for; the scopes are a second statement of what it should ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ENTRY = {"tipo": "nota", "quando": "2026-11-23T12:00:00Z", "testo": "provo"}
ISEE = {"tipo": "ordinario", "protocollo_dsu": "INPS-ISEE-2026-00000000A-00", "data_presentazione": "2026-01-15",
        "ise": "9840.00", "scala": "2.46", "isee": "4000.00"}  # fmt: skip
FOGLIO = {"voce_istat": "G13", "carattere": "periodico", "importo": "1.00", "quota_ente": "1.00", "dal": "2026-01-01",
          "motivazione": "provo"}  # fmt: skip
OFFER = {"settore": "minori", "sezioni": ["diario"], "al": "2027-01-31T12:00:00Z", "motivo": "provo"}
FAR = {"version": 1_000_000, "motivo": "provo"}
"""A version that nothing has: whoever may write is told of a conflict, and nothing changes."""


PARAMETER = {"diario": "voce_id", "documenti": "documento_id", "fogli": "foglio_id", "liquidazioni": "erogazione_id",
             "stampe": "stampa_id"}  # fmt: skip
"""How an address names what lies in a section."""


@dataclass(frozen=True)
class Door:
    """`subject`: what its address names. `scopes`: all must be in the role. `reach`: the scope that must reach the
    case. `safe`: trying it changes nothing, also where it is open."""

    method: str
    path: str
    subject: str
    scopes: tuple[str, ...]
    reach: str = ""
    body: Any = None
    safe: bool = True

    @property
    def page(self) -> bool:
        return not self.path.startswith("/api/")

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _doors(subject: str, *lines: str) -> Iterator[Door]:
    """`METHOD path scopes`, scopes joined by `+`; the first is the one that must reach the case."""
    for line in lines:
        method, path, scopes = line.split()
        named = tuple(scopes.split("+"))
        yield Door(method, path, subject, named, named[0])


PIC, A = "presa_in_carico:leggi", "/api/v1"
READS = (
    *_doors("cartella", f"GET {A}/cartelle/{{cartella_id}} {PIC}",
            f"GET {A}/cartelle/{{cartella_id}}/diario diario:leggi",
            f"GET {A}/cartelle/{{cartella_id}}/isee isee:leggi",
            f"GET {A}/cartelle/{{cartella_id}}/documenti documenti:leggi",
            f"GET {A}/cartelle/{{cartella_id}}/stampe stampe:stampa",
            f"GET {A}/cartelle/{{cartella_id}}/condivisioni condivisioni:leggi",
            f"GET {A}/cartelle/{{cartella_id}}/perche {PIC}"),
    *_doors("diario", f"GET {A}/cartelle/{{cartella_id}}/diario/{{voce_id}} diario:leggi"),
    *_doors("documenti", f"GET {A}/cartelle/{{cartella_id}}/documenti/{{documento_id}}/contenuto documenti:leggi"),
    *_doors("fogli", f"GET {A}/fogli/{{foglio_id}} fogli:leggi"),
    *_doors("stampe", f"GET {A}/stampe/{{stampa_id}} stampe:stampa",
            f"GET {A}/stampe/{{stampa_id}}/contenuto stampe:stampa"),
)  # fmt: skip
PROBED = (
    Door("GET", "/casi/{cartella_id}/motivo", "", ()),
    Door("GET", "/casi/{cartella_id}/condivisioni/{condivisione_id}", "", ()),
    Door("GET", "/condivisioni/{condivisione_id}", "", ()),
)
"""Asked only with the ids of what does not exist for somebody."""
PAGES = (
    *_doors("cartella", f"GET /casi/{{cartella_id}} {PIC}", f"GET /casi/{{cartella_id}}/diario diario:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/isee isee:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/interventi fogli:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/interventi/nuovo fogli:scrivi+fogli:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/documenti documenti:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/stampa stampe:stampa+anagrafe:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/accessi {PIC}", f"GET /casi/{{cartella_id}}/carico {PIC}",
            f"GET /casi/{{cartella_id}}/famiglia {PIC}+anagrafe:leggi",
            f"GET /casi/{{cartella_id}}/condivisioni condivisioni:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/perche {PIC}"),
    *_doors("diario", f"GET /casi/{{cartella_id}}/diario/{{voce_id}} diario:leggi+{PIC}"),
    *_doors("documenti", f"GET /casi/{{cartella_id}}/documenti/{{documento_id}} documenti:leggi+{PIC}"),
    *_doors("fogli", f"GET /casi/{{cartella_id}}/interventi/{{foglio_id}} fogli:leggi+{PIC}",
            "GET /interventi/{foglio_id} fogli:leggi"),
    *_doors("liquidazioni", "GET /pagamenti/{erogazione_id}/annulla liquidazioni:scrivi+liquidazioni:leggi"),
    *_doors("stampe", f"GET /casi/{{cartella_id}}/stampa/{{stampa_id}} stampe:stampa+anagrafe:leggi+{PIC}",
            f"GET /casi/{{cartella_id}}/stampa/{{stampa_id}}/pdf stampe:stampa+anagrafe:leggi+{PIC}"),
)  # fmt: skip
WRITES = (
    Door("POST", f"{A}/cartelle/{{cartella_id}}/presa-in-carico", "cartella", ("presa_in_carico:scrivi",),
         "presa_in_carico:scrivi", FAR),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/assegnazione", "cartella", ("presa_in_carico:assegna",),
         "presa_in_carico:assegna", FAR),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/chiusura", "cartella", ("presa_in_carico:scrivi",),
         "presa_in_carico:scrivi", FAR),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/riapertura", "cartella", ("presa_in_carico:scrivi",),
         "presa_in_carico:scrivi", FAR),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/diario", "cartella", ("diario:scrivi",), "diario:scrivi", ENTRY, False),
    Door("PUT", f"{A}/cartelle/{{cartella_id}}/diario/{{voce_id}}", "diario", ("diario:scrivi",), "diario:scrivi",
         ENTRY | FAR),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/diario/{{voce_id}}/annullamento", "diario", ("diario:scrivi",),
         "diario:scrivi", FAR),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/isee", "cartella", ("isee:scrivi",), "isee:scrivi", ISEE, False),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/documenti", "cartella", ("documenti:scrivi",), "documenti:scrivi",
         b"provo", False),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/stampe", "cartella", ("stampe:stampa", PIC, "anagrafe:leggi"),
         "stampe:stampa", {}, False),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/fogli", "cartella", ("fogli:scrivi",), "fogli:scrivi", FOGLIO, False),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/riservatezza", "cartella", ("secondo_livello:scrivi",),
         "secondo_livello:scrivi", FAR, False),
    Door("POST", f"{A}/cartelle/{{cartella_id}}/condivisioni", "cartella", ("condivisioni:scrivi",),
         "condivisioni:scrivi", OFFER, False),
    Door("POST", f"{A}/condivisioni/{{condivisione_id}}/decisione", "condivisioni", ("condivisioni:scrivi",),
         "condivisioni:scrivi", FAR | {"accetta": True}),
    Door("POST", f"{A}/condivisioni/{{condivisione_id}}/revoca", "condivisioni", ("condivisioni:scrivi",),
         "condivisioni:scrivi", FAR),
    Door("POST", f"{A}/fogli/{{foglio_id}}/decisione", "fogli", ("fogli:approva",), "fogli:approva",
         FAR | {"approva": True}),
    Door("POST", f"{A}/fogli/{{foglio_id}}/erogazioni", "fogli", ("liquidazioni:scrivi",), "liquidazioni:scrivi",
         {"mese": "2027-11"}, False),
    Door("POST", f"{A}/erogazioni/{{erogazione_id}}/liquidazione", "liquidazioni", ("liquidazioni:liquida",),
         "liquidazioni:liquida", {"version": FAR["version"]}),
    Door("POST", f"{A}/erogazioni/{{erogazione_id}}/annullamento", "liquidazioni", ("liquidazioni:scrivi",),
         "liquidazioni:scrivi", FAR),
)  # fmt: skip
LISTS = {
    f"GET {A}/cartelle": "cartelle by id, totals, pages, filters",
    f"GET {A}/fogli": "fogli by id and totals, by case too",
    f"GET {A}/erogazioni": "erogazioni by id, totals of money, by case and foglio too",
    f"GET {A}/condivisioni": "what was offered to one, by id and in number",
    f"GET {A}/avvisi": "nothing unknown is told",
    f"GET {A}/residenti": "search-as-you-type over every surname",
    f"GET {A}/residenti/{{residente_id}}": "one's own household is not there",
    f"GET {A}/residenti/{{residente_id}}/variazioni": "one's own household is not there",
    f"GET {A}/siuss": "nothing unknown is told",
    f"GET {A}/report/crosstab": "numbers within reach",
    f"GET {A}/colleghi": "nothing unknown is told",
    "GET /": "nothing unknown is told",
    "GET /casi": "nothing unknown is told, what is known is",
    "GET /condivisioni": "nothing unknown is told",
    "GET /avvisi": "nothing unknown is told",
    "GET /avvisi/conteggio": "nothing unknown is told",
    "GET /persone": "nothing unknown is told",
    "GET /persone/{residente_id}": "a case one may not see leaves no trace on the person's page",
    "GET /interventi": "nothing unknown is told, what is known is",
    "GET /pagamenti": "nothing unknown is told",
    "GET /siuss": "nothing unknown is told",
    "GET /report": "nothing unknown is told",
    "GET /riservatezza": "the role's own words",
}
"""What each is compared with the oracle for; the driver has a function for each kind."""

IMPERSONAL = """
GET /health/live
GET /health/ready
GET /metrics
GET /api/v1/dev/identita
POST /api/v1/dev/login
GET /api/v1/sessione
GET /api/v1/sessione/incarichi
PUT /api/v1/sessione/incarico
DELETE /api/v1/sessione
GET /api/v1/sessioni
DELETE /api/v1/sessioni
DELETE /api/v1/sessioni/{session_id}
GET /api/v1/enti
GET /api/v1/catalogo
POST /api/v1/oauth/token
GET /accedi
POST /accedi
POST /esci
POST /sessione
GET /sessione
GET /rientrato
GET /cittadino/rientrato
GET /bozze/chiave
GET /aiuto
GET /accessibilita
GET /incarico
POST /incarico
GET /sessioni
POST /sessioni/altre/fine
POST /sessioni/{session_id}/fine
POST /esci/ovunque
GET /spid/metadata
GET /cie/metadata
GET /spid/login
GET /cie/login
POST /spid/acs
POST /cie/acs
GET /spid/logout
POST /spid/logout
GET /cie/logout
POST /cie/logout
"""
"""No case and no resident can stand in their answers: sessions, policy, sign-in, help. Their own tests are the
gateway's; here each is asked by everybody for the scope it declares (`test_every_door_is_shut_to_other_roles`)."""

ELSEWHERE = {
    "GET /persone/{residente_id}/protezione": "protected addresses: services/anagrafe, for who keeps them",
    "POST /persone/{residente_id}/protezione": "as above",
    "POST /persone/{residente_id}/protezione/{vincolo_id}/revoca": "as above",
    f"GET {A}/residenti/{{residente_id}}/protezione": "as above",
    f"POST {A}/residenti/{{residente_id}}/vincoli": "as above",
    f"POST {A}/cartelle": "history: opened by coordinators; refused for one's own household",
    f"GET {A}/avvisi/flusso": "a stream: gateway/tests/integration/test_live.py; what it tells is the alerts list's",
    f"POST {A}/avvisi/{{avviso_id}}/lettura": "alerts of others, in the probes by id",
    f"POST {A}/avvisi/{{avviso_id}}/conferma": "alerts of others, in the probes by id",
    f"GET {A}/caricamenti": "files of the registry, by ente alone: test_side_doors",
    f"GET {A}/caricamenti/{{caricamento_id}}/righe-rifiutate": "as above",
    f"POST {A}/caricamenti/{{caricamento_id}}/conferma": "as above",
    f"GET {A}/siuss/flussi": "files for INPS, by ente alone: test_side_doors",
    f"POST {A}/siuss/flussi": "as above",
    f"GET {A}/siuss/flussi/{{flusso_id}}/xml": "as above",
    "GET /notte": "files of the registry, by ente alone",
    "GET /notte/{caricamento_id}/rifiutate.csv": "as above",
    "POST /notte/{caricamento_id}/conferma": "as above",
    "POST /siuss": "files for INPS, by ente alone",
    "GET /siuss/{flusso_id}.xml": "as above",
    "GET /avvisi/{avviso_id}": "alerts of others, in the probes by id",
    "POST /avvisi/{avviso_id}/conferma": "alerts of others, in the probes by id",
    "POST /avvisi/{avviso_id}/letto": "alerts of others, in the probes by id",
}
CITIZENS = """
GET /api/v1/cittadino/accessi
GET /cittadino
GET /cittadino/accessi
"""
"""For citizens alone: shut to every operator, whatever his role."""
FAMILIES = {
    "/api/v1/politica": ("politica",),
    "/politica": ("politica",),
    "/api/v1/operatori": ("operatori",),
    "/operatori": ("operatori",),
    "/api/v1/incarichi": ("operatori",),
    "/api/v1/clienti": ("operatori",),
    "/clienti": ("operatori",),
    "/api/v1/registro-accessi": ("registro_accessi",),
    "/registro-accessi": ("registro_accessi",),
    "/api/v1/emergenze": ("emergenze", "anagrafe"),
    "/emergenze": ("emergenze",),
    "/emergenza": ("emergenze", "anagrafe"),
    "/api/v1/vincoli": ("riservatezza",),
    "/protezioni": ("riservatezza", "anagrafe"),
    "/api/v1/deleghe": (),
    "/deleghe": (),
}
"""Addresses about who works here, by what rules, and who read what: no case stands in their answers but in the DPO's
log. Each must ask for a scope of these sections (deleghe: who is concerned is decided by incarico), so that whoever
sees cases has not got them by it; the driver asks every GET of them of everybody."""
PAGE_WRITES = """
POST /persone/{residente_id}/caso
POST /casi/{cartella_id}/diario
POST /casi/{cartella_id}/diario/{voce_id}
POST /casi/{cartella_id}/diario/{voce_id}/annulla
POST /casi/{cartella_id}/isee
POST /casi/{cartella_id}/interventi/nuovo
POST /casi/{cartella_id}/documenti
POST /casi/{cartella_id}/stampa
POST /casi/{cartella_id}/carico/prendi
POST /casi/{cartella_id}/carico/assegna
POST /casi/{cartella_id}/carico/chiudi
POST /casi/{cartella_id}/carico/riapri
POST /casi/{cartella_id}/carico/secondo-livello
POST /casi/{cartella_id}/condivisioni
POST /casi/{cartella_id}/condivisioni/{condivisione_id}/revoca
POST /casi/{cartella_id}/motivo
POST /api/v1/cartelle/{cartella_id}/motivo
POST /condivisioni/{condivisione_id}/decidi
POST /condivisioni/{condivisione_id}/revoca
POST /interventi/{foglio_id}/decidi
POST /interventi/{foglio_id}/pagamento
POST /pagamenti/proponi
POST /pagamenti/{erogazione_id}/liquida
POST /pagamenti/{erogazione_id}/annulla
"""
"""The forms: probed with the id of something invisible and with nobody's, and the answers held side by side."""


def lines(text: str) -> set[str]:
    return {line for line in text.splitlines() if line}


def family(path: str) -> tuple[str, ...] | None:
    """The sections an address of a family may ask for; None for any other."""
    found = (prefix for prefix in FAMILIES if path == prefix or path.startswith(f"{prefix}/"))
    prefix = next(found, None)
    return FAMILIES[prefix] if prefix is not None else None


def known() -> set[str]:
    """Every route that the matrix knows by itself, as `METHOD path`."""
    doors = {str(door) for door in (*READS, *PAGES, *WRITES, *PROBED)}
    named = lines(IMPERSONAL) | lines(PAGE_WRITES) | lines(CITIZENS)
    return doors | named | set(LISTS) | set(ELSEWHERE)
