"""Whom notifiche mails of an inbox is whom the policy lets read it."""

from contracts.mandato import Extent
from contracts.notifiche import SEZIONI_AVVISI
from gateway.politica.iniziale import RULES, rules
from notifiche.policies import INBOX_ROLES, SECOND_LEVEL_ROLES, SECTION_ROLES


def beyond_propri(scope: str) -> set[str]:
    wide = {e.value for e in Extent} - {Extent.NESSUNO.value, Extent.PROPRI.value}
    return {
        ruolo
        for ruolo, sezione, azione, extent in rules()
        if f"{sezione}:{azione}" == scope and extent in wide
    }


def test_the_roles_of_the_inbox_are_those_of_the_initial_policy() -> None:
    assert RULES
    assert beyond_propri("avvisi:leggi") == INBOX_ROLES
    assert beyond_propri("secondo_livello:leggi") == SECOND_LEVEL_ROLES
    assert {scope: beyond_propri(scope) for scope in SEZIONI_AVVISI} == SECTION_ROLES
