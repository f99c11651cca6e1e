"""Who is signed in, for one request: what he may do, what he asks of the services, what of it enters the access log."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from contracts.base import Message
from contracts.cartella import CartellaOut, GetCartella
from contracts.errors import DomainError, Forbidden
from contracts.mandato import Extent
from gateway.motivazione import NO_REASON, Motivazione, Reason, case_asked_about
from gateway.policy import extents_of
from gateway.sessions import NOBODY

if TYPE_CHECKING:
    from gateway.accessi.row import Accesso
    from gateway.operatori import Incarico
    from gateway.policy import Policy
    from gateway.resources import Gateway
    from gateway.sessions import Identity


class Caller:
    """Who is signed in, for one request, with what the route's scopes let him do."""

    __slots__ = (
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
        self._tokens: dict[tuple[Reason, tuple[str, ...]], str] = {}
        self.motivazione = Motivazione(gateway.motivi, identity, accesso)
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
        and the person has said so today for the case it names, the answer comes with that reason.
        """
        self._note(request)
        case = getattr(request, "cartella_id", None) or self.accesso.cartella_id

        async def ask(reason: Reason) -> Any:
            token = self.token(service, *also, reason=reason)
            return await self._gateway.rpc.call(service, method, request, token, self.correlation_id, timeout)

        reason = self.motivazione.known(case)
        try:
            reply = await ask(reason)
        except Forbidden as error:
            case = case_asked_about(error) or case
            self.touch(cartella_id=self.accesso.cartella_id or case)
            if case is None or reason == (reason := await self.motivazione.recall(case)):
                raise
            reply = await ask(reason)
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
        row, person = self.accesso, self.identity.emergenza
        if row.cartella_id is not None and person is not None and await self._is_of(person, row.cartella_id):
            row.residente_id = person

    async def _is_of(self, person: UUID, case: UUID) -> bool:
        """Whether this is the person's case: asked of the service, as the caller."""
        extents = extents_of(self.identity, self._policy, ("presa_in_carico:leggi",))
        reason = Reason(self.identity.emergenza_motivo, person=person)
        token = self._gateway.signer.sign(self.identity, self._policy, extents, ("cartella",), reason)
        try:
            found = await self._gateway.rpc.call(
                "cartella", "get_cartella", GetCartella(cartella_id=case), token, self.correlation_id
            )
        except DomainError:
            return False
        return bool(found.residente_id == person)

    def _note(self, message: Any) -> None:
        """The case and the person a message is about enter the access log; the first named stays, but whose the case
        is says the case itself."""
        row = self.accesso
        if isinstance(message, CartellaOut) and row.cartella_id in (None, message.id):
            row.cartella_id, row.residente_id = message.id, message.residente_id
        row.cartella_id = row.cartella_id or getattr(message, "cartella_id", None)
        row.residente_id = row.residente_id or getattr(message, "residente_id", None)

    def token(self, *audience: str, reason: Reason = NO_REASON) -> str:
        """Signed mandate for these services, good for a minute; made once per request, audience and reason."""
        token = self._tokens.get((reason, audience))
        if token is None:
            token = self._gateway.signer.sign(self.identity, self._policy, self.extents, audience, reason)
            self._tokens[reason, audience] = token
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
