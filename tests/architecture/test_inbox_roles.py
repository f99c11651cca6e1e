"""Whom notifiche mails of an inbox is whom the policy lets read it."""

import pytest

from contracts.mandato import Extent
from contracts.notifiche import SEZIONI_AVVISI
from gateway.politica.caselle import settings_of
from gateway.politica.contenuto import Contenuto
from gateway.politica.iniziale import RULES, rules
from notifiche.policies import INBOX_ROLES, SECOND_LEVEL_ROLES, SECTION_ROLES, InboxReaders
from notifiche.settings import Settings


def beyond_propri(scope: str) -> set[str]:
    wide = {e.value for e in Extent} - {Extent.NESSUNO.value, Extent.PROPRI.value}
    return {
        ruolo
        for ruolo, sezione, azione, extent in rules()
        if f"{sezione}:{azione}" == scope and extent in wide
    }


def initial() -> Contenuto:
    regole: dict[str, dict[str, Extent]] = {}
    for ruolo, sezione, azione, extent in rules():
        regole.setdefault(ruolo, {})[f"{sezione}:{azione}"] = Extent(extent)
    return Contenuto(regole)


def told(contenuto: Contenuto, monkeypatch: pytest.MonkeyPatch) -> InboxReaders:
    """What notifiche makes of what the gateway prints for it."""
    for name, value in settings_of(contenuto).items():
        monkeypatch.setenv(name, value)
    return Settings(database_url="postgresql://nobody@localhost/none").inbox_readers


def test_what_the_gateway_prints_of_the_initial_policy_is_what_notifiche_starts_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert told(initial(), monkeypatch) == InboxReaders()


def test_what_the_policy_takes_notifiche_no_longer_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    own = initial().regole["coordinatore"] | {"avvisi:leggi": Extent.PROPRI}

    readers = told(initial().with_ruolo("coordinatore", own), monkeypatch)

    assert InboxReaders().inbox - readers.inbox == {"coordinatore"}
    assert readers.second_level == InboxReaders().second_level


def test_whoever_holds_the_second_level_of_his_settore_is_mailed_of_it_however_far_it_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = initial().regole["dirigente"] | {"secondo_livello:leggi": Extent.PROPRI}

    assert "dirigente" in told(initial().with_ruolo("dirigente", own), monkeypatch).second_level


def test_the_roles_of_the_inbox_are_those_of_the_initial_policy() -> None:
    assert RULES
    assert beyond_propri("avvisi:leggi") == INBOX_ROLES
    holding = {
        ruolo for ruolo, sezione, azione, _ in rules() if (sezione, azione) == ("secondo_livello", "leggi")
    }
    assert holding == SECOND_LEVEL_ROLES
    assert {scope: beyond_propri(scope) for scope in SEZIONI_AVVISI} == SECTION_ROLES
