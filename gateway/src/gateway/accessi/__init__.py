"""The access log: append-only rows, hash-chained, sealed each minute, written before the answer leaves."""

from gateway.accessi.row import Accesso
from gateway.accessi.sigilli import Anomalia
from gateway.accessi.verify import Verifica, verify
from gateway.accessi.writer import AccessWriter

__all__ = ["AccessWriter", "Accesso", "Anomalia", "Verifica", "verify"]
