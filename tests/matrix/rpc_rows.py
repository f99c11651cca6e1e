"""Every RPC of every service, and what the matrix asks it. One that stands nowhere here fails the test.

Written by hand from what the call is for: the scope, what its request names, what an answer holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.matrix import doors
from tests.matrix.doors import FAR

NIGHT = "2026-11-23T12:00:00Z"
OPENING = {"comune_residenza": "F704", "sesso": "F", "area": "famiglia_minori", "motivo": "provo"}
ENTRY = {"tipo": "nota", "quando": NIGHT, "testo": "provo"}
UPLOAD = {"nome_file": "a.txt", "tipo_mime": "text/plain", "dimensione": 5}
STORED = {"sha256": "0" * 64, "dimensione": 5}
VINCOLO = {"tipo": "indirizzo_protetto", "dal": "2026-01-01", "atto": "provo", "motivo": "provo"}
FILE = {"mese": "2026-03", "cf_operatore": "RSSMRA80A01F205X"}


@dataclass(frozen=True)
class Row:
    """`names`: the parameters of the request that name something, the thing itself last. `about`: what is named, as
    `rpc_oracle.things` has it. `scope`: without it nothing at all.

    `kind`: `list` (ids under `key`, of all there is), `within` (the same of one case), `one`, `act` (a change that
    cannot succeed: what is within reach says why), `make` (a change that would: asked only where it must be refused),
    `own` (a check of its own). `reason`: it asks why."""

    kind: str
    scope: str = ""
    about: str = ""
    names: tuple[str, ...] = ()
    key: str = ""
    also: dict[str, Any] = field(default_factory=dict)
    reason: bool = False
    pages: bool = False
    order: str = ""


def _case(kind: str, scope: str, **more: Any) -> Row:
    return Row(kind, scope, "cartella", ("cartella_id",), **{"reason": True} | more)


PERSON, ENTRY_IDS = ("residente_id",), ("cartella_id", "voce_id")
ROWS: dict[str, Row] = {
    "anagrafe.search_residenti": Row("own", "anagrafe:leggi"),
    "anagrafe.get_residente": Row("one", "anagrafe:leggi", "residenti", PERSON),
    "anagrafe.list_variazioni": Row("one", "anagrafe:leggi", "residenti", PERSON),
    "anagrafe.get_residenti": Row("own", "anagrafe:leggi"),
    "anagrafe.list_beneficiari": Row("own", "siuss:esporta"),
    "anagrafe.list_conviventi": Row("own"),
    "anagrafe.list_enti": Row("own"),
    "anagrafe.set_vincolo": Row("make", "riservatezza:scrivi", "residenti", PERSON, also=VINCOLO),
    "anagrafe.revoke_vincolo": Row("act", "riservatezza:scrivi", "vincoli", ("vincolo_id",), also=FAR),
    "anagrafe.list_vincoli": Row("list", "riservatezza:leggi", "vincoli", key="vincoli", pages=True,
                                 order="inserito_il"),
    "anagrafe.list_caricamenti": Row("list", "caricamenti:leggi", "caricamenti", key="caricamenti", pages=True,
                                     order="iniziato_il"),
    "anagrafe.list_righe_rifiutate": Row("one", "caricamenti:leggi", "caricamenti", ("caricamento_id",)),
    "anagrafe.confirm_caricamento": Row("act", "caricamenti:approva", "caricamenti", ("caricamento_id",)),
    "cartella.open_cartella": Row("own", "presa_in_carico:scrivi", also=OPENING),
    "cartella.get_cartella": _case("one", "presa_in_carico:leggi"),
    "cartella.list_cartelle": Row("list", "presa_in_carico:leggi", "cartella", key="cartelle", pages=True,
                                  order="aperta_il"),
    "cartella.take_in_carico": _case("act", "presa_in_carico:scrivi", also=FAR),
    "cartella.assign_cartella": _case("act", "presa_in_carico:assegna", also=FAR),
    "cartella.close_cartella": _case("act", "presa_in_carico:scrivi", also=FAR),
    "cartella.reopen_cartella": _case("act", "presa_in_carico:scrivi", also=FAR),
    "cartella.set_riservatezza": _case("act", "secondo_livello:scrivi", also=FAR),
    "cartella.propose_condivisione": _case("make", "condivisioni:scrivi", also=doors.OFFER),
    "cartella.decide_condivisione": Row("act", "condivisioni:scrivi", "condivisioni", ("condivisione_id",),
                                        also=FAR | {"accetta": True}),
    "cartella.revoke_condivisione": Row("act", "condivisioni:scrivi", "condivisioni", ("condivisione_id",), also=FAR),
    "cartella.list_condivisioni": Row("list", "condivisioni:leggi", "condivisioni", key="condivisioni", pages=True,
                                      order="proposta_il"),
    "cartella.explain_accesso": _case("one", "presa_in_carico:leggi", reason=False),
    "cartella.add_voce_diario": _case("make", "diario:scrivi", also=ENTRY),
    "cartella.rectify_voce_diario": Row("act", "diario:scrivi", "diario", ENTRY_IDS, also=ENTRY | FAR, reason=True),
    "cartella.annul_voce_diario": Row("act", "diario:scrivi", "diario", ENTRY_IDS, also=FAR, reason=True),
    "cartella.get_voce_diario": Row("one", "diario:leggi", "diario", ENTRY_IDS, reason=True),
    "cartella.list_voci_diario": _case("within", "diario:leggi", key="voci", pages=True, order="quando"),
    "cartella.add_isee": _case("make", "isee:scrivi", also=doors.ISEE),
    "cartella.list_isee": _case("within", "isee:leggi", key="isee"),
    "cartella.export_fascicolo": _case("one", "stampe:stampa"),
    "documenti.begin_upload": _case("make", "documenti:scrivi", also=UPLOAD, reason=False),
    "documenti.complete_upload": Row("act", "documenti:scrivi", "documenti", ("documento_id",), also=STORED),
    "documenti.list_documenti": _case("within", "documenti:leggi", key="documenti", pages=True, order="caricato_il"),
    "documenti.get_download": Row("one", "documenti:leggi", "documenti", ("cartella_id", "documento_id"), reason=True),
    "documenti.request_stampa": _case("make", "stampe:stampa"),
    "documenti.get_stampa": Row("one", "stampe:stampa", "stampe", ("stampa_id",)),
    "documenti.list_stampe": _case("within", "stampe:stampa", key="stampe", order="richiesta_il"),
    "erogazioni.list_catalogo": Row("own"),
    "erogazioni.propose_foglio": _case("make", "fogli:scrivi", also=doors.FOGLIO),
    "erogazioni.get_foglio": Row("one", "fogli:leggi", "fogli", ("foglio_id",), reason=True),
    "erogazioni.list_fogli": Row("list", "fogli:leggi", "fogli", key="fogli", pages=True, order="creato_il"),
    "erogazioni.decide_foglio": Row("act", "fogli:approva", "fogli", ("foglio_id",), also=FAR | {"approva": True},
                                    reason=True),
    "erogazioni.propose_erogazione": Row("make", "liquidazioni:scrivi", "fogli", ("foglio_id",),
                                         also={"mese": "2027-11"}, reason=True),
    "erogazioni.liquidate_erogazione": Row("act", "liquidazioni:liquida", "liquidazioni", ("erogazione_id",), also=FAR,
                                           reason=True),
    "erogazioni.annul_erogazione": Row("act", "liquidazioni:scrivi", "liquidazioni", ("erogazione_id",), also=FAR,
                                       reason=True),
    "erogazioni.list_erogazioni": Row("list", "liquidazioni:leggi", "liquidazioni", key="erogazioni", pages=True,
                                      order="mese"),
    "erogazioni.preview_siuss": Row("own", "siuss:leggi"),
    "erogazioni.generate_flusso": Row("own", "siuss:esporta", also=FILE),
    "erogazioni.list_flussi": Row("own", "siuss:leggi"),
    "erogazioni.get_flusso": Row("one", "siuss:esporta", "flussi", ("flusso_id",)),
    "notifiche.list_avvisi": Row("list", "avvisi:leggi", "avvisi", key="avvisi", also={"solo_aperti": False}),
    "notifiche.mark_avviso_letto": Row("make", "avvisi:scrivi", "avvisi", ("avviso_id",)),
    "notifiche.confirm_avviso": Row("act", "avvisi:scrivi", "avvisi", ("avviso_id",), also=FAR),
    "report.run_crosstab": Row("own", "report:leggi"),
}  # fmt: skip

SCOPES = tuple(
    sorted(
        {row.scope for row in ROWS.values() if row.scope}
        | {"secondo_livello:leggi", "riservatezza:leggi", "siuss:esporta", "avvisi:leggi"}
    )
)
"""Whatever a mandate may hold that some call looks at."""
OF_A_CASE = {"fogli": "erogazioni.list_fogli", "liquidazioni": "erogazioni.list_erogazioni",
             "avvisi": "notifiche.list_avvisi", "condivisioni": "cartella.list_condivisioni"}  # fmt: skip
"""Lists that also give those of one case."""
