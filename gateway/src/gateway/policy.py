"""The privacy policy: role × sezione × azione → extent, versioned data; what no row names is `nessuno`.

How people change it: `gateway.politica`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from psycopg_pool import AsyncConnectionPool

from contracts.errors import Forbidden
from contracts.mandato import Extent
from gateway.politica.contenuto import DEFAULT_LEVEL, Contenuto, read_contenuto

if TYPE_CHECKING:
    from gateway.sessions import Identity

EMERGENCY, CITIZEN = "emergenza", "cittadino"
"""Pseudo-roles: what break-the-glass opens, what everybody has of what is his own."""


@dataclass(frozen=True, slots=True)
class Policy:
    """One version, whole. `ambiti`, `province`: Belfiore code → the codes of its whole ambito or provincia. `held`:
    scopes that some role of people at work has; no machine has others."""

    version: int
    rules: dict[str, dict[str, Extent]]
    ambiti: dict[str, tuple[str, ...]] = field(default_factory=dict)
    province: dict[str, tuple[str, ...]] = field(default_factory=dict)
    livelli: dict[str, int] = field(default_factory=dict)
    held: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        working = (own for ruolo, own in self.rules.items() if ruolo not in (EMERGENCY, CITIZEN))
        held = frozenset(
            scope for own in working for scope, extent in own.items() if extent is not Extent.NESSUNO
        )
        object.__setattr__(self, "held", held)

    @classmethod
    def of(cls, version: int, contenuto: Contenuto) -> "Policy":
        ambiti, province = (_by_ente(contenuto.territori[tipo]) for tipo in ("ambito", "provincia"))
        return cls(version, contenuto.regole, ambiti, province, contenuto.livelli)

    def livello(self, ruolo: str) -> int:
        """Least SPID level at which the role works: 2 unless the policy says otherwise."""
        return self.livelli.get(ruolo, DEFAULT_LEVEL)

    def extent(self, ruolo: str, scope: str) -> Extent:
        return self.rules.get(ruolo, {}).get(scope, Extent.NESSUNO)

    def extents(self, ruolo: str, scopes: tuple[str, ...]) -> dict[str, Extent]:
        """Those of `scopes` through which the role reaches anything."""
        found = {scope: self.extent(ruolo, scope) for scope in scopes}
        return {scope: extent for scope, extent in found.items() if extent is not Extent.NESSUNO}

    def emergency_scopes(self, scopes: Iterable[str]) -> tuple[str, ...]:
        """Those of `scopes` that break-the-glass opens on its one person."""
        return tuple(s for s in scopes if self.extent(EMERGENCY, s) is not Extent.NESSUNO)


def extents_of(identity: "Identity", policy: Policy, scopes: tuple[str, ...]) -> dict[str, Extent]:
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


class PolicyStore:
    """Versions never change once approved, so each is read once per process. Which one is in force is asked of the
    database at every request (`sessions.IDENTIFY`): a version with a date needs no restart."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self.pool = pool
        self.known: dict[int, Policy] = {}

    async def current(self) -> Policy:
        """The version in force now: versions come into force in the order of their numbers (migration 0005)."""
        async with self.pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT max(version) FROM politiche WHERE attiva_dal <= now() AND stato = 'approvata'"
            )
            row = await cursor.fetchone()
        return await self.get(row[0] if row else None)

    async def get(self, version: int | None) -> Policy:
        """Forbidden when there is no policy at all: without one nobody may do anything."""
        if version is None:
            raise Forbidden("politica.assente", "Nessuna politica di accesso è in vigore.")
        policy = self.known.get(version)
        if policy is None:
            policy = self.known[version] = await self._load(version)
        return policy

    async def _load(self, version: int) -> Policy:
        async with self.pool.connection() as connection:
            return Policy.of(version, await read_contenuto(connection, version))


def _by_ente(groups: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {ente: enti for enti in groups.values() for ente in enti}
