"""The foglio amministrativo: what is granted to whom, for how long, out of whose pocket. Pure rules."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from contracts.cartella import Area, StatoCartella
from contracts.erogazioni import Carattere, StatoFoglio
from contracts.errors import Conflict, Forbidden, Invalid
from erogazioni.policies import ANNI, IMPORTO_MASSIMO


@dataclass(frozen=True, kw_only=True)
class Cartella:
    """What we know of a case, from its events."""

    id: UUID
    numero: str
    residente_id: UUID
    ente: str
    settore: str
    team: list[UUID]
    responsabile_id: UUID | None
    area: Area
    stato: StatoCartella
    comune_residenza: str
    sequence: int


@dataclass(frozen=True, kw_only=True)
class Foglio:
    """Amounts in euros: per month when periodico, once when occasionale. `motivo_stato`: why it is as it is now."""

    id: UUID
    numero: str
    ente: str
    cartella_id: UUID
    residente_id: UUID
    area: Area
    voce_istat: str
    voce_nome: str
    prestazione_inps: str
    carattere: Carattere
    importo: Decimal
    quota_ente: Decimal
    quota_beneficiario: Decimal
    quota_ssn: Decimal
    dal: date
    al: date | None
    isee_id: UUID | None
    fondo: str
    motivazione: str
    stato: StatoFoglio
    proponente_id: UUID
    approvatore_id: UUID | None
    deciso_il: datetime | None
    motivo_decisione: str
    motivo_stato: str
    version: int
    creato_il: datetime


def check_quote(
    importo: Decimal, quota_ente: Decimal, quota_beneficiario: Decimal, quota_ssn: Decimal
) -> None:
    """The shares make up the amount to the cent (INPS refuses a record where they do not)."""
    if importo <= 0:
        raise Invalid(
            "foglio.importo", "L'importo deve essere maggiore di zero.", {"importo": "Maggiore di zero."}
        )
    if importo > IMPORTO_MASSIMO:
        message = f"L'importo supera {euro(IMPORTO_MASSIMO)}: ricontrolla le cifre."
        raise Invalid("foglio.importo", message, {"importo": message})
    if min(quota_ente, quota_beneficiario, quota_ssn) < 0:
        raise Invalid(
            "foglio.quote", "Una quota non può essere negativa.", {"quota_ente": "Nessuna quota negativa."}
        )
    somma = quota_ente + quota_beneficiario + quota_ssn
    if somma != importo:
        message = f"Le quote sommano {euro(somma)} ma l'importo è {euro(importo)}."
        raise Invalid("foglio.quote", message, {"quota_ente": message})


def check_periodo(dal: date, al: date | None) -> None:
    check_anno("dal", dal.year)
    if al is not None:
        check_anno("al", al.year)
    if al is not None and al < dal:
        raise Invalid(
            "foglio.date",
            "La data di fine viene prima di quella di inizio.",
            {"al": "Prima della data di inizio."},
        )


def check_anno(campo: str, anno: int, code: str = "foglio.date") -> None:
    """Refuses years that only a slip of the pen can mean."""
    if anno not in ANNI:
        message = f"L'anno {anno} non è plausibile: ricontrolla la data."
        raise Invalid(code, message, {campo: message})


def check_cartella_aperta(cartella: Cartella) -> None:
    """Nothing new is granted on a closed case; payments already granted go on."""
    if cartella.stato is StatoCartella.CHIUSA:
        raise Conflict(
            "foglio.cartella_chiusa", "Il caso è chiuso: per un nuovo intervento va prima riaperto."
        )


def check_beneficiario_vivo(data_decesso: date | None, fino_al: date | None) -> None:
    """Refuses what reaches past a known death (`fino_al` empty: without end). The case stays open."""
    if data_decesso is not None and (fino_al is None or fino_al > data_decesso):
        raise Conflict(
            "erogazione.beneficiario_deceduto",
            f"Il beneficiario risulta deceduto il {giorno(data_decesso)}: non si possono disporre erogazioni per"
            " periodi successivi al decesso. Il caso resta aperto.",
            details={"data_decesso": data_decesso.isoformat()},
        )


def decide(
    foglio: Foglio,
    *,
    approva: bool,
    operatore_id: UUID,
    motivo: str,
    quando: datetime,
    data_decesso: date | None,
) -> Foglio:
    """The foglio approved or refused by a second person (four eyes)."""
    if foglio.proponente_id == operatore_id:
        raise Forbidden(
            "foglio.quattro_occhi", "Chi ha proposto il foglio non può deciderlo: serve una seconda persona."
        )
    if foglio.stato is not StatoFoglio.PROPOSTO:
        raise Conflict(
            "foglio.gia_deciso", f"Il foglio è già {foglio.stato}: si può decidere solo un foglio proposto."
        )
    if approva:
        check_beneficiario_vivo(data_decesso, foglio.al)
    elif not motivo.strip():
        raise Invalid("foglio.motivo", "Per respingere serve un motivo.", {"motivo": "Scrivi il motivo."})
    return replace(
        foglio,
        stato=StatoFoglio.APPROVATO if approva else StatoFoglio.RESPINTO,
        approvatore_id=operatore_id,
        deciso_il=quando,
        motivo_decisione=motivo.strip(),
        motivo_stato=motivo.strip(),
        version=foglio.version + 1,
    )


def suspend(foglio: Foglio, motivo: str) -> Foglio:
    """The foglio halted; what was paid stays paid."""
    return replace(foglio, stato=StatoFoglio.SOSPESO, motivo_stato=motivo, version=foglio.version + 1)


def resume(foglio: Foglio, motivo: str) -> Foglio:
    """The foglio approved as it was before the suspension."""
    return replace(foglio, stato=StatoFoglio.APPROVATO, motivo_stato=motivo, version=foglio.version + 1)


def check_version(current: int, given: int, attuale: dict[str, Any]) -> None:
    """Optimistic lock: the page shows what was typed beside `attuale`."""
    if current != given:
        raise Conflict(
            "versione.superata",
            "Qualcun altro ha modificato questi dati nel frattempo: rivedi la versione attuale.",
            details={"attuale": attuale},
        )


def euro(importo: Decimal) -> str:
    """`1234.5` → `€ 1.234,50`."""
    return "€ " + f"{importo:,.2f}".translate(str.maketrans(",.", ".,"))


def giorno(data: date) -> str:
    """`2026-11-23` → `23/11/2026`."""
    return data.strftime("%d/%m/%Y")
