"""What a question to the whole log of an ente needs, asked by the API or by a page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel
from starlette.requests import Request

from contracts.errors import Forbidden, Unavailable
from contracts.mandato import Extent
from gateway.accessi.anomalie import AnomaliaOut
from gateway.accessi.cittadino import Lettura, letture_of
from gateway.accessi.fatti import Fatti
from gateway.accessi.read import Filtro, Posizione, list_named
from gateway.accessi.sigilli import Connection, from_groups, get_seal
from gateway.auth import Authorize, Caller
from gateway.politica.versioni import Versioni

T = TypeVar("T")
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Moments a search may name: beyond them no clock of an office has been."""
Moment = Annotated[AwareDatetime, Query(ge=FIRST, le=LAST)]
Word = Annotated[str, Query(max_length=40, pattern="^[a-z_]*$")]


def of_the_ente(rule: Authorize) -> Callable[..., Awaitable[Caller]]:
    """The caller of a route over the whole log of an ente: who reaches less (his own rows, a settore) is refused."""

    async def officer(caller: Caller = Depends(rule)) -> Caller:
        extents = [
            extent for scope, extent in caller.extents.items() if scope.startswith("registro_accessi:")
        ]
        if not extents or {Extent.PROPRI, Extent.SETTORE} & {*extents}:
            raise Forbidden("mandato.non_abilitato", "Il tuo ruolo non permette questa operazione.")
        return caller

    return officer


async def own_letture(request: Request, caller: Caller) -> tuple[tuple[UUID, ...], list[Lettura], bool]:
    """A citizen's ids in the registry, who read his file, and whether there were more. Raises Unavailable when the
    registry does not answer: nobody is told that nobody read."""
    gateway = request.app.state.gateway
    fatti = Fatti(gateway.sistema)
    residenti = await fatti.residenti_of(caller.codice_fiscale)
    caller.touch(residente_id=next(iter(residenti), None))
    cartelle = [await fatti.with_grants(cartella) for cartella in await fatti.cartelle_of(residenti)]
    contenuto = await Versioni(gateway.pool).contenuto(caller.identity.policy_version or 0)
    letture, tronco = await letture_of(gateway.pool, residenti, cartelle, contenuto)
    return residenti, letture, tronco


async def lontani(request: Request, caller: Caller) -> tuple[tuple[UUID, ...], tuple[UUID, ...]]:
    """The reader and who lives with him, and their cases: the log says nothing of them to him. Raises Unavailable where
    the registry, or the service of the cases, has to be asked and does not answer."""
    if caller.tipo != "operatore":
        return (), ()
    if caller.identity.esclusi is None:
        raise Unavailable("servizio.non_disponibile", "L’anagrafe non risponde: riprova tra poco.")
    people = tuple(caller.identity.esclusi)
    cases = await Fatti(request.app.state.gateway.sistema).cartelle_of(people)
    return people, tuple(one.id for one in cases)


async def require_no_part(request: Request, caller: Caller, anomalia: AnomaliaOut) -> None:
    """Forbidden for who closes a finding about his own reading, or about his household's data: somebody else does."""
    refusal = Forbidden("anomalia.tua", "Riguarda te o chi vive con te: la chiude un’altra persona.")
    if anomalia.operatore_id == caller.operatore_id:
        raise refusal
    people, cases = await lontani(request, caller)
    rows = await list_named(request.app.state.gateway.pool, caller.ente, anomalia.righe)
    if any(row.residente_id in people or row.cartella_id in cases for row in rows):
        raise refusal


@dataclass(frozen=True)
class Ricerca:
    """What to look for in the log, as the address says it. Persons and cases by id alone: no name enters an address.

    `cartella`: in this case. `residente`, `caso`: about one of these persons, or in one of these cases (theirs).
    """

    cartella: UUID | None = None
    residente: tuple[UUID, ...] = ()
    caso: tuple[UUID, ...] = ()
    operatore: UUID | None = None
    dal: datetime | None = None
    al: datetime | None = None
    azione: str = ""
    sezione: str = ""
    esito: Literal["", "riuscito", "rifiutato"] = ""

    @classmethod
    async def asked(
        cls,
        cartella: UUID | None = None,
        residente: Annotated[list[UUID] | None, Query(max_length=20)] = None,
        caso: Annotated[list[UUID] | None, Query(max_length=50)] = None,
        operatore: UUID | None = None,
        dal: Moment | None = None,
        al: Moment | None = None,
        azione: Word = "",
        sezione: Word = "",
        esito: Literal["", "riuscito", "rifiutato"] = "",
    ) -> "Ricerca":
        people, cases = tuple(residente or ()), tuple(caso or ())
        return cls(cartella, people, cases, operatore, dal, al, azione, sezione, esito)

    async def filtro(self, request: Request, caller: Caller, limite: int = 100, dopo: str = "") -> Filtro:
        """Within the caller's ente, without what is about himself or his household; the case and the person looked for
        enter the access log. Raises Unavailable where it is not known who they are."""
        people, cases = await lontani(request, caller)
        caller.touch(cartella_id=self.cartella, residente_id=next(iter(self.residente), None))
        return Filtro(
            caller.ente, self.cartella, None, self.operatore, self.dal, self.al, limite, azione=self.azione or None,
            sezione=self.sezione or None, esito=self.esito or None, residenti=self.residente, casi=self.caso,
            dopo=Posizione.parse(dopo), lontani=people, casi_lontani=cases,
        )  # fmt: skip


async def with_connection(request: Request, work: Callable[[Connection], Awaitable[T]]) -> T:
    async with request.app.state.gateway.pool.connection() as connection:
        return await work(connection)


class Confronto(BaseModel):
    """`esito`: uguale, diverso, assente (the log no longer has a seal of this number)."""

    numero: int
    esito: Literal["uguale", "diverso", "assente"]


async def compare(connection: Connection, numero: int, impronta: str) -> Confronto:
    """Holds a seal kept elsewhere against the log's own of the same number."""
    found = await get_seal(connection, numero)
    if found is None:
        return Confronto(numero=numero, esito="assente")
    return Confronto(numero=numero, esito="uguale" if found.hash == from_groups(impronta) else "diverso")
