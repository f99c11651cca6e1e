"""Random worlds in the running system: every door, every person, zero disagreements with the oracle."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from tests.matrix import changes, driver, families, governing, letture, others, outside
from tests.matrix.campaign import Played
from tests.matrix.conftest import SEED
from tests.matrix.loader import environment
from tests.matrix.others import Others
from tests.system import System, eventually

from gateway.auth import Authorize
from gateway.logged import authorization_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def outsiders(played: Played) -> Others:
    """Citizens and machine clients of that world."""
    return others.admit(played)


def assert_none(wrong: list[str]) -> None:
    assert not wrong, f"{len(wrong)} disagreements:\n" + "\n".join(wrong[:40])


def test_every_route_of_the_application_stands_in_the_matrix(system: System) -> None:
    with environment(system.supervisor.environment()):
        from gateway.app import create_app
        from gateway.settings import Settings

        app = create_app(Settings())

    found = {one: tuple(rule.scopes) if rule else () for one, rule in routes_of(app)}
    table = {str(door): door.scopes for door in families.every_door()}

    assert found.keys() - table.keys() == set(), (
        "a new route: say in tests/matrix what the matrix does with it"
    )
    assert table.keys() - found.keys() == set(), "a route that is no more"
    assert {one: found[one] for one in found if {*found[one]} != {*table[one]}} == {}, (
        "another scope than here"
    )


def test_nobody_sees_more_or_less_than_the_oracle_says(played: Played) -> None:
    found = driver.full(played.world, played.seats, Random(SEED), played.people, share=0.15)

    assert_none(found.wrong)
    assert found.asked > 700


def test_citizens_and_machines_have_what_is_theirs_and_nothing_else(
    played: Played, outsiders: Others
) -> None:
    found = outside.run(played, outsiders)

    assert_none(found.wrong)
    assert found.asked > 700


def test_a_citizen_reads_who_read_his_file_as_the_ente_s_terms_say(played: Played, outsiders: Others) -> None:
    wrong = [one for what, seat in outsiders.citizens.items()
             for one in letture.compare(played, seat, outsiders.residenti[what])]  # fmt: skip
    letture.keep_to_itself(played, played.cast.enti[0])
    wrong += [one for what, seat in outsiders.citizens.items()
              for one in letture.compare(played, seat, outsiders.residenti[what])]  # fmt: skip

    assert_none(wrong)


def test_who_works_here_and_what_was_read_is_known_ente_by_ente(played: Played, outsiders: Others) -> None:
    governing.prepare(played)
    found, changed = governing.run(played, [*played.seats.values(), *outsiders.machines.values()])

    assert_none(found.wrong)
    assert changed == {}


def test_a_session_of_one_kind_opens_no_door_of_another(played: Played, outsiders: Others) -> None:
    operator = next(iter(played.seats.values()))
    [citizen, *_], [machine, *_] = outsiders.citizens.values(), outsiders.machines.values()

    assert outside.another_kind([citizen], [machine], operator) == []


def test_what_the_policy_takes_from_everybody_a_machine_loses_too(played: Played, outsiders: Others) -> None:
    seat, path = outsiders.machines["of the ambito"], "/siuss/flussi"
    with others.taken_from_everybody(played, others.TAKEN):
        during = eventually(lambda: seat.http.http.get(path).status_code == 403, 15)
    after = eventually(lambda: seat.http.http.get(path).status_code == 200, 15)

    assert during
    assert after


@pytest.mark.parametrize(("what", "how"), [("of a settore", "revocato_il"), ("of another ente", "scade_il")])
def test_a_machine_revoked_or_past_its_day_is_out_at_once(
    played: Played, outsiders: Others, what: str, how: str
) -> None:
    seat = outsiders.machines.pop(what)
    others.end(played, seat, how)

    assert outside.no_session(seat.system.base_url, dict(seat.http.http.headers), {}) == []


def test_each_change_is_followed_at_once(played: Played) -> None:
    wrong = played.changes(6)

    assert_none(wrong)


def routes_of(app: object) -> Iterator[tuple[str, Authorize | None]]:
    """`METHOD path` of every route and what it asks, those of included routers too; files served as they are apart."""
    for route in app.routes:  # type: ignore[attr-defined]
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if hasattr(route, "dependant"):
            yield from (
                (f"{method} {route.path}", authorization_of(route.dependant)) for method in route.methods
            )
        elif inner is not None:
            yield from routes_of(inner)


def test_who_stands_in_sees_what_the_absent_saw_less_what_is_private(played: Played) -> None:
    with changes.standing_in(played) as seat:
        found = changes.alone(played, seat)

    assert_none(found.wrong)
    assert changes.shut_out(seat)


def test_broken_glass_opens_one_person_s_urgent_sections_until_it_is_closed(played: Played) -> None:
    case = changes.glass_case(played)
    with changes.broken_glass(played, case) as seat:
        during = changes.alone(played, seat, 0.25)
    after = changes.alone(played, seat, 0.25)

    assert_none(during.wrong + after.wrong)


def test_a_grant_ends_by_itself(played: Played) -> None:
    case, grant = changes.lend(played, seconds=8)
    during = driver.touched(played.world, played.seats, case)
    changes.run_out(grant)
    after = driver.touched(played.world, played.seats, case)

    assert_none(during.wrong + after.wrong)


def test_a_new_version_of_the_policy_holds_from_the_next_request(played: Played) -> None:
    ruolo = next(iter(played.cast.ruoli))
    seat = next(one for one in played.seats.values() if one.viewer.incarico.ruolo == ruolo)
    changes.narrow(played, ruolo)

    assert eventually(lambda: not changes.alone(played, seat).wrong, 15)


def test_who_works_here_no_more_is_out_at_once(played: Played) -> None:
    seat = next(one for one in played.seats.values() if one.viewer.incarico.ruolo == "pronto_intervento")
    changes.end_work(played, seat)

    assert changes.shut_out(seat)
    del played.seats[seat.id]
