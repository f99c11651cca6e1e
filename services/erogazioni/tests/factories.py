"""Builders with defaults; persons are invented."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from codicefiscale import codicefiscale

from contracts.anagrafe import GetResidenti, ResidenteOut, ResidentiOut
from contracts.cartella import Area, StatoCartella
from contracts.erogazioni import Carattere, StatoErogazione, StatoFoglio
from contracts.mandato import Extent, Mandato
from erogazioni.domain.erogazioni import Erogazione
from erogazioni.domain.fogli import Cartella, Foglio
from erogazioni.domain.siuss import DaComunicare, Dsu

ENTE = "F704"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
SCOPES = (
    "fogli:leggi", "fogli:scrivi", "fogli:approva", "liquidazioni:leggi", "liquidazioni:scrivi",
    "liquidazioni:liquida", "siuss:leggi", "siuss:esporta",
)  # fmt: skip
CF_OPERATORE = "VRDLGI70A01F704L"


def make_mandato(
    operatore_id: UUID | None = None,
    *,
    extent: Extent = Extent.ENTE,
    ente: str = ENTE,
    settore: str = "minori",
    **over: Any,
) -> Mandato:
    estensioni = dict.fromkeys(SCOPES, extent) | over.pop("estensioni", {})
    return Mandato(
        operatore_id=operatore_id or uuid4(),
        incarico_id=uuid4(),
        ruolo="prova",
        ente=ente,
        settore=settore,
        estensioni=estensioni,
        token="token",
        **over,
    )


def make_cartella(**over: Any) -> Cartella:
    cartella = Cartella(
        id=uuid4(),
        numero="2026/000001",
        residente_id=uuid4(),
        ente=ENTE,
        settore="minori",
        team=[],
        responsabile_id=None,
        area=Area.FAMIGLIA_MINORI,
        stato=StatoCartella.IN_CARICO,
        comune_residenza=ENTE,
        sequence=1,
    )
    return replace(cartella, **over)


def make_foglio(**over: Any) -> Foglio:
    foglio = Foglio(
        id=uuid4(),
        numero="2026/000001",
        ente=ENTE,
        cartella_id=uuid4(),
        residente_id=uuid4(),
        area=Area.FAMIGLIA_MINORI,
        voce_istat="G13",
        voce_nome="Contributi a integrazione del reddito familiare",
        prestazione_inps="A1.04",
        carattere=Carattere.PERIODICO,
        importo=Decimal("320.00"),
        quota_ente=Decimal("320.00"),
        quota_beneficiario=Decimal("0.00"),
        quota_ssn=Decimal("0.00"),
        dal=date(2026, 1, 1),
        al=date(2026, 12, 31),
        isee_id=None,
        fondo="",
        motivazione="Reddito insufficiente",
        stato=StatoFoglio.APPROVATO,
        proponente_id=uuid4(),
        approvatore_id=uuid4(),
        deciso_il=NOW,
        motivo_decisione="",
        motivo_stato="",
        version=2,
        creato_il=NOW,
    )
    return replace(foglio, **over)


def make_erogazione(foglio: Foglio, **over: Any) -> Erogazione:
    erogazione = Erogazione(
        id=uuid4(),
        foglio_id=foglio.id,
        cartella_id=foglio.cartella_id,
        residente_id=foglio.residente_id,
        ente=foglio.ente,
        carattere=foglio.carattere,
        mese="2026-11",
        dal=date(2026, 11, 1),
        al=date(2026, 11, 30),
        importo=foglio.importo,
        quota_ente=foglio.quota_ente,
        quota_beneficiario=foglio.quota_beneficiario,
        quota_ssn=foglio.quota_ssn,
        stato=StatoErogazione.PROPOSTA,
        proponente_id=uuid4(),
        liquidatore_id=None,
        liquidata_il=None,
        version=1,
        creata_il=NOW,
    )
    return replace(erogazione, **over)


def make_codice_fiscale(base: str = "RSSMRA80A41F704") -> str:
    """Fifteen characters and the letter that belongs to them."""
    return base + codicefiscale.encode_cin(base)


def make_residente(**over: Any) -> ResidenteOut:
    values: dict[str, Any] = {
        "id": uuid4(),
        "codice_fiscale": make_codice_fiscale(),
        "cognome": "Rossi",
        "nome": "Mara",
        "sesso": "F",
        "data_nascita": date(1980, 1, 1),
        "ente": ENTE,
        "luogo_nascita": "F704",
        "codice_istat_comune": "108033",
    }
    return ResidenteOut.model_validate(values | over)


def make_da_comunicare(**over: Any) -> DaComunicare:
    da_comunicare = DaComunicare(
        erogazione_id=uuid4(),
        cartella_id=uuid4(),
        residente_id=uuid4(),
        responsabile_id=None,
        in_carico=True,
        area=Area.FAMIGLIA_MINORI,
        prestazione_inps="A1.04",
        prestazione_nome="Contributi economici a integrazione del reddito familiare",
        prova_mezzi="1",
        solo_in_carico=False,
        richiede_data_evento=False,
        fuori_validita=False,
        carattere=Carattere.PERIODICO,
        protocollo="2026/000001",
        mese="2026-11",
        dal=date(2026, 11, 1),
        al=date(2026, 11, 30),
        importo=Decimal("320.00"),
        quota_ente=Decimal("300.00"),
        quota_beneficiario=Decimal("20.00"),
        quota_ssn=Decimal("0.00"),
        liquidata_il=date(2026, 11, 23),
        dsu=Dsu(protocollo="INPS-ISEE-2026-01234567A-00", data_presentazione=date(2026, 2, 3)),
    )
    return replace(da_comunicare, **over)


class FakeAnagrafe:
    """The registry, from a dictionary; remembers how many it was asked for each time. `esclusi`: whom only
    `list_beneficiari` gives."""

    def __init__(self, *residenti: ResidenteOut) -> None:
        self.residenti = {residente.id: residente for residente in residenti}
        self.esclusi: set[UUID] = set()
        self.batches: list[int] = []
        self.tokens: set[str] = set()

    def call(self, method: str, request: GetResidenti, token: str) -> ResidentiOut:
        assert method in ("get_residenti", "list_beneficiari")
        self.batches.append(len(request.residenti_id))
        self.tokens.add(token)
        hidden = self.esclusi if method == "get_residenti" else set()
        known = [self.residenti[i] for i in request.residenti_id if i in self.residenti and i not in hidden]
        return ResidentiOut(residenti=tuple(known))
