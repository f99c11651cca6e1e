"""Before a case enters the second level, the page says who will lose it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import web_world as w

from contracts.cartella import CondivisioneAttiva
from contracts.mandato import Extent
from gateway.chi_legge import Fatti, Posto
from gateway.politica.contenuto import Contenuto
from gateway.seed.operatori import IDENTITIES
from gateway.testing import Browser, FakeServices
from gateway.web.secondo_livello import losing

SignIn = Callable[[str], Browser]
CARICO = f"/casi/{w.CASO}/carico"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
IDS = {identity.identita: identity.operatore_id for identity in IDENTITIES}
POLITICA = Contenuto(
    regole={
        "assistente": {
            "presa_in_carico:leggi": Extent.SETTORE,
            "diario:leggi": Extent.SETTORE,
            "secondo_livello:leggi": Extent.SETTORE,
        },
        "ufficio": {"fogli:leggi": Extent.ENTE},
    }
)


def make_posto(nome: str, **changes: object) -> Posto:
    values = {
        "operatore_id": uuid4(),
        "nome": nome,
        "ruolo": "assistente",
        "ente": "F704",
        "settore": "minori",
    }
    return Posto(**{**values, **changes})  # type: ignore[arg-type]


def names(posti: list[Posto], team: tuple[UUID, ...] = (), **fatti: object) -> list[str]:
    case = Fatti("F704", "minori", team, "", **fatti)  # type: ignore[arg-type]
    return [one.nome for one in losing(POLITICA, posti, case, NOW)]


def test_those_of_other_settori_lose_it_the_team_first_and_its_settore_keeps_it() -> None:
    inside, outside = make_posto("Ada"), make_posto("Zoe", settore="adulti")
    office = make_posto("Bea", ruolo="ufficio", settore="uffici")
    stranger = make_posto("Eva", settore="adulti")

    assert names([inside, office, outside, stranger], team=(outside.operatore_id,)) == ["Zoe", "Bea"]


def test_who_works_in_its_settore_too_keeps_it() -> None:
    here = make_posto("Ada")
    there = make_posto("Ada", operatore_id=here.operatore_id, settore="adulti")

    assert names([here, there], team=(here.operatore_id,)) == []


def test_a_grant_goes_on_opening_what_it_names() -> None:
    outside = make_posto("Zoe", settore="adulti")
    grant = CondivisioneAttiva(
        ente="F704",
        settore="adulti",
        sezioni=("diario",),
        dal=NOW - timedelta(days=1),
        al=NOW + timedelta(days=1),
    )
    case = Fatti("F704", "minori", (outside.operatore_id,), "", (grant,))

    [loses] = losing(POLITICA, [outside], case, NOW)

    assert (loses.equipe, loses.resta) == (True, ("diario",))


def test_the_page_names_them_before_one_confirms(browser: SignIn, services: FakeServices) -> None:
    team = (*w.CARTELLA.team, IDS["rosa.marino"])
    services.answer("cartella.get_cartella", w.CARTELLA.model_copy(update={"team": team}))

    html = browser("giulia.bianchi").get(CARICO).text

    listed = re.search(r'<ul aria-labelledby="perdono">(.*?)</ul>', html, re.DOTALL)
    assert listed is not None
    people = re.findall(r"<strong>(.*?)</strong>", listed[1])
    assert people[0] == "Rosa Marino"
    assert {"Paolo Neri", "Carla Russo"} <= set(people)
    assert not {"Giulia Bianchi", "Marco Verdi", "Anna Ferrari", "Sara Costa"} & set(people)
    assert html.index('id="perdono"') < html.index("Metti nel secondo livello")


def test_who_may_not_mark_it_is_told_nothing_of_others(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.get_cartella", w.CARTELLA.model_copy(update={"settore": "anziani"}))

    assert 'id="perdono"' not in browser("giulia.bianchi").get(CARICO).text


def test_of_a_case_already_there_nobody_is_named(browser: SignIn, services: FakeServices) -> None:
    services.answer("cartella.get_cartella", w.CARTELLA.model_copy(update={"settore_riservato": "minori"}))

    assert 'id="perdono"' not in browser("giulia.bianchi").get(CARICO).text
