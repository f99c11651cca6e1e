"""Builders with defaults for the tests of documenti. People and codes are invented."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from contracts.cartella import (
    Area,
    CartellaOut,
    FascicoloOut,
    IseeOut,
    StatoCartella,
    TipoIsee,
    TipoVoce,
    VoceDiarioOut,
)
from contracts.documenti import BeginUpload, DocumentoOut, RequestStampa, StatoDocumento
from contracts.erogazioni import Carattere, ErogazioneOut, FoglioOut, StatoErogazione, StatoFoglio
from contracts.mandato import Extent, Mandato

GIULIA = UUID("00000000-0000-7000-8000-000000000001")
MARCO = UUID("00000000-0000-7000-8000-000000000002")
CARTELLA = UUID("00000000-0000-7000-8000-00000000000a")
WHEN = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"

SCOPES = (
    "documenti:leggi", "documenti:scrivi", "stampe:stampa", "presa_in_carico:leggi", "diario:leggi", "isee:leggi",
    "fogli:leggi", "liquidazioni:leggi", "secondo_livello:leggi",
    "secondo_livello:scrivi",
)  # fmt: skip


def make_mandato(
    operatore_id: UUID = GIULIA,
    *,
    extent: Extent = Extent.SETTORE,
    ente: str = "F704",
    settore: str = "minori",
    without: tuple[str, ...] = (),
    motivo: str = "sostituisco la collega",
    **changes: Any,
) -> Mandato:
    """One who may open a case that is not his own: he says why."""
    return Mandato(
        operatore_id=operatore_id,
        incarico_id=uuid4(),
        ruolo="assistente_sociale",
        ente=ente,
        settore=settore,
        estensioni={scope: extent for scope in SCOPES if scope not in without},
        motivo=motivo,
        motivo_per=(CARTELLA,),
        token="a token",
        **changes,
    )


def make_begin(dimensione: int = 1000, **changes: Any) -> BeginUpload:
    values: dict[str, Any] = {
        "cartella_id": CARTELLA,
        "nome_file": "relazione.pdf",
        "tipo_mime": "application/pdf",
        "dimensione": dimensione,
    }
    return BeginUpload(**{**values, **changes})


def make_cartella(**changes: Any) -> CartellaOut:
    values: dict[str, Any] = {
        "id": CARTELLA,
        "numero": "2026/000012",
        "residente_id": uuid4(),
        "ente": "F704",
        "settore": "minori",
        "area": Area.FAMIGLIA_MINORI,
        "stato": StatoCartella.IN_CARICO,
        "responsabile_id": GIULIA,
        "team": (GIULIA,),
        "comune_residenza": "F704",
        "aperta_il": WHEN,
        "version": 1,
    }
    return CartellaOut(**{**values, **changes})


def make_voce(testo: str = "La madre racconta della scuola.", **changes: Any) -> VoceDiarioOut:
    values: dict[str, Any] = {
        "id": uuid4(),
        "cartella_id": CARTELLA,
        "tipo": TipoVoce.COLLOQUIO,
        "quando": WHEN,
        "con_chi": "la madre",
        "dove": "sede",
        "testo": testo,
        "privata": False,
        "autore_id": GIULIA,
        "scritta_il": WHEN,
        "version": 1,
    }
    return VoceDiarioOut(**{**values, **changes})


def make_isee() -> IseeOut:
    return IseeOut(
        id=uuid4(), cartella_id=CARTELLA, tipo=TipoIsee.MINORENNI, protocollo_dsu="INPS-ISEE-2026-01234567A-00",
        data_presentazione=date(2026, 2, 3), scadenza=date(2026, 12, 31), ise=Decimal("20000.00"),
        scala=Decimal("2.46"), isee=Decimal("8130.08"), omissioni=False, note="",
        autore_id=GIULIA, scritto_il=WHEN, version=1,
    )  # fmt: skip


def make_fascicolo(voci: int = 1, **changes: Any) -> FascicoloOut:
    values: dict[str, Any] = {
        "cartella": make_cartella(),
        "voci": tuple(make_voce(f"Voce {n}. " + "Si concorda un nuovo incontro. " * 60) for n in range(voci)),
        "isee": (make_isee(),),
    }
    return FascicoloOut(**{**values, **changes})


def make_foglio() -> FoglioOut:
    return FoglioOut(
        id=uuid4(), numero="2026/7", cartella_id=CARTELLA, residente_id=uuid4(), ente="F704", voce_istat="FM-CE",
        voce_nome="Contributo economico a integrazione del reddito", prestazione_inps="A1.04",
        carattere=Carattere.PERIODICO, importo=Decimal("1320.50"), quota_ente=Decimal("1320.50"),
        quota_beneficiario=Decimal("0.00"), quota_ssn=Decimal("0.00"), dal=date(2026, 11, 1), al=None, isee_id=None,
        fondo="", motivazione="Reddito insufficiente.", stato=StatoFoglio.APPROVATO, proponente_id=GIULIA,
        approvatore_id=MARCO, deciso_il=WHEN, motivo_decisione="", version=2, creato_il=WHEN,
    )  # fmt: skip


def make_erogazione() -> ErogazioneOut:
    return ErogazioneOut(
        id=uuid4(), foglio_id=uuid4(), foglio_numero="2026/7", cartella_id=CARTELLA, residente_id=uuid4(), ente="F704",
        voce_nome="Contributo economico", prestazione_inps="A1.04", mese="2026-11", importo=Decimal("1320.50"),
        stato=StatoErogazione.LIQUIDATA, proponente_id=MARCO, liquidatore_id=GIULIA, liquidata_il=WHEN, version=2,
    )  # fmt: skip


def make_documento_out(**changes: Any) -> DocumentoOut:
    values: dict[str, Any] = {
        "id": uuid4(),
        "cartella_id": CARTELLA,
        "nome_file": "relazione.pdf",
        "tipo_mime": "application/pdf",
        "dimensione": 5_000_000,
        "sha256": "0" * 64,
        "tipo": "relazione",
        "descrizione": "",
        "data_documento": None,
        "privato": False,
        "autore_id": GIULIA,
        "caricato_il": WHEN,
        "stato": StatoDocumento.CARICATO,
        "version": 2,
    }
    return DocumentoOut(**{**values, **changes})


def make_request_stampa(**changes: Any) -> RequestStampa:
    values: dict[str, Any] = {
        "cartella_id": CARTELLA,
        "intestatario": {"Cognome e nome": "Rossi Luca", "Nato il": "01/02/2015"},
        "operatori": {str(GIULIA): "Giulia Bianchi", str(MARCO): "Marco Verdi"},
        "ente_nome": "Comune di Monza",
    }
    return RequestStampa(**{**values, **changes})
