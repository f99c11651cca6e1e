"""Settings of the notaio and of who verifies: who answers has neither the key of the seals nor the notaio's role."""

from pathlib import Path

from chassis.settings import libpq_dsn
from gateway.accessi.chiavi import Signer, Verifier
from gateway.settings import Settings


class SealSettings(Settings):
    """`GATEWAY_NOTAIO_URL`: the database as `gateway_notaio`, the only role that may seal and discard.
    `GATEWAY_NOTAIO_MANDATO_KEY_FILE` signs what he asks the services for the rules: reading, as the system alone.
    `GATEWAY_SIGILLI_KEY_FILE` signs the seals; `GATEWAY_SIGILLI_PUBLIC_KEY_FILE` holds the public keys,
    old ones too."""

    notaio_url: str = ""
    notaio_mandato_key_file: Path = Path("/run/secrets/notaio_mandato_key")
    sigilli_key_file: Path = Path("/run/secrets/gateway_sigilli_key")
    sigilli_public_key_file: Path = Path("/run/secrets/gateway_sigilli_public_key")

    @property
    def dsn(self) -> str:
        """The notaio's way in, for psycopg. RuntimeError where there is none: gateway_app seals nothing."""
        if not self.notaio_url:
            raise RuntimeError("GATEWAY_NOTAIO_URL is not set")
        return libpq_dsn(self.notaio_url)

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
