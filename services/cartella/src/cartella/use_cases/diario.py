"""Writing and reading the diary. The case is found through the mandate first, in the same read or transaction:
who has lost the right on it no longer reads even what he wrote."""

from collections.abc import Callable
from uuid import UUID

from cartella.domain import diario
from cartella.domain.diario import VoceDiario
from cartella.domain.steps import Step, local_date
from cartella.models import Store
from cartella.repository.diario import DiarioRepository
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.use_cases.steps import require_writable, step_of
from chassis.mongo import MongoDatabase, Transaction
from contracts.cartella import (
    AddVoceDiario,
    AnnulVoceDiario,
    DiarioVoceAggiuntaV1,
    DiarioVoceAnnullataV1,
    DiarioVoceRettificataV1,
    GetVoceDiario,
    ListVociDiario,
    RectifyVoceDiario,
    VoceDiarioOut,
    VociDiarioOut,
)
from contracts.errors import Invalid
from contracts.mandato import Mandato

LEGGI = "diario:leggi"
SCRIVI = "diario:scrivi"
LONGEST_SEARCH = 200

Fact = type[DiarioVoceAggiuntaV1] | type[DiarioVoceRettificataV1] | type[DiarioVoceAnnullataV1]


def add_voce_diario(request: AddVoceDiario, mandato: Mandato, db: MongoDatabase) -> VoceDiarioOut:
    """A new entry; a private one emits nothing."""
    mandato.require(SCRIVI)
    step = step_of(request, mandato)
    with db.transaction() as tx:
        cartella = CartellaRepository(tx.db, tx.session).get(request.cartella_id, mandato, SCRIVI)
        voci = DiarioRepository(tx.db, tx.session)
        if request.idempotency_key and (known := voci.written_by(step.id, cartella.id, mandato.operatore_id)):
            return diario.to_out(known)
        require_writable(cartella)
        voce = diario.write_voce(request, cartella.ente, step)
        voci.insert(voce)
        _tell(tx, DiarioVoceAggiuntaV1, voce, step)
        return diario.to_out(voce)


def rectify_voce_diario(request: RectifyVoceDiario, mandato: Mandato, db: MongoDatabase) -> VoceDiarioOut:
    """The author corrects; the earlier text stays in the history."""
    return _change(
        request, mandato, db, DiarioVoceRettificataV1, lambda voce, step: diario.rectify(voce, request, step)
    )


def annul_voce_diario(request: AnnulVoceDiario, mandato: Mandato, db: MongoDatabase) -> VoceDiarioOut:
    """The author strikes it through, with a reason."""
    return _change(
        request,
        mandato,
        db,
        DiarioVoceAnnullataV1,
        lambda voce, step: diario.annul(voce, request.version, step),
    )


def get_voce_diario(request: GetVoceDiario, mandato: Mandato, db: MongoDatabase) -> VoceDiarioOut:
    """One entry with its earlier versions."""
    mandato.require(LEGGI)
    with db.read() as store:
        _require_case(store, request.cartella_id, mandato)
        return diario.to_out(DiarioRepository(store).get(request.cartella_id, request.voce_id, mandato))


def list_voci_diario(request: ListVociDiario, mandato: Mandato, db: MongoDatabase) -> VociDiarioOut:
    """The entries the caller may read, newest first; `testo` is looked for in the present text, case apart."""
    mandato.require(LEGGI)
    if len(request.testo) > LONGEST_SEARCH:
        raise Invalid(
            "voce.ricerca",
            "Il testo da cercare è troppo lungo.",
            fields={"testo": f"Al massimo {LONGEST_SEARCH} caratteri."},
        )
    with db.read() as store:
        _require_case(store, request.cartella_id, mandato)
        found, totale = DiarioRepository(store).find(request, mandato)
    return VociDiarioOut(voci=tuple(diario.to_out(voce) for voce in found), totale=totale)


def _change(
    request: RectifyVoceDiario | AnnulVoceDiario,
    mandato: Mandato,
    db: MongoDatabase,
    fact: Fact,
    rule: Callable[[VoceDiario, Step], VoceDiario],
) -> VoceDiarioOut:
    mandato.require(SCRIVI)
    step = step_of(request, mandato, request.motivo)
    with db.transaction() as tx:
        cartella = CartellaRepository(tx.db, tx.session).get(request.cartella_id, mandato, SCRIVI)
        voci = DiarioRepository(tx.db, tx.session)
        before = voci.get(cartella.id, request.voce_id, mandato)
        if step.id in before.comandi:
            return diario.to_out(before)
        after = rule(before, step)
        voci.save(before, after)
        _tell(tx, fact, after, step)
        return diario.to_out(after)


def _require_case(store: Store, cartella_id: UUID, mandato: Mandato) -> None:
    CartellaRepository(store).require(cartella_id, mandato, LEGGI)


def _tell(tx: Transaction, fact: Fact, voce: VoceDiario, step: Step) -> None:
    if voce.is_private:
        return
    tx.emit(
        fact(
            voce_id=voce.id,
            cartella_id=voce.cartella_id,
            ente=voce.ente,
            data=local_date(step.quando),
            tipo=voce.tipo.value,
        ),
        sequence=voce.version,
    )
