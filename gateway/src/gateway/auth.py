"""Who asks, and how far he may reach: the one dependency every route declares, API and pages alike.

    @router.get("/cartelle/{cartella_id}/diario")
    async def list_diario(cartella_id: UUID, caller: Caller = Depends(authorize("diario:leggi"))) -> VociDiarioOut:
        return await caller.call("cartella", "list_voci_diario", ListVociDiario(cartella_id=cartella_id))

The work is done by `gateway.logged.LoggedRoute` before the body is read; the dependency hands over its result.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from starlette.requests import Request

from contracts.base import Message
from contracts.cartella import CartellaOut, GetCartella
from contracts.errors import DomainError, Forbidden
from contracts.mandato import AZIONI, SEZIONI, Extent
from gateway.motivazione import Motivazione
from gateway.motivi import MOTIVO_RICHIESTO
from gateway.sessions import NOBODY

if TYPE_CHECKING:
    from gateway.accessi.row import Accesso
    from gateway.operatori import Incarico
    from gateway.policy import Policy
    from gateway.resources import Gateway
    from gateway.sessions import Identity

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


class Caller:
    """Who is signed in, for one request, with what the route's scopes let him do."""

    __slots__ = (
        "_emergenza_on",
        "_gateway",
        "_policy",
        "_tokens",
        "accesso",
        "correlation_id",
        "extents",
        "identity",
        "motivazione",
    )

    def __init__(
        self,
        gateway: "Gateway",
        identity: "Identity",
        policy: "Policy",
        extents: dict[str, Extent],
        accesso: "Accesso",
        correlation_id: str,
    ) -> None:
        self._gateway = gateway
        self._policy = policy
        self._tokens: dict[tuple[str, ...], str] = {}
        self._emergenza_on: dict[UUID, bool] = {}
        self.motivazione = Motivazione(gateway.motivi, identity, accesso, self._in_emergenza)
        self.identity = identity
        self.extents = extents
        """Extent of each scope this route declared and the role has."""
        self.accesso = accesso
        self.correlation_id = correlation_id

    @property
    def scopes(self) -> tuple[str, ...]:
        """Scopes this route declared and the role has: those that are in the mandate."""
        return tuple(self.extents)

    @property
    def operatore_id(self) -> UUID:
        return self.identity.operatore_id

    @property
    def tipo(self) -> str:
        """operatore, cittadino or client."""
        return self.identity.tipo

    @property
    def incarico_id(self) -> UUID:
        return self.identity.incarico_id or NOBODY

    @property
    def session_id(self) -> UUID:
        return self.identity.session_id

    @property
    def ruolo(self) -> str:
        return self.identity.ruolo

    @property
    def ente(self) -> str:
        return self.identity.ente

    @property
    def settore(self) -> str:
        return self.identity.settore

    @property
    def nome(self) -> str:
        return self.identity.nome

    @property
    def codice_fiscale(self) -> str:
        """The operator's own: signs flows to INPS."""
        return self.identity.codice_fiscale

    @property
    def csrf(self) -> str:
        """Token that forms carry as `csrf_token` and scripts as header `X-CSRF-Token`."""
        return self._gateway.csrf_token(self.identity.session_id)

    def can(self, scope: str) -> bool:
        """Whether the role reaches anything through `scope`: for showing a button, never for letting through."""
        return bool(extents_of(self.identity, self._policy, (scope,)))

    def extent(self, scope: str) -> Extent:
        """How far the role reaches through any scope: for what the gateway keeps itself."""
        return extents_of(self.identity, self._policy, (scope,)).get(scope, Extent.NESSUNO)

    def enti(self, scope: str) -> tuple[str, ...]:
        """Belfiore codes a scope of this route reaches as a whole; none for `propri` and `settore`."""
        return self.enti_of(self.extents.get(scope, Extent.NESSUNO))

    def enti_of(self, extent: Extent) -> tuple[str, ...]:
        """Belfiore codes an extent reaches as a whole from the caller's ente."""
        reach = {
            Extent.ENTE: (self.ente,),
            Extent.AMBITO: self._policy.ambiti.get(self.ente, ()),
            Extent.PROVINCIA: self._policy.province.get(self.ente, ()),
        }
        return reach.get(extent, ())

    async def call(
        self,
        service: str,
        method: str,
        request: Message,
        *,
        also: Sequence[str] = (),
        timeout: float | None = None,
    ) -> Any:
        """Typed reply of `service.method` (contracts.rpc.RPC). `also`: services it will ask in our name.

        Raises the DomainError the service raised; Unavailable when nobody answers in time. Where the service asks why
        and the person has said so today, the answer comes with that reason.
        """
        self._note(request)
        case = getattr(request, "cartella_id", None) or self.accesso.cartella_id

        async def ask(motivo: str) -> Any:
            token = self.token(service, *also, motivo=motivo)
            return await self._gateway.rpc.call(service, method, request, token, self.correlation_id, timeout)

        motivo = self.motivazione.known(case)
        try:
            reply = await ask(motivo)
        except Forbidden as error:
            if error.code != MOTIVO_RICHIESTO or motivo:
                raise
            if not (motivo := await self.motivazione.recall(case)):
                raise
            reply = await ask(motivo)
        self._note(reply)
        return reply

    async def again(self) -> "Caller | None":
        """The same caller as he stands now, for long answers. None once the session has ended or works in another
        incarico, or the policy no longer lets him do what this route asked."""
        identity = await self._gateway.sessions.identify_again(self.session_id)
        if identity is None or identity.incarico_id != self.identity.incarico_id:
            return None
        try:
            policy = await self._gateway.policies.get(identity.policy_version)
        except Forbidden:
            return None
        extents = extents_of(identity, policy, self.scopes)
        low = identity.tipo != "client" and identity.livello < policy.livello(identity.ruolo)
        if low or extents.keys() != self.extents.keys():
            return None
        return Caller(self._gateway, identity, policy, extents, self.accesso, self.correlation_id)

    async def keep_motivo(self, cartella_id: UUID, motivo: str) -> None:
        """Why this person opens this case, for the rest of the day."""
        self.touch(cartella_id=cartella_id)
        await self.motivazione.keep(cartella_id, motivo)

    async def name_whose_case(self) -> None:
        """Puts the emergency's person on a row that names a case of his alone."""
        row = self.accesso
        if row.cartella_id is not None and await self._in_emergenza(row.cartella_id):
            row.residente_id = self.identity.emergenza

    async def _in_emergenza(self, case: UUID) -> bool:
        """Whether the glass was broken for the person of this case: asked of the service once, as the caller."""
        if case not in self._emergenza_on:
            self._emergenza_on[case] = await self._is_of_emergenza(case)
        return self._emergenza_on[case]

    async def _is_of_emergenza(self, case: UUID) -> bool:
        extents = extents_of(self.identity, self._policy, ("presa_in_carico:leggi",))
        token = self._gateway.signer.sign(
            self.identity, self._policy, extents, ("cartella",), self.identity.emergenza_motivo
        )
        try:
            found = await self._gateway.rpc.call(
                "cartella", "get_cartella", GetCartella(cartella_id=case), token, self.correlation_id
            )
        except DomainError:
            return False
        return bool(found.residente_id == self.identity.emergenza)

    def _note(self, message: Any) -> None:
        """The case and the person a message is about enter the access log; the first named stays, but whose the case
        is says the case itself."""
        row = self.accesso
        if isinstance(message, CartellaOut) and row.cartella_id in (None, message.id):
            row.cartella_id, row.residente_id = message.id, message.residente_id
        row.cartella_id = row.cartella_id or getattr(message, "cartella_id", None)
        row.residente_id = row.residente_id or getattr(message, "residente_id", None)

    def token(self, *audience: str, motivo: str = "") -> str:
        """Signed mandate for these services, good for a minute; made once per request, audience and reason."""
        motivo = motivo or self.motivazione.declared
        token = self._tokens.get((motivo, *audience))
        if token is None:
            token = self._gateway.signer.sign(self.identity, self._policy, self.extents, audience, motivo)
            self._tokens[motivo, *audience] = token
        return token

    def touch(
        self,
        *,
        cartella_id: UUID | None = None,
        residente_id: UUID | None = None,
        sezione: str = "",
        azione: str = "",
        motivo: str = "",
    ) -> None:
        """Say more about this access than the route's address does; empty arguments change nothing."""
        row = self.accesso
        row.cartella_id = cartella_id or row.cartella_id
        row.residente_id = residente_id or row.residente_id
        row.sezione = sezione or row.sezione
        row.azione = azione or row.azione
        row.motivo = motivo or row.motivo

    async def colleghi(self) -> "list[Incarico]":
        """Who works in the caller's ente now."""
        return await self._gateway.operatori.list_incarichi(self.ente)

    async def incarichi(self, ente: str) -> "list[Incarico]":
        """Who works in an ente now."""
        return await self._gateway.operatori.list_incarichi(ente)

    async def settori(self) -> list[tuple[str, str]]:
        """(ente, settore) in which somebody works now, anywhere; by ente, the caller's own first."""
        found = {(i.ente, i.settore) for i in await self._gateway.operatori.list_incarichi() if i.settore}
        return sorted(found, key=lambda place: (place[0] != self.ente, place))

    async def nomi(self, operatori_id: Iterable[UUID | None]) -> dict[UUID, str]:
        """Name of each operator; the unknown are left out."""
        return await self._gateway.operatori.nomi(i for i in operatori_id if i is not None)


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


def extents_of(identity: "Identity", policy: "Policy", scopes: tuple[str, ...]) -> dict[str, Extent]:
    """How far each scope reaches for this person now: his role's extents, a machine client's own (as long as some role
    of the policy in force has the scope), and during an emergency what break-the-glass opens (on its one person, which
    the services see to)."""
    if identity.tipo == "client":
        own = identity.estensioni or {}
        return {scope: Extent(own[scope]) for scope in scopes if scope in own and scope in policy.held}
    found = policy.extents(identity.ruolo, scopes)
    if identity.emergenza is not None:
        found = dict.fromkeys(policy.emergency_scopes(scopes), Extent.PROPRI) | found
    return found
