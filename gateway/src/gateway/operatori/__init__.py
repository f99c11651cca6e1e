"""The registry of operators: who works here, as what, since when, by which act, and in whose place."""

from gateway.operatori.repository import Incarico, OperatoriRepository, Scelta

__all__ = ["Incarico", "OperatoriRepository", "Scelta"]
