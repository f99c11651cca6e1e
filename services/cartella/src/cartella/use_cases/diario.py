"""Writing and reading the diary. The case is found through the mandate first, in the same read or transaction:
who has lost the right on it no longer reads even what he wrote."""

from collections.abc import Callable

from cartella.domain import diario, secondo_livello
from cartella.domain.diario import VoceDiario
from cartella.domain.presa_in_carico import Cartella
from cartella.domain.steps import Step, local_date
from cartella.repository.diario import DiarioRepository, not_found
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.repository.visibility import Reach
from cartella.use_cases.steps import open_case, require_writable, step_of
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
from contracts.errors import Invalid, NotFound
from contracts.mandato import Mandato

LEGGI = "diario:leggi"
SCRIVI = "diario:scrivi"
LONGEST_SEARCH = 200

Fact = type[DiarioVoceAggiuntaV1] | type[DiarioVoceRettificataV1] | type[DiarioVoceAnnullataV1]


def add_voce_diario(request: AddVoceDiario, mandato: Mandato, db: MongoDatabase) -> VoceDiarioOut:
    """A new entry; one that is private or of the second level emits nothing."""
    mandato.require(SCRIVI)
    step = step_of(request, mandato)
    with db.transaction() as tx:
        cases = CartellaRepository(tx.db, tx.session)
        cartella = open_case(cases, request.cartella_id, mandato, SCRIVI).cartella
        voci = DiarioRepository(tx.db, tx.session)
        if request.idempotency_key and (known := voci.written_by(step.id, cartella.id, mandato.operatore_id)):
            return diario.to_out(known)
        require_writable(cartella)
        voce = diario.write_voce(request, cartella.ente, step)
        _require_mark(mandato, cartella, "", voce.settore_riservato)
        voci.insert(voce)
        _note_marks(cases, voci, cartella, voce)
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
        reach = open_case(CartellaRepository(store), request.cartella_id, mandato, LEGGI)
        return diario.to_out(DiarioRepository(store).get(request.voce_id, mandato, reach))


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
        reach = open_case(CartellaRepository(store), request.cartella_id, mandato, LEGGI)
        found, totale = DiarioRepository(store).find(request, mandato, reach)
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
        cases = CartellaRepository(tx.db, tx.session)
        reach = open_case(cases, request.cartella_id, mandato, SCRIVI)
        voci = DiarioRepository(tx.db, tx.session)
        before = voci.get(request.voce_id, mandato, reach)
        # Refused below; of what he may not read, as if it were not there.
        if before.autore_id != mandato.operatore_id:
            voci.get(request.voce_id, mandato, _reading(cases, before, mandato))
        if step.id in before.comandi:
            return diario.to_out(before)
        after = rule(before, step)
        _require_mark(mandato, reach.cartella, before.settore_riservato, after.settore_riservato)
        voci.save(before, after)
        _note_marks(cases, voci, reach.cartella, after)
        _tell(tx, fact, after, step)
        return diario.to_out(after)


def _reading(cases: CartellaRepository, voce: VoceDiario, mandato: Mandato) -> Reach:
    """How far the caller reads in the case he writes in; where he does not, the entry is what he is not told of."""
    try:
        return cases.reach(voce.cartella_id, mandato, LEGGI)
    except NotFound as out_of_reach:
        raise not_found() from out_of_reach


def _require_mark(mandato: Mandato, cartella: Cartella, before: str, after: str) -> None:
    """Whose second level an entry is of is a decision of its own, for who works in the ente of the case."""
    if before == after:
        return
    mandato.require(secondo_livello.SCRIVI)
    if mandato.ente != cartella.ente:
        raise Invalid(
            "voce.settore_riservato",
            "Il secondo livello è dei settori dell'ente che segue il caso.",
            fields={"settore_riservato": "Lavori per un altro ente: scrivi una voce ordinaria."},
        )


def _note_marks(
    cases: CartellaRepository, voci: DiarioRepository, cartella: Cartella, voce: VoceDiario
) -> None:
    """Who works in a settore whose second level an entry is of sees the heading of its case."""
    if voce.settore_riservato or cartella.settori_voci:
        cases.note_settori_voci(cartella.id, voci.settori_riservati(cartella.id))


def _tell(tx: Transaction, fact: Fact, voce: VoceDiario, step: Step) -> None:
    if voce.is_kept_back:
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
