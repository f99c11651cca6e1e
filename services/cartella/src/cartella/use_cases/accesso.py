"""Saying why somebody sees a case: the rules that hold, each asked of the store as the filters ask it."""

from collections.abc import Iterator

from cartella.domain import condivisioni
from cartella.domain.steps import utc_now
from cartella.repository.presa_in_carico import CartellaRepository
from cartella.repository.visibility import ENTRIES, HEADING, Reach
from chassis.mongo import MongoDatabase
from chassis.reach import READING
from contracts.cartella import SEZIONI_CONDIVISIBILI
from contracts.condivisioni import AccessoOut, ExplainAccesso, RegolaAccesso, TipoRegola
from contracts.mandato import Extent, Mandato

BY_EXTENT = {
    Extent.SETTORE: TipoRegola.SETTORE,
    Extent.ENTE: TipoRegola.ENTE,
    Extent.AMBITO: TipoRegola.AMBITO,
    Extent.PROVINCIA: TipoRegola.PROVINCIA,
}


def explain_accesso(request: ExplainAccesso, mandato: Mandato, db: MongoDatabase) -> AccessoOut:
    """By which rules the caller reaches the case. No reason is asked: nothing of the case itself is said."""
    mandato.require(HEADING)
    with db.read() as store:
        cases = CartellaRepository(store)
        reach = cases.reach(request.cartella_id, mandato, HEADING)
        rules = (
            *_ordinary(cases, reach, mandato),
            *_granted(cases, reach, mandato),
            *_entries(cases, reach, mandato),
        )
    cartella, partial = reach.cartella, reach.concessa or reach.solo_intestazione
    own = {rule.condivisione_id for rule in rules}
    shared = condivisioni.active(cartella, utc_now(), only=own if partial else None)
    return AccessoOut(
        cartella_id=cartella.id,
        ente=cartella.ente,
        settore=cartella.settore,
        settore_riservato="" if partial else cartella.settore_riservato,
        responsabile_id=cartella.responsabile_id,
        team=() if reach.solo_intestazione else cartella.team,
        propria=bool(set(cartella.propria_di) & set(mandato.persone)),
        regole=rules,
        condivisioni=shared,
    )


def _ordinary(cases: CartellaRepository, reach: Reach, mandato: Mandato) -> Iterator[RegolaAccesso]:
    """The rules that need no grant. `settore`, `ente` and wider are named by how far the scope goes."""
    cartella = reach.cartella
    by_rule: dict[tuple[TipoRegola, bool], list[str]] = {}
    for sezione, scope in _sections(mandato):
        if not cases.reaches(cartella.id, mandato, scope, by_grant=False):
            continue
        for tipo in _holding(reach, mandato, scope):
            by_rule.setdefault((tipo, tipo is TipoRegola.DELEGA), []).append(sezione)
    for (tipo, delegated), sections in by_rule.items():
        yield RegolaAccesso(
            tipo=tipo,
            sezioni=tuple(sections),
            secondo_livello=cartella.settore_riservato,
            delegante_id=mandato.in_delega_di if delegated else None,
        )


def _holding(reach: Reach, mandato: Mandato, scope: str) -> Iterator[TipoRegola]:
    """Which of the rules hold of a case that the scope is known to reach without a grant."""
    cartella, extent = reach.cartella, mandato.extent(scope)
    if mandato.operatore_id in cartella.team:
        yield TipoRegola.TEAM
    if mandato.in_delega_di in cartella.team:
        yield TipoRegola.DELEGA
    in_settore = (mandato.ente, mandato.settore) == (cartella.ente, cartella.settore)
    if (extent is Extent.SETTORE and in_settore) or cartella.ente in mandato.enti(scope):
        yield BY_EXTENT[extent]
    if mandato.in_emergenza(scope) == cartella.residente_id:
        yield TipoRegola.EMERGENZA


def _granted(cases: CartellaRepository, reach: Reach, mandato: Mandato) -> Iterator[RegolaAccesso]:
    """One rule for each grant of the caller's that is in force, with those of its sections his role may use."""
    held = {sezione for sezione, _ in _sections(mandato)}
    for grant in cases.grants(reach.cartella.id, mandato):
        yield RegolaAccesso(
            tipo=TipoRegola.CONDIVISIONE,
            sezioni=tuple(sezione for sezione in grant.sezioni if sezione in held),
            condivisione_id=grant.id,
            dal=grant.dal,
            al=grant.al,
            nascondi_prima=grant.nascondi_prima,
        )


def _entries(cases: CartellaRepository, reach: Reach, mandato: Mandato) -> Iterator[RegolaAccesso]:
    """What lies in the case for the second level of his settore: entries of the diary, documents."""
    held = {
        "diario": cases.holds_entries(reach.cartella.id, mandato, ENTRIES),
        "documenti": cases.holds_documents(reach.cartella.id, mandato),
    }
    if sezioni := tuple(sezione for sezione, there in held.items() if there):
        yield RegolaAccesso(tipo=TipoRegola.VOCE_RISERVATA, sezioni=sezioni, secondo_livello=mandato.settore)


def _sections(mandato: Mandato) -> Iterator[tuple[str, str]]:
    """Sections of the fascicolo, each with the scope of this mandate that reads it."""
    for scope, extent in mandato.estensioni.items():
        sezione, _, azione = scope.partition(":")
        if extent is not Extent.NESSUNO and azione in READING and sezione in SEZIONI_CONDIVISIBILI:
            yield sezione, scope
