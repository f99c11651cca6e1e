"""The terms of the access log: one person proposes them, another decides, and what was stays to be read."""

from collections.abc import Callable
from html import unescape
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from contracts.anagrafe import EntiOut
from contracts.notifiche import AvvisiOut
from gateway.settings import Settings
from gateway.testing import Browser, FakeServices

SignIn = Callable[[str], Browser]
Query = Callable[..., list[dict[str, Any]]]
PAGE = "/registro-accessi/termini"
SHORTER = {
    "mesi": "18",
    "mostra_motivi": "1",
    "settori_protetti": ["minori", "adulti"],
    "motivo": "lo chiede il Garante",
}


@pytest.fixture
def settings(own_settings: Settings) -> Settings:
    return own_settings


@pytest.fixture
def people(browser: SignIn, services: FakeServices) -> SignIn:
    services.answer("anagrafe.list_enti", EntiOut(enti=()))
    services.answer("notifiche.list_avvisi", AvvisiOut(avvisi=(), totale=0, non_letti=0))
    return browser


def page(someone: Browser) -> str:
    answer = someone.get(PAGE)
    assert answer.status_code == 200, answer.text[:300]
    return unescape(answer.text)


def propose(people: SignIn, **changes: object) -> str:
    """The DPO's proposal; its id."""
    answer = people("elena.riva").post(PAGE, data=SHORTER | changes)
    assert answer.status_code == 303, unescape(answer.text)
    text = page(people("laura.conti"))
    return text.split(f"{PAGE}/")[1].split("/decisione")[0]


def decide(someone: Browser, termini: str, decisione: str = "approva", motivo: str = "") -> Any:
    return someone.post(
        f"{PAGE}/{termini}/decisione", data={"decisione": decisione, "motivo_decisione": motivo}
    )


def in_force(query: Query) -> dict[str, Any]:
    return query("SELECT * FROM registro_politiche WHERE ente IN ('', 'F704') ORDER BY ente DESC")[0]


def test_what_the_dpo_proposes_holds_once_the_dirigente_approves_it(people: SignIn, query: Query) -> None:
    termini = propose(people)
    assert in_force(query)["mesi"] == 24

    assert decide(people("laura.conti"), termini).status_code == 303

    found = in_force(query)
    assert (found["ente"], found["mesi"], found["mostra_nomi"], found["mostra_motivi"]) == (
        "F704",
        18,
        False,
        True,
    )
    assert found["settori_protetti"] == ["adulti", "minori"]


def test_the_story_keeps_what_was_and_who_decided_it(people: SignIn) -> None:
    termini = propose(people)
    decide(people("laura.conti"), termini)

    text = page(people("elena.riva"))

    assert "lo chiede il Garante" in text
    assert text.count("insieme al sistema") == 2  # proposed and decided: where everybody starts from
    assert "Laura Conti" in text


def test_what_is_rejected_changes_nothing_and_says_why(people: SignIn, query: Query) -> None:
    termini = propose(people)

    silent = decide(people("laura.conti"), termini, "respingi")
    spoken = decide(people("laura.conti"), termini, "respingi", "diciotto mesi non bastano")

    assert (silent.status_code, spoken.status_code) == (422, 303)
    assert in_force(query)["mesi"] == 24
    assert "diciotto mesi non bastano" in page(people("elena.riva"))


def test_one_proposal_at_a_time_and_none_that_changes_nothing(people: SignIn) -> None:
    same = {
        "mesi": "24",
        "mostra_nomi": "1",
        "mostra_motivi": "1",
        "settori_protetti": ["minori"],
        "motivo": "x" * 10,
    }
    nothing = people("elena.riva").post(PAGE, data=same)
    propose(people)
    second = people("elena.riva").post(PAGE, data=SHORTER)

    assert (nothing.status_code, second.status_code) == (422, 422)
    assert "C’è già una proposta" in unescape(second.text)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mesi": "6"}, "mesi"),
        ({"mesi": "tanti"}, "mesi"),
        ({"motivo": "sì"}, "motivo"),
        ({"mesi": ""}, "mesi"),
    ],
)
def test_what_does_not_fit_is_said_at_its_field(people: SignIn, change: dict[str, str], message: str) -> None:
    answer = people("elena.riva").post(PAGE, data=SHORTER | change)

    assert answer.status_code == 422
    assert f'id="{message}"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_who_watches_does_not_decide_and_who_decides_does_not_propose(people: SignIn) -> None:
    termini = propose(people)

    assert decide(people("elena.riva"), termini).status_code == 403
    assert people("laura.conti").post(PAGE, data=SHORTER).status_code == 403
    assert people("giulia.bianchi").get(PAGE).status_code == 403


def test_a_proposal_is_decided_once_and_one_that_is_not_there_never(people: SignIn) -> None:
    termini = propose(people)
    decide(people("laura.conti"), termini)

    assert "già stata decisa" in unescape(decide(people("laura.conti"), termini).text)
    assert decide(people("laura.conti"), str(uuid4())).status_code == 404


def test_the_database_itself_wants_two_people_and_keeps_the_terms_of_no_ente(own_addresses: Any) -> None:
    who, other = uuid4(), uuid4()
    for ente, decisore, message in (("F704", who, "second person"), ("F704", None, "second person"),
                                    ("", other, "owner's to set")):  # fmt: skip
        known = uuid4()
        with psycopg.connect(own_addresses.app) as connection:
            connection.execute(
                "INSERT INTO registro_termini (id, ente, mesi, mostra_nomi, mostra_motivi, settori_protetti, motivo,"
                " proposti_da) VALUES (%s, %s, 12, false, false, '{}', 'per una prova', %s)",
                (known, ente, who),
            )
            with pytest.raises(psycopg.errors.RaiseException, match=message):
                connection.execute(
                    "INSERT INTO registro_decisioni (termini_id, approvati, decisi_da) VALUES (%s, true, %s)",
                    (known, decisore),
                )


@pytest.mark.parametrize("extent", ["propri", "settore"])
def test_who_approves_for_less_than_the_ente_decides_no_terms_of_it(
    people: SignIn, own_addresses: Any, query: Query, extent: str
) -> None:
    termini = propose(people)
    laura = people("laura.conti")
    with psycopg.connect(own_addresses.migrator) as owner:
        owner.execute("ALTER TABLE politica_regole DISABLE TRIGGER USER")
        owner.execute(
            "UPDATE politica_regole SET estensione = %s WHERE (sezione, azione) = ('politica', 'approva')",
            (extent,),
        )
    laura.client.app.state.gateway.policies.known.clear()  # type: ignore[attr-defined]

    assert decide(laura, termini).status_code == 403
    assert "Decidi la proposta" not in page(laura)
    assert in_force(query)["mesi"] == 24
