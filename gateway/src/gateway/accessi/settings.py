"""Settings of the notaio and of who verifies: the web process never sees the key of the seals."""

from pathlib import Path

from gateway.accessi.chiavi import Signer, Verifier
from gateway.settings import Settings


class SealSettings(Settings):
    """`GATEWAY_SIGILLI_KEY_FILE` signs; `GATEWAY_SIGILLI_PUBLIC_KEY_FILE` holds the public keys, old ones too."""

    sigilli_key_file: Path = Path("/run/secrets/gateway_sigilli_key")
    sigilli_public_key_file: Path = Path("/run/secrets/gateway_sigilli_public_key")

    def signer(self) -> Signer:
        return Signer.load(self.sigilli_key_file)

    def verifier(self) -> Verifier | None:
        """None where no key is at hand: hashes are then checked and signatures are not, and the outcome says so."""
        keys = (
            Verifier.load(self.sigilli_public_key_file).keys if self.sigilli_public_key_file.exists() else {}
        )
        if self.sigilli_key_file.exists():
            keys = keys | self.signer().verifier().keys
        return Verifier(keys) if keys else None
