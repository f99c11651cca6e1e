"""What the registry does for those who ask."""

from anagrafe.use_cases.caricamenti import (
    confirm_caricamento,
    has_confirmed,
    list_caricamenti,
    list_righe_rifiutate,
)
from anagrafe.use_cases.residenti import (
    get_residente,
    get_residenti,
    list_beneficiari,
    list_comuni,
    list_conviventi,
    list_variazioni,
    search_residenti,
)
from anagrafe.use_cases.vincoli import list_vincoli, revoke_vincolo, set_vincolo

__all__ = [
    "confirm_caricamento",
    "get_residente",
    "get_residenti",
    "has_confirmed",
    "list_beneficiari",
    "list_caricamenti",
    "list_comuni",
    "list_conviventi",
    "list_righe_rifiutate",
    "list_variazioni",
    "list_vincoli",
    "revoke_vincolo",
    "search_residenti",
    "set_vincolo",
]
