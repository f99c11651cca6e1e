"""Rules set by law or by INPS: they change by decree, not by us. Sources beside each."""

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from contracts.cartella import Area

ROMA = ZoneInfo("Europe/Rome")
"""Days and years of acts and payments are those of the Italian calendar."""

ITALIA = "380"
"""ISO 3166 numeric, as in CodiceCittadinanza and CodiceNazione."""

TIPO_FLUSSO = "PS_PSA_SINA"
NAMESPACE = "http://inps.it/Casellario"
IMPORTO_MASSIMO = Decimal("999999.99")
"""Ours, not the law's: no contribution to one person is larger; above it somebody's finger slipped."""

ANNI = range(2000, 2101)
"""Ours: years a foglio or a payment can be about."""

LOTTO_ANAGRAFE = 500
"""Most persons the registry answers for in one call."""

SOGGETTA_A_ISEE = "1"
"""PresenzaProvaMezzi 1: benefit subject to ISEE."""

AREA_UTENZA = {Area.FAMIGLIA_MINORI: "1", Area.DISABILI: "2", Area.ANZIANI: "2"}
"""ISTAT area → SIUSS AreaUtenza (our reading: INPS publishes no mapping); every other area is 3, poverty."""

CF_INPS = r"[A-Za-z]{6}[0-9]{2}[A-Za-z][0-9]{2}[A-Za-z][A-Za-z0-9]{3}[A-Za-z]|[0-9]{11}"
"""Codice fiscale as the PS_PSA_SINA schema (12/2018) admits it: no omocodia in the digits of year and day."""

XML_TEXT = "\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff"
"""Characters an XML 1.0 document may hold, as a regex class."""

_PROVINCE = {
    "01": "001-006 096 103 201",
    "02": "007",
    "03": "012-020 097 098 108 215",
    "04": "021 022",
    "05": "023-029 227",
    "06": "030-032 093",
    "07": "008-011 210",
    "08": "033-040 099 237",
    "09": "045-053 100 248",
    "10": "054 055",
    "11": "041-044 109",
    "12": "056-060 258",
    "13": "066-069",
    "14": "070 094",
    "15": "061-065 263",
    "16": "071-075 110 272",
    "17": "076 077",
    "18": "078-080 101 102 280",
    "19": "081-089 282 283 287",
    "20": "090-092 095 104-107 111-119 292 312-319",
}


def regione_of(codice_istat: str) -> str:
    """ISTAT code of the region of a comune (6 digits, the first three are the province); "" when unknown."""
    return _REGIONE_BY_PROVINCIA.get(codice_istat[:3], "")


def _expand(ranges: str) -> list[str]:
    """`"001-003 096"` → `["001", "002", "003", "096"]`."""
    found: list[str] = []
    for part in ranges.split():
        first, _, last = part.partition("-")
        found += [f"{number:03d}" for number in range(int(first), int(last or first) + 1)]
    return found


_REGIONE_BY_PROVINCIA = {
    provincia: regione for regione, ranges in _PROVINCE.items() for provincia in _expand(ranges)
}


@dataclass(frozen=True)
class Facet:
    """What the INPS schema admits in one attribute, and what to tell the person who can mend it."""

    elemento: str
    attributo: str
    pattern: str
    campo: str
    messaggio: str
    required: bool = True


FACETS = (
    Facet(
        "Anagrafica", "Cognome", f"[{XML_TEXT}]{{1,36}}", "cognome",
        "Il cognome manca, supera i 36 caratteri o contiene caratteri non ammessi: si corregge in anagrafe.",
    ),
    Facet(
        "Anagrafica", "Nome", f"[{XML_TEXT}]{{1,36}}", "nome",
        "Il nome manca, supera i 36 caratteri o contiene caratteri non ammessi: si corregge in anagrafe.",
    ),
    Facet("Anagrafica", "AnnoNascita", "[0-9]{4}", "data_nascita", "Manca la data di nascita in anagrafe."),
    Facet(
        "Anagrafica", "LuogoNascita", "[A-Z][0-9]{3}", "luogo_nascita",
        "Il luogo di nascita non è un codice catastale (comune, o stato estero Z…).",
    ),
    Facet("Anagrafica", "Genere", "[12]", "sesso", "Il sesso in anagrafe non è né M né F."),
    Facet(
        "Anagrafica", "CodiceCittadinanza", "[0-9]{3}", "cittadinanza",
        "La cittadinanza non è un codice di tre cifre (ISO 3166; 990 se non determinata).",
    ),
    Facet("Indirizzo", "CodiceNazione", "[0-9]{3}", "indirizzo", "Manca la nazione di residenza."),
    Facet(
        "Indirizzo", "CodiceComune", "[0-9]{6}", "indirizzo",
        "Manca il codice ISTAT del comune di residenza.",
    ),
    Facet(
        "Indirizzo", "CodiceRegione", "[0-9]{2}", "indirizzo",
        "Dal comune di residenza non si ricava la regione.",
    ),
    Facet(
        "PrestazioniSociali", "PresenzaProvaMezzi", "[1-4]", "prova_mezzi",
        "Nel catalogo la prova dei mezzi della prestazione non è fra 1 e 4.",
    ),
    Facet(
        "PrestazioniSociali", "NumeroProtocolloDSU", f"[{XML_TEXT}]{{1,30}}", "isee",
        "Il protocollo della DSU supera i 30 caratteri o contiene caratteri non ammessi.", required=False,
    ),
    Facet(
        "PrestazioniSociali", "AnnoProtocolloDSU", "[0-9]{4}", "isee",
        "L'anno del protocollo della DSU non ha quattro cifre.", required=False,
    ),
    Facet(
        "PrestazioniSociali", "CodicePrestazione", f"[{XML_TEXT}]{{5,10}}", "prestazione_inps",
        "Il codice della prestazione INPS deve avere da 5 a 10 caratteri: si corregge nel catalogo.",
    ),
    Facet(
        "PrestazioniSociali", "DenominazionePrestazione", f"[{XML_TEXT}]{{10,200}}", "prestazione_nome",
        "La denominazione della prestazione deve avere da 10 a 200 caratteri: si corregge nel catalogo.",
    ),
    Facet(
        "PrestazioniSociali", "ProtocolloDomanda", f"[{XML_TEXT}]{{1,32}}", "foglio",
        "Il numero del foglio amministrativo manca o supera i 32 caratteri.",
    ),
)  # fmt: skip
"""Free-text and coded attributes of PS_PSA_SINA201812.xsd; dates and amounts are typed before they get here."""
