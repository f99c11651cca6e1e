"""The JSON API against its own description: whatever is sent, no failure of ours and no status it does not declare."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from tests.matrix.others import WIDE, Citizen, let_in
from tests.system import Person, System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

EXAMPLES = int(os.environ.get("SISO_SCHEMATHESIS_ESEMPI", "2"))
"""Per operation and person; the long run asks for hundreds."""
PEOPLE = ("anna.ferrari", "carla.russo", "admin.sistema", "elena.riva", "a citizen", "a machine")
NOT_ASKED = (
    "/api/v1/avvisi/flusso",  # a stream without end
    "/api/v1/dev/login",
    "/api/v1/sessione",  # would sign out who asks
    "/api/v1/sessioni",
    "/api/v1/sessioni/{session_id}",
    "/api/v1/registro-accessi/verifiche",  # walks the whole log each time
)
QUIET = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def schema(system: System) -> Any:
    described = httpx.get(f"{system.base_url}/api/openapi.json", trust_env=False).raise_for_status().json()
    return schemathesis.openapi.from_dict(described)


def arrive(system: System, who: str) -> Person:
    """An operator by his test identity, a citizen by SPID, a machine by its token."""
    if who == "a citizen":
        return Citizen(system.base_url, "RSSMRA85T10A562S", "Mario", "Rossi")
    return (
        let_in(system, "F704", "", dict.fromkeys(WIDE, "ente")) if who == "a machine" else system.sign_in(who)
    )


def operations(schema: Any) -> Iterator[Any]:
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path not in NOT_ASKED:
            yield operation


@pytest.mark.parametrize("identity", PEOPLE)
def test_whatever_is_sent_the_api_answers_as_it_says(system: System, schema: Any, identity: str) -> None:
    person = arrive(system, identity)
    told: Counter[int] = Counter()
    wrong: list[str] = []

    for operation in operations(schema):
        ask_all(partial(_ask, system, person, operation, told, wrong), operation)

    assert not wrong, f"{len(wrong)} of {told.total()}:\n" + "\n".join(wrong[:20])
    assert told[200] > 0, "nothing was ever answered"


def ask_all(ask: Callable[[Any], None], operation: Any) -> None:
    """So many questions as QUIET says."""

    @QUIET
    @given(case=operation.as_strategy())
    def one(case: Any) -> None:
        ask(case)

    one()


def _ask(
    system: System, person: Person, operation: Any, told: Counter[int], wrong: list[str], case: Any
) -> None:
    headers = {**(case.headers or {}), **own_headers(person)}
    reply = case.call(base_url=system.base_url, headers=headers, cookies=dict(person.http.cookies))
    told[reply.status_code] += 1
    if reply.status_code >= 500 or not _declared(operation, reply):
        asked = f"{operation.method.upper()} {operation.path} {case.path_parameters} {case.query} {case.body!r:.150}"
        kind = reply.headers.get("content-type", "")
        wrong.append(f"{asked}: {reply.status_code} {kind} {reply.text[:250]}")


def _declared(operation: Any, reply: Any) -> bool:
    """Whether the description names this status, and for it the kind of body that came."""
    status, responses = str(reply.status_code), operation.definition.raw["responses"]
    named = next((name for name in (status, f"{status[0]}XX") if name in responses), None)
    if named is None or not reply.content:
        return named is not None
    kind = reply.headers.get("content-type", [""])
    came = (kind if isinstance(kind, str) else kind[0]).partition(";")[0]
    kinds = responses[named].get("content", {})
    return came in kinds if kinds else came != "application/json"


def own_headers(person: Any) -> dict[str, str]:
    """The person's own: where he comes from and the token for changes, or his token; the cookie travels besides."""
    names = ("Origin", "X-CSRF-Token", "Authorization")
    return {name: person.http.headers[name] for name in names if name in person.http.headers}
