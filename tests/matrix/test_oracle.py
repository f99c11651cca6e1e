"""The oracle says what the rule says, case by case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.matrix.oracle import Case, Delega, Grant, Incarico, Item, Viewer, World

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DAY = NOW.date()
READ = "diario:leggi"
SOCIALE = {"presa_in_carico:leggi": "settore", READ: "settore", "diario:scrivi": "settore",
           "secondo_livello:leggi": "settore"}  # fmt: skip
POLICY = {
    "sociale": SOCIALE,
    "educatore": {"presa_in_carico:leggi": "propri", READ: "propri", "secondo_livello:leggi": "propri"},
    "ente": {"presa_in_carico:leggi": "ente", READ: "ente"},
    "ambito": {"presa_in_carico:leggi": "ambito", READ: "ambito"},
    "provincia": {"presa_in_carico:leggi": "provincia", READ: "provincia"},
    "pronto": {"presa_in_carico:leggi": "propri"},
    "sistema": {"operatori:leggi": "ente"},
    "emergenza": {"presa_in_carico:leggi": "propri", READ: "propri"},
}
AMBITI, PROVINCE = {"a": ("E001", "E002")}, {"p": ("E001", "E002", "E003")}


def make_world(*people: tuple[str, str, str, str], **changes: object) -> World:
    """People as (name, ruolo, ente, settore)."""
    incarichi = [Incarico(*person) for person in people]
    return World(policy=POLICY, ambiti=AMBITI, province=PROVINCE, incarichi=incarichi, **changes)  # type: ignore[arg-type]


def make_case(**changes: object) -> Case:
    values: dict[str, object] = {"id": "c", "residente": "r", "ente": "E001", "settore": "minori"}
    return Case(**(values | changes))  # type: ignore[arg-type]


def make_grant(**changes: object) -> Grant:
    values: dict[str, object] = {
        "ente": "E003", "settore": "adulti", "sezioni": ("diario",), "dal": NOW - timedelta(days=1),
        "al": NOW + timedelta(days=1), "stato": "accettata",
    }  # fmt: skip
    return Grant(**(values | changes))  # type: ignore[arg-type]


def make_item(**changes: object) -> Item:
    values: dict[str, object] = {"id": "v", "sezione": "diario", "autore": "ada", "scritto": NOW}
    return Item(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ruolo", "ente", "settore", "seen"),
    [
        ("sociale", "E001", "minori", True),
        ("sociale", "E001", "adulti", False),
        ("sociale", "E002", "minori", False),
        ("ente", "E001", "adulti", True),
        ("ente", "E002", "minori", False),
        ("ambito", "E002", "adulti", True),
        ("ambito", "E003", "adulti", False),
        ("provincia", "E003", "adulti", True),
        ("provincia", "E004", "minori", False),
        ("educatore", "E001", "minori", False),
        ("sistema", "E001", "minori", False),
    ],
)
def test_a_case_is_reached_as_far_as_the_extent_goes(ruolo: str, ente: str, settore: str, seen: bool) -> None:
    world = make_world(("ada", ruolo, ente, settore))

    assert world.reaches(world.viewer("ada"), READ, make_case(), NOW) is seen


@pytest.mark.parametrize("ruolo", ["sociale", "educatore", "ente"])
def test_who_works_at_a_case_reaches_it_wherever_it_is(ruolo: str) -> None:
    world = make_world(("ada", ruolo, "E002", "adulti"))

    assert world.reaches(world.viewer("ada"), READ, make_case(team=frozenset({"ada"})), NOW)
    assert world.reaches(world.viewer("ada"), READ, make_case(responsabile="ada"), NOW)


def test_nobody_reaches_his_own_household_by_any_road() -> None:
    world = make_world(
        ("ada", "sociale", "E001", "minori"), codici={"ada": "io"}, nuclei={"io": frozenset({"io", "r"})}
    )
    grant = make_grant(ente="E001", settore="minori", sezioni=("diario", "presa_in_carico"))
    case = make_case(responsabile="ada", grants=[grant], items=[make_item()])
    viewer = world.viewer("ada", emergenza="r")

    assert not world.reaches(viewer, READ, case, NOW)
    assert not world.knows(viewer, case, NOW)
    assert not world.reads_item(viewer, case, case.items[0], NOW)


def test_the_second_level_is_open_to_its_settore_alone_not_to_others_of_the_team() -> None:
    world = make_world(("ada", "sociale", "E001", "minori"), ("eva", "ente", "E001", "minori"),
                       ("ugo", "educatore", "E001", "minori"), ("ivo", "sociale", "E001", "adulti"))  # fmt: skip
    case = make_case(riservato="minori", team=frozenset({"ugo", "ivo", "eva"}))

    assert world.reaches(world.viewer("ada"), READ, case, NOW)
    assert not world.reaches(world.viewer("eva"), READ, case, NOW)
    assert world.reaches(world.viewer("ugo"), READ, case, NOW)
    assert not world.reaches(world.viewer("ivo"), READ, case, NOW)


def test_break_the_glass_opens_its_sections_on_its_person_and_no_second_level() -> None:
    world = make_world(("pia", "pronto", "E001", "pronto"))
    viewer = world.viewer("pia", emergenza="r")

    assert world.reaches(viewer, READ, make_case(), NOW)
    assert not world.reaches(viewer, "isee:leggi", make_case(), NOW)
    assert not world.reaches(viewer, READ, make_case(residente="altro"), NOW)
    assert not world.reaches(viewer, READ, make_case(residente="altro", team=frozenset({"pia"})), NOW)
    assert not world.reaches(viewer, READ, make_case(riservato="minori"), NOW)


def test_break_the_glass_opens_the_second_level_where_the_policy_names_it() -> None:
    world = make_world(("pia", "pronto", "E001", "pronto"))
    named = POLICY["emergenza"] | {"secondo_livello:leggi": "propri"}
    world.policy = POLICY | {"emergenza": named}

    assert world.reaches(world.viewer("pia", emergenza="r"), READ, make_case(riservato="minori"), NOW)


def test_a_grant_opens_its_sections_to_its_receiver_while_it_lasts() -> None:
    world = make_world(("ivo", "sociale", "E003", "adulti"), ("ugo", "sociale", "E003", "anziani"))
    ivo, grant = world.viewer("ivo"), make_grant()

    assert world.reaches(ivo, READ, make_case(grants=[grant]), NOW)
    assert world.reaches(ivo, READ, make_case(grants=[grant], riservato="minori"), NOW)
    assert not world.reaches(ivo, "isee:leggi", make_case(grants=[grant]), NOW)
    assert not world.reaches(world.viewer("ugo"), READ, make_case(grants=[grant]), NOW)
    for changed in ({"stato": "proposta"}, {"stato": "revocata"}, {"al": NOW}, {"dal": NOW + timedelta(1)}):
        assert not world.reaches(ivo, READ, make_case(grants=[replace(grant, **changed)]), NOW)  # type: ignore[arg-type]


def test_a_grant_to_one_person_is_for_that_person_and_who_stands_in() -> None:
    world = make_world(("ivo", "sociale", "E003", "adulti"), ("ugo", "sociale", "E003", "adulti"))
    case = make_case(grants=[make_grant(operatore="ivo")])
    stands_in = Viewer("zoe", world.incarichi[0], "ivo")

    assert world.reaches(world.viewer("ivo"), READ, case, NOW)
    assert not world.reaches(world.viewer("ugo"), READ, case, NOW)
    assert world.reaches(stands_in, READ, case, NOW)


def test_a_grant_is_for_writing_only_where_it_says_so_and_never_in_the_heading() -> None:
    world = make_world(("ivo", "sociale", "E003", "adulti"))
    world.policy = POLICY | {"sociale": SOCIALE | {"presa_in_carico:scrivi": "settore"}}
    reading = make_case(grants=[make_grant()])
    writing = make_case(grants=[make_grant(scrive=True, sezioni=("diario", "presa_in_carico"))])
    ivo = world.viewer("ivo")

    assert not world.reaches(ivo, "diario:scrivi", reading, NOW)
    assert world.reaches(ivo, "diario:scrivi", writing, NOW)
    assert not world.reaches(ivo, "presa_in_carico:scrivi", writing, NOW)


def test_a_grant_may_hide_what_was_written_before_it() -> None:
    world = make_world(("ivo", "sociale", "E003", "adulti"))
    old, new = make_item(id="1", scritto=NOW - timedelta(days=2)), make_item(id="2")
    case = make_case(items=[old, new], grants=[make_grant(nascondi_prima=True)])

    assert world.items(world.viewer("ivo"), case, "diario", NOW) == {"2"}
    case.grants.append(make_grant())
    assert world.items(world.viewer("ivo"), case, "diario", NOW) == {"1", "2"}


def test_whoever_holds_a_grant_sees_the_heading() -> None:
    world = make_world(("ivo", "sociale", "E003", "adulti"))
    case = make_case(grants=[make_grant(sezioni=("isee",))])
    ivo = world.viewer("ivo")

    assert (world.sees_heading(ivo, case, NOW), world.sees_whole(ivo, case, NOW)) == (True, False)


def test_a_private_entry_is_its_author_s_while_he_reaches_the_case() -> None:
    world = make_world(("ada", "educatore", "E001", "minori"), ("ivo", "sociale", "E001", "minori"))
    case = make_case(items=[make_item(privato=True)], team=frozenset({"ada"}))
    ada, ivo = world.viewer("ada"), world.viewer("ivo")

    assert world.items(ada, case, "diario", NOW) == {"v"}
    assert world.items(ivo, case, "diario", NOW) == set()
    case.team = frozenset()
    assert world.items(ada, case, "diario", NOW) == set()


def test_who_stands_in_does_not_read_the_private_entries_of_the_absent() -> None:
    world = make_world(("ada", "educatore", "E001", "minori"), ("zoe", "educatore", "E001", "adulti"))
    case = make_case(items=[make_item(privato=True), make_item(id="w")], team=frozenset({"ada"}))

    assert world.items(world.viewer("zoe", world.incarichi[0]), case, "diario", NOW) == {"w"}


def test_an_entry_of_the_second_level_is_for_its_settore_and_its_author() -> None:
    world = make_world(("ada", "sociale", "E001", "minori"), ("ivo", "sociale", "E001", "adulti"),
                       ("ugo", "sociale", "E001", "minori"), ("eva", "sociale", "E002", "adulti"))  # fmt: skip
    case = make_case(items=[make_item(riservato="adulti")])
    readers = {name for name in ("ada", "ivo", "ugo", "eva")
               if world.items(world.viewer(name), case, "diario", NOW)}  # fmt: skip

    assert readers == {"ada", "ivo"}
    ivo = world.viewer("ivo")
    assert (world.sees_heading(ivo, case, NOW), world.sees_whole(ivo, case, NOW)) == (True, False)


def test_a_private_entry_of_the_second_level_is_not_even_the_settore_s() -> None:
    world = make_world(("ivo", "sociale", "E001", "adulti"))
    case = make_case(items=[make_item(riservato="adulti", privato=True)])

    assert not world.knows(world.viewer("ivo"), case, NOW)


def test_a_delega_and_an_incarico_hold_on_their_days() -> None:
    incarico = Incarico("ada", "sociale", "E001", "minori", al=date(2026, 11, 23))
    delega = Delega(incarico, "zoe", date(2026, 11, 23), date(2026, 12, 31))
    world = World(policy=POLICY, incarichi=[incarico], deleghe=[delega])
    zoe = world.viewer("zoe", incarico)

    assert [world.may_work(zoe, day) for day in (date(2026, 11, 22), DAY, date(2026, 11, 24))] == [
        False,
        True,
        False,
    ]
    world.deleghe = [replace(delega, revocata=True)]
    assert not world.may_work(zoe, DAY)


def test_what_nobody_named_is_nobody_s() -> None:
    world = make_world(("ada", "sociale", "E001", "minori"))

    assert not world.holds(world.viewer("ada"), "politica:scrivi")
    assert not World().holds(world.viewer("ada"), READ)
