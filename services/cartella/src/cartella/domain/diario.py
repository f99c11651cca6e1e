"""The diary: entries that only their author rectifies or annuls, and whose earlier versions stay readable.

A private entry has one reader, its author, and is never spoken of: no event, no number, no trace. An entry of the
second level has its author and one settore.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cartella.domain.steps import Riservata, Step, stale, to_store_precision
from contracts.cartella import AddVoceDiario, RectifyVoceDiario, TipoVoce, VersioneVoce, VoceDiarioOut
from contracts.errors import Conflict, Forbidden, Invalid

CLOCK_SKEW = timedelta(minutes=5)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class VoceDiario(Riservata):
    """An entry. `privata_di` is its only reader (the author) or None; `comandi` are the changes already done.

    `versioni` holds the superseded texts, oldest first, each with the instant and reason it was superseded.
    """

    id: UUID
    cartella_id: UUID
    ente: str
    tipo: TipoVoce
    quando: datetime
    con_chi: str
    dove: str
    testo: str
    scritta_il: datetime
    version: int
    annullata: bool = False
    motivo_annullamento: str = ""
    versioni: tuple[VersioneVoce, ...] = ()
    comandi: tuple[UUID, ...] = ()


def write_voce(request: AddVoceDiario, ente: str, step: Step) -> VoceDiario:
    """A new entry. Invalid when it tells of the future, has no time zone or no text, or is private and of a settore."""
    settore = request.settore_riservato.strip()
    _require_one_wall(request.privata, settore)
    return VoceDiario(
        id=step.id,
        cartella_id=request.cartella_id,
        ente=ente,
        tipo=request.tipo,
        quando=_past(request.quando, step.quando),
        con_chi=request.con_chi.strip(),
        dove=request.dove.strip(),
        testo=_text(request.testo),
        privata_di=step.operatore_id if request.privata else None,
        autore_id=step.operatore_id,
        settore_riservato=settore,
        scritta_il=step.quando,
        version=1,
    )


def rectify(voce: VoceDiario, request: RectifyVoceDiario, step: Step) -> VoceDiario:
    """The new text; what it said before, and who could read it, go to the history."""
    _require_changeable(voce, request.version, step)
    asked = request.settore_riservato
    settore = voce.settore_riservato if asked is None else asked.strip()
    _require_one_wall(voce.is_private, settore)
    before = VersioneVoce(
        version=voce.version,
        testo=voce.testo,
        tipo=voce.tipo,
        quando=voce.quando,
        con_chi=voce.con_chi,
        dove=voce.dove,
        modificata_il=step.quando,
        motivo=step.motivo,
        settore_riservato=voce.settore_riservato,
    )
    return replace(
        voce,
        tipo=request.tipo,
        quando=_past(request.quando, step.quando),
        con_chi=request.con_chi.strip(),
        dove=request.dove.strip(),
        testo=_text(request.testo),
        settore_riservato=settore,
        version=voce.version + 1,
        versioni=(*voce.versioni, before),
        comandi=(*voce.comandi, step.id),
    )


def annul(voce: VoceDiario, version: int, step: Step) -> VoceDiario:
    """Struck through with a reason; the text stays readable to whom it was."""
    _require_changeable(voce, version, step)
    return replace(
        voce,
        annullata=True,
        motivo_annullamento=step.motivo,
        version=voce.version + 1,
        comandi=(*voce.comandi, step.id),
    )


def to_out(voce: VoceDiario) -> VoceDiarioOut:
    """The entry as it crosses the border of the service."""
    return VoceDiarioOut(
        id=voce.id,
        cartella_id=voce.cartella_id,
        tipo=voce.tipo,
        quando=voce.quando,
        con_chi=voce.con_chi,
        dove=voce.dove,
        testo=voce.testo,
        privata=voce.is_private,
        autore_id=voce.autore_id,
        scritta_il=voce.scritta_il,
        version=voce.version,
        annullata=voce.annullata,
        motivo_annullamento=voce.motivo_annullamento,
        versioni=voce.versioni,
        settore_riservato=voce.settore_riservato,
    )


def _require_one_wall(private: bool, settore: str) -> None:
    if private and settore:
        raise Invalid(
            "voce.privata_e_riservata",
            "Una voce privata la leggi solo tu: non può essere anche di un settore.",
            fields={"settore_riservato": "Scegli: privata, oppure di secondo livello."},
        )


def _require_changeable(voce: VoceDiario, version: int, step: Step) -> None:
    if voce.autore_id != step.operatore_id:
        raise Forbidden("voce.non_autore", "Solo chi ha scritto la voce può rettificarla o annullarla.")
    if version != voce.version:
        raise stale("voce.versione_superata", to_out(voce).model_dump(mode="json"))
    if voce.annullata:
        raise Conflict("voce.annullata", "La voce è annullata: non si può più modificare.")


def _past(quando: datetime, now: datetime) -> datetime:
    if quando.tzinfo is None:
        raise Invalid(
            "voce.quando", "Manca il fuso orario.", fields={"quando": "Indica data e ora complete."}
        )
    if quando < EARLIEST:
        raise Invalid("voce.quando", "La data è troppo lontana.", fields={"quando": "Controlla l'anno."})
    if quando > now + CLOCK_SKEW:
        raise Invalid(
            "voce.quando",
            "La data è nel futuro.",
            fields={"quando": "Il diario racconta ciò che è già avvenuto: correggi la data."},
        )
    return to_store_precision(quando)


def _text(testo: str) -> str:
    if not (cleaned := testo.strip()):
        raise Invalid("voce.testo", "Manca il testo.", fields={"testo": "Scrivi il testo della voce."})
    return cleaned
