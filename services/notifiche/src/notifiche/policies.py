"""Whom a settore's inbox is for: who may read it on the page, and so may be mailed of what lies in it."""

from dataclasses import dataclass

INBOX_ROLES = frozenset(
    {"assistente_sociale", "segretariato", "coordinatore", "amministrativo", "contabilita", "dirigente"}
)
"""Roles whose `avvisi:leggi` reaches beyond `propri`."""
SECOND_LEVEL_ROLES = frozenset({"assistente_sociale", "educatore", "psicologo", "coordinatore"})
"""Roles whose `secondo_livello:leggi` reaches beyond `propri`."""


@dataclass(frozen=True, slots=True)
class InboxReaders:
    """Roles that read an inbox, and those that read what is of the second level in it.

    A mail has no mandate and no event carries the policy: the roles of the initial policy stand here
    (`gateway.politica.iniziale`; tests/architecture/test_inbox_roles.py holds the two together). Where a version of
    the policy gives or takes these two scopes, the settings `inbox_roles` and `second_level_roles` say the same. A role
    that is not named gets no mail and loses nothing: the alert stands on the page of who may read it.
    """

    inbox: frozenset[str] = INBOX_ROLES
    second_level: frozenset[str] = SECOND_LEVEL_ROLES

    def has(self, ruolo: str, *, second_level: bool) -> bool:
        return ruolo in self.inbox and (not second_level or ruolo in self.second_level)
