"""Sharing a case: proposing, deciding, revoking, listing."""

from collections.abc import Callable
from uuid import UUID

from cartella.domain import condivisioni
from cartella.domain.presa_in_carico import Cartella
from cartella.domain.steps import Step, local_date, utc_now
from cartella.repository.condivisioni import CondivisioneRepository
from cartella.repository.presa_in_carico import CartellaRepository, not_found
from cartella.use_cases.presa_in_carico import fact
from cartella.use_cases.steps import open_case, require_reason, step_of
from chassis.mongo import MongoDatabase, Transaction
from contracts.cartella import (
    CartellaCondivisaV1,
    CondivisioneDecisaV1,
    CondivisionePropostaV1,
    EsitoProposta,
)
from contracts.condivisioni import (
    Condivisione,
    CondivisioneOut,
    CondivisioniOut,
    DecideCondivisione,
    ListCondivisioni,
    ProposeCondivisione,
    RevokeCondivisione,
    StatoCondivisione,
)
from contracts.errors import Invalid
from contracts.mandato import Mandato

READING_SCOPE = {"stampe": "stampe:stampa"}
"""What using a section is called, where it is not `<sezione>:leggi`; such a section has no writing either."""
WRITING_SCOPE = {"liquidazioni": "fogli:scrivi"}
"""What one must be able to do to let others write in a section, where it is not `<sezione>:scrivi`: an office pays. It
gets the case from who proposes the interventi, and pays no more than its own role lets it."""
LEGGI = "condivisioni:leggi"
SCRIVI = "condivisioni:scrivi"
HEADING = "presa_in_carico:leggi"
ESITI = {
    StatoCondivisione.ACCETTATA: EsitoProposta.ACCETTATA,
    StatoCondivisione.RIFIUTATA: EsitoProposta.RIFIUTATA,
    StatoCondivisione.REVOCATA: EsitoProposta.RITIRATA,
}
"""What an offer has become when it no longer waits."""


def propose_condivisione(
    request: ProposeCondivisione, mandato: Mandato, db: MongoDatabase
) -> CondivisioneOut:
    """Offers the case; its receiver is told, and sees nothing of it before he accepts."""
    mandato.require(SCRIVI)
    step = step_of(request, mandato, request.motivo)
    with db.transaction() as tx:
        cases = CartellaRepository(tx.db, tx.session)
        before = _seen_case(cases, request.cartella_id, mandato, SCRIVI)
        if request.idempotency_key and before.has_step(request.idempotency_key):
            return _owner_view(before, condivisioni.find(before, request.idempotency_key))
        _require_own_reach(cases, request, mandato)
        after = condivisioni.propose(before, request, step)
        offered = condivisioni.find(after, step.id)
        cases.save(before, after)
        tx.emit(_proposal(after, offered, step), sequence=offered.version)
        return _owner_view(after, offered)


def decide_condivisione(request: DecideCondivisione, mandato: Mandato, db: MongoDatabase) -> CondivisioneOut:
    """The receiver accepts, and sees from then on; or declines."""
    mandato.require(SCRIVI)
    step = step_of(request, mandato, request.motivo)
    with db.transaction() as tx:
        before = CondivisioneRepository(tx.db, tx.session).offered(request.condivisione_id, mandato, SCRIVI)
        if before is None:
            raise condivisioni.not_found()
        if before.has_step(request.idempotency_key):
            return _receiver_view(before, condivisioni.find(before, request.condivisione_id))
        after = condivisioni.decide(before, request.condivisione_id, request, step)
        _write(tx, before, after, step)
        _tell_answer(tx, before, after, request.condivisione_id, step)
        return _receiver_view(after, condivisioni.find(after, request.condivisione_id))


def revoke_condivisione(request: RevokeCondivisione, mandato: Mandato, db: MongoDatabase) -> CondivisioneOut:
    """Either side ends it, at once."""
    mandato.require(SCRIVI)
    step = step_of(request, mandato, request.motivo)
    with db.transaction() as tx:
        before, view = _either_side(tx, request.condivisione_id, mandato)
        if before.has_step(request.idempotency_key):
            return view(before, condivisioni.find(before, request.condivisione_id))
        if view is _receiver_view:
            condivisioni.require_decided(before, request.condivisione_id)
        after = condivisioni.revoke(before, request.condivisione_id, request.version, step)
        _write(tx, before, after, step)
        _tell_answer(tx, before, after, request.condivisione_id, step)
        return view(after, condivisioni.find(after, request.condivisione_id))


def list_condivisioni(request: ListCondivisioni, mandato: Mandato, db: MongoDatabase) -> CondivisioniOut:
    """The grants of a case, or those offered to the caller."""
    mandato.require(LEGGI)
    with db.read() as store:
        if request.cartella_id is None:
            return _offered(CondivisioneRepository(store), request, mandato)
        cartella = _seen_case(CartellaRepository(store), request.cartella_id, mandato, LEGGI)
    wanted = [
        one
        for one in reversed(cartella.condivisioni)
        if not request.in_attesa or one.stato == StatoCondivisione.PROPOSTA
    ]
    page = wanted[request.salta : request.salta + request.limite]
    return CondivisioniOut(condivisioni=tuple(_owner_view(cartella, one) for one in page), totale=len(wanted))


View = Callable[[Cartella, Condivisione], CondivisioneOut]


def _offered(stored: CondivisioneRepository, request: ListCondivisioni, mandato: Mandato) -> CondivisioniOut:
    found, totale = stored.find_offered(request, mandato, LEGGI)
    now = utc_now()
    shown = [
        condivisioni.to_out(
            one, cartella_id=row["cartella_id"], numero=row["numero"], ente=row["da_ente"],
            settore=row["da_settore"], now=now,
        )
        for one, row in found
    ]  # fmt: skip
    return CondivisioniOut(condivisioni=tuple(map(_without_case, shown)), totale=totale)


def _either_side(tx: Transaction, condivisione_id: UUID, mandato: Mandato) -> tuple[Cartella, View]:
    """The case, and how its grant is shown to this side; NotFound to whom is neither."""
    stored = CondivisioneRepository(tx.db, tx.session)
    owned = stored.owned(condivisione_id, mandato, SCRIVI)
    if owned is not None and CartellaRepository(tx.db, tx.session).reaches(owned.id, mandato, HEADING):
        require_reason(mandato, owned, SCRIVI)
        return owned, _owner_view
    if (offered := stored.offered(condivisione_id, mandato, SCRIVI)) is not None:
        return offered, _receiver_view
    raise condivisioni.not_found()


def _seen_case(cases: CartellaRepository, cartella_id: UUID, mandato: Mandato, scope: str) -> Cartella:
    """A case whose grants the scope reaches. Who does not see the case itself (he answers offers to his settore, say)
    learns nothing of whom it is lent to: for him it does not exist."""
    if not cases.reaches(cartella_id, mandato, HEADING):
        raise not_found()
    return open_case(cases, cartella_id, mandato, scope).cartella


def _require_own_reach(cases: CartellaRepository, request: ProposeCondivisione, mandato: Mandato) -> None:
    """Nobody gives what he has not: each section must be within his own reach, for writing too where it is given."""
    for sezione in request.sezioni:
        scopes = [READING_SCOPE.get(sezione, f"{sezione}:leggi")]
        if request.scrive and sezione not in ("presa_in_carico", *READING_SCOPE):
            scopes.append(WRITING_SCOPE.get(sezione, f"{sezione}:scrivi"))
        if not all(cases.reaches(request.cartella_id, mandato, scope) for scope in scopes):
            raise Invalid(
                "condivisione.sezioni",
                "Puoi condividere solo le sezioni che tu stesso puoi usare.",
                fields={"sezioni": "Una delle sezioni scelte non è tra quelle che puoi usare tu."},
            )


def _write(tx: Transaction, before: Cartella, after: Cartella, step: Step) -> None:
    """Saves; the others hear only of what changes somebody's reach."""
    CartellaRepository(tx.db, tx.session).save(before, after)
    if after.version != before.version:
        tx.emit(fact(CartellaCondivisaV1, after, step), sequence=after.version)


def _tell_answer(
    tx: Transaction, before: Cartella, after: Cartella, condivisione_id: UUID, step: Step
) -> None:
    """Nobody is asked any more; of a grant that was in force already there is nothing to answer."""
    if condivisioni.find(before, condivisione_id).stato is not StatoCondivisione.PROPOSTA:
        return
    decided = condivisioni.find(after, condivisione_id)
    event = CondivisioneDecisaV1(
        condivisione_id=decided.id,
        cartella_id=after.id,
        proposta_da=decided.proposta_da,
        esito=ESITI[decided.stato],
        data=local_date(step.quando),
    )
    tx.emit(event, sequence=decided.version)


def _proposal(cartella: Cartella, offered: Condivisione, step: Step) -> CondivisionePropostaV1:
    return CondivisionePropostaV1(
        condivisione_id=offered.id,
        numero=cartella.numero,
        da_ente=cartella.ente,
        da_settore=cartella.settore,
        proposta_da=offered.proposta_da,
        ente=offered.ente,
        settore=offered.settore,
        operatore_id=offered.operatore_id,
        data=local_date(step.quando),
    )


def _owner_view(cartella: Cartella, condivisione: Condivisione) -> CondivisioneOut:
    return condivisioni.to_out(
        condivisione,
        cartella_id=cartella.id,
        numero=cartella.numero,
        ente=cartella.ente,
        settore=cartella.settore,
        now=utc_now(),
    )


def _receiver_view(cartella: Cartella, condivisione: Condivisione) -> CondivisioneOut:
    return _without_case(_owner_view(cartella, condivisione))


def _without_case(shown: CondivisioneOut) -> CondivisioneOut:
    """To the receiver the case has an address only while the grant is in force."""
    return shown if shown.in_vigore else shown.model_copy(update={"cartella_id": None})
