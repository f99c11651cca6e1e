"""Grants: a case shown, for a time and for a reason, to a settore or a person who would not see it.

proposta → accettata → revocata, or rifiutata, or withdrawn (revocata) before the answer. Time ends what nobody revoked.
None is ever taken off the case: the whole history stays.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cartella.domain.presa_in_carico import Cartella, changed, make_passaggio
from cartella.domain.steps import ROMA, Step, stale, to_store_precision
from cartella.policies import CONDIVISIONE_MONTHS, add_months
from contracts.cartella import SEZIONI_CONDIVISIBILI, CondivisioneAttiva, Passaggio
from contracts.condivisioni import (
    Condivisione,
    CondivisioneOut,
    DecideCondivisione,
    ProposeCondivisione,
    StatoCondivisione,
)
from contracts.errors import Conflict, Invalid, NotFound

CLOCK_SKEW = timedelta(minutes=5)
PROPOSTA, ACCETTATA, RIFIUTATA, REVOCATA = (f"condivisione_{stato.value}" for stato in StatoCondivisione)
PASSAGGI = (PROPOSTA, ACCETTATA, RIFIUTATA, REVOCATA)
ENDED = (StatoCondivisione.RIFIUTATA, StatoCondivisione.REVOCATA)


def propose(cartella: Cartella, request: ProposeCondivisione, step: Step) -> Cartella:
    """The case with one more proposal, which opens nothing yet."""
    dal, al = _period(request, step.quando)
    offered = Condivisione(
        id=step.id,
        ente=request.ente or cartella.ente,
        settore=request.settore.strip(),
        operatore_id=request.operatore_id,
        sezioni=_sections(request),
        scrive=request.scrive,
        dal=dal,
        al=al,
        nascondi_prima=request.nascondi_prima,
        motivo=step.motivo,
        proposta_da=step.operatore_id,
        proposta_il=step.quando,
    )
    _require_sense(cartella, offered)
    passaggio = _told(PROPOSTA, step, cartella, offered)
    return replace(
        cartella,
        condivisioni=(*cartella.condivisioni, offered),
        passaggi=(*cartella.passaggi, passaggio),
    )


def decide(cartella: Cartella, condivisione_id: UUID, request: DecideCondivisione, step: Step) -> Cartella:
    """The receiver takes it, from then on in force, or declines with a reason."""
    before = find(cartella, condivisione_id)
    check_version(before, request.version)
    if before.stato is not StatoCondivisione.PROPOSTA:
        raise Conflict("condivisione.gia_decisa", "Su questa proposta qualcuno ha già deciso.")
    if before.proposta_da == step.operatore_id:
        raise Conflict(
            "condivisione.stessa_persona",
            "Chi propone una condivisione non può anche accettarla o rifiutarla.",
        )
    if before.al <= step.quando:
        raise Conflict("condivisione.scaduta", "La proposta è scaduta: il periodo proposto è già finito.")
    if not request.accetta and not step.motivo:
        raise Invalid(
            "condivisione.motivo", "Manca il motivo.", fields={"motivo": "Scrivi perché la rifiuti."}
        )
    stato = StatoCondivisione.ACCETTATA if request.accetta else StatoCondivisione.RIFIUTATA
    after = before.model_copy(
        update={
            "stato": stato, "decisa_da": step.operatore_id, "decisa_il": step.quando, "motivo_decisione": step.motivo,
            "version": before.version + 1,
        }
    )  # fmt: skip
    passaggio = _told(ACCETTATA if request.accetta else RIFIUTATA, step, cartella, after)
    return _with(cartella, after, passaggio, in_force=request.accetta)


def revoke(cartella: Cartella, condivisione_id: UUID, version: int, step: Step) -> Cartella:
    """Ends a grant at once, or withdraws a proposal."""
    before = find(cartella, condivisione_id)
    check_version(before, version)
    if before.stato in ENDED:
        raise Conflict("condivisione.gia_chiusa", "Questa condivisione è già stata rifiutata o revocata.")
    after = before.model_copy(
        update={
            "stato": StatoCondivisione.REVOCATA, "revocata_da": step.operatore_id, "revocata_il": step.quando,
            "motivo_revoca": step.motivo, "version": before.version + 1,
        }
    )  # fmt: skip
    passaggio = _told(REVOCATA, step, cartella, after)
    return _with(cartella, after, passaggio, in_force=before.stato is StatoCondivisione.ACCETTATA)


def require_decided(cartella: Cartella, condivisione_id: UUID) -> None:
    """Conflict on a proposal that still waits: its receiver answers it, he does not withdraw it."""
    if find(cartella, condivisione_id).stato is StatoCondivisione.PROPOSTA:
        raise Conflict("condivisione.da_decidere", "La proposta aspetta una risposta: accettala o rifiutala.")


def find(cartella: Cartella, condivisione_id: UUID) -> Condivisione:
    """The grant with that id; NotFound when the case has none."""
    for condivisione in cartella.condivisioni:
        if condivisione.id == condivisione_id:
            return condivisione
    raise not_found()


def not_found() -> NotFound:
    """The one answer for a grant that is not there and for one that is not the caller's to see."""
    return NotFound("condivisione.non_trovata", "Condivisione non trovata.")


def check_version(condivisione: Condivisione, version: int) -> None:
    """Conflict when the caller has seen an older state than the one in store."""
    if version != condivisione.version:
        attuale: dict[str, object] = {"version": condivisione.version, "stato": condivisione.stato.value}
        raise stale("condivisione.versione_superata", attuale)


def active(
    cartella: Cartella, now: datetime, only: Collection[UUID | None] | None = None
) -> tuple[CondivisioneAttiva, ...]:
    """The grants accepted, not revoked and not over: those that others must know of."""
    return tuple(
        CondivisioneAttiva.model_validate(one.model_dump(include=set(CondivisioneAttiva.model_fields)))
        for one in cartella.condivisioni
        if one.stato is StatoCondivisione.ACCETTATA and one.al > now and (only is None or one.id in only)
    )


def to_out(
    condivisione: Condivisione,
    *,
    cartella_id: UUID | None,
    numero: str,
    ente: str,
    settore: str,
    now: datetime,
) -> CondivisioneOut:
    """A grant as it crosses the border of the service. `cartella_id` only for whom the case is within reach."""
    in_force = condivisione.stato is StatoCondivisione.ACCETTATA and condivisione.dal <= now < condivisione.al
    return CondivisioneOut(
        **condivisione.model_dump(),
        cartella_id=cartella_id,
        numero=numero,
        da_ente=ente,
        da_settore=settore,
        in_vigore=in_force,
    )


def _period(request: ProposeCondivisione, now: datetime) -> tuple[datetime, datetime]:
    dal, al = request.dal or now, request.al
    _refuse_if(dal.tzinfo is None, "dal", "Indica data e ora complete.")
    _refuse_if(al.tzinfo is None, "al", "Indica data e ora complete.")
    _refuse_if(dal < now - CLOCK_SKEW, "dal", "Una condivisione non comincia nel passato.")
    _refuse_if(al <= max(dal, now), "al", "La fine viene dopo l'inizio.")
    _refuse_if(al > _longest(dal), "al", f"Al massimo {CONDIVISIONE_MONTHS} mesi: poi si rinnova.")
    return to_store_precision(dal), to_store_precision(al)


def _longest(dal: datetime) -> datetime:
    """End of the last day a grant that begins then may last."""
    day = add_months(dal.astimezone(ROMA).date(), CONDIVISIONE_MONTHS)
    midnight = datetime(day.year, day.month, day.day, tzinfo=ROMA) + timedelta(days=1)
    return midnight.astimezone(UTC)


def _sections(request: ProposeCondivisione) -> tuple[str, ...]:
    sections = tuple(dict.fromkeys(request.sezioni))
    unknown = [name for name in sections if name not in SEZIONI_CONDIVISIBILI]
    _refuse_if(bool(unknown), "sezioni", "Una delle sezioni scelte non si può condividere.")
    only_reading = sections == ("presa_in_carico",)
    _refuse_if(request.scrive and only_reading, "scrive", "La presa in carico si condivide solo in lettura.")
    return sections


def _require_sense(cartella: Cartella, offered: Condivisione) -> None:
    """Refuses what would give nothing: to who has it by settore already, or the same offer twice."""
    _refuse_if(not offered.settore, "settore", "Indica a quale settore.")
    to_itself = (offered.ente, offered.settore) == (cartella.ente, cartella.settore)
    _refuse_if(to_itself and offered.operatore_id is None, "settore", "Il caso è già di questo settore.")
    _refuse_if(
        offered.operatore_id is not None and offered.operatore_id in cartella.team,
        "operatore_id",
        "È già nell'équipe del caso.",
    )
    same = (offered.ente, offered.settore, offered.operatore_id)
    for other in cartella.condivisioni:
        waits = other.stato is StatoCondivisione.PROPOSTA and other.al > offered.proposta_il
        if waits and (other.ente, other.settore, other.operatore_id) == same:
            raise Conflict(
                "condivisione.gia_proposta", "C'è già una proposta in attesa per lo stesso destinatario."
            )


def _refuse_if(wrong: bool, field: str, message: str) -> None:
    if wrong:
        raise Invalid(
            f"condivisione.{field}", "La proposta di condivisione non va bene.", fields={field: message}
        )


def _told(tipo: str, step: Step, cartella: Cartella, condivisione: Condivisione) -> Passaggio:
    return make_passaggio(
        tipo, step, cartella, a_operatore_id=condivisione.operatore_id, a_settore=condivisione.settore
    )


def _with(cartella: Cartella, after: Condivisione, passaggio: Passaggio, *, in_force: bool) -> Cartella:
    """The case with the grant as it is now. Its version moves only where somebody's reach does."""
    condivisioni = tuple(after if one.id == after.id else one for one in cartella.condivisioni)
    if in_force:
        return changed(cartella, passaggio, condivisioni=condivisioni)
    return replace(cartella, condivisioni=condivisioni, passaggi=(*cartella.passaggi, passaggio))
