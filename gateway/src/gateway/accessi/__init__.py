"""The access log: append-only rows in PostgreSQL, hash-chained, written before the answer leaves."""

from gateway.accessi.row import Accesso
from gateway.accessi.verify import Anomalia, Verifica, verify
from gateway.accessi.writer import AccessWriter

__all__ = ["AccessWriter", "Accesso", "Anomalia", "Verifica", "verify"]
