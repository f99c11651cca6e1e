"""A payment as INPS wants to hear of it (flow PS_PSA_SINA, schema 12/2018): attributes, and what is wrong with them.

One month of one foglio is one record, so that a periodic record never leaves the calendar year of its start
(a longer benefit is split at the months). One record is one `Beneficiario` with one `PrestazioniSociali`, the
only form that both the web upload and the application cooperation take.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from codicefiscale import codicefiscale

from contracts.anagrafe import ResidenteOut
from contracts.cartella import Area
from contracts.erogazioni import AnomaliaSiuss, Carattere
from erogazioni import policies
from erogazioni.domain.fogli import euro, giorno

_CF_INPS = re.compile(policies.CF_INPS)
_CF = re.compile("[A-Z]{6}[0-9A-Z]{2}[A-Z][0-9A-Z]{2}[A-Z][0-9A-Z]{3}[A-Z]")
_ANNO_DSU = re.compile("-([0-9]{4})-")
_FACETS = [(facet, re.compile(facet.pattern)) for facet in policies.FACETS]


@dataclass(frozen=True, kw_only=True)
class Dsu:
    """The declaration an ISEE stands on."""

    protocollo: str
    data_presentazione: date


@dataclass(frozen=True, kw_only=True)
class DaComunicare:
    """A liquidated payment with an exportable benefit, or one told to INPS and then annulled.

    `flusso_nome`: the flow that last told of it, else empty. `frammento`, `chiave`: of an annulled one, as it was
    told. `cancellata`: INPS knows of the annulment too.
    """

    erogazione_id: UUID
    cartella_id: UUID
    residente_id: UUID
    responsabile_id: UUID | None
    in_carico: bool
    area: Area
    prestazione_inps: str
    prestazione_nome: str
    prova_mezzi: str
    solo_in_carico: bool
    richiede_data_evento: bool
    fuori_validita: bool
    carattere: Carattere
    protocollo: str
    mese: str
    dal: date
    al: date
    importo: Decimal
    quota_ente: Decimal
    quota_beneficiario: Decimal
    quota_ssn: Decimal
    liquidata_il: date
    dsu: Dsu | None = None
    flusso_nome: str = ""
    annullata: bool = False
    cancellata: bool = False
    chiave: str = ""
    frammento: bytes = b""


@dataclass(frozen=True)
class RecordPs:
    """XML attributes of one record, by element, in the order they are written."""

    beneficiario: dict[str, str]
    anagrafica: dict[str, str]
    indirizzo: dict[str, str]
    prestazione: dict[str, str]

    def of(self, elemento: str) -> dict[str, str]:
        return {
            "Beneficiario": self.beneficiario,
            "Anagrafica": self.anagrafica,
            "Indirizzo": self.indirizzo,
            "PrestazioniSociali": self.prestazione,
        }[elemento]

    @property
    def chiave(self) -> str:
        """What INPS tells records apart by: a repeated occasional one would be counted twice there."""
        names = ("CodicePrestazione", "ProtocolloDomanda", "CaratterePrestazione")
        data = self.prestazione.get("DataInizioPrestazione") or self.prestazione.get(
            "DataErogazionePrestazione", ""
        )
        return "|".join(
            (self.beneficiario["CodiceFiscale"], *(self.prestazione[name] for name in names), data)
        )


@dataclass(frozen=True)
class RigaRegistro:
    """What the ledger keeps of a record sent: `frammento` is its XML, byte for byte."""

    erogazione_id: UUID
    chiave: str
    frammento: bytes
    operazione: str = "I"


def build_record(da_comunicare: DaComunicare, residente: ResidenteOut) -> RecordPs:
    """The attributes as they would be sent; `find_anomalie` says whether they may be."""
    codice_istat = residente.codice_istat_comune
    return RecordPs(
        beneficiario={"CodiceFiscale": residente.codice_fiscale or ""},
        anagrafica={
            "Cognome": residente.cognome,
            "Nome": residente.nome,
            "AnnoNascita": f"{residente.data_nascita.year:04d}" if residente.data_nascita else "",
            "LuogoNascita": residente.luogo_nascita,
            "Genere": {"M": "1", "F": "2"}.get(residente.sesso, ""),
            "CodiceCittadinanza": residente.cittadinanza,
        },
        indirizzo={
            "CodiceRegione": policies.regione_of(codice_istat),
            "CodiceComune": codice_istat,
            "CodiceNazione": policies.ITALIA,
        },
        prestazione=_prestazione(da_comunicare),
    )


def _prestazione(da_comunicare: DaComunicare) -> dict[str, str]:
    return {
        "TipoOperazione": "I",
        "PresenzaProvaMezzi": da_comunicare.prova_mezzi,
        "CaratterePrestazione": "1" if da_comunicare.carattere is Carattere.PERIODICO else "2",
        **_dsu(da_comunicare.dsu),
        "CodicePrestazione": da_comunicare.prestazione_inps,
        "DenominazionePrestazione": da_comunicare.prestazione_nome,
        "ProtocolloDomanda": da_comunicare.protocollo,
        **_tempi_importi(da_comunicare),
        "ImportoQuotaEnte": f"{da_comunicare.quota_ente:.2f}",
        "ImportoQuotaUtente": f"{da_comunicare.quota_beneficiario:.2f}",
        "ImportoQuotaSSN": f"{da_comunicare.quota_ssn:.2f}",
        **_presa_in_carico(da_comunicare),
    }


def _dsu(dsu: Dsu | None) -> dict[str, str]:
    if dsu is None:
        return {}
    anno = _ANNO_DSU.search(dsu.protocollo)
    return {
        "NumeroProtocolloDSU": dsu.protocollo,
        "AnnoProtocolloDSU": anno[1] if anno else f"{dsu.data_presentazione.year:04d}",
        "DataDSU": dsu.data_presentazione.isoformat(),
    }


def _tempi_importi(da_comunicare: DaComunicare) -> dict[str, str]:
    if da_comunicare.carattere is Carattere.OCCASIONALE:
        return {
            "DataErogazionePrestazione": da_comunicare.liquidata_il.isoformat(),
            "ImportoPrestazione": f"{da_comunicare.importo:.2f}",
        }
    return {
        "DataInizioPrestazione": da_comunicare.dal.isoformat(),
        "DataFinePrestazione": da_comunicare.al.isoformat(),
        "PeriodoErogazione": str(_months(da_comunicare.dal, da_comunicare.al)),
        "ImportoMensile": f"{da_comunicare.importo:.2f}",
    }


def _presa_in_carico(da_comunicare: DaComunicare) -> dict[str, str]:
    if not da_comunicare.in_carico:
        return {"PresaCarico": "2"}
    return {"PresaCarico": "1", "AreaUtenza": policies.AREA_UTENZA.get(da_comunicare.area, "3")}


def _months(dal: date, al: date) -> int:
    return (al.year - dal.year) * 12 + al.month - dal.month + 1


def find_anomalie(
    da_comunicare: DaComunicare, residente: ResidenteOut | None, record: RecordPs | None
) -> tuple[AnomaliaSiuss, ...]:
    """Everything that keeps the record from being sent; empty when it is ready."""
    if residente is None or record is None:
        return (_anomalia("residente", "I dati anagrafici del beneficiario non sono disponibili."),)
    found = (
        *_check_codice_fiscale(residente),
        *_check_facets(record),
        *_check_importi(da_comunicare),
        *_check_tempi(da_comunicare),
        *_check_dsu(da_comunicare),
        *_check_catalogo(da_comunicare),
    )
    return tuple(dict.fromkeys(found))


def _anomalia(campo: str, messaggio: str) -> AnomaliaSiuss:
    return AnomaliaSiuss(campo=campo, messaggio=messaggio)


def _check_codice_fiscale(residente: ResidenteOut) -> Iterator[AnomaliaSiuss]:
    """INPS's pattern, control letter, agreement with birth and sex. Reported, never changed."""
    codice = (residente.codice_fiscale or "").upper()
    if not codice:
        yield _anomalia("codice_fiscale", "Manca il codice fiscale: si completa in anagrafe.")
        return
    if not _CF_INPS.fullmatch(residente.codice_fiscale or ""):
        yield _anomalia("codice_fiscale", _why_not_admitted(codice))
        return
    if len(codice) == 11:
        return
    if codicefiscale.encode_cin(codice) != codice[15]:
        yield _anomalia("codice_fiscale", "Il carattere di controllo del codice fiscale è sbagliato.")
    nascita, day = residente.data_nascita, int(codice[9:11])
    if nascita and codice[6:8] != f"{nascita.year % 100:02d}":
        yield _anomalia(
            "data_nascita", f"L'anno di nascita in anagrafe ({nascita.year}) non è quello del codice fiscale."
        )
    if residente.sesso in ("M", "F") and (day > 40) != (residente.sesso == "F"):
        yield _anomalia("sesso", "Il sesso in anagrafe non è quello del codice fiscale.")


def _why_not_admitted(codice: str) -> str:
    if _CF.fullmatch(codice):
        return (
            "Il codice fiscale è omocodico e lo schema INPS non lo accetta. Non va modificato: questo record si"
            " trasmette dal portale INPS."
        )
    return "Il codice fiscale non ha la forma prevista (16 caratteri, o 11 cifre se provvisorio)."


def _check_facets(record: RecordPs) -> Iterator[AnomaliaSiuss]:
    for facet, pattern in _FACETS:
        value = record.of(facet.elemento).get(facet.attributo)
        if value is None and not facet.required:
            continue
        if not pattern.fullmatch(value or ""):
            yield _anomalia(facet.campo, facet.messaggio)


def _check_importi(da_comunicare: DaComunicare) -> Iterator[AnomaliaSiuss]:
    quote = (da_comunicare.quota_ente, da_comunicare.quota_beneficiario, da_comunicare.quota_ssn)
    if da_comunicare.importo <= 0:
        yield _anomalia("importo", "L'importo deve essere maggiore di zero.")
    if min(quote) < 0 or sum(quote) != da_comunicare.importo:
        yield _anomalia(
            "quote",
            f"Le quote sommano {euro(sum(quote, Decimal(0)))} ma l'importo è {euro(da_comunicare.importo)}.",
        )


def _check_tempi(da_comunicare: DaComunicare) -> Iterator[AnomaliaSiuss]:
    if da_comunicare.carattere is Carattere.OCCASIONALE:
        return
    if da_comunicare.al < da_comunicare.dal:
        yield _anomalia("periodo", "La fine della prestazione viene prima dell'inizio.")
    if da_comunicare.al.year != da_comunicare.dal.year:
        yield _anomalia(
            "periodo", "Una prestazione periodica non può passare l'anno: va divisa al 31 dicembre."
        )


def _check_dsu(da_comunicare: DaComunicare) -> Iterator[AnomaliaSiuss]:
    if da_comunicare.dsu is not None and not da_comunicare.dsu.protocollo.strip():
        yield _anomalia(
            "isee", "Della DSU manca il protocollo: servono protocollo, anno e data, o nessuno dei tre."
        )
    if da_comunicare.dsu is None and da_comunicare.prova_mezzi == policies.SOGGETTA_A_ISEE:
        yield _anomalia(
            "isee",
            "La prestazione è soggetta a ISEE ma nel caso non c'è un'ISEE valida al"
            f" {giorno(da_comunicare.dal)}: registrala nella sezione ISEE.",
        )


def _check_catalogo(da_comunicare: DaComunicare) -> Iterator[AnomaliaSiuss]:
    if da_comunicare.solo_in_carico and not da_comunicare.in_carico:
        yield _anomalia(
            "presa_in_carico", "Questa prestazione si comunica solo per chi è in carico al servizio."
        )
    if da_comunicare.fuori_validita:
        yield _anomalia(
            "prestazione_inps", "Nel periodo pagato la prestazione INPS non era più valida nel catalogo."
        )
    if da_comunicare.richiede_data_evento:
        yield _anomalia(
            "data_evento", "Questa prestazione chiede la data dell'evento, che il foglio non porta."
        )
