""" "Perché lo vedo?" and "chi può leggere": the rule said in words, the readers named as the query lets them in."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from sqlalchemy import Column, MetaData, Table, Text, Uuid, create_engine, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.reach import sql_filter
from contracts import condivisioni as k
from contracts.cartella import CondivisioneAttiva
from contracts.errors import NotFound
from contracts.mandato import Extent, Mandato
from gateway.chi_legge import SEZIONI_DEL_CASO, Fatti, Posto, chi_legge
from gateway.politica.contenuto import Contenuto
from gateway.seed.operatori import IDENTITIES
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
IDS = {identity.identita: identity.operatore_id for identity in IDENTITIES}
GIULIA, MARCO = IDS["giulia.bianchi"], IDS["marco.verdi"]
NOW = datetime.now(UTC)


def access(**changes: Any) -> k.AccessoOut:
    values: dict[str, Any] = {
        "cartella_id": uuid4(), "ente": "F704", "settore": "minori", "responsabile_id": GIULIA, "team": (GIULIA,),
        "propria": True,
        "regole": (k.RegolaAccesso(tipo=k.TipoRegola.SETTORE, sezioni=("presa_in_carico", "diario")),),
    }  # fmt: skip
    return k.AccessoOut(**values | changes)


def why(who: Browser, found: k.AccessoOut) -> dict[str, Any]:
    answer = who.get(f"/api/v1/cartelle/{found.cartella_id}/perche")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def names(body: dict[str, Any], sezione: str) -> set[str]:
    group = next(group for group in body["lettori"] if sezione in group["sezioni"])
    return {person["nome"] for person in group["persone"]}


@pytest.fixture
def giulia(browser: SignIn) -> Browser:
    return browser("giulia.bianchi")


def test_the_rule_the_policy_and_the_readers_are_said(giulia: Browser, services: FakeServices) -> None:
    found = access()
    services.answer("cartella.explain_accesso", found)

    body = why(giulia, found)

    assert [rule["tipo"] for rule in body["accesso"]["regole"]] == ["settore"]
    assert body["politica"] == 1
    assert body["in_vigore_dal"] is not None
    assert {"Giulia Bianchi", "Marco Verdi", "Anna Ferrari"} <= names(body, "diario")
    assert not {"Sara Costa", "Elena Riva", "Admin Sistema", "Laura Conti"} & names(body, "diario")
    assert "Paolo Neri" in names(body, "fogli")
    assert "Paolo Neri" not in names(body, "diario")


def test_every_reading_scope_of_the_role_goes_into_the_question(
    giulia: Browser, services: FakeServices
) -> None:
    found = access()
    services.answer("cartella.explain_accesso", found)

    why(giulia, found)

    scopes = set(services.calls[-1].mandato["estensioni"])
    assert {"presa_in_carico:leggi", "diario:leggi", "tribunale:leggi", "stampe:stampa"} <= scopes
    assert not {scope for scope in scopes if scope.endswith(":scrivi")}


def test_a_second_level_case_names_the_settore_that_opens_it(giulia: Browser, services: FakeServices) -> None:
    found = access(settore="adulti", settore_riservato="adulti", team=())
    services.answer("cartella.explain_accesso", found)

    body = why(giulia, found)

    everybody = {person["nome"] for group in body["lettori"] for person in group["persone"]}
    assert not {"Giulia Bianchi", "Anna Ferrari", "Paolo Neri", "Carla Russo"} & everybody


def test_a_grant_names_those_of_the_other_ente(giulia: Browser, services: FakeServices) -> None:
    grant = CondivisioneAttiva(
        ente="B212",
        settore="minori",
        sezioni=("diario",),
        dal=NOW - timedelta(days=1),
        al=NOW + timedelta(days=1),
    )
    found = access(condivisioni=(grant,))
    services.answer("cartella.explain_accesso", found)

    body = why(giulia, found)

    assert "Sara Costa" in names(body, "diario")
    assert "Sara Costa" not in names(body, "isee")


def test_who_sees_a_part_alone_is_not_told_who_sees_the_rest(giulia: Browser, services: FakeServices) -> None:
    part = k.RegolaAccesso(tipo=k.TipoRegola.CONDIVISIONE, sezioni=("diario",))
    found = access(regole=(part,), ente="B212")
    services.answer("cartella.explain_accesso", found)

    assert why(giulia, found)["lettori"] is None


def test_a_case_out_of_sight_has_no_why(giulia: Browser, services: FakeServices) -> None:
    services.answer("cartella.explain_accesso", NotFound("cartella.non_trovata", "Non c'è."))

    answer = giulia.get(f"/api/v1/cartelle/{uuid4()}/perche")

    assert answer.status_code == 404
    assert "Giulia" not in answer.text


def test_the_reason_of_today_is_shown_to_who_wrote_it(giulia: Browser, services: FakeServices) -> None:
    found = access()
    services.answer("cartella.explain_accesso", found)
    giulia.post(f"/api/v1/cartelle/{found.cartella_id}/motivo", json={"scelta": "sostituzione"})

    assert why(giulia, found)["motivo"] == "Sostituzione di un collega"


def test_a_stand_in_is_named_with_whom_he_stands_in_for(
    giulia: Browser, services: FakeServices, settings: Settings
) -> None:
    found = access(settore="adulti", team=(GIULIA,))
    services.answer("cartella.explain_accesso", found)
    with delegated(settings, "giulia.bianchi", "sara.costa"):
        body = why(giulia, found)

    group = next(group for group in body["lettori"] if "diario" in group["sezioni"])
    (sara,) = [person for person in group["persone"] if person["nome"] == "Sara Costa"]
    assert (sara["in_delega_di"], sara["perche"]) == (str(GIULIA), "team")


@contextmanager
def delegated(settings: Settings, who: str, to: str) -> Iterator[None]:
    delega_id = uuid4()
    with psycopg.connect(settings.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO deleghe (id, incarico_id, delegato_id, dal, al, motivo, creata_da) SELECT %s, i.id, %s,"
            " current_date, current_date + 1, 'ferie', %s FROM incarichi i WHERE i.operatore_id = %s LIMIT 1",
            (delega_id, IDS[to], IDS[who], IDS[who]),
        )
        yield
        connection.execute("UPDATE deleghe SET revocata_il = now() WHERE id = %s", (delega_id,))


# --- the names are those the query lets in ----------------------------------------------------------------------------

CASES = Table(
    "casi_prova", MetaData(), Column("id", Uuid, primary_key=True), Column("ente", Text), Column("settore", Text),
    Column("team", ARRAY(Uuid)), Column("residente", Uuid), Column("riservata", Text), Column("condivisioni", JSONB),
    prefixes=["TEMPORARY"],
)  # fmt: skip
ENTI = ("F704", "B212", "M017", "H501")
SETTORI = ("minori", "adulti")
PEOPLE = tuple(UUID(int=n) for n in range(1, 9))
SCOPES = ("diario:leggi", "documenti:leggi", "isee:leggi", "secondo_livello:leggi")


def random_contenuto(dice: Random) -> Contenuto:
    roles = {
        f"ruolo_{letter}": {s: dice.choice(list(Extent)[1:]) for s in SCOPES if dice.random() < 0.8}
        for letter in "abcde"
    }
    groups = {"ambito": {"a": ENTI[:2]}, "provincia": {"p": ENTI[:3]}}
    return Contenuto(roles, groups)


def random_posto(dice: Random, number: int) -> Posto:
    holder = dice.choice((None, None, dice.choice(PEOPLE)))
    who = PEOPLE[number % len(PEOPLE)]
    return Posto(
        who, f"Persona {number}", f"ruolo_{dice.choice('abcde')}", dice.choice(ENTI), dice.choice(SETTORI),
        titolare_id=holder if holder != who else None,
    )  # fmt: skip


def random_case(dice: Random) -> dict[str, Any]:
    grants = [
        CondivisioneAttiva(
            ente=dice.choice(ENTI), settore=dice.choice(SETTORI), operatore_id=dice.choice((None, *PEOPLE[:2])),
            sezioni=tuple(dice.sample(("diario", "documenti", "isee"), dice.randint(1, 2))),
            dal=NOW - timedelta(days=dice.randint(-2, 5)), al=NOW + timedelta(days=dice.randint(-1, 5), minutes=5),
            nascondi_prima=dice.random() < 0.5,
        )
        for _ in range(dice.choice((0, 0, 1, 2)))
    ]  # fmt: skip
    return {
        "id": UUID(int=dice.getrandbits(128)), "ente": dice.choice(ENTI), "settore": dice.choice(SETTORI),
        "team": dice.sample(PEOPLE, dice.randint(0, 2)), "residente": uuid4(),
        "riservata": dice.choice(("", "", *SETTORI)), "grants": grants,
    }  # fmt: skip


def mandate_of(contenuto: Contenuto, posto: Posto) -> Mandato:
    def whole(extent: Extent) -> tuple[str, ...]:
        return tuple(contenuto.enti(extent, posto.ente))

    return Mandato(
        operatore_id=posto.operatore_id, incarico_id=uuid4(), ruolo=posto.ruolo, ente=posto.ente,
        settore=posto.settore, estensioni=contenuto.regole.get(posto.ruolo, {}), enti_ambito=whole(Extent.AMBITO),
        enti_provincia=whole(Extent.PROVINCIA), in_delega_di=posto.titolare_id,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_readers_named_are_exactly_those_the_query_lets_in(
    pg_database: Callable[..., Any], seed: int
) -> None:
    dice = Random(seed)
    contenuto = random_contenuto(dice)
    posti = [random_posto(dice, number) for number in range(16)]
    cases = [random_case(dice) for _ in range(60)]
    address = pg_database(
        "gateway"
    ).migrator  # the gateway's own role makes no table, not even a temporary one
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg2://"))
    sections = ("diario", "documenti", "isee")
    disagreements, reached = [], 0
    with engine.begin() as connection:
        CASES.create(connection)
        connection.execute(
            CASES.insert(),
            [
                {k: v for k, v in case.items() if k != "grants"}
                | {"condivisioni": [grant.model_dump(mode="json") for grant in case["grants"]]}
                for case in cases
            ],
        )
        let_in: dict[tuple[UUID, str], set[int]] = {}
        for number, posto in enumerate(posti):
            mandato = mandate_of(contenuto, posto)
            for sezione in sections:
                rows = sql_filter(
                    mandato, f"{sezione}:leggi", ente=CASES.c.ente, settore=CASES.c.settore, team=CASES.c.team,
                    residente=CASES.c.residente, riservata=CASES.c.riservata, condivisioni=CASES.c.condivisioni,
                )  # fmt: skip
                for (case_id,) in connection.execute(select(CASES.c.id).where(rows)):
                    let_in.setdefault((case_id, sezione), set()).add(number)
        for case in cases:
            fatti = Fatti(
                case["ente"], case["settore"], tuple(case["team"]), case["riservata"], tuple(case["grants"])
            )
            named = chi_legge(contenuto, posti, fatti, datetime.now(UTC), sections)
            for sezione in sections:
                told = {posti.index(reader.posto) for reader in named[sezione]}
                reached += len(told)
                if told != let_in.get((case["id"], sezione), set()):
                    disagreements.append((case["id"], sezione))
    engine.dispose()

    assert disagreements == []
    assert reached > 100


def test_the_page_s_sections_are_sections_of_the_policy() -> None:
    assert {f"{sezione}:leggi" for sezione in SEZIONI_DEL_CASO} <= set(Contenuto().scopes())
