"""What notifiche is told of the policy: in which roles it may mail somebody of what lies in a settore's inbox.

A mail has no mandate, and no event carries the policy: who approves a version that touches these scopes hands them over
(`chassis job gateway caselle`, docs/operare.md).
"""

import json

from contracts.mandato import Extent
from contracts.notifiche import SEZIONI_AVVISI
from gateway.politica.contenuto import Contenuto

NONE_AT_ALL = (Extent.NESSUNO,)
NOT_A_SETTORE = (Extent.NESSUNO, Extent.PROPRI)


def settings_of(contenuto: Contenuto) -> dict[str, str]:
    """Environment variables of notifiche, as JSON."""

    def roles(scope: str, but: tuple[Extent, ...] = NOT_A_SETTORE) -> list[str]:
        return sorted(ruolo for ruolo in contenuto.ruoli() if contenuto.extent(ruolo, scope) not in but)

    return {
        "NOTIFICHE_INBOX_ROLES": json.dumps(roles("avvisi:leggi")),
        "NOTIFICHE_SECOND_LEVEL_ROLES": json.dumps(roles("secondo_livello:leggi", NONE_AT_ALL)),
        "NOTIFICHE_SECTION_ROLES": json.dumps({scope: roles(scope) for scope in SEZIONI_AVVISI}),
    }
