"""What the registry answers. Shapes are in `contracts.anagrafe`."""

from collections.abc import Sequence

from anagrafe.domain.codici import omocodes
from anagrafe.domain.ricerca import Ricerca, read_query
from anagrafe.models import Residente
from anagrafe.repository.letture import (
    LEGGI,
    SIUSS,
    ResidenteRepository,
    conviventi_of,
    ente_names,
    list_enti,
    read_beneficiari,
    read_persone,
)
from anagrafe.use_cases import forme
from chassis.sql import SqlDatabase
from contracts.anagrafe import (
    ConviventiOut,
    Ente,
    EntiOut,
    GetResidente,
    GetResidenti,
    ListBeneficiari,
    ListConviventi,
    ListVariazioni,
    ResidenteOut,
    ResidentiOut,
    ResidentiTrovati,
    SearchResidenti,
    VariazioniOut,
)
from contracts.errors import Forbidden, NotFound
from contracts.mandato import Mandato


def search_residenti(request: SearchResidenti, mandato: Mandato, db: SqlDatabase) -> ResidentiTrovati:
    """People by parts of the name, codice fiscale or date of birth. `totale` is exact up to 2,000."""
    mandato.require(LEGGI)
    query = read_query(request.testo)
    with db.read() as session:
        people, total = _search(ResidenteRepository(session, mandato), query, request.limite)
        enti = ente_names(session)
        found = tuple(forme.breve(p, enti) for p in people[: request.limite])
    return ResidentiTrovati(residenti=found, totale=max(total, len(found)), altri=total > len(found))


def _search(people: ResidenteRepository, query: Ricerca, limit: int) -> tuple[Sequence[Residente], int]:
    """The people to show and how many were found; one more than `limit` means "there are others"."""
    more = limit + 1
    if query.codici:
        found = people.by_codice_fiscale(query.codici, more)
        return found, len(found)
    if query.codice_prefix:
        found = people.by_codice_prefix(query.codice_prefix, more)
        return found, len(found)
    if not query.words and query.born is None:
        return [], 0
    if len(query.words) == 1 and query.born is None:
        # the common case, as one types: an index range instead of ranking a crowd
        found = people.by_surname(query.words[0], more)
        if len(found) == more:
            return found, len(found)
    found, total = people.by_words(query.words, query.born, limit)
    if not found and len(query.words) == 1:  # perhaps the beginning of a codice fiscale
        found = people.by_codice_prefix(query.words[0].upper(), more)
        total = len(found)
    return found, total


def get_residente(request: GetResidente, mandato: Mandato, db: SqlDatabase) -> ResidenteOut:
    """One person with household and address."""
    mandato.require(LEGGI)
    with db.read() as session:
        found = read_persone(session, mandato, [request.residente_id])
        if not found:
            raise NotFound("residente.non_trovato", "La persona non è presente in anagrafe.")
        return forme.full(found[0])


def get_residenti(request: GetResidenti, mandato: Mandato, db: SqlDatabase) -> ResidentiOut:
    """Several people, in the order asked."""
    mandato.require(LEGGI)
    with db.read() as session:
        found = read_persone(session, mandato, list(request.residenti_id))
        return ResidentiOut(residenti=tuple(forme.full(persona) for persona in found))


def list_beneficiari(request: ListBeneficiari, mandato: Mandato, db: SqlDatabase) -> ResidentiOut:
    """Those of one's ente whom the flow to INPS is about, one's own household included; no street, no household."""
    mandato.require(SIUSS)
    with db.read() as session:
        found = read_beneficiari(session, mandato, list(request.residenti_id))
        return ResidentiOut(residenti=tuple(forme.without_address(forme.full(one)) for one in found))


def list_variazioni(request: ListVariazioni, mandato: Mandato, db: SqlDatabase) -> VariazioniOut:
    """What changed, when it held from and when we knew it, newest first."""
    mandato.require(LEGGI)
    with db.read() as session:
        versions = ResidenteRepository(session, mandato).versions(request.residente_id)
        if not versions:
            raise NotFound("residente.non_trovato", "La persona non è presente in anagrafe.")
        return VariazioniOut(variazioni=forme.changes(versions))


def list_conviventi(request: ListConviventi, mandato: Mandato, db: SqlDatabase) -> ConviventiOut:
    """Who has this codice fiscale, in any ente, and who lives with him. Ids alone, for the house itself alone.

    Who is to be kept away is looked for under every form of the code; who is himself meant (`solo_lui`), under exactly
    this one: its omocodes are other persons' (D.M. 23 December 1976)."""
    if mandato.tipo != "sistema":
        raise Forbidden("mandato.non_abilitato", "Il tuo ruolo non permette questa operazione.")
    with db.read() as session:
        codice = request.codice_fiscale.strip().upper()
        forms = (codice,) if request.solo_lui else omocodes(codice)
        return ConviventiOut(residenti_id=tuple(conviventi_of(session, forms, request.solo_lui)))


def list_comuni(db: SqlDatabase) -> EntiOut:
    """The comuni whose registry is loaded, by name."""
    with db.read() as session:
        return EntiOut(
            enti=tuple(Ente(codice=e.codice, nome=e.nome, residenti=e.residenti) for e in list_enti(session))
        )
