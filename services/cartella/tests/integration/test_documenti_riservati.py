"""A document of a settore's second level leads it to the heading of the case, as an entry does."""

from uuid import UUID, uuid4

import pytest
from services.cartella.tests.factories import make_mandato
from services.cartella.tests.integration.doors import finds, ways_in

from cartella.use_cases import accesso, documenti, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import AssignCartella, CartellaOut, GetCartella
from contracts.condivisioni import ExplainAccesso, TipoRegola
from contracts.documenti import DocumentoRiservatoV1
from contracts.errors import Invalid
from contracts.mandato import Extent, Mandato


def tell(database: MongoDatabase, cartella_id: UUID, settore: str) -> None:
    event = DocumentoRiservatoV1(
        documento_id=uuid4(), cartella_id=cartella_id, ente="F704", settore_riservato=settore
    )
    with database.transaction() as tx:
        documenti.note_riservato(event, tx)


@pytest.fixture
def adulti(database: MongoDatabase, settore: str, caso: CartellaOut) -> Mandato:
    """Works in another settore of the ente, for whose second level a document of the case is."""
    who = make_mandato(settore=f"{settore}-adulti", documenti__leggi=Extent.SETTORE)
    tell(database, caso.id, who.settore)
    tell(database, caso.id, who.settore)
    return who


def test_that_settore_sees_the_heading_of_the_case_and_that_there_are_documents(
    database: MongoDatabase, caso: CartellaOut, adulti: Mandato
) -> None:
    shown = presa_in_carico.get_cartella(GetCartella(cartella_id=caso.id), adulti, database)
    why = accesso.explain_accesso(ExplainAccesso(cartella_id=caso.id), adulti, database)

    assert (shown.numero, shown.solo_intestazione, shown.version) == (caso.numero, True, 0)
    assert finds(caso, adulti, database)
    assert [(rule.tipo, rule.sezioni) for rule in why.regole] == [(TipoRegola.VOCE_RISERVATA, ("documenti",))]
    assert set(ways_in(caso, adulti, database)) <= {
        "get", "explain", "list all", "list person", "list people", "list number", "list counter", "list state",
        "list beyond",
    }  # fmt: skip


def test_it_leads_nobody_else_there(database: MongoDatabase, caso: CartellaOut, adulti: Mandato) -> None:
    outsiders = (
        make_mandato(settore=adulti.settore, secondo_livello__leggi=Extent.NESSUNO),
        make_mandato(Extent.PROPRI, settore=adulti.settore, secondo_livello__leggi=Extent.SETTORE),
        make_mandato(settore="altro"),
        make_mandato(settore=adulti.settore, ente="B212"),
        adulti.model_copy(update={"esclusi": (caso.residente_id,)}),
    )

    assert [ways_in(caso, who, database) for who in outsiders] == [[]] * len(outsiders)


def test_a_change_of_the_case_forgets_none_of_it(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut, adulti: Mandato
) -> None:
    request = AssignCartella(
        cartella_id=caso.id, version=1, responsabile_id=giulia.operatore_id, motivo="Avvio"
    )
    presa_in_carico.assign_cartella(request, giulia, database)

    assert finds(caso, adulti, database)


def test_a_document_of_no_case_of_ours_is_for_a_person_to_look_at(database: MongoDatabase) -> None:
    with pytest.raises(Invalid):
        tell(database, uuid4(), "adulti")
