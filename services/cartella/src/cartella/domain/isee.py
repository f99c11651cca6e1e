"""An ISEE as a worker types it in from the attestazione of INPS: kept as written, with warnings beside it."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from cartella import policies
from cartella.domain.steps import Step, local_date
from contracts.cartella import AddIsee, IseeOut, TipoIsee
from contracts.errors import Invalid

PROTOCOLLO_DSU = re.compile(r"^INPS-ISEE-[0-9]{4}-[0-9]{8}[A-Z]-[0-9]{2}$")
"""As in INPS's ISEE_TipiComuni.xsd (27 characters)."""


@dataclass(frozen=True)
class Isee:
    """Amounts in euros, two decimals; `avvisi` are Italian sentences, fixed when it was written."""

    id: UUID
    cartella_id: UUID
    ente: str
    residente_id: UUID
    tipo: TipoIsee
    protocollo_dsu: str
    data_presentazione: date
    scadenza: date
    ise: Decimal
    scala: Decimal
    isee: Decimal
    omissioni: bool
    note: str
    avvisi: tuple[str, ...]
    autore_id: UUID
    scritto_il: datetime
    version: int


def normalize_protocollo(protocollo: str) -> str:
    """Upper case, without the blanks that pasting brings along."""
    return "".join(protocollo.split()).upper()


def register(request: AddIsee, ente: str, residente_id: UUID, step: Step, *, already_there: bool) -> Isee:
    """A new ISEE. Invalid, field by field, where it cannot be what INPS wrote; doubts become `avvisi`."""
    protocollo = normalize_protocollo(request.protocollo_dsu)
    today = local_date(step.quando)
    if fields := _errors(request, protocollo, today):
        raise Invalid("isee.non_valido", "Alcuni dati dell'ISEE non sono validi.", fields=fields)
    proposed = policies.expiry(request.tipo, request.data_presentazione)
    scadenza = request.scadenza or proposed
    return Isee(
        id=step.id,
        cartella_id=request.cartella_id,
        ente=ente,
        residente_id=residente_id,
        tipo=request.tipo,
        protocollo_dsu=protocollo,
        data_presentazione=request.data_presentazione,
        scadenza=scadenza,
        ise=request.ise,
        scala=request.scala,
        isee=request.isee,
        omissioni=request.omissioni,
        note=request.note.strip(),
        avvisi=_warnings(request, protocollo, scadenza, proposed, today, already_there),
        autore_id=step.operatore_id,
        scritto_il=step.quando,
        version=1,
    )


def to_out(isee: Isee) -> IseeOut:
    """The ISEE as it crosses the border of the service."""
    return IseeOut(
        id=isee.id,
        cartella_id=isee.cartella_id,
        tipo=isee.tipo,
        protocollo_dsu=isee.protocollo_dsu,
        data_presentazione=isee.data_presentazione,
        scadenza=isee.scadenza,
        ise=isee.ise,
        scala=isee.scala,
        isee=isee.isee,
        omissioni=isee.omissioni,
        note=isee.note,
        avvisi=isee.avvisi,
        autore_id=isee.autore_id,
        scritto_il=isee.scritto_il,
        version=isee.version,
    )


def _errors(request: AddIsee, protocollo: str, today: date) -> dict[str, str]:
    fields: dict[str, str] = {}
    if not PROTOCOLLO_DSU.match(protocollo):
        fields["protocollo_dsu"] = "Il protocollo DSU ha la forma INPS-ISEE-2026-01234567A-00."
    if request.data_presentazione > today:
        fields["data_presentazione"] = "La DSU non può essere presentata nel futuro."
    if request.data_presentazione.year < policies.FIRST_YEAR:
        fields["data_presentazione"] = (
            f"Prima del {policies.FIRST_YEAR} l'ISEE non esisteva: ricontrolla la data."
        )
    if request.scadenza and request.scadenza < request.data_presentazione:
        fields["scadenza"] = "La scadenza viene prima della presentazione."
    if request.scala < 1:
        fields["scala"] = "La scala di equivalenza parte da 1,00."
    for name, amount in (("ise", request.ise), ("isee", request.isee)):
        if amount < 0:
            fields[name] = "L'importo non può essere negativo."
    return fields


def _warnings(
    request: AddIsee, protocollo: str, scadenza: date, proposed: date, today: date, already_there: bool
) -> tuple[str, ...]:
    presentata = request.data_presentazione
    checks = (
        (
            not policies.is_coherent(request.ise, request.scala, request.isee),
            "ISE diviso la scala di equivalenza non dà l'ISEE scritto: ricontrolla i tre importi.",
        ),
        (
            not policies.fits_household(request.scala, presentata),
            "La scala di equivalenza non corrisponde a nessun nucleo previsto dalla tabella: ricontrollala.",
        ),
        (
            protocollo[10:14] != str(presentata.year),
            "L'anno del protocollo DSU non è quello della presentazione.",
        ),
        (
            scadenza != proposed,
            f"La scadenza scritta è diversa da quella di legge ({proposed:%d/%m/%Y}).",
        ),
        (scadenza < today, "Questo ISEE è già scaduto."),
        (
            request.omissioni,
            "L'attestazione riporta omissioni o difformità: si usa solo per decisione dell'ente.",
        ),
        (already_there, "Un ISEE con lo stesso protocollo è già registrato nel caso."),
    )
    return tuple(text for applies, text in checks if applies)
