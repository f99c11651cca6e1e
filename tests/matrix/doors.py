"""Every route about cases and residents, and what the matrix does with it; those about who works here, by what rules
and who read what are in `families`. A route that stands nowhere fails the test.

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
    """`METHOD path scopes`, scopes joined by `+`, `-` for none; the first is the one that must reach the case."""
    for line in lines:
        method, path, scopes = line.split()
        named = () if scopes == "-" else tuple(scopes.split("+"))
        yield Door(method, path, subject, named, named[0] if named else "")


def table(subject: str, text: str) -> tuple[Door, ...]:
    return tuple(_doors(subject, *(line for line in text.splitlines() if line)))


PIC, A = "presa_in_carico:leggi", "/api/v1"
READS = (
    *_doors("cartella", f"GET {A}/cartelle/{{cartella_id}} {PIC}",
            f"GET {A}/cartelle/{{cartella_id}}/diario diario:leggi",
            f"GET {A}/cartelle/{{cartella_id}}/isee isee:leggi",
            f"GET {A}/cartelle/{{cartella_id}}/documenti documenti:leggi",
            f"GET {A}/cartelle/{{cartella_id}}/stampe stampe:stampa",
            f"GET {A}/cartelle/{{cartella_id}}/condivisioni condivisioni:leggi+{PIC}",
            f"GET {A}/cartelle/{{cartella_id}}/perche {PIC}"),
    *_doors("diario", f"GET {A}/cartelle/{{cartella_id}}/diario/{{voce_id}} diario:leggi"),
    *_doors("documenti", f"GET {A}/cartelle/{{cartella_id}}/documenti/{{documento_id}}/contenuto documenti:leggi"),
    *_doors("fogli", f"GET {A}/fogli/{{foglio_id}} fogli:leggi"),
    *_doors("stampe", f"GET {A}/stampe/{{stampa_id}} stampe:stampa",
            f"GET {A}/stampe/{{stampa_id}}/contenuto stampe:stampa"),
)  # fmt: skip
PROBED = (
    Door("GET", "/casi/{cartella_id}/motivo", "", ()),
    Door("GET", "/casi/{cartella_id}/condivisioni/{condivisione_id}", "", ("condivisioni:leggi", PIC)),
    Door("GET", "/condivisioni/{condivisione_id}", "", ("condivisioni:leggi",)),
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
    Door("POST", f"{A}/cartelle/{{cartella_id}}/condivisioni", "cartella", ("condivisioni:scrivi", PIC),
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
LISTS = table("", """
GET /api/v1/cartelle presa_in_carico:leggi
GET /api/v1/fogli fogli:leggi
GET /api/v1/erogazioni liquidazioni:leggi
GET /api/v1/condivisioni condivisioni:leggi
GET /api/v1/avvisi avvisi:leggi
GET /api/v1/residenti anagrafe:leggi
GET /api/v1/residenti/{residente_id} anagrafe:leggi
GET /api/v1/residenti/{residente_id}/variazioni anagrafe:leggi
GET /api/v1/siuss siuss:leggi+anagrafe:leggi
GET /api/v1/report/crosstab report:leggi
GET /api/v1/colleghi presa_in_carico:leggi
GET / -
GET /casi presa_in_carico:leggi
GET /condivisioni condivisioni:leggi
GET /avvisi avvisi:leggi
GET /avvisi/conteggio avvisi:leggi
GET /persone anagrafe:leggi
GET /persone/{residente_id} anagrafe:leggi
GET /interventi fogli:leggi
GET /pagamenti liquidazioni:leggi
GET /siuss siuss:leggi+anagrafe:leggi
GET /report report:leggi
GET /riservatezza -
""")  # fmt: skip
"""Searches, lists, counts, first pages: whole and by parts exactly what the oracle says, or (where they say more than
cases) nothing of what does not exist for him. `reading.lists` and `reading.registry` have a function for each kind."""

ELSEWHERE = (
    *table("history: opened by coordinators; refused for one's own household", """
POST /api/v1/cartelle presa_in_carico:scrivi+anagrafe:leggi
"""),
    *table("a stream: gateway/tests/integration/test_live.py; what it tells is the alerts list's", """
GET /api/v1/avvisi/flusso avvisi:leggi
"""),
    *table("avvisi", """
POST /api/v1/avvisi/{avviso_id}/lettura avvisi:scrivi
POST /api/v1/avvisi/{avviso_id}/conferma avvisi:scrivi
GET /avvisi/{avviso_id} avvisi:leggi
POST /avvisi/{avviso_id}/conferma avvisi:scrivi+avvisi:leggi
POST /avvisi/{avviso_id}/letto avvisi:scrivi+avvisi:leggi
"""),
)  # fmt: skip
"""Asked elsewhere, as the subject says; alerts of others in the probes by id."""
PAGE_WRITES = (
    *table("", """
POST /persone/{residente_id}/caso presa_in_carico:scrivi+anagrafe:leggi
POST /casi/{cartella_id}/diario diario:scrivi+diario:leggi+presa_in_carico:leggi
POST /casi/{cartella_id}/diario/{voce_id} diario:scrivi+diario:leggi+presa_in_carico:leggi
POST /casi/{cartella_id}/diario/{voce_id}/annulla diario:scrivi+diario:leggi+presa_in_carico:leggi
POST /casi/{cartella_id}/isee isee:scrivi+isee:leggi+presa_in_carico:leggi
POST /casi/{cartella_id}/interventi/nuovo fogli:scrivi+fogli:leggi+presa_in_carico:leggi
POST /casi/{cartella_id}/documenti documenti:scrivi+documenti:leggi+presa_in_carico:leggi
POST /casi/{cartella_id}/stampa stampe:stampa+anagrafe:leggi+presa_in_carico:leggi
POST /casi/{cartella_id}/carico/prendi presa_in_carico:scrivi+presa_in_carico:leggi
POST /casi/{cartella_id}/carico/assegna presa_in_carico:assegna+presa_in_carico:leggi
POST /casi/{cartella_id}/carico/chiudi presa_in_carico:scrivi+presa_in_carico:leggi
POST /casi/{cartella_id}/carico/riapri presa_in_carico:scrivi+presa_in_carico:leggi
POST /casi/{cartella_id}/carico/secondo-livello secondo_livello:scrivi+presa_in_carico:leggi
POST /casi/{cartella_id}/condivisioni condivisioni:leggi+condivisioni:scrivi+presa_in_carico:leggi
POST /casi/{cartella_id}/motivo -
POST /api/v1/cartelle/{cartella_id}/motivo -
POST /condivisioni/{condivisione_id}/decidi condivisioni:leggi+condivisioni:scrivi
POST /condivisioni/{condivisione_id}/revoca condivisioni:leggi+condivisioni:scrivi
POST /interventi/{foglio_id}/decidi fogli:approva+fogli:leggi
POST /interventi/{foglio_id}/pagamento liquidazioni:scrivi+fogli:leggi
POST /pagamenti/proponi liquidazioni:scrivi+liquidazioni:leggi
POST /pagamenti/{erogazione_id}/liquida liquidazioni:liquida+liquidazioni:leggi
POST /pagamenti/{erogazione_id}/annulla liquidazioni:scrivi+liquidazioni:leggi
"""),
    Door("POST", "/casi/{cartella_id}/condivisioni/{condivisione_id}/revoca", "",
         ("condivisioni:leggi", "condivisioni:scrivi", PIC)),
)  # fmt: skip
"""The forms: probed with the id of something invisible and with nobody's, and the answers held side by side."""
