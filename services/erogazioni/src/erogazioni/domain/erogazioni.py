"""The payment of one month out of an approved foglio. Pure rules."""

from calendar import monthrange
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from contracts.erogazioni import Carattere, StatoErogazione, StatoFoglio
from contracts.errors import Conflict, Forbidden, Invalid
from erogazioni.domain.fogli import Foglio, check_anno, check_beneficiario_vivo, euro, giorno

CENTESIMO = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Erogazione:
    """`dal`–`al`: the days of `mese` (AAAA-MM) inside the foglio's period."""

    id: UUID
    foglio_id: UUID
    cartella_id: UUID
    residente_id: UUID
    ente: str
    carattere: Carattere
    mese: str
    dal: date
    al: date
    importo: Decimal
    quota_ente: Decimal
    quota_beneficiario: Decimal
    quota_ssn: Decimal
    stato: StatoErogazione
    proponente_id: UUID
    liquidatore_id: UUID | None
    liquidata_il: datetime | None
    version: int
    creata_il: datetime


def propose(
    foglio: Foglio,
    *,
    id: UUID,
    mese: str,
    importo: Decimal | None,
    operatore_id: UUID,
    quando: datetime,
    data_decesso: date | None,
) -> Erogazione:
    """A payment prepared from an approved foglio; `importo` empty means the foglio's whole amount."""
    dal, al = periodo_in(foglio, mese)
    check_beneficiario_vivo(data_decesso, al)
    if foglio.stato is not StatoFoglio.APPROVATO:
        raise _not_payable(foglio)
    dovuto = foglio.importo if importo is None else importo
    check_importo(foglio, dovuto)
    ente, beneficiario, ssn = split_quote(foglio, dovuto)
    return Erogazione(
        id=id,
        foglio_id=foglio.id,
        cartella_id=foglio.cartella_id,
        residente_id=foglio.residente_id,
        ente=foglio.ente,
        carattere=foglio.carattere,
        mese=mese,
        dal=dal,
        al=al,
        importo=dovuto,
        quota_ente=ente,
        quota_beneficiario=beneficiario,
        quota_ssn=ssn,
        stato=StatoErogazione.PROPOSTA,
        proponente_id=operatore_id,
        liquidatore_id=None,
        liquidata_il=None,
        version=1,
        creata_il=quando,
    )


def liquidate(
    erogazione: Erogazione, foglio: Foglio, *, operatore_id: UUID, quando: datetime, data_decesso: date | None
) -> Erogazione:
    """The payment ordered by a second person (four eyes), unless the beneficiary is known to be dead.

    What was due up to the day of death may still be paid although the death suspended the foglio.
    """
    if erogazione.proponente_id == operatore_id:
        raise Forbidden(
            "erogazione.quattro_occhi",
            "Chi ha proposto il pagamento non può liquidarlo: serve una seconda persona.",
        )
    if erogazione.stato is not StatoErogazione.PROPOSTA:
        raise Conflict("erogazione.gia_lavorata", f"Il pagamento è già in stato {erogazione.stato}.")
    check_beneficiario_vivo(data_decesso, erogazione.al)
    suspended_by_death = foglio.stato is StatoFoglio.SOSPESO and data_decesso is not None
    if foglio.stato is not StatoFoglio.APPROVATO and not suspended_by_death:
        raise _not_payable(foglio)
    return replace(
        erogazione,
        stato=StatoErogazione.LIQUIDATA,
        liquidatore_id=operatore_id,
        liquidata_il=quando,
        version=erogazione.version + 1,
    )


def annul(erogazione: Erogazione) -> Erogazione:
    """The payment withdrawn, while no money has left. If INPS was told, the next flow tells it of the cancellation."""
    if erogazione.stato not in (
        StatoErogazione.PROPOSTA,
        StatoErogazione.APPROVATA,
        StatoErogazione.LIQUIDATA,
    ):
        raise Conflict(
            "erogazione.non_annullabile", f"Un pagamento in stato {erogazione.stato} non si può annullare."
        )
    return replace(erogazione, stato=StatoErogazione.ANNULLATA, version=erogazione.version + 1)


def _not_payable(foglio: Foglio) -> Conflict:
    reason = f" ({foglio.motivo_stato.rstrip('.')})" if foglio.motivo_stato else ""
    message = f"Il foglio {foglio.numero} è {foglio.stato}{reason}: non si può pagare."
    return Conflict("erogazione.foglio_non_approvato", message)


def check_importo(foglio: Foglio, importo: Decimal) -> None:
    if not 0 < importo <= foglio.importo:
        message = f"L'importo deve essere maggiore di zero e non superare quello approvato ({euro(foglio.importo)})."
        raise Invalid("erogazione.importo", message, {"importo": message})


def periodo_in(foglio: Foglio, mese: str) -> tuple[date, date]:
    """First and last day of `mese` covered by the foglio; Invalid when there is none."""
    year, month = int(mese[:4]), int(mese[5:])
    check_anno("mese", year, "erogazione.mese")
    first, last = date(year, month, 1), date(year, month, monthrange(year, month)[1])
    dal, al = max(first, foglio.dal), min(last, foglio.al or last)
    if dal > al:
        until = f"al {giorno(foglio.al)}" if foglio.al else "in poi"
        message = f"Il mese è fuori dal periodo del foglio (dal {giorno(foglio.dal)} {until})."
        raise Invalid("erogazione.mese", message, {"mese": message})
    return dal, al


def split_quote(foglio: Foglio, importo: Decimal) -> tuple[Decimal, Decimal, Decimal]:
    """Shares of ente, beneficiario and SSN in `importo`, as in the foglio; odd cents go to the largest share."""
    whole = (foglio.quota_ente, foglio.quota_beneficiario, foglio.quota_ssn)
    quote = [(importo * quota / foglio.importo).quantize(CENTESIMO, ROUND_DOWN) for quota in whole]
    quote[whole.index(max(whole))] += importo - sum(quote)
    return quote[0], quote[1], quote[2]
