"""Why somebody sees a case, as he is told."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from services.cartella.tests.factories import make_add_voce, make_mandato, make_proposal

from cartella.use_cases import accesso, condivisioni, diario, presa_in_carico
from chassis.mongo import MongoDatabase
from contracts.cartella import CartellaOut, SetRiservatezza
from contracts.condivisioni import AccessoOut, DecideCondivisione, ExplainAccesso, RegolaAccesso, TipoRegola
from contracts.errors import Forbidden, NotFound
from contracts.mandato import Emergenza, Extent, Mandato

SECTIONS = {"presa_in_carico", "diario", "isee", "stampe"}


def explain(caso: CartellaOut, who: Mandato, database: MongoDatabase) -> AccessoOut:
    return accesso.explain_accesso(ExplainAccesso(cartella_id=caso.id), who, database)


def rules(caso: CartellaOut, who: Mandato, database: MongoDatabase) -> dict[TipoRegola, RegolaAccesso]:
    found = explain(caso, who, database).regole
    return {rule.tipo: rule for rule in found}


def lend(caso: CartellaOut, who: Mandato, to: Mandato, database: MongoDatabase, **changes: Any) -> None:
    offer = condivisioni.propose_condivisione(make_proposal(caso.id, to, **changes), who, database)
    decision = DecideCondivisione(condivisione_id=offer.id, version=1, accetta=True)
    condivisioni.decide_condivisione(decision, to, database)


def test_the_team_and_the_settore_are_named_each(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    found = rules(caso, giulia, database)

    assert set(found) == {TipoRegola.TEAM, TipoRegola.SETTORE}
    assert set(found[TipoRegola.TEAM].sezioni) == SECTIONS
    assert explain(caso, giulia, database).propria


@pytest.mark.parametrize(
    ("extent", "tipo"),
    [
        (Extent.SETTORE, TipoRegola.SETTORE),
        (Extent.ENTE, TipoRegola.ENTE),
        (Extent.AMBITO, TipoRegola.AMBITO),
        (Extent.PROVINCIA, TipoRegola.PROVINCIA),
    ],
)
def test_how_far_the_role_goes_is_named(
    database: MongoDatabase, settore: str, caso: CartellaOut, extent: Extent, tipo: TipoRegola
) -> None:
    who = make_mandato(extent, settore=settore, motivo="").model_copy(
        update={"enti_ambito": ("F704",), "enti_provincia": ("F704",)}
    )

    assert set(rules(caso, who, database)) == {tipo}
    assert not explain(caso, who, database).propria


def test_each_rule_names_only_the_sections_it_opens(
    database: MongoDatabase, settore: str, giulia: Mandato, caso: CartellaOut
) -> None:
    who = make_mandato(settore=settore, diario__leggi=Extent.PROPRI, isee__leggi=Extent.NESSUNO)

    assert rules(caso, who, database)[TipoRegola.SETTORE].sezioni == ("presa_in_carico", "stampe")


def test_who_stands_in_is_told_for_whom(database: MongoDatabase, giulia: Mandato, caso: CartellaOut) -> None:
    who = make_mandato(Extent.PROPRI, settore="altro").model_copy(
        update={"in_delega_di": giulia.operatore_id}
    )

    found = rules(caso, who, database)

    assert found[TipoRegola.DELEGA].delegante_id == giulia.operatore_id
    assert set(found) == {TipoRegola.DELEGA}


def test_a_grant_is_told_with_its_time_and_the_sections_the_role_may_use(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    sara = make_mandato(settore="adulti-di-sara", isee__leggi=Extent.NESSUNO)
    third = make_mandato(settore="terzo-settore")
    lend(caso, giulia, sara, database, sezioni=("diario", "isee"), nascondi_prima=True)
    lend(caso, giulia, third, database)

    told = explain(caso, sara, database)

    (rule,) = told.regole
    assert (rule.tipo, rule.sezioni, rule.nascondi_prima) == (TipoRegola.CONDIVISIONE, ("diario",), True)
    assert rule.al is not None
    assert rule.al > datetime.now(UTC) + timedelta(days=29)
    assert [one.settore for one in told.condivisioni] == ["adulti-di-sara"]
    assert told.team == ()
    assert {one.settore for one in explain(caso, giulia, database).condivisioni} == {
        "adulti-di-sara",
        "terzo-settore",
    }


def test_the_second_level_is_named_beside_the_rule(
    database: MongoDatabase, settore: str, giulia: Mandato, caso: CartellaOut
) -> None:
    marked = SetRiservatezza(cartella_id=caso.id, version=1, settore_riservato=settore, motivo="Tutela")
    presa_in_carico.set_riservatezza(marked, giulia, database)

    told = explain(caso, giulia, database)

    assert {rule.secondo_livello for rule in told.regole} == {settore}
    assert told.settore_riservato == settore


def test_an_entry_of_one_s_second_level_is_a_rule_of_its_own(
    database: MongoDatabase, giulia: Mandato, caso: CartellaOut
) -> None:
    who = make_mandato(settore="tutela-di-prova")
    request = make_add_voce(caso.id, settore_riservato=who.settore)
    diario.add_voce_diario(request, giulia, database)

    assert set(rules(caso, who, database)) == {TipoRegola.VOCE_RISERVATA}


def test_an_emergency_is_named_with_what_it_opens(database: MongoDatabase, caso: CartellaOut) -> None:
    opened = Emergenza(residente_id=caso.residente_id, scopi=("presa_in_carico:leggi", "diario:leggi"))
    who = make_mandato(Extent.PROPRI, settore="pronto", motivo="").model_copy(update={"emergenza": opened})

    assert set(rules(caso, who, database)[TipoRegola.EMERGENZA].sezioni) == {"presa_in_carico", "diario"}


def test_who_does_not_see_the_case_is_told_nothing(database: MongoDatabase, caso: CartellaOut) -> None:
    with pytest.raises(NotFound):
        explain(caso, make_mandato(settore="altro"), database)
    with pytest.raises(Forbidden):
        explain(caso, make_mandato(Extent.NESSUNO), database)
