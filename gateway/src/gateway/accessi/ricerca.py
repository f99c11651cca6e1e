"""What a question to the whole log of an ente needs, asked by the API or by a page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel
from starlette.requests import Request

from contracts.errors import Forbidden
from contracts.mandato import Extent
from gateway.accessi.cittadino import Lettura, letture_of
from gateway.accessi.fatti import Fatti
from gateway.accessi.read import Filtro, Posizione
from gateway.accessi.sigilli import Connection, from_groups, get_seal
from gateway.auth import Authorize, Caller
from gateway.politica.versioni import Versioni

T = TypeVar("T")
FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Moments a search may name: beyond them no clock of an office has been."""
Moment = Annotated[AwareDatetime, Query(ge=FIRST, le=LAST)]
Word = Annotated[str, Query(max_length=40, pattern="^[a-z_]*$")]


def of_the_ente(rule: Authorize) -> Callable[..., Awaitable[Caller]]:
    """The caller of a route over the whole log of an ente: whoever reaches his own rows alone is refused."""

    async def officer(caller: Caller = Depends(rule)) -> Caller:
        extents = [
            extent for scope, extent in caller.extents.items() if scope.startswith("registro_accessi:")
        ]
        if not extents or Extent.PROPRI in extents:
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

    def filtro(self, caller: Caller, limite: int = 100, dopo: str = "") -> Filtro:
        """Within the caller's ente; the case and the person looked for enter the access log."""
        caller.touch(cartella_id=self.cartella, residente_id=next(iter(self.residente), None))
        return Filtro(
            caller.ente, self.cartella, None, self.operatore, self.dal, self.al, limite, azione=self.azione or None,
            sezione=self.sezione or None, esito=self.esito or None, residenti=self.residente, casi=self.caso,
            dopo=Posizione.parse(dopo),
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
