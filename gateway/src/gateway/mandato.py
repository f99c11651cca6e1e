"""The mandate of a request: who, in which role and ente, how far, for which services (design section 5)."""

from pathlib import Path
from typing import TYPE_CHECKING

from chassis import mandate
from contracts.mandato import Extent, Mandato

if TYPE_CHECKING:
    from gateway.policy import Policy
    from gateway.sessions import Identity


class MandatoSigner:
    def __init__(self, key_file: Path) -> None:
        self.key = mandate.load_private_key(key_file)

    def sign(
        self,
        identity: "Identity",
        policy: "Policy",
        extents: dict[str, Extent],
        audience: tuple[str, ...],
        motivo: str = "",
    ) -> str:
        """Token for `audience` with these extents alone; territories enter it only if an extent reaches them."""
        reached = set(extents.values())
        mandato = Mandato(
            operatore_id=identity.operatore_id,
            incarico_id=identity.incarico_id,
            ruolo=identity.ruolo,
            ente=identity.ente,
            settore=identity.settore,
            estensioni=extents,
            enti_ambito=policy.ambiti.get(identity.ente, ()) if Extent.AMBITO in reached else (),
            enti_provincia=policy.province.get(identity.ente, ()) if Extent.PROVINCIA in reached else (),
            motivo=motivo,
        )
        return mandate.sign(mandato, audience, self.key)
