"""Whom a settore's inbox is for: who may read it on the page, and so may be mailed of what lies in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from contracts.notifiche import SEZIONE_DI, SOLO_SECONDO_LIVELLO

INBOX_ROLES = frozenset(
    {"assistente_sociale", "segretariato", "coordinatore", "amministrativo", "contabilita", "dirigente"}
)
"""Roles whose `avvisi:leggi` reaches beyond `propri`."""
SECOND_LEVEL_ROLES = frozenset({"assistente_sociale", "educatore", "psicologo", "coordinatore"})
"""Roles that hold `secondo_livello:leggi`: that of their settore, however far it goes."""
SECTION_ROLES: Mapping[str, frozenset[str]] = {
    "presa_in_carico:leggi": frozenset({"assistente_sociale", "coordinatore"}),
    "fogli:leggi": frozenset({"assistente_sociale", "coordinatore", "amministrativo", "contabilita"}),
    "stampe:stampa": frozenset({"assistente_sociale", "coordinatore"}),
    "condivisioni:leggi": frozenset(
        {"assistente_sociale", "coordinatore", "fornitore", "amministrativo", "contabilita"}
    ),
    "emergenze:leggi": frozenset({"coordinatore", "rpd"}),
    "registro_accessi:leggi": frozenset({"rpd"}),
}
"""Scope that a kind of alert needs → roles in which it reaches beyond `propri`."""


@dataclass(frozen=True, slots=True)
class InboxReaders:
    """Roles that read an inbox, those that read what is of the second level in it, and those that read each section.

    A mail has no mandate and no event carries the policy: the roles of the initial policy stand here
    (`gateway.politica.iniziale`; tests/architecture/test_inbox_roles.py holds the two together). Where a version of
    the policy gives or takes one of these scopes, the settings `inbox_roles`, `second_level_roles` and `section_roles`
    say the same. A role that is not named gets no mail and loses nothing: the alert stands on the page of who may read
    it.
    """

    inbox: frozenset[str] = INBOX_ROLES
    second_level: frozenset[str] = SECOND_LEVEL_ROLES
    sections: Mapping[str, frozenset[str]] = field(default_factory=lambda: SECTION_ROLES)

    def has(self, ruolo: str, tipo: str, *, second_level: bool) -> bool:
        """Whether a role reads alerts of this kind in an inbox; `second_level`: in a case that is of one."""
        hidden = second_level or tipo in SOLO_SECONDO_LIVELLO
        reads = ruolo in self.sections.get(SEZIONE_DI.get(tipo, ""), ())
        return ruolo in self.inbox and reads and (not hidden or ruolo in self.second_level)
