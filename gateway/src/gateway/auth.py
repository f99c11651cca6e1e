"""Who asks, and how far he may reach: the one dependency every route declares, API and pages alike.

    @router.get("/cartelle/{cartella_id}/diario")
    async def list_diario(cartella_id: UUID, caller: Caller = Depends(authorize("diario:leggi"))) -> VociDiarioOut:
        return await caller.call("cartella", "list_voci_diario", ListVociDiario(cartella_id=cartella_id))

The work is done by `gateway.logged.LoggedRoute` before the body is read; the dependency hands over its result.
"""

from collections.abc import Sequence

from starlette.requests import Request

from contracts.errors import Forbidden
from contracts.mandato import AZIONI, SEZIONI
from gateway.caller import Caller

__all__ = [
    "AUDIENCES", "DEFAULT_BODY_LIMIT", "Authorize", "Caller", "CsrfError", "NotAuthenticatedError", "UndecidedError",
    "authorize",
]  # fmt: skip

AUDIENCES = {
    "operatori": ("operatore", "client"),
    "persone": ("operatore",),
    "cittadini": ("cittadino",),
    "chiunque": ("operatore", "cittadino"),
}
DEFAULT_BODY_LIMIT = 1024 * 1024
"""Bytes of a form or JSON body; uploads declare their own."""


class NotAuthenticatedError(Exception):
    """No session, or one that has ended: 401 for the API, the login page for a browser."""


class UndecidedError(Forbidden):
    """Signed in, with several incarichi and none chosen: pages lead to the choice."""

    def __init__(self) -> None:
        super().__init__("sessione.incarico_da_scegliere", "Scegli in quale incarico lavori adesso.")


class CsrfError(Forbidden):
    """The request does not prove that it comes from our own page."""

    def __init__(self) -> None:
        super().__init__(
            "sessione.csrf",
            "La pagina non è più valida: ricaricala e riprova. Quello che hai scritto resta qui.",
        )


class Authorize:
    """What a route asks of its caller. Read by LoggedRoute and by the tests; as a dependency gives the Caller."""

    def __init__(
        self, scopes: tuple[str, ...], optional: tuple[str, ...], body_limit: int, per: str, undecided: bool
    ) -> None:
        for scope in (*scopes, *optional):
            sezione, _, azione = scope.partition(":")
            if sezione not in SEZIONI or azione not in AZIONI:
                raise ValueError(f"unknown scope {scope}")
        self.scopes = scopes
        self.optional = optional
        self.body_limit = body_limit
        self.tipi = AUDIENCES[per]
        self.undecided = undecided

    async def __call__(self, request: Request) -> Caller:  # async: a plain one would take a thread
        caller = getattr(request.state, "caller", None)
        if not isinstance(caller, Caller):
            raise RuntimeError("authorize() outside a LoggedRoute")
        return caller


def authorize(
    *scopes: str,
    optional: Sequence[str] = (),
    body_limit: int = DEFAULT_BODY_LIMIT,
    per: str = "operatori",
    undecided: bool = False,
) -> Authorize:
    """The role must reach something through every one of `scopes` (else 403); `optional` ones enter the mandate if
    the role has them. Without scopes: signed in is enough. `body_limit`: bytes, refused with 413 before reading.

    `per`: operatori (and, on the API, machine clients), persone (operators, no machine), cittadini, or chiunque.
    `undecided`: also for an operator who has not yet chosen his incarico.
    """
    return Authorize(tuple(scopes), tuple(optional), body_limit, per, undecided)
