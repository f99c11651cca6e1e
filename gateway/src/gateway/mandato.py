"""The mandate of a request: who, in which role and ente, how far, for which services (design section 5)."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis import mandate
from chassis.reach import SECOND_LEVEL
from contracts.mandato import Emergenza, Extent, Mandato
from contracts.notifiche import SEZIONI_AVVISI
from gateway.motivazione import NO_REASON, Reason
from gateway.sessions import NOBODY

if TYPE_CHECKING:
    from gateway.policy import Policy
    from gateway.sessions import Identity

SISTEMA = UUID(int=1)
"""Operator id of the gateway when it asks on its own behalf."""


REUSED = 20.0
"""Seconds a signed mandate serves requests that would get the very same one: a third of its life."""
KEPT = 5000


class MandatoSigner:
    def __init__(self, key_file: Path, issuer: str = mandate.ISSUER) -> None:
        self.key = mandate.load_private_key(key_file)
        self.issuer = issuer
        self.signed: dict[tuple[Any, ...], tuple[float, str]] = {}

    def sign(
        self,
        identity: "Identity",
        policy: "Policy",
        extents: dict[str, Extent],
        audience: tuple[str, ...],
        reason: Reason = NO_REASON,
    ) -> str:
        """Token for `audience` with these extents and the role's reach into the second level; territories enter it only
        if an extent reaches them, the emergency only if a scope of it is asked for. `reason` opens what it is for."""
        key = (
            identity.session_id, policy.version, identity.incarico_id, identity.delegato, identity.emergenza,
            tuple(identity.esclusi or ()), tuple(extents.items()), audience, reason,
        )  # fmt: skip
        known = self.signed.get(key)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        token = self._sign(identity, policy, extents, audience, reason)
        if len(self.signed) >= KEPT:
            self.signed.clear()
        self.signed[key] = (time.monotonic() + REUSED, token)
        return token

    def _sign(
        self,
        identity: "Identity",
        policy: "Policy",
        extents: dict[str, Extent],
        audience: tuple[str, ...],
        reason: Reason,
    ) -> str:
        granted = _of_role(identity, policy, extents, audience)
        reached = set(granted.values())
        mandato = Mandato(
            operatore_id=identity.operatore_id,
            incarico_id=identity.incarico_id or NOBODY,
            ruolo=identity.ruolo,
            ente=identity.ente,
            settore=identity.settore,
            estensioni=granted,
            enti_ambito=policy.ambiti.get(identity.ente, ()) if Extent.AMBITO in reached else (),
            enti_provincia=policy.province.get(identity.ente, ()) if Extent.PROVINCIA in reached else (),
            motivo=reason.text,
            motivo_per=reason.cases,
            motivo_persona=reason.person,
            tipo=identity.tipo,
            esclusi=tuple(identity.esclusi or ()),
            in_delega_di=identity.in_delega_di,
            emergenza=_emergenza(identity, policy, extents),
        )
        return mandate.sign(mandato, audience, self.key)

    def sign_sistema(self, audience: tuple[str, ...], scopes: Sequence[str], enti: tuple[str, ...]) -> str:
        """Token of the gateway itself, for what no person asks: these scopes, in all of `enti`."""
        mandato = Mandato(
            operatore_id=SISTEMA,
            incarico_id=NOBODY,
            ruolo="sistema",
            ente="",
            settore="",
            estensioni=dict.fromkeys(scopes, Extent.PROVINCIA),
            enti_provincia=enti,
            motivo="sistema",
            tipo="sistema",
        )
        return mandate.sign(mandato, audience, self.key, issuer=self.issuer)


def _of_role(
    identity: "Identity", policy: "Policy", extents: dict[str, Extent], audience: tuple[str, ...]
) -> dict[str, Extent]:
    """What the role itself holds (for a machine client: what it was let in for): the scopes that only break-the-glass
    opens stay in `emergenza`, tied to its one person. A person's reach into the second level comes along; to who keeps
    the alerts, also how far he reads what they speak of."""
    if identity.tipo != "operatore":
        return extents
    along = (SECOND_LEVEL, *(SEZIONI_AVVISI if "notifiche" in audience else ()))
    return policy.extents(identity.ruolo, (*along, *extents))


def _emergenza(identity: "Identity", policy: "Policy", extents: dict[str, Extent]) -> Emergenza | None:
    if identity.emergenza is None:
        return None
    scopes = policy.emergency_scopes((*extents, SECOND_LEVEL))
    return Emergenza(residente_id=identity.emergenza, scopi=scopes) if scopes else None
